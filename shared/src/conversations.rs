//! Threads.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ChannelId, ContactId, ConversationId},
    messages::{MessageKind, MessageState},
};

/// A row of `GET /api/v1/conversations`, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Thread {
    /// Which.
    pub id: ConversationId,
    /// The channel it came in on, which answers.
    pub channel: ChannelId,
    /// The person.
    pub contact: ContactId,
    /// Her name, joined when read.
    pub name: String,
    /// Her address, as people write it.
    pub address: String,
    /// The last thing said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastMessage>,
    /// Not read yet, by anybody.
    pub n_unread: i64,
    /// Until when free text is allowed; absent: the person never wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_closes_at: Option<DateTime<Utc>>,
    /// What the list is ordered by.
    pub active_at: DateTime<Utc>,
}

/// The last thing said in a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LastMessage {
    /// Whether the company said it.
    pub is_outbound: bool,
    /// What kind.
    pub kind: MessageKind,
    /// The beginning of its text; absent when there is none, or when it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// For outbound: how far it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<MessageState>,
    /// When.
    pub at: DateTime<Utc>,
}

/// `POST /api/v1/conversations/{id}/read`: read up to and with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MarkRead {
    /// The last message that was seen.
    pub through: crate::ids::MessageId,
}
