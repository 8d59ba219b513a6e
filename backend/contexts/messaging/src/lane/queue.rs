//! What waits in a lane: a queue for each conversation, and the order of their heads.
//!
//! **Invariants.** Every conversation with something to send is in exactly one place: ready, later,
//! or busy with the one message of it that is under way. So what is written to one person leaves in
//! the order in which it was queued, and one person's wait never holds another's.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use shared::ids::{ConversationId, MessageId};

use super::{Candidate, Priority, limits::Pair};

/// The order within a conversation: importance, then position.
type Place = (Priority, i64, MessageId);
/// The order of the ready conversations: of their heads.
type Head = (Priority, i64, ConversationId);

#[derive(Clone, Debug, Default)]
struct Thread {
    waiting: BTreeMap<Place, Candidate>,
    pair: Pair,
    held_until: Duration,
    /// Nothing that opens a conversation before: the portfolio is used up.
    shut_until: Duration,
    busy: Option<MessageId>,
    ready: Option<Head>,
    later: Option<Duration>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    threads: HashMap<ConversationId, Thread>,
    places: HashMap<MessageId, (ConversationId, Place)>,
    ready: BTreeSet<Head>,
    later: BTreeSet<(Duration, ConversationId)>,
}

impl Queue {
    /// Adds a message, or replaces what is known of it. One that is under way is left alone.
    pub fn add(&mut self, candidate: Candidate, now: Duration) {
        let conversation = candidate.conversation;
        self.remove(candidate.message, now);
        let thread = self.threads.entry(conversation).or_default();
        if thread.busy == Some(candidate.message) {
            return;
        }
        let place = (candidate.priority, candidate.position, candidate.message);
        self.places.insert(candidate.message, (conversation, place));
        thread.waiting.insert(place, candidate);
        self.settle(conversation, now);
    }

    /// Removes a message that waits.
    pub fn remove(&mut self, message: MessageId, now: Duration) -> Option<Candidate> {
        let (conversation, place) = self.places.remove(&message)?;
        let candidate = self.threads.get_mut(&conversation)?.waiting.remove(&place);
        self.settle(conversation, now);
        candidate
    }

    /// The first that may leave, as far as its person is concerned.
    #[must_use]
    pub fn head(&mut self, now: Duration) -> Option<&Candidate> {
        while let Some((_, conversation)) = self.later.pop_first_if(now) {
            if let Some(thread) = self.threads.get_mut(&conversation) {
                thread.later = None;
            }
            self.settle(conversation, now);
        }
        let (_, _, conversation) = self.ready.first()?;
        self.threads.get(conversation)?.waiting.first_key_value().map(|(_, candidate)| candidate)
    }

    /// Takes the head out; its conversation is busy until [`Queue::free`].
    pub fn take(&mut self, now: Duration) -> Option<Candidate> {
        let (_, _, conversation) = *self.ready.first()?;
        let thread = self.threads.get_mut(&conversation)?;
        let (_, candidate) = thread.waiting.pop_first()?;
        thread.busy = Some(candidate.message);
        self.places.remove(&candidate.message);
        self.settle(conversation, now);
        Some(candidate)
    }

    /// What was under way in a conversation is not any more.
    pub fn free(&mut self, conversation: ConversationId, message: MessageId, now: Duration) {
        if let Some(thread) = self.threads.get_mut(&conversation)
            && thread.busy == Some(message)
        {
            thread.busy = None;
            self.settle(conversation, now);
        }
    }

    /// A message leaves to a person.
    pub fn depart(&mut self, conversation: ConversationId, now: Duration) {
        self.threads.entry(conversation).or_default().pair.depart(now);
    }

    /// Nothing to a person before.
    pub fn hold(&mut self, conversation: ConversationId, until: Duration, now: Duration) {
        let thread = self.threads.entry(conversation).or_default();
        thread.held_until = thread.held_until.max(until);
        self.settle(conversation, now);
    }

    /// Nothing that opens a conversation before; what answers may go.
    pub fn shut(&mut self, conversation: ConversationId, until: Duration, now: Duration) {
        let thread = self.threads.entry(conversation).or_default();
        thread.shut_until = thread.shut_until.max(until);
        self.settle(conversation, now);
    }

    /// The person has opened the conversation herself.
    pub fn open(&mut self, conversation: ConversationId, now: Duration) {
        if let Some(thread) = self.threads.get_mut(&conversation) {
            thread.shut_until = Duration::ZERO;
            self.settle(conversation, now);
        }
    }

    /// What an earlier owner borrowed for a person.
    pub fn owe(&mut self, conversation: ConversationId, paid_at: Duration, now: Duration) {
        self.threads.entry(conversation).or_default().pair = Pair::owing_until(paid_at);
        self.settle(conversation, now);
    }

    /// What is owed, for the one who takes over.
    pub fn debts(&self, now: Duration) -> impl Iterator<Item = (ConversationId, Duration)> {
        self.threads
            .iter()
            .map(|(conversation, thread)| (*conversation, thread.pair.paid_at()))
            .filter(move |(_, paid_at)| *paid_at > now)
    }

    /// The next moment at which a conversation that must wait need not any more.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        self.later.first().map(|(due, _)| *due)
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether a message waits.
    #[must_use]
    pub fn holds(&self, message: MessageId) -> bool {
        self.places.contains_key(&message)
    }

    /// Puts a conversation where it belongs now.
    fn settle(&mut self, conversation: ConversationId, now: Duration) {
        let Some(thread) = self.threads.get_mut(&conversation) else { return };
        if let Some(head) = thread.ready.take() {
            self.ready.remove(&head);
        }
        if let Some(due) = thread.later.take() {
            self.later.remove(&(due, conversation));
        }
        if thread.busy.is_some() {
            return;
        }
        let Some(((priority, position, _), candidate)) = thread.waiting.first_key_value() else {
            if thread.pair.paid_at() <= now && thread.held_until <= now {
                self.threads.remove(&conversation);
            }
            return;
        };
        let shut_until = thread.shut_until * u32::from(candidate.window.is_none());
        let due = thread.pair.slot(now).max(thread.held_until).max(candidate.not_before);
        let due = due.max(shut_until);
        if due <= now {
            let head = (*priority, *position, conversation);
            thread.ready = Some(head);
            self.ready.insert(head);
        } else {
            thread.later = Some(due);
            self.later.insert((due, conversation));
        }
    }
}

trait PopFirstIf {
    fn pop_first_if(&mut self, now: Duration) -> Option<(Duration, ConversationId)>;
}

impl PopFirstIf for BTreeSet<(Duration, ConversationId)> {
    fn pop_first_if(&mut self, now: Duration) -> Option<(Duration, ConversationId)> {
        self.first().is_some_and(|(due, _)| *due <= now).then(|| self.pop_first()).flatten()
    }
}
