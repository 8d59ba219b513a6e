//! What became of a message that was sent.

use chrono::{DateTime, Utc};

use super::{Extra, Person, fields::Fields};

/// One status of one message.
#[derive(Debug)]
pub struct Status {
    /// Meta's id of the message.
    pub id: String,
    /// The status.
    pub state: State,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// To whom it went; for a group the group's id.
    pub recipient: Option<String>,
    /// Whether it went to a group.
    pub is_group: bool,
    /// Who it is about: the recipient, or the member of the group.
    pub person: Person,
    /// What we gave along: message and attempt.
    pub opaque: Option<String>,
    /// What it costs.
    pub pricing: Option<Pricing>,
    /// The conversation that Meta counts it to; mostly missing by now.
    pub conversation: Option<ConversationInfo>,
    /// Why it failed.
    pub errors: Vec<ProviderError>,
    /// What we do not know.
    pub extra: Extra,
}

/// A status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It left Meta.
    Sent,
    /// It reached the device.
    Delivered,
    /// It was read.
    Read,
    /// A voice note was played.
    Played,
    /// It will not arrive.
    Failed,
    /// The person deleted it.
    Deleted,
    /// It held something that Meta does not like.
    Warning,
    /// A word that we do not know.
    Other(String),
}

impl From<String> for State {
    fn from(word: String) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "played" => Self::Played,
            "failed" => Self::Failed,
            "deleted" => Self::Deleted,
            "warning" => Self::Warning,
            _ => Self::Other(word),
        }
    }
}

/// What a message costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pricing {
    /// Whether it is charged.
    pub is_billable: Option<bool>,
    /// `PMP` per message, `CBP` per conversation.
    pub model: Option<String>,
    /// `regular`, `free_customer_service`, `free_entry_point`.
    pub kind: Option<String>,
    /// `marketing`, `utility`, `authentication`, `service` …
    pub category: Option<String>,
}

/// A conversation as Meta counts them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationInfo {
    /// Meta's id.
    pub id: Option<String>,
    /// How it began.
    pub origin: Option<String>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An error as webhooks carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderError {
    /// The code; what counts.
    pub code: i64,
    /// Meta's heading.
    pub title: Option<String>,
    /// Meta's sentence.
    pub message: Option<String>,
    /// Meta's details.
    pub details: Option<String>,
    /// Where it is explained.
    pub href: Option<String>,
}

impl Status {
    pub(super) fn read(mut wire: Fields<'_>, people: &[Person]) -> Option<Self> {
        let id = wire.text("id")?;
        let state = State::from(wire.text("status")?);
        let is_group = wire.text("recipient_type").as_deref() == Some("group");
        let recipient = wire.text("recipient_id");
        let participant = wire.text("recipient_participant_id");
        let participant_user = wire.text("recipient_participant_user_id");
        let participant_parent = wire.text("recipient_participant_parent_user_id");
        let user = wire.text("recipient_user_id");
        let parent = wire.text("recipient_parent_user_id");
        let person = if is_group {
            Person {
                wa_id: participant,
                user_id: participant_user,
                parent_user_id: participant_parent,
                ..Person::default()
            }
        } else {
            Person {
                wa_id: recipient.clone(),
                user_id: user,
                parent_user_id: parent,
                ..Person::default()
            }
        };
        Some(Self {
            id,
            state,
            at: wire.time("timestamp"),
            recipient,
            is_group,
            person: person.completed_from(people),
            opaque: wire.text("biz_opaque_callback_data"),
            pricing: wire.object("pricing").map(Pricing::read),
            conversation: wire.object("conversation").map(ConversationInfo::read),
            errors: wire.objects("errors").filter_map(ProviderError::read).collect(),
            extra: wire.rest(),
        })
    }
}

impl Pricing {
    fn read(mut wire: Fields<'_>) -> Self {
        Self {
            is_billable: wire.flag("billable"),
            model: wire.text("pricing_model"),
            kind: wire.text("type"),
            category: wire.text("category"),
        }
    }
}

impl ConversationInfo {
    fn read(mut wire: Fields<'_>) -> Self {
        Self {
            id: wire.text("id"),
            origin: wire.object("origin").and_then(|mut origin| origin.text("type")),
            expires_at: wire.time("expiration_timestamp"),
        }
    }
}

impl ProviderError {
    pub(super) fn read(mut wire: Fields<'_>) -> Option<Self> {
        Some(Self {
            code: wire.number("code")?,
            title: wire.text("title"),
            message: wire.text("message"),
            details: wire.object("error_data").and_then(|mut data| data.text("details")),
            href: wire.text("href"),
        })
    }
}
