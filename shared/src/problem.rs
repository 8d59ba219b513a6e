//! How every error leaves the house: an RFC 9457 problem with a stable code.
//!
//! The code is what programs match and what the screens translate; `detail` is a sentence in the
//! reader's language that says what happened, what was kept and what to do. No value of another
//! person, no secret and no cause from inside is ever in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What kind of "no" it is; fixes the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The request cannot be read: 400.
    Malformed,
    /// Nobody is signed in, or the key is not valid: 401.
    Unauthenticated,
    /// Known, but not allowed: 403.
    Forbidden,
    /// Not there, or not to be known: 404.
    NotFound,
    /// It has changed meanwhile, or is already so: 409.
    Conflict,
    /// Too large: 413.
    TooLarge,
    /// A media type that is not taken: 415.
    UnsupportedMedia,
    /// Understood and not acceptable: 422.
    Invalid,
    /// A condition is missing, such as the idempotency key: 428.
    PreconditionRequired,
    /// Too many: 429.
    TooMany,
    /// Our fault: 500.
    Internal,
    /// Not now: 503.
    Unavailable,
}

impl Kind {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMedia => 415,
            Self::Invalid => 422,
            Self::PreconditionRequired => 428,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

/// An error as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI of the kind of problem: `/problems/<code>`.
    #[serde(rename = "type")]
    pub uri: String,
    /// A short name in the reader's language.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code, such as `messaging.window_closed`.
    pub code: String,
    /// What happened, what was kept, what to do; in the reader's language.
    pub detail: String,
    /// The trace, to find the log by; 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Which fields are wrong: JSON pointer to code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// Values that the sentence names, for programs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, serde_json::Value>,
}
