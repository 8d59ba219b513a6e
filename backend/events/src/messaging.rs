//! Messages and lanes. Streams `message` and `lane`.

use chrono::{DateTime, Utc};
use shared::{
    ids::{
        ApiKeyId, ChannelId, ContactId, ConversationId, DeliveryId, FileId, IdentityId, MessageId,
        UserId,
    },
    messages::{Content, MessageKind, SuppressReason},
    stored::{ConfigText, Mac, Sealed},
};

/// What came in, as it is sealed.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Inbound {
    /// The provider's id, which holds the phone number.
    pub provider_id: String,
    /// What was said.
    pub content: Content,
    /// The provider's id of a file that is still to be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaRef>,
    /// The provider's id of the message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// The advertisement it came from, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<serde_json::Value>,
}

/// A file at the provider.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MediaRef {
    /// The provider's id.
    pub id: String,
    /// SHA-256 as the provider states it, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What goes out, as it is sealed.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Outbound {
    /// The address it goes to.
    pub to: Recipient,
    /// What is said.
    pub content: Content,
    /// The provider's id of the message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A phone number, digits only.
    Phone(String),
    /// Meta's business-scoped user id.
    Bsuid(String),
}

/// What an outbound message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It says something.
    Message,
    /// It reacts to a message.
    Reaction,
    /// It tells that messages were read.
    ReadMark,
}
shared::stored!(Purpose);

/// Who wanted a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person in the inbox.
    Operator(UserId),
    /// A company's program.
    ApiKey(ApiKeyId),
    /// The business app on a phone; not sent by us.
    BusinessApp,
}
shared::stored!(Origin);

/// A price, as the provider states it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pricing {
    /// Whether it costs.
    pub billable: Option<bool>,
    /// `PMP` or `CBP`.
    pub model: Option<ConfigText>,
    /// `regular`, `free_customer_service`, `free_entry_point`.
    pub kind: Option<ConfigText>,
    /// `marketing`, `utility`, `service` …
    pub category: Option<ConfigText>,
}
shared::stored!(Pricing);

events! {
    /// The life of a message.
    MessageEvent {
        /// A person said something.
        Received = "messaging.message.received" {
            /// The thread.
            conversation: ConversationId,
            /// The channel.
            channel: ChannelId,
            /// The contact that owns the address it came from.
            contact: ContactId,
            /// The address it came from.
            identity: IdentityId,
            /// When, by the provider's clock.
            provider_at: DateTime<Utc>,
            /// The raw delivery.
            delivery: DeliveryId,
            /// Where the raw delivery stands in the intake.
            intake: i64,
            /// Which message of the delivery.
            index: u32,
            /// The keyed digest of the raw delivery.
            delivery_mac: Mac,
            /// What kind.
            kind: MessageKind,
            /// The length of its text, in characters.
            n_characters: u32,
            /// The message it answers, when we have it.
            quotes: Option<MessageId>,
            /// Passed on from another chat.
            #[serde(default)]
            is_forwarded: bool,
            /// The id of the advertisement it came from.
            #[serde(default)]
            ad: Option<ConfigText>,
            /// From before the number was connected: nobody is called to read it.
            #[serde(default)]
            is_history: bool,
            /// What was said.
            said: Sealed<Inbound>,
        }
        /// The person reacted to this message, or took it back.
        Reacted = "messaging.message.reacted" {
            /// When, by the provider's clock.
            provider_at: DateTime<Utc>,
            /// The reaction's own place: delivery and index, for one order.
            intake: i64,
            /// Which message of the delivery.
            index: u32,
            /// The company reacted, in the business app.
            #[serde(default)]
            by_company: bool,
            /// The emoji; empty: taken back.
            emoji: Sealed<String>,
        }
        /// The person changed what she had said.
        Edited = "messaging.message.edited" {
            /// When, by the provider's clock.
            provider_at: DateTime<Utc>,
            /// The place of the edit in the intake.
            intake: i64,
            /// Which message of the delivery.
            index: u32,
            /// What it says now.
            said: Sealed<Content>,
        }
        /// The person took back what she had said.
        Deleted = "messaging.message.deleted" {
            /// When, by the provider's clock.
            provider_at: DateTime<Utc>,
        }
        /// The file she sent is kept.
        MediaStored = "messaging.message.media_stored" {
            /// Ours.
            file: FileId,
        }
        /// The file she sent cannot be had.
        MediaMissing = "messaging.message.media_missing" {
            /// A stable word that says why.
            reason: ConfigText,
        }
        /// The company wants to say something.
        Queued = "messaging.message.queued" {
            /// The thread.
            conversation: ConversationId,
            /// The channel that sends.
            channel: ChannelId,
            /// The contact whose address it goes to.
            contact: ContactId,
            /// What it does.
            purpose: Purpose,
            /// The message it is about: reacted to, or read.
            about: Option<MessageId>,
            /// What kind.
            kind: MessageKind,
            /// Who wanted it.
            origin: Origin,
            /// The length of its text, in characters.
            n_characters: u32,
            /// The template's name.
            template: Option<ConfigText>,
            /// The message it answers.
            quotes: Option<MessageId>,
            /// The file it carries.
            file: Option<FileId>,
            /// Free text must leave before; absent: no service window is needed.
            #[serde(default)]
            window: Option<DateTime<Utc>>,
            /// The failed message that is tried again with it.
            #[serde(default)]
            retry_of: Option<MessageId>,
            /// What is said, and to which address.
            said: Sealed<Outbound>,
        }
        /// The provider took it.
        Accepted = "messaging.message.accepted" {
            /// Which attempt.
            attempt: u16,
            /// The provider's id; its claim is taken in the same commit.
            provider_id: Sealed<String>,
        }
        /// It will not arrive: refused at the call, or later by status (D21).
        Failed = "messaging.message.failed" {
            /// Which attempt, when that is known.
            attempt: Option<u16>,
            /// Whether the provider told it by a status.
            by_status: bool,
            /// When, by the provider's clock, if by status.
            provider_at: Option<DateTime<Utc>>,
            /// The provider's code.
            code: i32,
            /// The provider's words, cleaned of values.
            title: Option<ConfigText>,
        }
        /// An attempt did not go through; another one follows.
        Deferred = "messaging.message.deferred" {
            /// Which attempt.
            attempt: u16,
            /// The provider's code; 0: no connection.
            code: i32,
            /// Not before.
            not_before: DateTime<Utc>,
        }
        /// An attempt may have gone through: it is not repeated before that is known.
        OutcomeUnknown = "messaging.message.unknown" {
            /// Which attempt.
            attempt: u16,
        }
        /// A person has seen that an attempt of which nobody knew went through.
        Confirmed = "messaging.message.confirmed" {}
        /// Taken back before it was picked.
        Withdrawn = "messaging.message.withdrawn" {
            /// A stable word that says why.
            reason: ConfigText,
        }
        /// Not sent by a rule.
        Suppressed = "messaging.message.suppressed" {
            /// Which rule.
            reason: SuppressReason,
        }
        /// The provider has sent it.
        Sent = "messaging.message.sent" {
            /// When, by the provider's clock.
            provider_at: DateTime<Utc>,
            /// Which attempt, when the provider sent our id back.
            attempt: Option<u16>,
            /// What it costs.
            pricing: Option<Pricing>,
        }
        /// It is on the person's device.
        Delivered = "messaging.message.delivered" {
            /// When, by the provider's clock.
            provider_at: DateTime<Utc>,
            /// Which attempt, when the provider sent our id back.
            attempt: Option<u16>,
            /// What it costs.
            pricing: Option<Pricing>,
        }
        /// The person has read it.
        Read = "messaging.message.read" {
            /// When, by the provider's clock.
            provider_at: DateTime<Utc>,
            /// Which attempt, when the provider sent our id back.
            attempt: Option<u16>,
            /// What it costs.
            pricing: Option<Pricing>,
        }
        /// The person has listened to it.
        Played = "messaging.message.played" {
            /// When, by the provider's clock.
            provider_at: DateTime<Utc>,
            /// Which attempt, when the provider sent our id back.
            attempt: Option<u16>,
            /// What it costs.
            pricing: Option<Pricing>,
        }
        /// A message that the business app sent was told to us.
        Echoed = "messaging.message.echoed" {
            /// The thread.
            conversation: ConversationId,
            /// The channel.
            channel: ChannelId,
            /// The contact.
            contact: ContactId,
            /// When, by the provider's clock.
            provider_at: DateTime<Utc>,
            /// The place of the delivery in the intake.
            intake: i64,
            /// Which message of the delivery.
            index: u32,
            /// What kind.
            kind: MessageKind,
            /// What was said.
            said: Sealed<Inbound>,
        }
    }
}

