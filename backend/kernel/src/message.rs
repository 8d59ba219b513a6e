//! An event as a message of the stream, and back.
//!
//! The body is JSON in the form of an export; its hash and the incarnation stand in the headers, so
//! that a reader can tell a message of ours from any other (D30).

use std::sync::Arc;

use async_nats::HeaderMap;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    record::Recorded,
};

/// The event's hash, in hexadecimal digits.
pub(crate) const HASH: &str = "Masteria-Hash";
/// The life of the installation that published.
pub(crate) const INCARNATION: &str = "Masteria-Incarnation";

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    position: i64,
    company: Uuid,
    company_seq: i64,
    #[serde(borrow)]
    stream_kind: &'a str,
    stream: Uuid,
    stream_seq: i64,
    id: Uuid,
    #[serde(borrow, rename = "type")]
    event_type: &'a str,
    version: i16,
    /// Microseconds since 1970.
    recorded_at: i64,
    #[serde(borrow)]
    actor_kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acting_for: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    command: Uuid,
    correlation: Uuid,
    causation: Uuid,
    trace: Uuid,
    depth: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<i16>,
    #[serde(borrow)]
    payload: &'a RawValue,
}

/// The text of an event's message.
pub(crate) fn body(event: &Recorded) -> Result<Vec<u8>> {
    let unreadable = |error: serde_json::Error| Error::Stream(error.to_string());
    let body = Body {
        position: event.position,
        company: event.company,
        company_seq: event.company_seq,
        stream_kind: &event.stream_kind,
        stream: event.stream,
        stream_seq: event.stream_seq,
        id: event.event_id,
        event_type: &event.event_type,
        version: event.event_version,
        recorded_at: event.recorded_at.timestamp_micros(),
        actor_kind: &event.actor_kind,
        actor_id: event.actor_id,
        acting_for: event.acting_for,
        origin: event.origin.clone(),
        command: event.command_id,
        correlation: event.correlation_id,
        causation: event.causation_id,
        trace: Uuid::from_bytes(event.trace),
        depth: event.depth,
        undoes: event.undoes,
        policy: event.policy,
        payload: serde_json::from_str(&event.payload).map_err(unreadable)?,
    };
    serde_json::to_vec(&body).map_err(unreadable)
}

/// The headers that vouch for an event.
pub(crate) fn headers(event: &Recorded, incarnation: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(HASH, hex::encode(event.hash));
    headers.insert(INCARNATION, incarnation);
    headers
}

/// What a message says, if it says it in our form. Whether it is true is for the reader to find out.
pub(crate) fn read(shard: i16, body: &[u8], headers: Option<&HeaderMap>) -> Option<Recorded> {
    let mut hash = [0; 32];
    hex::decode_to_slice(headers?.get(HASH)?.as_str(), &mut hash).ok()?;
    let body: Body<'_> = serde_json::from_slice(body).ok()?;
    Some(Recorded {
        shard,
        position: body.position,
        company: body.company,
        company_seq: body.company_seq,
        stream_kind: Arc::from(body.stream_kind),
        stream: body.stream,
        stream_seq: body.stream_seq,
        event_id: body.id,
        event_type: Arc::from(body.event_type),
        event_version: body.version,
        recorded_at: DateTime::from_timestamp_micros(body.recorded_at)?,
        actor_kind: Arc::from(body.actor_kind),
        actor_id: body.actor_id,
        acting_for: body.acting_for,
        origin: body.origin,
        command_id: body.command,
        correlation_id: body.correlation,
        causation_id: body.causation,
        trace: body.trace.into_bytes(),
        depth: body.depth,
        undoes: body.undoes,
        policy: body.policy,
        payload: body.payload.get().to_owned(),
        hash,
    })
}

/// Whether a message was published in this life of the installation.
pub(crate) fn is_of(headers: Option<&HeaderMap>, incarnation: &str) -> bool {
    headers.and_then(|headers| headers.get(INCARNATION)).map(AsRef::as_ref) == Some(incarnation)
}
