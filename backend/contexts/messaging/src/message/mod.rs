//! A message, in or out: what is told of it, and what may still be done with it.
//!
//! **Invariants.** Its id is fixed before it exists, so queueing it twice is queueing it once; what is
//! told twice, or late, changes nothing (WB05, AN11); only what waits can be withdrawn. Everything
//! personal comes sealed.

pub mod content;
mod id;
pub mod progress;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::messaging::{MessageEvent, Origin, Purpose};
use kernel::{
    commit::Claim,
    decider::{Decider, Rejection},
};
use shared::{
    ids::{ChannelId, ContactId, ConversationId, FileId},
    messages::{MessageKind, MessageState, SuppressReason},
    problem::Kind,
    stored::ConfigText,
};
use uuid::Uuid;

pub use self::id::{
    PROVIDER_ID, attempt_id, inbound_id, outbound_id, parse_attempt_id, provider_key,
};
use self::progress::Progress;

/// The decider of the stream `message`.
#[derive(Clone, Copy, Debug)]
pub struct Message;

/// What decisions need to remember.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Whether it was said by the company; absent: it does not exist.
    pub is_outbound: Option<bool>,
    /// The thread.
    pub conversation: Option<ConversationId>,
    /// The channel.
    pub channel: Option<ChannelId>,
    /// The contact.
    pub contact: Option<ContactId>,
    /// Who wanted it.
    pub origin: Option<Origin>,
    /// What it does.
    pub purpose: Option<Purpose>,
    /// What kind.
    pub kind: Option<MessageKind>,
    /// Free text must leave before.
    pub window: Option<DateTime<Utc>>,
    /// The file it carries, or that came with it.
    pub file: Option<FileId>,
    /// How far it came.
    pub progress: Progress,
    /// The place of the last reaction: provider time, intake position, index.
    pub reacted: Option<(DateTime<Utc>, i64, u32)>,
    /// The places of the edits.
    pub edited: Vec<(DateTime<Utc>, i64, u32)>,
    /// Taken back by its sender.
    pub is_deleted: bool,
    /// Its file could not be had.
    pub is_media_missing: bool,
}

/// What may be asked of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The company wants to say it: a [`MessageEvent::Queued`], and at once a reason not to send it,
    /// when one is known.
    Queue(Box<MessageEvent>, Option<SuppressReason>),
    /// Somebody outside tells something: a provider, the lane, the media fetch. Any other event.
    Note(Box<MessageEvent>),
    /// It shall not be sent after all.
    Withdraw(ConfigText),
    /// A person has seen that it went through, although nobody was told (D25).
    Confirm,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not there.
    #[error("the message does not exist")]
    Missing,
    /// It is under way or was sent.
    #[error("the message is {0:?} and cannot be withdrawn")]
    TooLate(MessageState),
    /// It is known how far it came.
    #[error("the message is {0:?} and there is nothing to decide")]
    Known(MessageState),
    /// The id is taken by something else.
    #[error("the message exists already and is another one")]
    Other,
    /// The event is not one that this command takes.
    #[error("the event does not belong to this command")]
    WrongEvent,
}

impl Rejection for MessageError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::TooLate(_) | Self::Known(_) | Self::Other => Kind::Conflict,
            Self::WrongEvent => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "message_missing",
            Self::TooLate(_) => "message_too_late",
            Self::Known(_) => "message_known",
            Self::Other => "message_exists",
            Self::WrongEvent => "internal",
        }
    }

    fn values(&self) -> BTreeMap<String, serde_json::Value> {
        match self {
            Self::TooLate(state) | Self::Known(state) => {
                BTreeMap::from([("state".into(), state.as_str().into())])
            }
            _ => BTreeMap::new(),
        }
    }
}

impl Decider for Message {
    const STREAM: &'static str = "message";
    type State = State;
    type Command = Command;
    type Event = MessageEvent;
    /// The time for what has none of its own.
    type Facts = DateTime<Utc>;
    type Rejection = MessageError;

    fn decide(
        state: &State,
        command: &Command,
        now: &DateTime<Utc>,
    ) -> Result<Vec<MessageEvent>, MessageError> {
        match command {
            Command::Queue(event, reason) => {
                let MessageEvent::Queued { .. } = event.as_ref() else {
                    return Err(MessageError::WrongEvent);
                };
                match state.is_outbound {
                    None => {
                        let suppressed = reason.map(|reason| MessageEvent::Suppressed { reason });
                        Ok([event.as_ref().clone()].into_iter().chain(suppressed).collect())
                    }
                    Some(true) => Ok(Vec::new()),
                    Some(false) => Err(MessageError::Other),
                }
            }
            Command::Note(event) => note(state, event, *now),
            Command::Withdraw(reason) => match state.progress.state() {
                _ if state.is_outbound != Some(true) => Err(MessageError::Missing),
                MessageState::Queued => {
                    Ok(vec![MessageEvent::Withdrawn { reason: reason.clone() }])
                }
                MessageState::Withdrawn => Ok(Vec::new()),
                other => Err(MessageError::TooLate(other)),
            },
            Command::Confirm => match state.progress.state() {
                _ if state.is_outbound != Some(true) => Err(MessageError::Missing),
                MessageState::Unknown => Ok(vec![MessageEvent::Confirmed {}]),
                // The provider was faster: it has arrived, as she says.
                MessageState::Accepted
                | MessageState::Sent
                | MessageState::Delivered
                | MessageState::Read
                | MessageState::Played => Ok(Vec::new()),
                other => Err(MessageError::Known(other)),
            },
        }
    }

