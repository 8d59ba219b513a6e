//! Threads.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ChannelId, ContactId, ConversationId, LabelId, UserId},
    messages::{MessageKind, MessageState},
};

/// How a conversation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Somebody should look at it.
    #[default]
    Open,
    /// Put off until a time, or until the person says something.
    Snoozed,
    /// Dealt with, until the person says something.
    Resolved,
}

impl Status {
    /// The word in tables and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }

    /// A status by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Snoozed, Self::Resolved].into_iter().find(|it| it.as_str() == word)
    }
}

/// How much a conversation hurries.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It can wait.
    Low,
    /// As any other.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// All of them, the one that can wait first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

    /// The word in tables and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// A priority by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// The colour of a label: one of those that can be told apart on paper, in the light and in the dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LabelColour {
    /// Blue as the brand.
    Petrol,
    /// Orange.
    Orange,
    /// Yellow.
    Gold,
    /// Purple.
    Purple,
    /// Green.
    Green,
    /// Grey.
    Grey,
}

impl LabelColour {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 6] =
        [Self::Petrol, Self::Orange, Self::Gold, Self::Purple, Self::Green, Self::Grey];

    /// The word in tables and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Petrol => "petrol",
            Self::Orange => "orange",
            Self::Gold => "gold",
            Self::Purple => "purple",
            Self::Green => "green",
            Self::Grey => "grey",
        }
    }

    /// A colour by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

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
    /// How it stands.
    #[serde(default)]
    pub status: Status,
    /// Until when it is put off, while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Whose it is to answer; absent: nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Assignee>,
    /// How much it hurries.
    #[serde(default)]
    pub priority: Priority,
    /// The labels it bears.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelId>,
}

/// `GET /api/v1/conversations/counts`: how many threads each view has, at most 10,000 of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Counts {
    /// All that are open.
    pub open: i64,
    /// The reader's own that are open.
    pub mine: i64,
    /// Nobody's that are open.
    pub unassigned: i64,
    /// Put off, whosever.
    pub snoozed: i64,
}

/// Whose a conversation is to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Assignee {
    /// Who.
    pub user: UserId,
    /// Her name, joined when read.
    pub name: String,
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

/// `POST /api/v1/conversations/{id}/assign`: whose it is to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Assign {
    /// Whose it shall be; absent: nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UserId>,
    /// Whose it was on the screen of who asks. When it is somebody else's by now, nothing changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
}

/// `POST /api/v1/conversations/{id}/snooze`: puts it off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Snooze {
    /// Until when: in the future, at most a year ahead.
    pub until: DateTime<Utc>,
}

/// `POST /api/v1/conversations/{id}/prioritise`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Prioritise {
    /// How much it hurries.
    pub priority: Priority,
}

/// `POST /api/v1/conversations/{id}/label` and `/unlabel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LabelConversation {
    /// Which label.
    pub label: LabelId,
}

/// An item of `GET /api/v1/labels`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Label {
    /// Which.
    pub id: LabelId,
    /// What it says.
    pub name: String,
    /// Its colour.
    pub colour: LabelColour,
    /// For `If-Match`.
    pub version: i64,
}

/// `POST /api/v1/labels` and `POST /api/v1/labels/{id}/change`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DescribeLabel {
    /// What it says: 1 to 40 characters, no other label's.
    pub name: String,
    /// Its colour.
    pub colour: LabelColour,
}
