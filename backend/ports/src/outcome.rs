//! What became of a call that sends (`Outcome`), and how far a fault reaches (`Scope`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What became of one attempt to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took it; nothing is delivered yet.
    Accepted {
        /// The provider's id of the message.
        provider_id: String,
        /// The provider holds it back for a quality check and may still drop it.
        is_held: bool,
    },
    /// The provider refused it; this attempt sent nothing.
    Refused(Fault),
    /// Nothing was sent and it may be tried again.
    Later(Fault),
    /// It may have been sent. Nobody tries again by himself.
    Unknown {
        /// What was seen, without values of the provider.
        reason: &'static str,
    },
}

/// A refusal, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The provider's code; 0 where it gave none.
    pub code: i64,
    /// The provider's finer code.
    pub subcode: Option<i64>,
    /// What follows for the message and beyond.
    pub verdict: Verdict,
    /// What the provider says, in its own words.
    pub message: String,
    /// The provider's details, in its own words.
    pub details: Option<String>,
}

/// What follows from a provider's error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Who has to wait or stop.
    pub scope: Scope,
    /// What the message and the scope do.
    pub action: Action,
}

impl Verdict {
    /// Whether the same message may go out again by itself.
    #[must_use]
    pub const fn is_retried(self) -> bool {
        matches!(self.action, Action::Retry { .. })
    }
}

/// What a back-off or a stop applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This message only.
    Message,
    /// One number toward one person.
    Pair,
    /// One sending number.
    Number,
    /// One WhatsApp Business Account.
    Waba,
    /// Every channel with this token.
    Token,
    /// Every number of the business.
    Portfolio,
    /// One template.
    Template,
    /// This person, on this medium.
    Person,
}

/// What is done about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Wait, then send the same message again.
    Retry {
        /// How the wait grows.
        pace: Pace,
    },
    /// The message has failed; nothing else follows.
    Fail,
    /// The message has failed and the scope stops until somebody acts; the queue is kept.
    Pause,
    /// The person wants no more of this; the message has failed.
    OptOut,
    /// This medium does not reach the person; the next step of a chain may.
    Undeliverable,
    /// The service window is shut; only a template goes now.
    CloseWindow,
    /// The provider's cap for this person; not before a day has passed, and not by itself.
    HoldOneDay,
}

/// How the wait before another attempt grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// 4ⁿ seconds, as Meta asks for one person.
    FourToThe,
    /// Half the pace, then faster step by step; the first wait is a second.
    HalveRate,
    /// A minute.
    Minute,
    /// Ten seconds, doubled each time.
    Doubling,
    /// An hour, doubled each time.
    Slow,
}

impl Pace {
    /// The wait before attempt `n + 1`, counted from 0, without jitter; a day at most.
    #[must_use]
    pub fn wait(self, n: u32) -> Duration {
        const DAY: Duration = Duration::from_hours(24);
        let (first, factor): (u64, u64) = match self {
            Self::FourToThe => (1, 4),
            Self::HalveRate => (1, 2),
            Self::Minute => (60, 1),
            Self::Doubling => (10, 2),
            Self::Slow => (3_600, 2),
        };
        let seconds = factor.checked_pow(n).and_then(|grown| grown.checked_mul(first));
        seconds.map_or(DAY, |seconds| Duration::from_secs(seconds).min(DAY))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pace;

    #[test]
    fn a_pair_waits_four_to_the_n_seconds_and_nobody_longer_than_a_day() {
        let waits: Vec<_> = (0..4).map(|n| Pace::FourToThe.wait(n).as_secs()).collect();
        assert_eq!(waits, [1, 4, 16, 64]);
        assert_eq!(Pace::Minute.wait(9), Duration::from_mins(1));
        assert_eq!(Pace::Slow.wait(u32::MAX), Duration::from_hours(24));
    }
}
