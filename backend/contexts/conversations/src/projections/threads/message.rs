//! A message as a thread shows it: a fold of what is told of it.
//!
//! **Invariants.** What is told may come in any order, once or several times, and before the message
//! itself; the bytes of the row are the same. Reactions and edits are ordered by (provider time,
//! intake position, index); a status by its rank; a time is the earliest told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::messaging::{Inbound, MessageEvent, Origin, Outbound, Purpose};
use serde::{Deserialize, Serialize};
use shared::{
    ids::{ChannelId, ContactId, ConversationId, FileId, MessageId, UserId},
    messages::{Content, DeliveryState, Failure, MessageKind, MessageState, SuppressReason},
};

/// Where something stands among what was told: provider time, intake position, index.
pub type Place = (DateTime<Utc>, i64, u32);

/// Everything but the keys of a message's row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Doc {
    /// What it is; absent as long as only things about it were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// The last reaction of the person, and of the company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Reacted>,
    /// The last reaction of the company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub our_reaction: Option<Reacted>,
    /// What it was changed to, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// Its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileId>,
    /// Why its file cannot be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// How far it came.
    #[serde(default, skip_serializing_if = "Progress::is_empty")]
    pub progress: Progress,
    /// The person was erased.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_erased: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Said {
    /// The thread.
    pub conversation: ConversationId,
    /// The channel.
    pub channel: ChannelId,
    /// The person.
    pub contact: ContactId,
    /// Whether the company said it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_outbound: bool,
    /// Whether a thread shows it: reactions and read marks of the company are messages, too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_hidden: bool,
    /// What kind.
    pub kind: MessageKind,
    /// Where it stands in the thread.
    pub place: Place,
    /// What was said; absent when its key is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotes: Option<MessageId>,
    /// Passed on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_forwarded: bool,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    /// Written in the business app on the company's own phone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_from_phone: bool,
    /// From before the number was connected.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_history: bool,
}

/// A reaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reacted {
    /// Its place.
    pub place: Place,
    /// The emoji; empty: taken back. Absent: its key is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
}

/// A change of what was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Its place.
    pub place: Place,
    /// What it says since. Absent: its key is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// How far an outbound message came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The earliest time that was told of each state.
    pub times: BTreeMap<MessageState, DateTime<Utc>>,
    /// Why it failed: when and with which code; the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<(DateTime<Utc>, i32, Option<String>)>,
    /// Why it was not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<SuppressReason>,
    /// The last attempt that another one follows.
    #[serde(default)]
    pub deferred: u16,
    /// The last attempt of which nobody knows.
    #[serde(default)]
    pub unknown: u16,
    /// The last attempt that is known of.
    #[serde(default)]
    pub attempts: u16,
}

impl Progress {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn reach(&mut self, state: MessageState, at: DateTime<Utc>) {
        let time = self.times.entry(state).or_insert(at);
        *time = at.min(*time);
    }

    fn attempt(&mut self, attempt: Option<u16>) {
        self.attempts = self.attempts.max(attempt.unwrap_or(0));
    }

    fn fail(&mut self, at: DateTime<Utc>, code: i32, title: Option<String>) {
        self.reach(MessageState::Failed, at);
        let told = (at, code, title);
        if self.failure.as_ref().is_none_or(|known| told < *known) {
            self.failure = Some(told);
        }
    }

    /// The highest rank that was told. What the provider says outranks what we wanted.
    #[must_use]
    pub fn state(&self) -> MessageState {
        use MessageState as S;
        let ranks = [
            S::Played,
            S::Read,
            S::Delivered,
            S::Failed,
            S::Sent,
            S::Accepted,
            S::Withdrawn,
            S::Suppressed,
        ];
        let told = ranks.into_iter().find(|state| self.times.contains_key(state));
        told.unwrap_or(if self.unknown > self.deferred { S::Unknown } else { S::Queued })
    }

    /// As a screen shows it.
    #[must_use]
    pub fn delivery(&self) -> DeliveryState {
        let state = self.state();
        let failure = self.failure.clone().filter(|_| state == MessageState::Failed);
        DeliveryState {
            state,
            times: self.times.clone(),
            failure: failure.map(|(_, code, title)| Failure { code, title }),
            suppressed: self.suppressed.filter(|_| state == MessageState::Suppressed),
            can_retry: matches!(
                state,
                MessageState::Failed | MessageState::Unknown | MessageState::Withdrawn
            ),
            n_attempts: i32::from(self.attempts.max(self.deferred).max(self.unknown)),
        }
    }
}

/// What was sealed in an event, opened; all absent when the key is gone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opened {
    /// Of something received.
    pub inbound: Option<Inbound>,
    /// Of something sent.
    pub outbound: Option<Outbound>,
    /// Of an edit.
    pub content: Option<Content>,
    /// Of a reaction.
    pub emoji: Option<String>,
}

