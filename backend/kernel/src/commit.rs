//! The one atomic primitive: what a caller wants to happen as a whole, and how it ends.

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shared::stored::{Actor, Event, Sealed};
use uuid::Uuid;

use crate::{
    codec::{CodecError, encode},
    ids::Ids,
    record::Recorded,
};

/// How many reactions may follow one another before a command is refused as a loop (D14).
pub const DEEPEST: u8 = 16;

/// A stream: its kind, and its id within the company. Streams of two companies never meet, whatever
/// their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stream {
    /// The kind, such as `card`.
    pub kind: &'static str,
    /// The id; unique within the company.
    pub id: Uuid,
}

/// What the stream must look like for an append to be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No event yet.
    Empty,
    /// Exactly this many events.
    Exact(i64),
    /// Whatever is there.
    Any,
}

impl Expected {
    /// What a decision taken at `version` expects.
    #[must_use]
    pub const fn at(version: i64) -> Self {
        if version == 0 { Self::Empty } else { Self::Exact(version) }
    }
}

/// An event to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// UUID v7; also how the writer recognises its own commit after a lost answer.
    pub id: Uuid,
    /// `context.stream.past_tense`.
    pub event_type: &'static str,
    /// Version of the payload.
    pub version: i16,
    /// JSON text.
    pub payload: String,
    /// The event that this one takes back. It causes no reactions; counters subtract (D14).
    pub undoes: Option<Uuid>,
}

impl NewEvent {
    /// Encodes an event and gives it an id.
    pub fn of<E: Event>(ids: &dyn Ids, event: &E) -> Result<Self, CodecError> {
        let (event_type, payload) = encode(event)?;
        Ok(Self { id: ids.v7(), event_type, version: event.version(), payload, undoes: None })
    }

    /// The same, taking back an earlier event.
    #[must_use]
    pub const fn undoing(mut self, event: Uuid) -> Self {
        self.undoes = Some(event);
        self
    }
}

/// From where somebody acted. Sealed under the company's key of the month (D3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The address.
    pub ip: String,
    /// The program.
    pub user_agent: String,
}

/// Who asks, and why: stored with every event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Who acts.
    pub actor: Actor,
    /// The user on whose behalf, while impersonating.
    pub acting_for: Option<Uuid>,
    /// From where.
    pub origin: Option<Sealed<Origin>>,
    /// The command; also the idempotency key.
    pub command_id: Uuid,
    /// The first cause of the chain; `None` is the command itself.
    pub correlation_id: Option<Uuid>,
    /// The cause just before; `None` is the command itself.
    pub causation_id: Option<Uuid>,
    /// The W3C trace.
    pub trace: [u8; 16],
    /// How many reactions lie between this command and a person or provider.
    pub depth: u8,
    /// The stable id of the policy or flow that asks.
    pub policy: Option<i16>,
}

impl Context {
    /// A command that starts a chain of causes.
    #[must_use]
    pub const fn new(actor: Actor, command_id: Uuid, trace: [u8; 16]) -> Self {
        Self {
            actor,
            acting_for: None,
            origin: None,
            command_id,
            correlation_id: None,
            causation_id: None,
            trace,
            depth: 0,
            policy: None,
        }
    }

    /// The context of what this command's policy or flow does because of `event`: one deeper, the
    /// correlation kept.
    #[must_use]
    pub fn caused_by(&self, event: &Recorded, policy: i16) -> Self {
        Self {
            correlation_id: Some(event.correlation_id),
            causation_id: Some(event.event_id),
            trace: event.trace,
            depth: event.depth.saturating_add(1),
            policy: Some(policy),
            ..self.clone()
        }
    }
}

/// Events for one stream, or, without events, an assertion of its version (D20).
#[derive(Debug, Clone, PartialEq)]
pub struct Append {
    /// Whose.
    pub company: Uuid,
    /// Where.
    pub stream: Stream,
    /// Under which condition.
    pub expected: Expected,
    /// Who asks, and why.
    pub context: Arc<Context>,
    /// What happened.
    pub events: Vec<NewEvent>,
}

/// A uniqueness reservation: taken or released together with the events that need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The owner takes the key. Taking what one already owns changes nothing.
    Take {
        /// Whose key space.
        company: Uuid,
        /// What is unique, such as `contacts.identity`.
        kind: &'static str,
        /// A blind index of the value (D1).
        key: [u8; 16],
        /// Who owns it.
        owner: Uuid,
    },
    /// The owner gives the key back. Refused if it is not the owner.
    Release {
        /// Whose key space.
        company: Uuid,
        /// What is unique.
        kind: &'static str,
        /// A blind index of the value (D1).
        key: [u8; 16],
        /// Who owned it.
        owner: Uuid,
    },
}

