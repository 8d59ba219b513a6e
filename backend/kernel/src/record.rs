//! A stored event, and the hash that chains a company's events.
//!
//! The hash covers everything but `shard` and `position`: a company's history can be exported,
//! verified alone and moved to another shard without a new hash. The verifier checks positions by
//! their continuity instead. The bytes are specified in `docs/LEDGER.md`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use shared::stored::{Actor, ConfigText, Event};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    codec::decode,
    error::{Error, Result},
    words::Words,
};

/// A hash of the chain. The first event of a company follows 32 zeros.
pub type Hash = [u8; 32];

/// The form of the canonical bytes; a change of the envelope gets another number.
const FORM: u8 = 1;

/// An event as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The shard of its company.
    pub shard: i16,
    /// Gapless in the shard.
    pub position: i64,
    /// The company it belongs to.
    pub company: Uuid,
    /// Gapless in the company.
    pub company_seq: i64,
    /// The kind of stream.
    pub stream_kind: Arc<str>,
    /// The stream.
    pub stream: Uuid,
    /// Gapless in the stream.
    pub stream_seq: i64,
    /// UUID v7, made by whoever built the commit.
    pub event_id: Uuid,
    /// `context.stream.past_tense`.
    pub event_type: Arc<str>,
    /// The version of the payload.
    pub event_version: i16,
    /// The database's clock, also when it went back (D9).
    pub recorded_at: DateTime<Utc>,
    /// `user`, `api_key`, `system:<name>` or `provider:<name>`.
    pub actor_kind: Arc<str>,
    /// Which user or key.
    pub actor_id: Option<Uuid>,
    /// The user on whose behalf, while impersonating.
    pub acting_for: Option<Uuid>,
    /// From where: a sealed [`crate::commit::Origin`], as JSON.
    pub origin: Option<String>,
    /// The command that led to it.
    pub command_id: Uuid,
    /// The first cause of the chain of commands.
    pub correlation_id: Uuid,
    /// The event or command just before.
    pub causation_id: Uuid,
    /// The W3C trace.
    pub trace: [u8; 16],
    /// How many reactions lie between it and a person or provider.
    pub depth: u8,
    /// The event that it takes back.
    pub undoes: Option<Uuid>,
    /// The stable id of the policy or flow that asked for it.
    pub policy: Option<i16>,
    /// JSON, as text.
    pub payload: String,
    /// The head of the company's chain after this event.
    pub hash: Hash,
}

impl Recorded {
    /// The event as a value.
    pub fn decode<E: Event>(&self) -> Result<E> {
        decode(&self.event_type, self.event_version, &self.payload).map_err(|source| {
            Error::Unreadable { shard: self.shard, position: self.position, source }
        })
    }

    /// Who acted.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let id = self.actor_id.unwrap_or_default();
        match self.actor_kind.split_once(':') {
            Some(("provider", name)) => Actor::Provider(ConfigText(name.to_owned())),
            Some((_, name)) => Actor::System(ConfigText(name.to_owned())),
            None if &*self.actor_kind == "api_key" => Actor::ApiKey(id.into()),
            None => Actor::User(id.into()),
        }
    }
}

/// An actor as it is stored: a word of the dictionary, and an id.
pub(crate) fn actor_parts(actor: &Actor) -> (String, Option<Uuid>) {
    match actor {
        Actor::User(id) => ("user".to_owned(), Some((*id).into())),
        Actor::ApiKey(id) => ("api_key".to_owned(), Some((*id).into())),
        Actor::System(name) => (format!("system:{}", name.0), None),
        Actor::Provider(name) => (format!("provider:{}", name.0), None),
    }
}

/// The columns of [`Recorded`], in the order that [`read`] expects.
macro_rules! columns {
    () => {
        "shard, position, company_id, company_seq, stream_kind, stream_id, stream_seq::bigint, \
         event_id, event_type, event_version, recorded_at, actor_kind, actor_id, acting_for, \
         origin, command_id, correlation_id, causation_id, trace, depth, undoes, policy, \
         payload::text, hash"
    };
}
pub(crate) use columns;

/// Reads one row selected with [`columns!`]; `None` if a word is not known yet.
pub(crate) fn read(
    row: &PgRow,
    words: &Words,
) -> std::result::Result<Option<Recorded>, sqlx::Error> {
    let (Some(stream_kind), Some(event_type), Some(actor_kind)) =
        (words.word(row.try_get(4)?), words.word(row.try_get(8)?), words.word(row.try_get(11)?))
    else {
        return Ok(None);
    };
    let command_id: Uuid = row.try_get(15)?;
    let depth: i16 = row.try_get(19)?;
    Ok(Some(Recorded {
        shard: row.try_get(0)?,
        position: row.try_get(1)?,
        company: row.try_get(2)?,
        company_seq: row.try_get(3)?,
        stream_kind,
        stream: row.try_get(5)?,
        stream_seq: row.try_get(6)?,
        event_id: row.try_get(7)?,
        event_type,
        event_version: row.try_get(9)?,
        recorded_at: row.try_get(10)?,
        actor_kind,
        actor_id: row.try_get(12)?,
        acting_for: row.try_get(13)?,
        origin: row.try_get(14)?,
        command_id,
        correlation_id: row.try_get::<Option<Uuid>, _>(16)?.unwrap_or(command_id),
        causation_id: row.try_get::<Option<Uuid>, _>(17)?.unwrap_or(command_id),
        trace: row.try_get::<Uuid, _>(18)?.into_bytes(),
        depth: u8::try_from(depth).unwrap_or(u8::MAX),
        undoes: row.try_get(20)?,
        policy: row.try_get(21)?,
        payload: row.try_get(22)?,
        hash: hash_of(row.try_get(23)?),
    }))
}

