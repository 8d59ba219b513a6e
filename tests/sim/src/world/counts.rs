//! Counts that prove duplicates and losses from outside; they are kept for every call.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

/// What became of the calls with one `biz_opaque_callback_data`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Calls that carried it.
    pub calls: u64,
    /// Calls that were accepted.
    pub accepted: u64,
}

/// The figures of the sends.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) accepted: u64,
    pub(crate) bad: u64,
    pub(crate) refused: BTreeMap<u32, u64>,
    pub(crate) failed_later: BTreeMap<u32, u64>,
    pub(crate) cut_after: u64,
    pub(crate) cut_before: u64,
    pub(crate) hung: u64,
    pub(crate) inflight: u64,
    pub(crate) peak_inflight: u64,
    pub(crate) first_us: Option<u64>,
    pub(crate) last_us: u64,
    pub(crate) attempts: HashMap<String, Attempt>,
    pub(crate) marked_read: u64,
    pub(crate) typing: u64,
    pub(crate) uploads: u64,
    pub(crate) downloads: u64,
    pub(crate) inbound: u64,
}

impl Counts {
    pub(crate) fn called(&mut self, opaque: Option<&str>, now_us: u64) {
        self.calls += 1;
        self.first_us.get_or_insert(now_us);
        if let Some(id) = opaque {
            self.attempts.entry(id.to_owned()).or_default().calls += 1;
        }
    }

    pub(crate) fn was_accepted(&mut self, opaque: Option<&str>, now_us: u64) {
        self.accepted += 1;
        self.last_us = self.last_us.max(now_us);
        if let Some(id) = opaque {
            self.attempts.entry(id.to_owned()).or_default().accepted += 1;
        }
    }

    /// Accepted calls by message: attempt ids are `<message>.<attempt>`.
    pub(crate) fn by_message(&self) -> BTreeMap<String, Attempt> {
        let mut messages: BTreeMap<String, Attempt> = BTreeMap::new();
        for (id, attempt) in &self.attempts {
            let message = id.rsplit_once('.').map_or(id.as_str(), |(message, _)| message);
            let sum = messages.entry(message.to_owned()).or_default();
            sum.calls += attempt.calls;
            sum.accepted += attempt.accepted;
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_accepted_attempts_of_one_message_show() {
        let mut counts = Counts::default();
        for id in ["m1.1", "m1.2", "m2.1"] {
            counts.called(Some(id), 1);
        }
        counts.was_accepted(Some("m1.1"), 2);
        counts.was_accepted(Some("m1.2"), 3);
        let messages = counts.by_message();
        assert_eq!(messages.get("m1"), Some(&Attempt { calls: 2, accepted: 2 }));
        assert_eq!(messages.get("m2"), Some(&Attempt { calls: 1, accepted: 0 }));
    }
}
