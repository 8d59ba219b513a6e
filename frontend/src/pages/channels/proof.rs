//! The live checklist of a connection: what has been passed, what fails and how to mend it.

use leptos::prelude::*;
use shared::channels::{ProofStep, WebhookProof};

use crate::{
    browser::clock::ticks,
    i18n::t_later,
    ui::{Icon, glyph},
    words,
};

const STEPS: [ProofStep; 6] = [
    ProofStep::Token,
    ProofStep::Address,
    ProofStep::Tls,
    ProofStep::Subscription,
    ProofStep::Signature,
    ProofStep::Delivery,
];

/// How one step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Passed,
    Failed,
    Running,
    Waits,
}

/// How every step stands.
fn steps(proof: &WebhookProof) -> Vec<(ProofStep, Step)> {
    let state = |step: ProofStep| match proof {
        WebhookProof::Proven { .. } => Step::Passed,
        WebhookProof::Untested => Step::Waits,
        WebhookProof::Failed { step: failed, .. } => match step.cmp(failed) {
            std::cmp::Ordering::Less => Step::Passed,
            std::cmp::Ordering::Equal => Step::Failed,
            std::cmp::Ordering::Greater => Step::Waits,
        },
        WebhookProof::Waiting { passed, .. } if passed.contains(&step) => Step::Passed,
        WebhookProof::Waiting { passed, .. } => {
            let is_next = STEPS.iter().find(|other| !passed.contains(other)) == Some(&step);
            if is_next { Step::Running } else { Step::Waits }
        }
    };
    STEPS.into_iter().map(|step| (step, state(step))).collect()
}

/// The checklist; a proven connection is one line.
#[component]
pub(super) fn Proof(
    /// How far it came.
    proof: WebhookProof,
) -> impl IntoView {
    let words = &t_later().channels;
    if let WebhookProof::Proven { at } = proof {
        let clock = ticks();
        let line = Memo::new(move |_| (words.proven)(&words::ago(at, clock.get())));
        return view! {
            <ul class="checks" role="list">
                <li>
                    {glyph(Icon::CircleCheck, "i i-sm ok-t")}
                    <span>{line}</span>
                </li>
            </ul>
        }
        .into_any();
    }
    if proof == WebhookProof::Untested {
        return view! {
            <ul class="checks" role="list">
                <li>
                    {glyph(Icon::CircleDashed, "i i-sm muted")}
                    <span>{words.untested}</span>
                    <small>{words.untested_text}</small>
                </li>
            </ul>
        }
        .into_any();
    }
    let detail = match &proof {
        WebhookProof::Failed { detail, .. } => detail.clone(),
        _ => None,
    };
    let rows = steps(&proof)
        .into_iter()
        .map(|(step, state)| {
            let (icon, class) = match state {
                Step::Passed => (Icon::CircleCheck, "i i-sm ok-t"),
                Step::Failed => (Icon::CircleX, "i i-sm bad-t"),
                Step::Running => (Icon::Refresh, "i i-sm"),
                Step::Waits => (Icon::CircleDashed, "i i-sm muted"),
            };
            let small = match state {
                Step::Passed => None,
                Step::Failed => Some((words.step_fix)(step).to_owned()),
                Step::Running => Some(words.step_running.to_owned()),
                Step::Waits => Some(words.step_waits.to_owned()),
            };
            let detail = detail.clone().filter(|_| state == Step::Failed);
            view! {
                <li>
                    {glyph(icon, class)}
                    <span>{(words.step)(step)}</span>
                    {small.map(|small| view! { <small>{small}</small> })}
                    {detail.map(|detail| view! { <small class="mono">{detail}</small> })}
                </li>
            }
        })
        .collect_view();
    view! {
        <ul class="checks" role="list" aria-label=words.checklist aria-live="polite">
            {rows}
        </ul>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{
        Step::{self, Failed, Passed, Waits},
        steps,
    };
    use chrono::DateTime;
    use shared::channels::{ProofStep, WebhookProof};

    fn states(proof: &WebhookProof) -> Vec<Step> {
        steps(proof).into_iter().map(|(_, state)| state).collect()
    }

    #[test]
    fn the_failing_step_is_named_and_those_behind_it_wait() {
        let proof = WebhookProof::Failed {
            step: ProofStep::Subscription,
            detail: None,
            at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(states(&proof), [Passed, Passed, Passed, Failed, Waits, Waits]);
    }

    #[test]
    fn one_step_runs_at_a_time() {
        let passed = vec![ProofStep::Token];
        let proof = WebhookProof::Waiting { since: DateTime::UNIX_EPOCH, passed };
        let states = states(&proof);
        assert_eq!(states[1], Step::Running);
        assert_eq!(states.iter().filter(|state| **state == Step::Running).count(), 1);
    }

    #[test]
    fn what_is_proven_is_passed_whole() {
        let proof = WebhookProof::Proven { at: DateTime::UNIX_EPOCH };
        assert!(states(&proof).iter().all(|state| *state == Passed));
        assert!(states(&WebhookProof::Untested).iter().all(|state| *state == Waits));
    }
}
