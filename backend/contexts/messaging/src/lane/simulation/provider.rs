//! A model of the provider: it accepts, refuses, loses answers, and counts what it sees.

use std::collections::{BTreeMap, VecDeque};

use events::messaging::Pick;
use shared::ids::{ConversationId, MessageId};

use super::chance::Chance;

/// How the provider behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) per_second: usize,
    /// Of 1,000 calls, how many lose their answer after they were taken.
    pub(super) cut: u64,
    /// Of 1,000 calls, how many are refused for a while.
    pub(super) later: u64,
    /// Of 1,000 calls, how many are refused for good.
    pub(super) refused: u64,
}

/// What it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    Refused,
    Later,
    /// Nothing, and it was taken or not.
    Cut,
}

/// What it saw.
#[derive(Debug, Default)]
pub(super) struct Provider {
    /// Accepted sends of each message.
    pub(super) accepted: BTreeMap<MessageId, u32>,
    /// Calls that were over a limit.
    pub(super) over_number: u32,
    pub(super) over_pair: u32,
    second: VecDeque<u64>,
    pairs: BTreeMap<ConversationId, i64>,
}

impl Provider {
    /// A call arrives.
    pub(super) fn arrive(
        &mut self,
        at_ms: u64,
        pick: Pick,
        manner: Manner,
        chance: &mut Chance,
    ) -> Answer {
        while self.second.front().is_some_and(|seen| seen + 1_000 <= at_ms) {
            self.second.pop_front();
        }
        self.second.push_back(at_ms);
        if self.second.len() > manner.per_second {
            self.over_number += 1;
        }
        let now = i64::try_from(at_ms).unwrap();
        let paid = self.pairs.entry(pick.conversation).or_insert(now);
        if *paid - now > 44 * 6_000 {
            self.over_pair += 1;
        }
        *paid = (*paid).max(now) + 6_000;
        let dice = chance.below(1_000);
        if dice < manner.refused {
            return Answer::Refused;
        }
        if dice < manner.refused + manner.later {
            return Answer::Later;
        }
        let cut = dice < manner.refused + manner.later + manner.cut;
        if !cut || chance.below(2) == 0 {
            *self.accepted.entry(pick.message).or_default() += 1;
        }
        if cut { Answer::Cut } else { Answer::Accepted }
    }
}
