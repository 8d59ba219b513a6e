//! Connecting a number.

use crate::{Answer, outcome::Fault, secret::Secret};

/// What a person gives to connect a number.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The provider's id of the number.
    pub number_id: String,
    /// The provider's id of the account that it belongs to.
    pub account_id: String,
    /// The token.
    pub token: Secret,
}

/// A number as its provider knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberInfo {
    /// The number as people read it.
    pub display_phone_number: String,
    /// The name that people see.
    pub verified_name: Option<String>,
    /// GREEN, YELLOW, RED or UNKNOWN.
    pub quality_rating: Option<String>,
    /// Messages a second: STANDARD or HIGH.
    pub throughput: Option<String>,
    /// How many people a day: `TIER_250` …
    pub messaging_limit: Option<String>,
    /// The business that owns the account, where the token may see it.
    pub business_id: Option<String>,
    /// CONNECTED, PENDING …
    pub status: Option<String>,
    /// Whether the number is also used in the WhatsApp Business app.
    pub is_on_biz_app: bool,
}

/// Why a provider could not be asked, or what it said.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// It refused, in its own words.
    #[error("{}", .0.message)]
    Refused(Box<Fault>),
    /// It was not reached, or the answer was cut.
    #[error("the provider did not answer")]
    Unreachable,
    /// It answered something that is no answer.
    #[error("the provider's answer was not understood")]
    NotUnderstood,
}

/// Connects numbers.
pub trait Connector: Send + Sync {
    /// Asks for the number with the token, and that it belongs to the account.
    fn verify<'a>(&'a self, new: &'a Connection) -> Answer<'a, Result<NumberInfo, Trouble>>;

    /// Subscribes the app to the account's webhooks, at an address of its own when one is given.
    fn subscribe<'a>(
        &'a self,
        new: &'a Connection,
        callback: Option<&'a Callback>,
    ) -> Answer<'a, Result<(), Trouble>>;

    /// Whether the app is subscribed.
    fn is_subscribed<'a>(&'a self, new: &'a Connection) -> Answer<'a, Result<bool, Trouble>>;

    /// Takes the app's subscription away.
    fn unsubscribe<'a>(&'a self, old: &'a Connection) -> Answer<'a, Result<(), Trouble>>;

    /// Registers the number with its six-digit PIN.
    fn register<'a>(&'a self, new: &'a Connection, pin: &'a str)
    -> Answer<'a, Result<(), Trouble>>;
}

/// Where webhooks of one account go.
#[derive(Clone, Debug)]
pub struct Callback {
    /// The public address.
    pub url: String,
    /// What the provider has to say in the handshake.
    pub verify_token: Secret,
}
