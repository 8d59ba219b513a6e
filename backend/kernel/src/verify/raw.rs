//! Rows of the ledger as Postgres' binary copy sends them, read without an allocation.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    error::{Error, Result},
    record::{Hash, Hashed, hash_of},
};

/// From 2000 to 1970, in microseconds.
const EPOCH: i64 = 946_684_800_000_000;
/// The signature and the two numbers in front of the first row.
const HEADER: usize = 19;

/// The columns, in the order that [`Raw::read`] expects.
pub(super) const COLUMNS: &str = "position, company_id, company_seq, stream_kind, stream_id, \
    stream_seq, event_id, event_type, event_version, recorded_at, actor_kind, actor_id, acting_for, \
    origin, command_id, correlation_id, causation_id, trace, depth, undoes, policy, payload, hash";

/// The dictionary by number.
pub(super) type Dictionary = Vec<Option<Arc<str>>>;

/// A stored event, borrowed from the buffer it came in.
#[derive(Debug)]
pub struct Raw<'a> {
    /// Gapless in the shard.
    pub position: i64,
    /// The company.
    pub company: Uuid,
    /// Gapless in the company.
    pub company_seq: i64,
    /// The kind of stream.
    pub stream_kind: &'a str,
    /// The stream.
    pub stream: Uuid,
    /// Gapless in the stream.
    pub stream_seq: i64,
    /// The event.
    pub event_id: Uuid,
    /// `context.stream.past_tense`.
    pub event_type: &'a str,
    /// The version of the payload.
    pub event_version: i16,
    /// Microseconds since 1970.
    pub recorded_at: i64,
    /// JSON.
    pub payload: &'a str,
    /// What stands in the row.
    pub hash: Hash,
    hashed: Hashed<'a>,
}

impl<'a> Raw<'a> {
    /// The next row of `rest`; `None` at the end of the copy.
    pub(super) fn read(rest: &mut &'a [u8], words: &'a Dictionary) -> Result<Option<Self>> {
        let n_columns = i16::from_be_bytes(*chunk(rest)?);
        if n_columns < 0 {
            return Ok(None);
        }
        let mut next = || column(rest);
        let position = number(next()?)?;
        let company = uuid(next()?)?;
        let company_seq = number(next()?)?;
        let stream_kind = word(next()?, words)?;
        let stream = uuid(next()?)?;
        let stream_seq = i64::from(i32::from_be_bytes(exact(next()?)?));
        let event_id = uuid(next()?)?;
        let event_type = word(next()?, words)?;
        let event_version = small(next()?)?;
        let recorded_at = number(next()?)? + EPOCH;
        let actor_kind = word(next()?, words)?;
        let actor_id = next()?.map(|bytes| uuid(Some(bytes))).transpose()?;
        let acting_for = next()?.map(|bytes| uuid(Some(bytes))).transpose()?;
        let origin = next()?.map(text).transpose()?;
        let command_id = uuid(next()?)?;
        let correlation_id = next()?.map(|bytes| uuid(Some(bytes))).transpose()?;
        let causation_id = next()?.map(|bytes| uuid(Some(bytes))).transpose()?;
        let trace = uuid(next()?)?.into_bytes();
        let depth = u8::try_from(small(next()?)?).unwrap_or(u8::MAX);
        let undoes = next()?.map(|bytes| uuid(Some(bytes))).transpose()?;
        let policy = next()?.map(|bytes| small(Some(bytes))).transpose()?;
        let payload = text(next()?.ok_or_else(broken)?)?;
        let hash = hash_of(next()?.unwrap_or_default());
        let hashed = Hashed {
            company,
            company_seq,
            stream_kind,
            stream,
            stream_seq,
            event_id,
            event_type,
            event_version,
            recorded_at,
            actor_kind,
            actor_id,
            acting_for,
            origin,
            command_id,
            correlation_id: correlation_id.unwrap_or(command_id),
            causation_id: causation_id.unwrap_or(command_id),
            trace,
            depth,
            undoes,
            policy,
            payload,
        };
        Ok(Some(Self {
            position,
            company,
            company_seq,
            stream_kind,
            stream,
            stream_seq,
            event_id,
            event_type,
            event_version,
            recorded_at,
            payload,
            hash,
            hashed,
        }))
    }

    /// What the hash must be on top of the predecessor's.
    pub(super) fn expected(&self, previous: &Hash, buffer: &mut Vec<u8>) -> Hash {
        self.hashed.after(previous, buffer)
    }

    /// The canonical bytes on top of no predecessor.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        self.hashed.canonical(&Hash::default(), &mut bytes);
        bytes
    }
}

/// What follows the header of a binary copy.
pub(super) fn behind_header(bytes: &[u8]) -> Result<&[u8]> {
    let (header, rest) = bytes.split_at_checked(HEADER).ok_or_else(broken)?;
    if header.starts_with(b"PGCOPY\n\xff\r\n\0") { Ok(rest) } else { Err(broken()) }
}

fn chunk<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or_else(broken)?;
    *rest = tail;
    Ok(head)
}

fn column<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>> {
    let length = i32::from_be_bytes(*chunk(rest)?);
    let Ok(length) = usize::try_from(length) else { return Ok(None) };
    let (head, tail) = rest.split_at_checked(length).ok_or_else(broken)?;
    *rest = tail;
    Ok(Some(head))
}

fn exact<const N: usize>(bytes: Option<&[u8]>) -> Result<[u8; N]> {
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(broken)
}

fn number(bytes: Option<&[u8]>) -> Result<i64> {
    Ok(i64::from_be_bytes(exact(bytes)?))
}

fn small(bytes: Option<&[u8]>) -> Result<i16> {
    Ok(i16::from_be_bytes(exact(bytes)?))
}

fn uuid(bytes: Option<&[u8]>) -> Result<Uuid> {
    Ok(Uuid::from_bytes(exact(bytes)?))
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_not_utf8| broken())
}

fn word<'a>(bytes: Option<&[u8]>, words: &'a Dictionary) -> Result<&'a str> {
    let number = usize::try_from(small(bytes)?).map_err(|_negative| broken())?;
    let word = words.get(number).and_then(Option::as_deref);
    word.ok_or_else(|| Error::Row { what: "ledger.words: a word of an event".to_owned() })
}

fn broken() -> Error {
    Error::Row { what: "ledger.events: the binary copy".to_owned() }
}
