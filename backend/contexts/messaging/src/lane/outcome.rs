//! What follows from the outcome of a call: for the message, and for whoever shares a limit with it.
//!
//! **Invariants.** The provider's code decides how far a back-off reaches, by the one table that is
//! handed in with the fault. What stops until a person acts loses no message: it waits. At most five
//! attempts within a day; each is an event.

use std::time::Duration;

use ports::outcome::{Action, Fault, Outcome, Scope};
use shared::channels::PauseReason;

const MOST_ATTEMPTS: u16 = 5;
const LONGEST: Duration = Duration::from_hours(24);

/// What becomes of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The provider has it, under this id.
    Accepted(String),
    /// It has failed.
    Failed(i32),
    /// Once more after a while.
    Again(i32, Duration),
    /// Nobody knows.
    Unknown,
}

/// What becomes of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// This person waits.
    HoldPair(Duration),
    /// The number was too fast: half the pace, after a while.
    SlowDown(Duration),
    /// The number waits.
    HoldNumber(Duration),
    /// Every number of the account waits.
    HoldAccount(Duration),
    /// Every number with the token waits.
    HoldToken(Duration),
    /// The number stands still until somebody acts.
    PauseNumber(PauseReason),
    /// Every number of the account stands still until somebody acts.
    PauseAccount(PauseReason),
    /// Every number with the token stands still until somebody acts.
    PauseToken(PauseReason),
    /// The service window of the conversation is shut.
    CloseWindow,
}

/// Both. `chance` is between 0 and 1 000 and spreads the waits.
#[must_use]
pub fn judge(outcome: &Outcome, attempt: u16, chance: u16) -> (Fate, Effect) {
    match outcome {
        Outcome::Accepted { provider_id, .. } => {
            (Fate::Accepted(provider_id.clone()), Effect::None)
        }
        Outcome::Unknown { .. } => (Fate::Unknown, Effect::None),
        Outcome::Refused(fault) | Outcome::Later(fault) => fault_of(fault, attempt, chance),
    }
}

/// Whether the provider said nothing of the message at all: it was not reached, broke off, or had an
/// error of its own.
#[must_use]
pub const fn is_silent(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Unknown { .. } => true,
        Outcome::Later(fault) => matches!(fault.code, 0 | 131_000 | 131_016),
        Outcome::Accepted { .. } | Outcome::Refused(_) => false,
    }
}

fn fault_of(fault: &Fault, attempt: u16, chance: u16) -> (Fate, Effect) {
    let code = i32::try_from(fault.code).unwrap_or(-1);
    let failed = Fate::Failed(code);
    match fault.verdict.action {
        Action::Retry { pace } => {
            let base = pace.wait(u32::from(attempt.saturating_sub(1)));
            let wait = (base + base * u32::from(chance.min(1_000)) / 4_000).min(LONGEST);
            let effect = match fault.verdict.scope {
                Scope::Pair => Effect::HoldPair(wait),
                Scope::Number if matches!(pace, ports::outcome::Pace::HalveRate) => {
                    Effect::SlowDown(wait)
                }
                Scope::Number => Effect::HoldNumber(wait),
                Scope::Waba | Scope::Portfolio => Effect::HoldAccount(wait),
                Scope::Token => Effect::HoldToken(wait),
                Scope::Message | Scope::Template | Scope::Person => Effect::None,
            };
            if attempt >= MOST_ATTEMPTS {
                (failed, effect)
            } else {
                (Fate::Again(code, wait), effect)
            }
        }
        Action::Pause => {
            let reason = pause_reason(fault.code);
            let effect = match fault.verdict.scope {
                Scope::Token => Effect::PauseToken(reason),
                Scope::Waba | Scope::Portfolio => Effect::PauseAccount(reason),
                Scope::Number => Effect::PauseNumber(reason),
                // A template that may not be sent stops nothing but what is made of it.
                _ => return (failed, Effect::None),
            };
            (Fate::Again(code, Duration::ZERO), effect)
        }
        Action::CloseWindow => (failed, Effect::CloseWindow),
        Action::Fail | Action::OptOut | Action::Undeliverable | Action::HoldOneDay => {
            (failed, Effect::None)
        }
    }
}

const fn pause_reason(code: i64) -> PauseReason {
    match code {
        131_042 => PauseReason::Payment,
        368 | 131_031 | 131_037 | 131_045 => PauseReason::AccountLocked,
        _ => PauseReason::TokenExpired,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ports::outcome::{Action, Fault, Outcome, Pace, Scope, Verdict};
    use shared::channels::PauseReason;

    use super::{Effect, Fate, judge};

    fn fault(code: i64, scope: Scope, action: Action) -> Fault {
        let verdict = Verdict { scope, action };
        Fault { code, subcode: None, verdict, message: "no".into(), details: None }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_pair_waits_alone_and_four_to_the_n_seconds() {
        let retry = Action::Retry { pace: Pace::FourToThe };
        let outcome = Outcome::Later(fault(131_056, Scope::Pair, retry));
        let waits: Vec<_> = (1..=4).map(|attempt| judge(&outcome, attempt, 0)).collect();
        let expected = [1, 4, 16, 64]
            .map(|wait| (Fate::Again(131_056, seconds(wait)), Effect::HoldPair(seconds(wait))));
        assert_eq!(waits, expected);
        assert_eq!(judge(&outcome, 5, 0).0, Fate::Failed(131_056), "five attempts at most");
    }

    #[test]
    fn a_dead_token_stops_every_channel_with_it_and_loses_nothing() {
        let outcome = Outcome::Refused(fault(190, Scope::Token, Action::Pause));
        let (fate, effect) = judge(&outcome, 5, 0);
        assert_eq!(fate, Fate::Again(190, Duration::ZERO));
        assert_eq!(effect, Effect::PauseToken(PauseReason::TokenExpired));
        let outcome = Outcome::Refused(fault(131_042, Scope::Waba, Action::Pause));
        assert_eq!(judge(&outcome, 1, 0).1, Effect::PauseAccount(PauseReason::Payment));
    }

    #[test]
    fn what_may_have_been_sent_is_unknown() {
        let outcome = Outcome::Unknown { reason: "cut" };
        assert_eq!(judge(&outcome, 1, 0), (Fate::Unknown, Effect::None));
    }

    #[test]
    fn a_closed_window_and_a_paused_template_fail_the_message() {
        let outcome = Outcome::Refused(fault(131_047, Scope::Pair, Action::CloseWindow));
        assert_eq!(judge(&outcome, 1, 0), (Fate::Failed(131_047), Effect::CloseWindow));
        let outcome = Outcome::Refused(fault(132_015, Scope::Template, Action::Pause));
        assert_eq!(judge(&outcome, 1, 0), (Fate::Failed(132_015), Effect::None));
    }

    #[test]
    fn waits_are_spread_by_a_quarter() {
        let retry = Action::Retry { pace: Pace::Minute };
        let outcome = Outcome::Later(fault(131_057, Scope::Number, retry));
        assert_eq!(judge(&outcome, 1, 1_000).0, Fate::Again(131_057, seconds(75)));
    }
}
