//! Connected numbers: what is asked when one is connected, and how one is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::ChannelId;

/// What can be written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// `WhatsApp`, by the Cloud API or a linked device.
    Whatsapp,
    /// SMS.
    Sms,
    /// E-mail.
    Email,
    /// Calls.
    Voice,
}
crate::stored!(Medium);

impl Medium {
    /// The word in tables and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Voice => "voice",
        }
    }
}

/// A channel as the screen shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Channel {
    /// Which.
    pub id: ChannelId,
    /// What the company calls it.
    pub name: String,
    /// What it carries.
    pub medium: Medium,
    /// The number as people write it.
    pub display_number: String,
    /// The name that Meta verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_name: Option<String>,
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the business account.
    pub waba_id: String,
    /// Whether it works.
    pub state: ChannelState,
    /// The state of its connection's proof.
    pub proof: WebhookProof,
    /// How it is.
    pub health: Health,
    /// Messages that wait.
    pub n_queued: i64,
    /// The version, for `If-Match`.
    pub version: i64,
}

/// Whether a channel works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ChannelState {
    /// It sends and receives.
    Active,
    /// It receives; what is to be sent waits.
    Paused {
        /// Why.
        reason: PauseReason,
        /// Since when.
        since: DateTime<Utc>,
        /// Meta's code, when Meta was the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider_code: Option<i32>,
    },
    /// Taken off; its history stays.
    Disconnected {
        /// Since when.
        since: DateTime<Utc>,
    },
}

/// Why a channel is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// Somebody paused it.
    Person,
    /// The access token is not valid any more (190, 463).
    TokenExpired,
    /// The account is restricted or locked (131031, 368).
    AccountLocked,
    /// Payment is missing (131042).
    Payment,
    /// The company is suspended.
    CompanySuspended,
    /// The installation was restored and waits for a person's release.
    Restored,
}
crate::stored!(PauseReason);

/// Whether a delivery signed with the channel's secret has come through the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WebhookProof {
    /// It was never tried.
    Untested,
    /// A test is under way.
    Waiting {
        /// Since when.
        since: DateTime<Utc>,
        /// What has been passed so far, in order.
        passed: Vec<ProofStep>,
    },
    /// A signed delivery came.
    Proven {
        /// When.
        at: DateTime<Utc>,
    },
    /// It failed at a step.
    Failed {
        /// Which.
        step: ProofStep,
        /// What the other side said, or what was seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// When.
        at: DateTime<Utc>,
    },
}

/// The steps of connecting a number, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProofStep {
    /// The token opens the number.
    Token,
    /// The public address answers from outside.
    Address,
    /// Its certificate is good.
    Tls,
    /// The app is subscribed to the account.
    Subscription,
    /// A delivery came, and its signature fits the app secret (a 401 otherwise).
    Signature,
    /// A signed delivery was stored and digested.
    Delivery,
}
crate::stored!(ProofStep);

/// How a number is; fed by webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Health {
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
    /// Meta's tier, such as `TIER_2K`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Messages a second.
    pub mps: u32,
    /// When the last delivery came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_webhook_at: Option<DateTime<Utc>>,
    /// When the last delivery with a wrong signature came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_bad_signature_at: Option<DateTime<Utc>>,
    /// Sent in the last hour.
    pub n_sent_hour: i64,
    /// Failed in the last hour.
    pub n_failed_hour: i64,
    /// What Meta last said of the account, when it was bad news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
}

/// `POST /api/v1/channels`: connects a number of the Cloud API. The check happens before anything
/// is saved.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConnectChannel {
    /// What the company calls it.
    pub name: String,
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the business account.
    pub waba_id: String,
    /// The access token.
    pub access_token: String,
    /// The app's secret, which signs the deliveries.
    pub app_secret: String,
}

/// `POST /api/v1/channels/{id}/credentials`: replaces what is given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReplaceCredentials {
    /// A new token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// A new app secret; the old one is accepted beside it until it is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_secret: Option<String>,
    /// Drop the older app secret.
    #[serde(default)]
    pub drop_old_secret: bool,
}

/// The answer to connecting: where Meta must deliver to. The hook key is shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConnectedChannel {
    /// The channel.
    pub channel: Channel,
    /// `https://…/hooks/meta/{hook_key}`.
    pub callback_url: String,
    /// What Meta sends in its handshake.
    pub verify_token: String,
}

/// `POST /api/v1/channels/{id}/rename`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RenameChannel {
    /// The new name.
    pub name: String,
}

/// `POST /api/v1/platform/numbers/{number}/release`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReleaseNumber {
    /// Why, in the platform's words; it stands in the owner's history.
    pub reason: String,
}

/// `GET /api/v1/quarantine`: a delivery that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Quarantined {
    /// Which.
    pub id: crate::ids::DeliveryId,
    /// Whose; in the platform's list only, and absent where nobody owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<crate::ids::CompanyId>,
    /// Whose address it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// The provider.
    pub provider: String,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Why it was not understood, in a stable word.
    pub reason: String,
    /// Tried again since, with success.
    pub is_digested: bool,
}

/// `POST /api/v1/quarantine/{delivery}/open`: the bytes as they came. That somebody looked stands in
/// the history.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RawDelivery {
    /// Which.
    pub id: crate::ids::DeliveryId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The bytes, as text or as base64.
    pub body: String,
    /// Whether they are no UTF-8, and so base64.
    pub is_base64: bool,
}

/// `POST /api/v1/platform/quarantine/{delivery}/open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OpenDelivery {
    /// Why it must be seen.
    pub reason: String,
}
