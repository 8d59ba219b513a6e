//! The quiet side of the sign-in: threads with a mark per fact.

use std::fmt::Write as _;

use leptos::prelude::*;

use crate::i18n::t;

const ROWS: u32 = 9;
const WIDTH: u32 = 760;

/// The marks of one row: the same ones each time, further apart and clearer towards the bottom.
fn marks(row: u32) -> String {
    let base = 70 + row * 58;
    let mut state = 977 + row * 131;
    let mut next = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let mut at = 40 + next(40);
    let mut path = String::new();
    while at < WIDTH {
        let height = 4 + next(18);
        // Writing to a text cannot fail.
        let _written = write!(path, "M{at} {}V{base}", base - height);
        at += 9 + next(22 + row * 7);
    }
    path
}

/// The panel.
#[component]
pub(super) fn Panel() -> impl IntoView {
    let words = &t().sign_in;
    let rows = (0..ROWS)
        .map(|row| {
            let line = format!("M0 {y}H{WIDTH}", y = 70 + row * 58);
            let colour = format!("rgb(160 205 224 / 0.{})", 16 + row * 3);
            view! {
                <path d=line stroke="rgb(255 255 255 / .07)"></path>
                <path d=marks(row) stroke=colour stroke-width="2" stroke-linecap="round"></path>
            }
        })
        .collect_view();
    view! {
        <aside class="auth-r" aria-label=words.about>
            <svg
                class="rib"
                viewBox="0 0 740 900"
                preserveAspectRatio="xMidYMin slice"
                fill="none"
                aria-hidden="true"
            >
                {rows}
            </svg>
            <h2>{words.claim}</h2>
            <p>{words.claim_text}</p>
        </aside>
    }
}

#[cfg(test)]
mod tests {
    use super::marks;

    #[test]
    fn every_mark_stands_on_its_thread() {
        let path = marks(2);
        assert!(path.matches('M').count() > 10);
        assert!(path.split('M').skip(1).all(|mark| mark.ends_with("V186")));
        assert_eq!(path, marks(2));
    }
}
