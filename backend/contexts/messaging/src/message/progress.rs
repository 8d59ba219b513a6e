//! How far an outbound message came: a fold that does not depend on the order of what it is told.
//!
//! **Invariants.** The state is the highest rank seen (queued < picked < unknown < accepted < sent <
//! failed < delivered < read < played); a time is the earliest told for its state; the price is the
//! one that came with the highest rank. So statuses in any order, once or twice, give equal bytes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::messaging::{MessageEvent, Pricing};
use serde::{Deserialize, Serialize};
use shared::messages::{DeliveryState, Failure, MessageState, SuppressReason};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// When each state was first reached.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub times: BTreeMap<MessageState, DateTime<Utc>>,
    /// The last attempt that was picked.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub picked: u16,
    /// The last attempt that did not go through and is followed by another one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deferred: u16,
    /// The last attempt of which nobody knows.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown: u16,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Refusal>,
    /// Why it was not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<SuppressReason>,
    /// What it costs, as told with the highest rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(n: &u16) -> bool {
    *n == 0
}

/// Why a message failed. The order decides which of two is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    /// When, by the provider's clock; absent when the call itself was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// The provider's code.
    pub code: i32,
    /// The provider's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A price and the status it came with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// With which status.
    pub with: MessageState,
    /// When.
    pub at: DateTime<Utc>,
    /// What was told.
    pub pricing: Pricing,
}

impl Price {
    fn key(&self) -> (MessageState, DateTime<Utc>, Option<bool>, [&str; 3]) {
        let pricing = &self.pricing;
        let words = [&pricing.model, &pricing.kind, &pricing.category];
        let words = words.map(|text| word(text.as_ref()));
        (self.with, self.at, pricing.billable, words)
    }
}

fn word(text: Option<&shared::stored::ConfigText>) -> &str {
    text.map_or("", |text| text.0.as_str())
}

impl Progress {
    /// Takes note of an event that was recorded at a time.
    pub fn on(&mut self, event: &MessageEvent, recorded_at: DateTime<Utc>) {
        match event {
            MessageEvent::Queued { .. } => self.reach(MessageState::Queued, recorded_at),
            MessageEvent::Accepted { .. } | MessageEvent::Confirmed {} => {
                self.reach(MessageState::Accepted, recorded_at);
            }
            MessageEvent::Failed { provider_at, code, title, .. } => {
                self.reach(MessageState::Failed, provider_at.unwrap_or(recorded_at));
                let title = title.as_ref().map(|title| title.0.clone());
                let told = Refusal { at: *provider_at, code: *code, title };
                if self.failure.as_ref().is_none_or(|known| told < *known) {
                    self.failure = Some(told);
                }
            }
            MessageEvent::Deferred { attempt, .. } => self.deferred = self.deferred.max(*attempt),
            MessageEvent::OutcomeUnknown { attempt } => {
                self.reach(MessageState::Unknown, recorded_at);
                self.unknown = self.unknown.max(*attempt);
            }
            MessageEvent::Withdrawn { .. } => self.reach(MessageState::Withdrawn, recorded_at),
            MessageEvent::Suppressed { reason } => {
                self.reach(MessageState::Suppressed, recorded_at);
                self.suppressed = Some(self.suppressed.map_or(*reason, |known| known.min(*reason)));
            }
            MessageEvent::Sent { provider_at, pricing, .. } => {
                self.told(MessageState::Sent, *provider_at, pricing.as_ref());
            }
            MessageEvent::Delivered { provider_at, pricing, .. } => {
                self.told(MessageState::Delivered, *provider_at, pricing.as_ref());
            }
            MessageEvent::Read { provider_at, pricing, .. } => {
                self.told(MessageState::Read, *provider_at, pricing.as_ref());
            }
            MessageEvent::Played { provider_at, pricing, .. } => {
                self.told(MessageState::Played, *provider_at, pricing.as_ref());
            }
            _ => {}
        }
    }

    /// Whether an event tells anything that is not known.
    #[must_use]
    pub fn is_news(&self, event: &MessageEvent, at: DateTime<Utc>) -> bool {
        let mut after = self.clone();
        after.on(event, at);
        after != *self
    }

    /// The lane took it.
    pub fn picked(&mut self, attempt: u16, at: DateTime<Utc>) {
        self.reach(MessageState::Picked, at);
        self.picked = self.picked.max(attempt);
    }

    /// The lane gave it back without a call.
    pub fn released(&mut self) {
        self.picked = self.deferred.min(self.picked);
    }

    /// How far it came.
    #[must_use]
    pub fn state(&self) -> MessageState {
        use MessageState as S;
        let told = [S::Played, S::Read, S::Delivered, S::Failed, S::Sent, S::Accepted];
        let told = told.into_iter().find(|state| self.times.contains_key(state));
        if let Some(state) = told {
            return state;
        }
        for state in [S::Withdrawn, S::Suppressed] {
            if self.times.contains_key(&state) {
                return state;
            }
        }
        if self.unknown > self.deferred {
            S::Unknown
        } else if self.picked > self.deferred {
            S::Picked
        } else {
            S::Queued
        }
    }

