//! What was sent from this device and has no answer yet.
//!
//! Invariants: each has one idempotency key from the first click until it is answered, over lost
//! lines, closed tabs and reloads, so that it is sent once; a refusal keeps the text; what was
//! refused goes out again only as a new one.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::{
    ids::{ConversationId, MessageId},
    messages::{Content, Quote},
};

/// How far it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "progress", rename_all = "snake_case")]
pub(crate) enum Progress {
    /// Here, to be sent as soon as there is a line.
    Waiting,
    /// Asked, without an answer yet.
    Asking,
    /// The server has it under this id.
    Queued {
        /// The message.
        message: MessageId,
    },
    /// The server said no.
    Refused {
        /// The problem's code.
        code: String,
        /// The problem's own sentence.
        detail: String,
    },
}

/// Something that was sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Outgoing {
    /// Its idempotency key.
    pub key: String,
    /// The thread.
    pub conversation: ConversationId,
    /// What to say.
    pub content: Content,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// How that one reads.
    pub quotes: Option<Quote>,
    /// When it was sent, by the server's clock.
    pub at: DateTime<Utc>,
    /// How far it came.
    pub progress: Progress,
}

/// All of them, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Outbox {
    /// In the order in which they were sent.
    pub items: Vec<Outgoing>,
}

impl Outbox {
    /// Adds one; the same key twice is one.
    pub(crate) fn add(&mut self, outgoing: Outgoing) {
        if self.get(&outgoing.key).is_none() {
            self.items.push(outgoing);
        }
    }

    /// One by its key.
    pub(crate) fn get(&self, key: &str) -> Option<&Outgoing> {
        self.items.iter().find(|item| item.key == key)
    }

    /// The next that may be asked for: in a thread, one after the other, so that they keep their
    /// order; a refused one does not hold the others up.
    pub(crate) fn next(&self) -> Option<&Outgoing> {
        self.items.iter().find(|item| {
            item.progress == Progress::Waiting
                && !self.items.iter().any(|other| {
                    other.conversation == item.conversation && other.progress == Progress::Asking
                })
        })
    }

    /// It came as far as this.
    pub(crate) fn set(&mut self, key: &str, progress: Progress) {
        if let Some(item) = self.items.iter_mut().find(|item| item.key == key) {
            item.progress = progress;
        }
    }

    /// It is dropped, and comes back to whoever drops it.
    pub(crate) fn take(&mut self, key: &str) -> Option<Outgoing> {
        let at = self.items.iter().position(|item| item.key == key)?;
        Some(self.items.remove(at))
    }

    /// The message is on the screen: its place here is free.
    pub(crate) fn seen(&mut self, message: MessageId) {
        self.items.retain(|item| item.progress != Progress::Queued { message });
    }

    /// What is on its way in one thread.
    pub(crate) fn of(&self, conversation: ConversationId) -> impl Iterator<Item = &Outgoing> {
        self.items.iter().filter(move |item| item.conversation == conversation)
    }

    /// How many wait for a line.
    pub(crate) fn n_waiting(&self) -> usize {
        let waits =
            |item: &&Outgoing| matches!(item.progress, Progress::Waiting | Progress::Asking);
        self.items.iter().filter(waits).count()
    }

    /// What the device keeps: all that has no answer, and refusals until they are dealt with. What
    /// was asked without an answer will be asked again with its key.
    pub(crate) fn to_keep(&self) -> Self {
        let items = self
            .items
            .iter()
            .filter(|item| !matches!(item.progress, Progress::Queued { .. }))
            .cloned()
            .map(|mut item| {
                if item.progress == Progress::Asking {
                    item.progress = Progress::Waiting;
                }
                item
            })
            .collect();
        Self { items }
    }

    /// Whether nothing is here.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Outbox, Outgoing, Progress};
    use crate::stores::samples::{at, conversation, message_id};
    use shared::messages::Content;

    fn outgoing(key: &str, thread: u8) -> Outgoing {
        Outgoing {
            key: key.to_owned(),
            conversation: conversation(thread),
            content: Content::Text { body: "Oi".to_owned() },
            reply_to: None,
            quotes: None,
            at: at(0),
            progress: Progress::Waiting,
        }
    }

    #[test]
    fn a_double_click_is_one_message() {
        let mut outbox = Outbox::default();
        outbox.add(outgoing("a", 1));
        outbox.add(outgoing("a", 1));
        assert_eq!(outbox.of(conversation(1)).count(), 1);
    }

    #[test]
    fn a_thread_sends_one_after_the_other_and_threads_do_not_wait_for_each_other() {
        let mut outbox = Outbox::default();
        for (key, thread) in [("a", 1), ("b", 1), ("c", 2)] {
            outbox.add(outgoing(key, thread));
        }
        assert_eq!(outbox.next().unwrap().key, "a");
        outbox.set("a", Progress::Asking);
        assert_eq!(outbox.next().unwrap().key, "c");
        outbox.set("a", Progress::Queued { message: message_id(1) });
        assert_eq!(outbox.next().unwrap().key, "b");
    }

    #[test]
    fn a_reload_asks_again_with_the_same_key_what_had_no_answer() {
        let mut outbox = Outbox::default();
        outbox.add(outgoing("a", 1));
        outbox.set("a", Progress::Asking);
        let text = serde_json::to_string(&outbox.to_keep()).unwrap();
        let restored: Outbox = crate::wire::read(&text).unwrap();
        assert_eq!(restored.next().unwrap().key, "a");
    }

    #[test]
    fn what_was_answered_is_not_kept_and_goes_when_it_is_seen() {
        let mut outbox = Outbox::default();
        outbox.add(outgoing("a", 1));
        outbox.set("a", Progress::Queued { message: message_id(1) });
        assert!(outbox.to_keep().is_empty());
        assert!(!outbox.is_empty());
        outbox.seen(message_id(2));
        assert!(!outbox.is_empty());
        outbox.seen(message_id(1));
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_refusal_keeps_the_text_and_lets_the_others_pass() {
        let mut outbox = Outbox::default();
        outbox.add(outgoing("a", 1));
        outbox.add(outgoing("b", 1));
        let no = Progress::Refused { code: "x".to_owned(), detail: "y".to_owned() };
        outbox.set("a", no);
        assert_eq!(outbox.next().unwrap().key, "b");
        assert_eq!(outbox.n_waiting(), 1);
        let kept = outbox.to_keep();
        assert_eq!(kept.get("a").unwrap().content, Content::Text { body: "Oi".to_owned() });
        assert_eq!(outbox.take("a").unwrap().key, "a");
        assert!(outbox.get("a").is_none());
    }
}