impl Doc {
    /// Takes note of an event that was recorded at a time.
    pub fn on(&mut self, event: &MessageEvent, opened: Opened, recorded_at: DateTime<Utc>) {
        match event {
            MessageEvent::Reacted { .. }
            | MessageEvent::Edited { .. }
            | MessageEvent::MediaStored { .. }
                if self.is_erased => {}
            MessageEvent::Received { .. }
            | MessageEvent::Echoed { .. }
            | MessageEvent::Queued { .. } => self.say(event, opened, recorded_at),
            MessageEvent::Reacted { provider_at, intake, index, by_company, .. } => {
                let place = (*provider_at, *intake, *index);
                let slot = if *by_company { &mut self.our_reaction } else { &mut self.reaction };
                if slot.as_ref().is_none_or(|known| known.place < place) {
                    *slot = Some(Reacted { place, emoji: opened.emoji });
                }
            }
            MessageEvent::Edited { provider_at, intake, index, .. } => {
                let place = (*provider_at, *intake, *index);
                if let Err(at) = self.edits.binary_search_by_key(&place, |edit| edit.place) {
                    self.edits.insert(at, Edit { place, content: opened.content });
                }
            }
            MessageEvent::Deleted { provider_at } => {
                let known = self.deleted_at.unwrap_or(*provider_at);
                self.deleted_at = Some(known.min(*provider_at));
            }
            MessageEvent::MediaStored { file } => {
                self.file = Some(*file);
                self.missing = None;
            }
            MessageEvent::MediaMissing { reason } => {
                if self.file.is_none() {
                    self.missing = Some(reason.0.clone());
                }
            }
            _ => self.progress.on(event, recorded_at),
        }
    }

    /// What is personal goes.
    pub fn erase(&mut self) {
        self.is_erased = true;
        self.edits.clear();
        self.reaction = None;
        self.our_reaction = None;
        self.file = None;
        if let Some(said) = &mut self.said {
            said.content = None;
        }
    }

    fn say(&mut self, event: &MessageEvent, opened: Opened, recorded_at: DateTime<Utc>) {
        let said = match event {
            MessageEvent::Received {
                conversation,
                channel,
                contact,
                provider_at,
                intake,
                index,
                kind,
                quotes,
                is_forwarded,
                is_history,
                ..
            } => Said {
                conversation: *conversation,
                channel: *channel,
                contact: *contact,
                is_outbound: false,
                is_hidden: false,
                kind: *kind,
                place: (*provider_at, *intake, *index),
                content: opened.inbound.map(|said| said.content),
                quotes: *quotes,
                is_forwarded: *is_forwarded,
                author: None,
                is_from_phone: false,
                is_history: *is_history,
            },
            MessageEvent::Echoed {
                conversation,
                channel,
                contact,
                provider_at,
                intake,
                index,
                kind,
                ..
            } => {
                self.progress.reach(MessageState::Sent, *provider_at);
                Said {
                    conversation: *conversation,
                    channel: *channel,
                    contact: *contact,
                    is_outbound: true,
                    is_hidden: false,
                    kind: *kind,
                    place: (*provider_at, *intake, *index),
                    content: opened.inbound.map(|said| said.content),
                    quotes: None,
                    is_forwarded: false,
                    author: None,
                    is_from_phone: true,
                    is_history: false,
                }
            }
            MessageEvent::Queued {
                conversation,
                channel,
                contact,
                purpose,
                kind,
                origin,
                quotes,
                file,
                ..
            } => {
                self.progress.reach(MessageState::Queued, recorded_at);
                self.file = self.file.or(*file);
                Said {
                    conversation: *conversation,
                    channel: *channel,
                    contact: *contact,
                    is_outbound: true,
                    is_hidden: *purpose != Purpose::Message,
                    kind: *kind,
                    place: (recorded_at, 0, 0),
                    content: opened.outbound.map(|said| said.content),
                    quotes: *quotes,
                    is_forwarded: false,
                    author: match origin {
                        Origin::Operator(user) => Some(*user),
                        Origin::ApiKey(_) | Origin::BusinessApp => None,
                    },
                    is_from_phone: matches!(origin, Origin::BusinessApp),
                    is_history: false,
                }
            }
            _ => return,
        };
        if self.said.is_none() {
            self.said = Some(said);
        }
    }
}

impl Progress {
    fn on(&mut self, event: &MessageEvent, recorded_at: DateTime<Utc>) {
        use MessageState as S;
        match event {
            MessageEvent::Accepted { attempt, .. } => {
                self.attempt(Some(*attempt));
                self.reach(S::Accepted, recorded_at);
            }
            MessageEvent::Confirmed {} => self.reach(S::Accepted, recorded_at),
            MessageEvent::Failed { attempt, provider_at, code, title, .. } => {
                self.attempt(*attempt);
                let title = title.as_ref().map(|title| title.0.clone());
                self.fail(provider_at.unwrap_or(recorded_at), *code, title);
            }
            MessageEvent::Deferred { attempt, .. } => self.deferred = self.deferred.max(*attempt),
            MessageEvent::OutcomeUnknown { attempt } => {
                self.reach(S::Unknown, recorded_at);
                self.unknown = self.unknown.max(*attempt);
            }
            MessageEvent::Withdrawn { .. } => self.reach(S::Withdrawn, recorded_at),
            MessageEvent::Suppressed { reason } => {
                self.reach(S::Suppressed, recorded_at);
                let known = self.suppressed.unwrap_or(*reason);
                self.suppressed = Some(known.min(*reason));
            }
            MessageEvent::Sent { provider_at, attempt, .. } => {
                self.attempt(*attempt);
                self.reach(S::Sent, *provider_at);
            }
            MessageEvent::Delivered { provider_at, attempt, .. } => {
                self.attempt(*attempt);
                self.reach(S::Delivered, *provider_at);
            }
            MessageEvent::Read { provider_at, attempt, .. } => {
                self.attempt(*attempt);
                self.reach(S::Read, *provider_at);
            }
            MessageEvent::Played { provider_at, attempt, .. } => {
                self.attempt(*attempt);
                self.reach(S::Played, *provider_at);
            }
            _ => {}
        }
    }
}
