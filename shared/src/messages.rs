//! What is said, in and out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ChannelId, ContactId, ConversationId, FileId, MessageId, UserId};

/// What kind of thing was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Text.
    Text,
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A sound, or a voice note.
    Audio,
    /// A file.
    Document,
    /// A sticker.
    Sticker,
    /// A place.
    Location,
    /// Contact cards.
    Contacts,
    /// Buttons or a list, asked by the company.
    Interactive,
    /// The answer to buttons, a list, a flow or a call permission.
    InteractiveReply,
    /// A pressed button of a template.
    Button,
    /// An order of a catalogue.
    Order,
    /// A template.
    Template,
    /// Something the provider says about the person or the thread.
    System,
    /// The person opened the chat for the first time.
    RequestWelcome,
    /// Something we do not know; kept raw.
    Unsupported,
}
crate::stored!(MessageKind);

impl MessageKind {
    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contacts => "contacts",
            Self::Interactive => "interactive",
            Self::InteractiveReply => "interactive_reply",
            Self::Button => "button",
            Self::Order => "order",
            Self::Template => "template",
            Self::System => "system",
            Self::RequestWelcome => "request_welcome",
            Self::Unsupported => "unsupported",
        }
    }
}

/// How far an outbound message came. The order is the rank: the highest seen is the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waits for its turn.
    Queued,
    /// Taken by the lane, about to be sent.
    Picked,
    /// Sent without an answer: not repeated before it is known.
    Unknown,
    /// The provider has it.
    Accepted,
    /// The provider has sent it.
    Sent,
    /// It will not arrive.
    Failed,
    /// On the person's device.
    Delivered,
    /// Read.
    Read,
    /// Listened to.
    Played,
    /// Taken back before it was sent.
    Withdrawn,
    /// Not sent by a rule, which is named.
    Suppressed,
}
crate::stored!(MessageState);

impl MessageState {
    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Picked => "picked",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Withdrawn => "withdrawn",
            Self::Suppressed => "suppressed",
        }
    }
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SuppressReason {
    /// The person has not written within 24 hours.
    WindowClosed,
    /// The person was erased.
    Erased,
    /// The company's month is used up.
    Quota,
    /// The company is suspended.
    CompanySuspended,
    /// The channel was taken off.
    ChannelDisconnected,
    /// The person wants no messages of this kind.
    OptedOut,
    /// The person has it already, under another contact of hers.
    AlreadySent,
}
crate::stored!(SuppressReason);

/// A message on a screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Message {
    /// Which.
    pub id: MessageId,
    /// The thread.
    pub conversation: ConversationId,
    /// The channel.
    pub channel: ChannelId,
    /// The person.
    pub contact: ContactId,
    /// Whether the company said it.
    pub is_outbound: bool,
    /// What kind.
    pub kind: MessageKind,
    /// What was said; absent when it was erased or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// When, by the provider's clock for inbound and by ours for outbound.
    pub at: DateTime<Utc>,
    /// The key of the thread's order, opaque: compare as text.
    pub order: String,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotes: Option<Quote>,
    /// The last reaction of each side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// What it said before it was edited, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Content>,
    /// Taken back by its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// Passed on from another chat.
    #[serde(default)]
    pub is_forwarded: bool,
    /// The person was erased.
    #[serde(default)]
    pub is_erased: bool,
    /// For outbound: how far it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryState>,
    /// For outbound: who wrote it; absent for programs and the business app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    /// The author's name, joined when read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// For outbound: written in the business app on the company's own phone.
    #[serde(default)]
    pub is_from_phone: bool,
}

/// How far an outbound message came, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeliveryState {
    /// The highest rank seen.
    pub state: MessageState,
    /// When each state was reached.
    pub times: BTreeMap<MessageState, DateTime<Utc>>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Why it was not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<SuppressReason>,
    /// Whether trying again can help; then as a new message.
    #[serde(default)]
    pub can_retry: bool,
    /// How often it was tried.
    #[serde(default)]
    pub n_attempts: i32,
}

