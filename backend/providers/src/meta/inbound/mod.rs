//! A delivery of Meta, read: bytes in, typed changes out.
//!
//! **Invariants.** Pure; no bytes make it panic or recurse deeply. A delivery is refused as a whole only when
//! it is no JSON, too deep, or not WhatsApp's. Everything within that is not understood (a field, a type of
//! message, a broken part) is kept raw as `Unsupported` beside what is understood; nothing is dropped.
//! A value of a known type that lacks what makes it one (a text without text) counts as not understood.

mod account;
mod calls;
mod depth;
mod fields;
mod message;
mod numbers;
mod person;
mod status;
mod sync;
mod template;
mod traffic;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

pub use self::{
    account::{AccountEvent, AccountUpdate, Ban, Effect, Restriction, RestrictionKind},
    calls::{Call, CallEvent, CallStatus},
    message::{
        Body, Card, CardPhone, Context, FlowAnswer, Identity, Media, MediaKind, Message, Order,
        OrderItem, Place, Referral, Reply, System, SystemKind,
    },
    numbers::{NumberUpdate, Review},
    person::{Person, Preference, UserIdChange},
    status::{ConversationInfo, Pricing, ProviderError, State, Status},
    sync::{History, SyncedContact, Thread},
    template::{Template, TemplateUpdate},
    traffic::{GroupUpdate, Number, Traffic},
};
use self::{
    depth::is_deeper_than,
    fields::{Fields, Objects},
};

/// The deepest nesting that is read; Meta's own is about twelve.
const DEEPEST: usize = 64;

/// What one delivery says.
#[derive(Debug)]
pub struct Delivery {
    /// Its changes, in the order in which they stand.
    pub changes: Vec<Change>,
}

/// One change to one account.
#[derive(Debug)]
pub struct Change {
    /// The id of the entry: the WhatsApp Business Account; for `PARTNER_…` the business.
    pub waba_id: String,
    /// When Meta noticed, if it says so.
    pub at: Option<DateTime<Utc>>,
    /// The field that was subscribed to.
    pub field: String,
    /// What changed.
    pub what: What,
    /// All of it, where it is about the company and not about people.
    pub raw: Option<Box<RawValue>>,
}

/// What changed.
#[derive(Debug)]
pub enum What {
    /// Messages, statuses and whatever else concerns one number.
    Traffic(Box<Traffic>),
    /// The account itself.
    Account(Box<AccountUpdate>),
    /// A template.
    Template(Box<TemplateUpdate>),
    /// A number, or what the account may do with its numbers.
    Number(Box<NumberUpdate>),
    /// Something that we do not know.
    Unsupported(Unsupported),
}

/// Something that is kept as it came.
#[derive(Debug, Clone)]
pub struct Unsupported {
    /// What it calls itself: a field, a type of message, `status` …
    pub kind: String,
    /// Why it is not typed.
    pub why: Why,
    /// What came.
    pub raw: Box<RawValue>,
}

/// Why something is not typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Meta has a word that we do not know.
    Unknown,
    /// A known word, but not built as it is documented.
    Malformed,
}

/// Members of an object that we do not know.
pub type Extra = Vec<(String, Box<RawValue>)>;

/// Why a delivery cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON; the parser's words name no value.
    #[error("not JSON: line {line}, column {column}")]
    Syntax {
        /// Where.
        line: usize,
        /// Where.
        column: usize,
    },
    /// Not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// Nested too deeply.
    #[error("nested deeper than {DEEPEST} levels")]
    TooDeep,
    /// JSON, but no delivery of WhatsApp.
    #[error("not a delivery of WhatsApp")]
    Foreign,
}

impl Unreadable {
    /// A stable word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "not_json",
            Self::Encoding => "not_utf8",
            Self::TooDeep => "too_deep",
            Self::Foreign => "not_whatsapp",
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    entry: Objects<'a>,
}