    fn evolve(mut state: State, event: &MessageEvent) -> State {
        // The state's times decide nothing but whether a status is news, and those have their own.
        state.progress.on(event, DateTime::UNIX_EPOCH);
        match event {
            MessageEvent::Received { conversation, channel, contact, kind, .. } => {
                state.is_outbound = Some(false);
                state.conversation = Some(*conversation);
                state.channel = Some(*channel);
                state.contact = Some(*contact);
                state.kind = Some(*kind);
            }
            MessageEvent::Echoed { conversation, channel, contact, kind, .. } => {
                state.is_outbound = Some(true);
                state.conversation = Some(*conversation);
                state.channel = Some(*channel);
                state.contact = Some(*contact);
                state.kind = Some(*kind);
                state.origin = Some(Origin::BusinessApp);
            }
            MessageEvent::Queued {
                conversation,
                channel,
                contact,
                kind,
                purpose,
                origin,
                window,
                file,
                ..
            } => {
                state.is_outbound = Some(true);
                state.conversation = Some(*conversation);
                state.channel = Some(*channel);
                state.contact = Some(*contact);
                state.kind = Some(*kind);
                state.origin = Some(origin.clone());
                state.purpose = Some(*purpose);
                state.window = *window;
                state.file = *file;
            }
            MessageEvent::Reacted { provider_at, intake, index, .. } => {
                state.reacted = state.reacted.max(Some((*provider_at, *intake, *index)));
            }
            MessageEvent::Edited { provider_at, intake, index, .. } => {
                state.edited.push((*provider_at, *intake, *index));
            }
            MessageEvent::Deleted { .. } => state.is_deleted = true,
            MessageEvent::MediaStored { file } => state.file = Some(*file),
            MessageEvent::MediaMissing { .. } => state.is_media_missing = true,
            _ => {}
        }
        state
    }

    fn claims(_company: Uuid, _id: Uuid, _state: &State, _event: &MessageEvent) -> Vec<Claim> {
        // The provider's id is sealed in the event: who commits it takes the claim beside it.
        Vec::new()
    }
}

fn note(
    state: &State,
    event: &MessageEvent,
    now: DateTime<Utc>,
) -> Result<Vec<MessageEvent>, MessageError> {
    let is_news = match event {
        MessageEvent::Queued { .. } => return Err(MessageError::WrongEvent),
        MessageEvent::Received { .. } | MessageEvent::Echoed { .. } => {
            return match (state.is_outbound, event) {
                (None, _) => Ok(vec![event.clone()]),
                (Some(false), MessageEvent::Received { .. })
                | (Some(true), MessageEvent::Echoed { .. }) => Ok(Vec::new()),
                _ => Err(MessageError::Other),
            };
        }
        _ if state.is_outbound.is_none() => return Err(MessageError::Missing),
        MessageEvent::Reacted { provider_at, intake, index, .. } => {
            state.reacted < Some((*provider_at, *intake, *index))
        }
        MessageEvent::Edited { provider_at, intake, index, .. } => {
            // The same edit delivered twice has another place in the intake but the same time.
            !state.is_deleted
                && !state.edited.iter().any(|(at, at_intake, at_index)| {
                    at == provider_at || (at_intake, at_index) == (intake, index)
                })
        }
        MessageEvent::Deleted { .. } => !state.is_deleted,
        MessageEvent::MediaStored { .. } => state.file.is_none(),
        MessageEvent::MediaMissing { .. } => state.file.is_none() && !state.is_media_missing,
        MessageEvent::Suppressed { .. } | MessageEvent::Withdrawn { .. } => {
            state.progress.is_waiting()
        }
        MessageEvent::Accepted { .. } | MessageEvent::Confirmed {} => {
            !state.progress.times.contains_key(&MessageState::Accepted)
        }
        MessageEvent::Failed { by_status: false, .. } => {
            !state.progress.times.contains_key(&MessageState::Failed)
        }
        MessageEvent::OutcomeUnknown { attempt } => {
            state.progress.unknown < *attempt && state.progress.deferred < *attempt
        }
        MessageEvent::Deferred { attempt, .. } => state.progress.deferred < *attempt,
        MessageEvent::Failed { .. }
        | MessageEvent::Sent { .. }
        | MessageEvent::Delivered { .. }
        | MessageEvent::Read { .. }
        | MessageEvent::Played { .. } => state.progress.is_news(event, now),
    };
    Ok(if is_news { vec![event.clone()] } else { Vec::new() })
}