    /// Whether the lane may still send it.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state(), MessageState::Queued | MessageState::Picked)
            && self.times.contains_key(&MessageState::Queued)
    }

    /// The attempt that comes next.
    #[must_use]
    pub const fn next_attempt(&self) -> u16 {
        self.deferred.saturating_add(1)
    }

    /// As a screen shows it.
    #[must_use]
    pub fn delivery(&self) -> DeliveryState {
        let state = self.state();
        let failure = self.failure.as_ref().filter(|_| state == MessageState::Failed);
        DeliveryState {
            state,
            times: self.times.clone(),
            failure: failure.map(|told| Failure { code: told.code, title: told.title.clone() }),
            suppressed: self.suppressed.filter(|_| state == MessageState::Suppressed),
            can_retry: matches!(
                state,
                MessageState::Failed | MessageState::Unknown | MessageState::Withdrawn
            ),
            n_attempts: i32::from(self.picked.max(self.deferred).max(self.unknown)),
        }
    }

    fn told(&mut self, state: MessageState, at: DateTime<Utc>, pricing: Option<&Pricing>) {
        self.reach(state, at);
        if let Some(pricing) = pricing {
            let told = Price { with: state, at, pricing: pricing.clone() };
            if self.price.as_ref().is_none_or(|known| known.key() < told.key()) {
                self.price = Some(told);
            }
        }
    }

    fn reach(&mut self, state: MessageState, at: DateTime<Utc>) {
        self.times.entry(state).and_modify(|known| *known = at.min(*known)).or_insert(at);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use events::messaging::{MessageEvent, Pricing};
    use proptest::prelude::*;
    use shared::messages::MessageState;

    use super::Progress;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn pricing(category: &str) -> Pricing {
        Pricing {
            billable: Some(true),
            model: Some("PMP".into()),
            kind: Some("regular".into()),
            category: Some(category.into()),
        }
    }

    fn statuses() -> Vec<MessageEvent> {
        let (attempt, none) = (Some(1), None);
        vec![
            MessageEvent::OutcomeUnknown { attempt: 1 },
            MessageEvent::Sent { provider_at: at(10), attempt, pricing: Some(pricing("utility")) },
            MessageEvent::Sent { provider_at: at(9), attempt, pricing: none.clone() },
            MessageEvent::Delivered {
                provider_at: at(11),
                attempt,
                pricing: Some(pricing("service")),
            },
            MessageEvent::Read { provider_at: at(12), attempt, pricing: none.clone() },
            MessageEvent::Read { provider_at: at(13), attempt: None, pricing: none },
            MessageEvent::Failed {
                attempt,
                by_status: true,
                provider_at: Some(at(14)),
                code: 131_026,
                title: None,
            },
            MessageEvent::Deferred { attempt: 1, code: 130_429, not_before: at(20) },
        ]
    }

    proptest! {
        #[test]
        fn in_any_order_and_any_number_the_bytes_are_equal(
            order in Just((0..8).chain(0..8).collect::<Vec<usize>>()).prop_shuffle(),
            n in 0_usize..16,
        ) {
            let events = statuses();
            let mut straight = Progress::default();
            let mut seen: Vec<usize> = order.iter().copied().take(n).collect();
            let mut shuffled = Progress::default();
            for index in &seen {
                shuffled.on(&events[*index], at(100));
            }
            seen.sort_unstable();
            seen.dedup();
            for index in seen {
                straight.on(&events[index], at(100));
            }
            let bytes = |progress: &Progress| serde_json::to_vec(progress).unwrap();
            prop_assert_eq!(bytes(&straight), bytes(&shuffled));
        }
    }

    #[test]
    fn a_late_status_never_moves_a_message_back() {
        let mut progress = Progress::default();
        for event in statuses().into_iter().rev() {
            progress.on(&event, at(100));
        }
        assert_eq!(progress.state(), MessageState::Read);
        assert_eq!(progress.times[&MessageState::Sent], at(9));
        assert_eq!(progress.price.unwrap().pricing, pricing("service"));
    }

    #[test]
    fn delivered_after_failed_is_delivered() {
        let mut progress = Progress::default();
        progress.on(&statuses()[6], at(100));
        assert_eq!(progress.state(), MessageState::Failed);
        progress.on(&statuses()[3], at(100));
        assert_eq!(progress.state(), MessageState::Delivered);
        assert_eq!(progress.delivery().failure, None);
    }

    #[test]
    fn d21_an_attempt_that_did_not_go_through_is_followed_by_the_next() {
        let mut progress = Progress::default();
        progress.picked(1, at(1));
        assert_eq!(progress.state(), MessageState::Picked);
        progress.on(&MessageEvent::Deferred { attempt: 1, code: 0, not_before: at(2) }, at(1));
        assert_eq!((progress.state(), progress.next_attempt()), (MessageState::Queued, 2));
        progress.picked(2, at(3));
        progress.released();
        assert_eq!(progress.state(), MessageState::Queued);
        progress.picked(2, at(3));
        progress.on(&MessageEvent::OutcomeUnknown { attempt: 2 }, at(4));
        assert_eq!(progress.state(), MessageState::Unknown);
    }
}
