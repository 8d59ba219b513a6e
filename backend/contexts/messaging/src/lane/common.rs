//! What the lanes of one dispatch group share (D19): the portfolio's limit (CA10), and what is known of
//! people at the moment a message leaves.
//!
//! **Invariants.** A portfolio reaches at most so many people outside their service windows in any
//! moving day, over all its numbers, of whatever company. What a person decided and who she is counts as
//! it is when a message is picked, never as it was when it was queued. A person has one message of a
//! wave, also when two contacts turn out to be one.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

use shared::{
    ids::{ContactId, MessageId},
    messages::SuppressReason,
};
use uuid::Uuid;

use super::Candidate;

/// The moving day of the portfolio's limit.
pub const DAY: Duration = Duration::from_hours(24);
/// What the clocks of two machines and the way of a call may differ within a day.
const MARGIN: Duration = Duration::from_secs(2);

/// How many people one portfolio may still reach.
#[derive(Clone, Debug, Default)]
pub struct Portfolio {
    /// Absent: as many as there are, or nobody has said.
    most: Option<usize>,
    reached: HashMap<ContactId, Duration>,
    order: BTreeSet<(Duration, ContactId)>,
}

impl Portfolio {
    /// The provider said how many.
    pub fn set_most(&mut self, most: Option<u32>) {
        self.most = most.and_then(|most| usize::try_from(most).ok());
    }

    /// The earliest moment at which a person may be reached.
    #[must_use]
    pub fn slot(&mut self, person: ContactId, now: Duration) -> Duration {
        self.forget(now);
        let Some(most) = self.most else { return now };
        if self.reached.contains_key(&person) || self.reached.len() < most {
            return now;
        }
        // A smaller limit than what was reached waits until so many are forgotten.
        let over = self.reached.len() - most;
        self.order.iter().nth(over).map_or(now, |(at, _)| *at + DAY + MARGIN)
    }

    /// A person is reached, or was.
    pub fn reach(&mut self, person: ContactId, at: Duration) {
        if let Some(known) = self.reached.get(&person).copied() {
            if known >= at {
                return;
            }
            self.order.remove(&(known, person));
        }
        self.reached.insert(person, at);
        self.order.insert((at, person));
    }

    /// Whom another one has reached, this one has too: they turned out to be one.
    pub fn absorb(&mut self, other: &Self) {
        for (at, person) in &other.order {
            self.reach(*person, *at);
        }
    }

    /// How many were reached in the last day.
    #[must_use]
    pub fn n_reached(&mut self, now: Duration) -> usize {
        self.forget(now);
        self.reached.len()
    }

    fn forget(&mut self, now: Duration) {
        while let Some((at, person)) = self.order.first().copied()
            && now.saturating_sub(at) >= DAY + MARGIN
        {
            self.order.remove(&(at, person));
            self.reached.remove(&person);
        }
    }
}

/// What is known of people.
#[derive(Clone, Debug, Default)]
pub struct People {
    opted_out: HashSet<ContactId>,
    merged: HashMap<ContactId, ContactId>,
    /// What is under way or was sent to a person of a wave: mostly one message.
    waves: HashMap<(Uuid, ContactId), BTreeSet<MessageId>>,
    of: HashMap<MessageId, (Uuid, ContactId)>,
}

impl People {
    /// A person wants nothing more that needs her consent.
    pub fn opted_out(&mut self, contact: ContactId) {
        let person = self.person(contact);
        self.opted_out.insert(person);
    }

    /// Two contacts are one person.
    pub fn merged(&mut self, contact: ContactId, into: ContactId) {
        let (from, into) = (self.person(contact), self.person(into));
        if from == into {
            return;
        }
        self.merged.insert(from, into);
        if self.opted_out.contains(&from) {
            self.opted_out.insert(into);
        }
        let moved: Vec<_> =
            self.waves.keys().filter(|(_, person)| *person == from).copied().collect();
        for (wave, _) in moved {
            let messages = self.waves.remove(&(wave, from)).unwrap_or_default();
            self.waves.entry((wave, into)).or_default().extend(messages);
        }
    }

    /// They are two after all.
    pub fn unmerged(&mut self, contact: ContactId) {
        self.merged.remove(&contact);
    }

    /// A message of a wave leaves to a person, or has left.
    pub fn said(&mut self, wave: Uuid, contact: ContactId, message: MessageId) {
        let person = self.person(contact);
        self.waves.entry((wave, person)).or_default().insert(message);
        self.of.insert(message, (wave, contact));
    }