events! {
    /// A lane of one channel in one epoch. Its sequence orders the picks.
    LaneEvent {
        /// Its owner took it over, with what the older stream left open and the limiter's state.
        Opened = "messaging.lane.opened" {
            /// The channel.
            channel: ChannelId,
            /// The epoch of the assignment.
            epoch: i64,
            /// Picks that the same owner still has under way, when its stream only became long.
            #[serde(default)]
            open: Vec<Pick>,
            /// Picks of an older owner that are unknown from now on.
            unknown: Vec<MessageId>,
            /// How many were picked in the second before.
            #[serde(default)]
            n_recent: u32,
            /// What conversations have borrowed.
            #[serde(default)]
            debts: Vec<Debt>,
        }
        /// Messages are about to be sent.
        Picked = "messaging.lane.picked" {
            /// Which, at most 50, with their attempt.
            messages: Vec<Pick>,
            /// Whose outcome has become known since the pick before.
            #[serde(default)]
            settled: Vec<MessageId>,
        }
        /// Messages were not sent after all.
        Released = "messaging.lane.released" {
            /// Which.
            messages: Vec<MessageId>,
        }
        /// Outcomes became known.
        Settled = "messaging.lane.settled" {
            /// Whose.
            messages: Vec<MessageId>,
        }
        /// The provider asked for less.
        Limited = "messaging.lane.limited" {
            /// The provider's code.
            code: i32,
            /// Not before.
            until: DateTime<Utc>,
        }
        /// It picks nothing from now on.
        Paused = "messaging.lane.paused" {}
        /// It picks again.
        Resumed = "messaging.lane.resumed" {}
        /// The next stream took over.
        Closed = "messaging.lane.closed" {
            /// Its epoch.
            by: i64,
        }
    }
}

/// A message that is about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Pick {
    /// Which.
    pub message: MessageId,
    /// Which attempt.
    pub attempt: u16,
    /// The thread, which is the pair of number and person.
    pub conversation: ConversationId,
    /// The person, when she is reached outside a service window: the portfolio counts her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<ContactId>,
}
shared::stored!(Pick);

/// What a pair of number and person has borrowed from its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Debt {
    /// The thread.
    pub conversation: ConversationId,
    /// When it is paid back.
    pub paid_at: DateTime<Utc>,
}
shared::stored!(Debt);