impl Claim {
    /// The key of a value that is no person's: a company's own word, a provider's name of its number.
    /// What is personal has a blind index instead.
    #[must_use]
    pub fn plain_key(value: &str) -> [u8; 16] {
        let digest: [u8; 32] = Sha256::digest(value.as_bytes()).into();
        let mut key = [0; 16];
        for (to, from) in key.iter_mut().zip(digest) {
            *to = from;
        }
        key
    }

    /// Whether it gives a key back.
    pub(crate) const fn is_release(&self) -> bool {
        matches!(self, Self::Release { .. })
    }
}

/// Something to be done later (D15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Whose.
    pub company: Uuid,
    /// What is to be done; the handler's name.
    pub kind: &'static str,
    /// For what; unique within company and kind.
    pub id: Uuid,
    /// From when on.
    pub due: DateTime<Utc>,
    /// After this it is expired, and shown as such.
    pub latest: DateTime<Utc>,
    /// A local time and its zone, when that is what was meant.
    pub local: Option<(NaiveDateTime, String)>,
    /// JSON text for the handler.
    pub payload: String,
}

/// A timer set, taken back, or gone off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimerChange {
    /// Sets it, or sets it anew.
    Set(Timer),
    /// Takes it back, if it is there.
    Cancel {
        /// Whose.
        company: Uuid,
        /// The handler's name.
        kind: &'static str,
        /// For what.
        id: Uuid,
    },
    /// It went off, and this commit is its effect. Refused if it is not there with this time, so
    /// that it goes off once.
    Fire {
        /// Whose.
        company: Uuid,
        /// The handler's name.
        kind: &'static str,
        /// For what.
        id: Uuid,
        /// The time it was read with.
        due: DateTime<Utc>,
    },
}

/// A consumer's step, valid only from where it believes to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The consumer's name.
    pub consumer: String,
    /// From this position (0: it never moved).
    pub from: i64,
    /// To this one.
    pub to: i64,
}

/// The record that makes a command idempotent, for 48 hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Whose command.
    pub company: Uuid,
    /// Its key.
    pub command_id: Uuid,
    /// A digest of the request: the same key with another request is an error.
    pub fingerprint: [u8; 32],
    /// The answer to be repeated, JSON text.
    pub response: String,
}

/// Everything that shall happen at once, on one shard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// Events and assertions.
    pub appends: Vec<Append>,
    /// Uniqueness.
    pub claims: Vec<Claim>,
    /// Consumers' steps.
    pub checkpoints: Vec<Move>,
    /// Idempotency.
    pub reply: Option<Reply>,
    /// What is to be done later.
    pub timers: Vec<TimerChange>,
}

/// Where the events of a commit came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The position of its last event, or of the shard's head if it had none.
    pub position: i64,
    /// The last number of the first append's company: wait for this to read your own write.
    pub company_seq: Option<i64>,
    /// How many events it added.
    pub events: usize,
    /// When, by the database's clock.
    pub recorded_at: DateTime<Utc>,
}

/// How a commit ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It happened now.
    Committed(Committed),
    /// It had happened before: this is the answer given then. Nothing was stored.
    Replayed(String),
}

/// Why a commit was refused. Nothing of it was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The stream has moved on, or is not there yet.
    #[error("stream {stream} is at {actual}, not at {expected:?}")]
    WrongVersion {
        /// Which stream.
        stream: Uuid,
        /// What the caller expected.
        expected: Expected,
        /// What it is.
        actual: i64,
    },
    /// Somebody else owns the key.
    #[error("{kind} is taken by {owner}")]
    ClaimTaken {
        /// The kind of claim.
        kind: &'static str,
        /// The owner.
        owner: Uuid,
    },
    /// The key to be released belongs to somebody else or to nobody.
    #[error("{kind} is not held by {owner}")]
    ClaimNotHeld {
        /// The kind of claim.
        kind: &'static str,
        /// Who wanted to release it.
        owner: Uuid,
    },
    /// Another instance of the consumer was faster.
    #[error("consumer {consumer} is at {actual}, not at {expected}")]
    CheckpointMoved {
        /// The consumer.
        consumer: String,
        /// Where the caller believed it to be.
        expected: i64,
        /// Where it is.
        actual: i64,
    },
    /// The timer went off already, was taken back or set anew.
    #[error("the timer {kind} of {id} is not due at that time any more")]
    TimerGone {
        /// The handler's name.
        kind: &'static str,
        /// For what.
        id: Uuid,
    },
    /// The idempotency key was used for another request.
    #[error("command {command_id} was used for another request")]
    KeyReused {
        /// The key.
        command_id: Uuid,
    },
    /// Too many reactions follow one another (D14).
    #[error("the chain of reactions is too deep")]
    Loop,
    /// The database does not take the data (for instance a payload that is not JSON).
    #[error("the data is not acceptable: {detail}")]
    Invalid {
        /// What the database says.
        detail: String,
    },
}