/// Reads a delivery.
pub fn parse(body: &[u8]) -> Result<Delivery, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|_error| Unreadable::Encoding)?;
    if is_deeper_than(DEEPEST, body) {
        return Err(Unreadable::TooDeep);
    }
    if !text.trim_start().starts_with('{') {
        return Err(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Unreadable::Foreign,
            Err(error) => syntax(&error),
        });
    }
    let envelope: Envelope<'_> = serde_json::from_str(text)
        .map_err(|error| if error.is_data() { Unreadable::Foreign } else { syntax(&error) })?;
    if envelope.object.map(RawValue::get) != Some("\"whatsapp_business_account\"") {
        return Err(Unreadable::Foreign);
    }
    let mut changes = Vec::with_capacity(1);
    for mut entry in envelope.entry.0 {
        let waba_id = entry.text("id").unwrap_or_default();
        let at = entry.time("time");
        for change in entry.list("changes") {
            changes.push(read_change(change, waba_id.clone(), at));
        }
    }
    Ok(Delivery { changes })
}

fn syntax(error: &serde_json::Error) -> Unreadable {
    Unreadable::Syntax { line: error.line(), column: error.column() }
}

fn read_change(raw: &RawValue, waba_id: String, at: Option<DateTime<Utc>>) -> Change {
    let mut change = Fields::of(raw).unwrap_or_default();
    // Simple senders leave the field out; then it is what most deliveries are.
    let field = change.text("field").unwrap_or_else(|| "messages".to_owned());
    let value = change.raw("value");
    let what = value.and_then(|value| read_value(&field, value)).unwrap_or_else(|| {
        let why = if is_known(&field) { Why::Malformed } else { Why::Unknown };
        What::Unsupported(Unsupported { kind: field.clone(), why, raw: raw.to_owned() })
    });
    let is_about_company = matches!(what, What::Account(_) | What::Template(_) | What::Number(_));
    let raw = value.filter(|_| is_about_company).map(ToOwned::to_owned);
    Change { waba_id, at, field, what, raw }
}

fn read_value(field: &str, raw: &RawValue) -> Option<What> {
    let value = Fields::of(raw)?;
    Some(match field {
        "messages"
        | "smb_message_echoes"
        | "message_echoes"
        | "user_preferences"
        | "calls"
        | "user_id_update"
        | "history"
        | "smb_app_state_sync"
        | "group_lifecycle_update"
        | "group_participants_update"
        | "group_settings_update"
        | "group_status_update" => What::Traffic(Box::new(Traffic::read(value))),
        "account_update" => What::Account(Box::new(AccountUpdate::read(value)?)),
        "message_template_status_update"
        | "message_template_quality_update"
        | "message_template_components_update"
        | "template_category_update" => {
            What::Template(Box::new(TemplateUpdate::read(field, value)?))
        }
        "phone_number_quality_update"
        | "phone_number_name_update"
        | "business_username_update"
        | "business_capability_update"
        | "account_review_update"
        | "account_alerts"
        | "security"
        | "flows" => What::Number(Box::new(NumberUpdate::read(field, value)?)),
        _ => return None,
    })
}

const fn is_known(field: &str) -> bool {
    matches!(
        field.as_bytes(),
        b"account_update"
            | b"message_template_status_update"
            | b"message_template_quality_update"
            | b"message_template_components_update"
            | b"template_category_update"
            | b"phone_number_quality_update"
            | b"phone_number_name_update"
            | b"business_username_update"
            | b"business_capability_update"
            | b"account_review_update"
            | b"account_alerts"
            | b"security"
            | b"flows"
            | b"messages"
            | b"smb_message_echoes"
            | b"message_echoes"
            | b"user_preferences"
            | b"calls"
            | b"user_id_update"
            | b"history"
            | b"smb_app_state_sync"
            | b"group_lifecycle_update"
            | b"group_participants_update"
            | b"group_settings_update"
            | b"group_status_update"
    )
}