/// A hash column as an array; a wrong length (the table refuses it) reads as zeros and fails
/// verification.
pub(crate) fn hash_of(bytes: &[u8]) -> Hash {
    bytes.try_into().unwrap_or_default()
}

/// The inverse of [`DateTime::timestamp_micros`]; times outside of the calendar become 1970.
pub(crate) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// What the hash covers, borrowed: the writer hashes before a row exists, the verifier after.
#[derive(Debug)]
pub(crate) struct Hashed<'a> {
    pub(crate) company: Uuid,
    pub(crate) company_seq: i64,
    pub(crate) stream_kind: &'a str,
    pub(crate) stream: Uuid,
    pub(crate) stream_seq: i64,
    pub(crate) event_id: Uuid,
    pub(crate) event_type: &'a str,
    pub(crate) event_version: i16,
    pub(crate) recorded_at: i64,
    pub(crate) actor_kind: &'a str,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) acting_for: Option<Uuid>,
    pub(crate) origin: Option<&'a str>,
    pub(crate) command_id: Uuid,
    pub(crate) correlation_id: Uuid,
    pub(crate) causation_id: Uuid,
    pub(crate) trace: [u8; 16],
    pub(crate) depth: u8,
    pub(crate) undoes: Option<Uuid>,
    pub(crate) policy: Option<i16>,
    pub(crate) payload: &'a str,
}

impl Hashed<'_> {
    /// The hash on top of the previous one. `buffer` is scratch space.
    pub(crate) fn after(&self, previous: &Hash, buffer: &mut Vec<u8>) -> Hash {
        buffer.clear();
        self.canonical(previous, buffer);
        Sha256::digest(buffer.as_slice()).into()
    }

    /// The canonical bytes: numbers big-endian, texts after their length, what may be missing after
    /// a byte that says whether it is there; so no two different events share an encoding.
    pub(crate) fn canonical(&self, previous: &Hash, to: &mut Vec<u8>) {
        to.push(FORM);
        to.extend_from_slice(previous);
        to.extend_from_slice(self.company.as_bytes());
        to.extend_from_slice(&self.company_seq.to_be_bytes());
        text(to, self.stream_kind);
        to.extend_from_slice(self.stream.as_bytes());
        to.extend_from_slice(&self.stream_seq.to_be_bytes());
        to.extend_from_slice(self.event_id.as_bytes());
        text(to, self.event_type);
        to.extend_from_slice(&self.event_version.to_be_bytes());
        to.extend_from_slice(&self.recorded_at.to_be_bytes());
        text(to, self.actor_kind);
        maybe(to, self.actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
        maybe(to, self.acting_for.as_ref().map(|id| id.as_bytes().as_slice()));
        maybe_text(to, self.origin);
        to.extend_from_slice(self.command_id.as_bytes());
        to.extend_from_slice(self.correlation_id.as_bytes());
        to.extend_from_slice(self.causation_id.as_bytes());
        to.extend_from_slice(&self.trace);
        to.push(self.depth);
        maybe(to, self.undoes.as_ref().map(|id| id.as_bytes().as_slice()));
        maybe(to, self.policy.map(i16::to_be_bytes).as_ref().map(<[u8; 2]>::as_slice));
        text(to, self.payload);
    }
}

fn text(to: &mut Vec<u8>, text: &str) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(text.as_bytes());
}

fn maybe_text(to: &mut Vec<u8>, value: Option<&str>) {
    match value {
        None => to.push(0),
        Some(value) => {
            to.push(1);
            text(to, value);
        }
    }
}

fn maybe(to: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => to.push(0),
        Some(value) => {
            to.push(1);
            to.extend_from_slice(value);
        }
    }
}

impl<'a> From<&'a Recorded> for Hashed<'a> {
    fn from(event: &'a Recorded) -> Self {
        Self {
            company: event.company,
            company_seq: event.company_seq,
            stream_kind: &event.stream_kind,
            stream: event.stream,
            stream_seq: event.stream_seq,
            event_id: event.event_id,
            event_type: &event.event_type,
            event_version: event.event_version,
            recorded_at: event.recorded_at.timestamp_micros(),
            actor_kind: &event.actor_kind,
            actor_id: event.actor_id,
            acting_for: event.acting_for,
            origin: event.origin.as_deref(),
            command_id: event.command_id,
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            trace: event.trace,
            depth: event.depth,
            undoes: event.undoes,
            policy: event.policy,
            payload: &event.payload,
        }
    }
}

/// The hash of `event` on top of its predecessor's.
#[must_use]
pub fn chain(previous: &Hash, event: &Recorded) -> Hash {
    Hashed::from(event).after(previous, &mut Vec::with_capacity(512))
}

/// The canonical bytes of `event` on top of its predecessor's hash.
#[must_use]
pub fn canonical(previous: &Hash, event: &Recorded) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    Hashed::from(event).canonical(previous, &mut bytes);
    bytes
}
