//! Connections. Stream `channel`.

use chrono::{DateTime, Utc};
use shared::{
    channels::{Medium, PauseReason, ProofStep},
    stored::ConfigText,
};

events! {
    /// The life of a channel. Secrets are never in it: it names the version of the sealed ones.
    ChannelEvent {
        /// A number was connected; its token was accepted by the provider.
        Connected = "channels.channel.connected" {
            /// What the company calls it.
            name: ConfigText,
            /// What it carries.
            medium: Medium,
            /// Meta's id of the number.
            phone_number_id: ConfigText,
            /// Meta's id of the business account.
            waba_id: ConfigText,
            /// The number as people write it: the company's own.
            display_number: ConfigText,
            /// The name that Meta verified.
            verified_name: Option<ConfigText>,
            /// Messages a second.
            mps: u32,
            /// The version of its secrets.
            secrets: i32,
        }
        /// It has another name.
        Renamed = "channels.channel.renamed" {
            /// The new name.
            name: ConfigText,
        }
        /// Its secrets were replaced.
        CredentialsReplaced = "channels.channel.credentials_replaced" {
            /// The version of its secrets.
            secrets: i32,
            /// Whether the token is new.
            token: bool,
            /// Whether the app secret is new.
            app_secret: bool,
        }
        /// The address that Meta delivers to has a new key; the old one holds until it is dropped.
        HookKeyRotated = "channels.channel.hook_key_rotated" {
            /// Until when the old one is accepted.
            old_until: DateTime<Utc>,
        }
        /// A proof of its webhook began.
        ProofStarted = "channels.channel.proof_started" {
            /// Until when a delivery must come.
            until: DateTime<Utc>,
        }
        /// A step of the proof was passed.
        ProofPassed = "channels.channel.proof_passed" {
            /// Which.
            step: ProofStep,
        }
        /// A delivery signed with its secret came through the provider.
        Proven = "channels.channel.proven" {}
        /// The proof failed.
        ProofFailed = "channels.channel.proof_failed" {
            /// At which step.
            step: ProofStep,
            /// What was seen, in a stable word or the provider's own words.
            detail: Option<ConfigText>,
        }
        /// What is to be sent waits from now on.
        Paused = "channels.channel.paused" {
            /// Why.
            reason: PauseReason,
            /// The provider's code, when it was the reason.
            provider_code: Option<i32>,
        }
        /// It sends again.
        Resumed = "channels.channel.resumed" {}
        /// It was taken off.
        Disconnected = "channels.channel.disconnected" {}
        /// Another company may take the number over, with a token that the provider confirms.
        Released = "channels.channel.released" {
            /// Until when.
            until: DateTime<Utc>,
            /// Why, where the platform did it.
            reason: Option<ConfigText>,
        }
        /// A delivery with its address and a wrong signature was refused; said once a day at most.
        SignatureRefused = "channels.channel.signature_refused" {
            /// When.
            at: DateTime<Utc>,
        }
        /// The provider said how the number is.
        HealthChanged = "channels.channel.health_changed" {
            /// `GREEN`, `YELLOW`, `RED`.
            quality: Option<ConfigText>,
            /// The tier of the portfolio.
            tier: Option<ConfigText>,
            /// Messages a second.
            mps: Option<u32>,
        }
        /// The provider said which business the account belongs to: its limits are shared with all
        /// other numbers of that business.
        PortfolioTold = "channels.channel.portfolio_told" {
            /// Meta's id of the business.
            portfolio: ConfigText,
        }
        /// The provider said something of the account, as its event's name.
        AccountAlerted = "channels.channel.account_alerted" {
            /// The webhook's field, such as `account_update`.
            field: ConfigText,
            /// The provider's word, such as `ACCOUNT_RESTRICTION`.
            event: ConfigText,
            /// The change as it came: the company's own data, without people.
            raw: ConfigText,
        }
    }
}
