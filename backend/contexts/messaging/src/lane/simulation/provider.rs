//! A model of the provider: it accepts, refuses, loses answers, and counts what it sees.

use std::collections::{BTreeMap, HashMap, VecDeque};

use events::messaging::Pick;
use shared::ids::{ContactId, ConversationId, MessageId};

use super::chance::Chance;

const DAY: u64 = 24 * 3_600_000;

/// How the provider behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Messages a second of each number.
    pub(super) per_second: usize,
    /// People a day of the portfolio.
    pub(super) people: usize,
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
    /// The token is not good any more.
    Expired,
    /// Nothing, and it was taken or not.
    Cut,
}

#[derive(Debug, Default)]
struct Number {
    second: VecDeque<u64>,
    pairs: HashMap<ConversationId, i64>,
}

/// What it saw.
#[derive(Debug, Default)]
pub(super) struct Provider {
    /// Accepted sends of each message.
    pub(super) accepted: BTreeMap<MessageId, u32>,
    /// Calls that were over a limit.
    pub(super) over_number: u32,
    pub(super) over_pair: u32,
    pub(super) over_people: u32,
    /// The one token of both companies has expired.
    pub(super) is_expired: bool,
    /// It answers nobody.
    pub(super) is_down: bool,
    /// Calls meanwhile.
    pub(super) n_while_down: u32,
    numbers: [Number; 2],
    /// Whom it let the business reach, and when last.
    pub(super) reached: HashMap<ContactId, u64>,
}

impl Provider {
    /// A call arrives at a number; `reached` is the person, if it opens a conversation.
    pub(super) fn arrive(
        &mut self,
        at_ms: u64,
        (number, pick): (usize, Pick),
        reached: Option<ContactId>,
        manner: Manner,
        chance: &mut Chance,
    ) -> Answer {
        if self.is_down {
            self.n_while_down += 1;
            return Answer::Later;
        }
        if self.is_expired {
            return Answer::Expired;
        }
        let number = &mut self.numbers[number];
        while number.second.front().is_some_and(|seen| seen + 1_000 <= at_ms) {
            number.second.pop_front();
        }
        number.second.push_back(at_ms);
        if number.second.len() > manner.per_second {
            self.over_number += 1;
        }
        let now = i64::try_from(at_ms).unwrap();
        let paid = number.pairs.entry(pick.conversation).or_insert(now);
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
            if let Some(person) = reached {
                self.reached.insert(person, at_ms);
                let day = |seen: &&u64| **seen + DAY > at_ms;
                if self.reached.len() > manner.people
                    && self.reached.values().filter(day).count() > manner.people
                {
                    self.over_people += 1;
                }
            }
        }
        if cut { Answer::Cut } else { Answer::Accepted }
    }
}