/// Why a message failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Failure {
    /// The provider's code.
    pub code: i32,
    /// The provider's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// The message that another one answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Quote {
    /// Which, when we have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// Whether the company said it.
    pub is_outbound: bool,
    /// What kind.
    pub kind: MessageKind,
    /// The beginning of its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

/// A reaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Reaction {
    /// Whether the company reacted.
    pub is_outbound: bool,
    /// The emoji.
    pub emoji: String,
}

/// What was said. The same value is sealed in events, stored in the read model and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Text.
    Text {
        /// The text.
        body: String,
    },
    /// A picture, film, sound, file or sticker.
    Media(Media),
    /// A place.
    Location {
        /// Degrees.
        latitude: f64,
        /// Degrees.
        longitude: f64,
        /// Its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Its address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// Contact cards.
    Contacts {
        /// The cards.
        cards: Vec<ContactCard>,
    },
    /// Buttons or a list, asked by the company.
    Interactive(Interactive),
    /// The answer to buttons, a list, a flow or a call permission.
    InteractiveReply {
        /// `button_reply`, `list_reply`, `nfm_reply`, `call_permission_reply`.
        reply: String,
        /// The id that was chosen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// What it said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// More of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// A flow's fields, when they could be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fields: Option<serde_json::Value>,
        /// A flow's answer as it came, when it could not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raw: Option<String>,
    },
    /// A pressed button of a template.
    Button {
        /// What it said.
        text: String,
        /// What the company put behind it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<String>,
    },
    /// An order of a catalogue.
    Order {
        /// The catalogue.
        catalog: String,
        /// A remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// What is ordered, as it came.
        items: Vec<OrderItem>,
    },
    /// A template, as it was sent.
    Template(Template),
    /// What the provider says, in its words.
    System {
        /// Such as `user_changed_number`.
        event: String,
        /// Its words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// Something we do not know, as it came.
    Unsupported {
        /// The type it claims.
        claimed: String,
        /// The raw JSON of the message.
        raw: String,
    },
}

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Media {
    /// Image, video, audio, document or sticker.
    pub media: MessageKind,
    /// Ours, as soon as it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileId>,
    /// What the file says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Recorded in the chat.
    #[serde(default)]
    pub is_voice: bool,
    /// Moves.
    #[serde(default)]
    pub is_animated: bool,
    /// How large, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// Why it is not there, when its download was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// A contact card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ContactCard {
    /// The name.
    pub name: String,
    /// Numbers, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    /// Addresses, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// The company and title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// An item of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OrderItem {
    /// The product's id in the catalogue.
    pub product: String,
    /// How many.
    pub quantity: f64,
    /// The price of one, in millionths.
    pub price_micros: i64,
    /// ISO 4217.
    pub currency: String,
}

/// Buttons or a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Interactive {
    /// The text.
    pub body: String,
    /// Above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// What can be chosen.
    pub action: InteractiveAction,
}

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum InteractiveAction {
    /// At most three buttons.
    Buttons {
        /// The buttons.
        buttons: Vec<Choice>,
    },
    /// A list behind a button.
    List {
        /// What the button says.
        button: String,
        /// At most ten rows in all.
        sections: Vec<Section>,
    },
}

/// A button or a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Choice {
    /// What comes back.
    pub id: String,
    /// What it says.
    pub title: String,
    /// More of it, in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Section {
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its rows.
    pub rows: Vec<Choice>,
}

/// A template by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// The components with their parameters, as Meta takes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<serde_json::Value>,
    /// How it reads, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

/// `POST /api/v1/conversations/{id}/messages`. The idempotency key names the message: sent twice,
/// it is one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SendMessage {
    /// What to say: text, media, location, interactive or template.
    pub content: Content,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
}

/// `POST /api/v1/messages`: to a person, by a number of the company (J14).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SendTo {
    /// The channel that sends.
    pub channel: ChannelId,
    /// A phone number in E.164; or
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// a contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// What to say.
    pub content: Content,
}

/// The answer: queued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Queued {
    /// The message.
    pub message: MessageId,
    /// The thread.
    pub conversation: ConversationId,
}

/// `POST /api/v1/messages/{id}/reaction`: an empty emoji takes it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct React {
    /// The emoji.
    pub emoji: String,
}
