//! What was said, in both directions, as far as it is remembered.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use super::people::PersonId;

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Progress {
    Accepted,
    Sent,
    Failed,
    Delivered,
    Read,
    Played,
}

/// One message.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) number: String,
    #[serde(skip)]
    pub(crate) person: PersonId,
    /// Whether the company wrote it.
    pub(crate) from_company: bool,
    pub(crate) at_ms: i64,
    /// `type` and the object of that name, as in the API.
    pub(crate) content: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<Value>,
    pub(crate) progress: Progress,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Value>,
    #[serde(skip)]
    pub(crate) opaque: Option<String>,
    #[serde(skip)]
    pub(crate) pricing: Option<Value>,
    pub(crate) edited: bool,
    pub(crate) deleted: bool,
    /// What the customer put on it, and what the company did.
    pub(crate) reactions: (Option<String>, Option<String>),
}

/// The last messages, and the threads they make.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    by_id: HashMap<String, Message>,
    order: VecDeque<String>,
    threads: HashMap<(PersonId, String), VecDeque<String>>,
}

impl Messages {
    pub(crate) fn get(&self, id: &str) -> Option<&Message> {
        self.by_id.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Message> {
        self.by_id.get_mut(id)
    }

    pub(crate) fn add(&mut self, message: Message, remember: usize) {
        let thread = self.threads.entry((message.person, message.number.clone())).or_default();
        thread.push_back(message.id.clone());
        self.order.push_back(message.id.clone());
        self.by_id.insert(message.id.clone(), message);
        while self.order.len() > remember {
            let Some(old) = self.order.pop_front().and_then(|id| self.by_id.remove(&id)) else {
                continue;
            };
            let key = (old.person, old.number);
            if let Some(thread) = self.threads.get_mut(&key) {
                thread.retain(|id| *id != old.id);
                if thread.is_empty() {
                    self.threads.remove(&key);
                }
            }
        }
    }

    /// The last messages of a thread, oldest first.
    pub(crate) fn thread(&self, person: PersonId, number: &str, limit: usize) -> Vec<&Message> {
        let Some(thread) = self.threads.get(&(person, number.to_owned())) else {
            return Vec::new();
        };
        let skip = thread.len().saturating_sub(limit);
        thread.iter().skip(skip).filter_map(|id| self.by_id.get(id)).collect()
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Message> {
        self.order.iter().filter_map(|id| self.by_id.get(id))
    }

    /// What the company wrote in a thread and the customer has not read.
    pub(crate) fn unread(&self, person: PersonId, number: &str) -> Vec<String> {
        self.thread(person, number, 500)
            .into_iter()
            .filter(|message| message.from_company && message.progress < Progress::Read)
            .filter(|message| message.error.is_none())
            .map(|message| message.id.clone())
            .collect()
    }
}
