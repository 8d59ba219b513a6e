//! Calls over WhatsApp.

use chrono::{DateTime, Utc};

use super::{Extra, Person, ProviderError, fields::Fields};

/// Something that happened to a call.
#[derive(Debug)]
pub struct Call {
    /// Meta's id of the call.
    pub id: String,
    /// What happened.
    pub event: CallEvent,
    /// Whether the company called.
    pub is_outbound: bool,
    /// The person at the other end.
    pub person: Person,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// How it ended: `COMPLETED`, `FAILED`.
    pub status: Option<String>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How long it was.
    pub duration_s: Option<i64>,
    /// What we gave along.
    pub opaque: Option<String>,
    /// `offer` or `answer`, and the session description.
    pub session: Option<(String, String)>,
    /// Why it failed.
    pub errors: Vec<ProviderError>,
    /// What we do not know.
    pub extra: Extra,
}

/// What happened to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEvent {
    /// It rings, or was taken.
    Connect,
    /// It ended.
    Terminate,
    /// A word that we do not know.
    Other(String),
}

/// How far a call is that the company makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallStatus {
    /// Meta's id of the call.
    pub id: String,
    /// `RINGING`, `ACCEPTED`, `REJECTED`.
    pub status: String,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// Who is called.
    pub recipient: Option<String>,
    /// What we gave along.
    pub opaque: Option<String>,
}

impl Call {
    pub(super) fn read(mut wire: Fields<'_>, people: &[Person]) -> Option<Self> {
        let event = match wire.text("event") {
            Some(word) if word == "connect" => CallEvent::Connect,
            Some(word) if word == "terminate" => CallEvent::Terminate,
            other => CallEvent::Other(other.unwrap_or_default()),
        };
        let is_outbound = wire.text("direction").as_deref() == Some("BUSINESS_INITIATED");
        let (from, to) = (wire.text("from"), wire.text("to"));
        let (from_user, to_user) = (wire.text("from_user_id"), wire.text("to_user_id"));
        let person = Person {
            wa_id: if is_outbound { to } else { from },
            user_id: if is_outbound { to_user } else { from_user },
            ..Person::default()
        };
        let session = wire
            .object("session")
            .and_then(|mut session| Some((session.text("sdp_type")?, session.text("sdp")?)));
        Some(Self {
            id: wire.text("id")?,
            event,
            is_outbound,
            person: person.completed_from(people),
            at: wire.time("timestamp"),
            status: wire.text("status"),
            started_at: wire.time("start_time"),
            ended_at: wire.time("end_time"),
            duration_s: wire.number("duration"),
            opaque: wire.text("biz_opaque_callback_data"),
            session,
            errors: wire.objects("errors").filter_map(ProviderError::read).collect(),
            extra: wire.rest(),
        })
    }
}

impl CallStatus {
    pub(super) fn read(mut wire: Fields<'_>) -> Option<Self> {
        Some(Self {
            id: wire.text("id")?,
            status: wire.text("status")?,
            at: wire.time("timestamp"),
            recipient: wire.text("recipient_id"),
            opaque: wire.text("biz_opaque_callback_data"),
        })
    }
}