    /// A message did not leave after all: another one of its wave may.
    pub fn unsaid(&mut self, message: MessageId) {
        let Some((wave, contact)) = self.of.remove(&message) else { return };
        let key = (wave, self.person(contact));
        if let Some(messages) = self.waves.get_mut(&key) {
            messages.remove(&message);
            if messages.is_empty() {
                self.waves.remove(&key);
            }
        }
    }

    /// Why a message may not leave now, if it may not at all.
    #[must_use]
    pub fn stops(&self, candidate: &Candidate) -> Option<SuppressReason> {
        let person = self.person(candidate.person);
        if candidate.needs_consent && self.opted_out.contains(&person) {
            return Some(SuppressReason::OptedOut);
        }
        let said = candidate.wave.and_then(|wave| self.waves.get(&(wave, person)))?;
        let is_others = said.iter().any(|said| *said != candidate.message);
        is_others.then_some(SuppressReason::AlreadySent)
    }

    fn person(&self, contact: ContactId) -> ContactId {
        let mut person = contact;
        // A chain of merges is short and has no circle: both ends are looked up before it grows.
        while let Some(into) = self.merged.get(&person) {
            person = *into;
        }
        person
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use shared::ids::{ContactId, MessageId};
    use uuid::Uuid;

    use super::{DAY, MARGIN, People, Portfolio};

    fn person(n: u128) -> ContactId {
        ContactId::from_uuid(Uuid::from_u128(n))
    }

    fn hours(n: u64) -> Duration {
        Duration::from_hours(n)
    }

    #[test]
    fn ca10_a_portfolio_reaches_so_many_people_in_any_day() {
        let mut portfolio = Portfolio::default();
        portfolio.set_most(Some(2));
        portfolio.reach(person(1), hours(1));
        portfolio.reach(person(2), hours(2));
        assert_eq!(portfolio.slot(person(1), hours(3)), hours(3), "she was reached already");
        assert_eq!(portfolio.slot(person(3), hours(3)), hours(25) + MARGIN);
        assert_eq!(portfolio.slot(person(3), hours(25) + MARGIN), hours(25) + MARGIN);
        portfolio.reach(person(3), hours(25) + MARGIN);
        assert_eq!(portfolio.slot(person(1), hours(25) + MARGIN), hours(26) + MARGIN);
    }

    #[test]
    fn ca10_a_smaller_limit_waits_for_as_many_as_are_too_many() {
        let mut portfolio = Portfolio::default();
        for n in 1..=5 {
            portfolio.reach(person(n), hours(u64::try_from(n).unwrap()));
        }
        portfolio.set_most(Some(3));
        assert_eq!(portfolio.slot(person(9), hours(6)), hours(3) + DAY + MARGIN);
        portfolio.set_most(None);
        assert_eq!(portfolio.slot(person(9), hours(6)), hours(6));
    }

    #[test]
    fn two_contacts_that_are_one_person_share_her_no_and_her_one_message() {
        let (message, wave) = (MessageId::from_uuid(Uuid::from_u128(7)), Uuid::from_u128(1));
        let mut people = People::default();
        people.said(wave, person(1), message);
        people.opted_out(person(1));
        people.merged(person(1), person(2));
        people.merged(person(2), person(3));
        assert!(people.waves[&(wave, person(3))].contains(&message));
        assert!(people.opted_out.contains(&people.person(person(1))));
        people.merged(person(3), person(1));
        assert_eq!(people.person(person(1)), person(3), "no circle");
        people.unsaid(message);
        assert!(people.waves.is_empty());
    }

    proptest! {
        #[test]
        fn no_day_holds_more_people_than_the_portfolio_may(
            calls in proptest::collection::vec((0_u128..12, 0_u64..7_200), 1..300),
        ) {
            let mut portfolio = Portfolio::default();
            portfolio.set_most(Some(5));
            let (mut now, mut seen) = (0, Vec::new());
            for (n, gap) in calls {
                now += gap;
                let at = Duration::from_secs(now);
                if portfolio.slot(person(n), at) <= at {
                    portfolio.reach(person(n), at);
                    seen.push((now, n));
                    let mut day: Vec<u128> = seen
                        .iter()
                        .filter(|(then, _)| then + 86_400 > now)
                        .map(|(_, n)| *n)
                        .collect();
                    day.sort_unstable();
                    day.dedup();
                    prop_assert!(day.len() <= 5);
                }
            }
        }
    }
}
