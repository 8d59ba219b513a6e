//! What an event may hold (D5).
//!
//! Invariants: a plain text of or about a person does not compile into an event, because `String`
//! is not [`Stored`]; what is personal is [`Sealed`] under the person's key, so that erasing the
//! key erases the value and leaves the history provable.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A type that may stand in an event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may not stand in an event",
    note = "seal what is personal (`Sealed<T>`); wrap the company's own text in `ConfigText`"
)]
pub trait Stored {}

/// Marks types as fit for events: `stored!(A, B);`.
#[macro_export]
macro_rules! stored {
    ($($name:ty),* $(,)?) => { $(impl $crate::stored::Stored for $name {})* };
}

stored!(bool, i16, i32, i64, u8, u16, u32, u64, Uuid, DateTime<Utc>);
stored!(
    crate::ids::CompanyId,
    crate::ids::UserId,
    crate::ids::MembershipId,
    crate::ids::SessionId,
    crate::ids::ApiKeyId,
    crate::ids::ChannelId,
    crate::ids::ContactId,
    crate::ids::IdentityId,
    crate::ids::ConversationId,
    crate::ids::LabelId,
    crate::ids::MessageId,
    crate::ids::LaneId,
    crate::ids::FileId,
    crate::ids::DeliveryId,
    crate::conversations::LabelColour,
    crate::conversations::Priority,
    crate::permission::Role,
    crate::permission::Feature,
    crate::permission::Quota,
);
impl<T: Stored> Stored for Option<T> {}
impl<T: Stored> Stored for Vec<T> {}
impl<K: Stored, V: Stored> Stored for BTreeMap<K, V> {}
impl<T> Stored for Sealed<T> {}

/// The company's own text: a stage's name, a provider's account number. Never about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfigText(pub String);
stored!(ConfigText);

impl From<&str> for ConfigText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for ConfigText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// What becomes of a key, and so of the values under it (D3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyClass {
    /// Names and addresses: until the person is erased.
    #[serde(rename = "i")]
    Identity,
    /// What is said: by quarter, until erasure or retention.
    #[serde(rename = "c")]
    Content,
    /// Consent and opt-out: own retention, survives an erasure on its legal basis.
    #[serde(rename = "p")]
    Proof,
    /// Address and program of who acted: company and month, no subject.
    #[serde(rename = "o")]
    Origin,
}

impl KeyClass {
    /// A class by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Identity, Self::Content, Self::Proof, Self::Origin];
        all.into_iter().find(|class| class.as_str() == word)
    }

    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Content => "content",
            Self::Proof => "proof",
            Self::Origin => "origin",
        }
    }
}

/// A value that only the vault reads, as long as its key was not destroyed. Safe to print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed<T> {
    /// Whose key: a contact, a user, or the company for `origin`.
    #[serde(rename = "s")]
    pub subject: Uuid,
    /// Which of the subject's keys.
    #[serde(rename = "k")]
    pub class: KeyClass,
    /// Which period of the class: 0, or year × 10 + quarter, or year × 100 + month.
    #[serde(rename = "p", default, skip_serializing_if = "is_zero")]
    pub period: i32,
    /// The version of the value's own shape.
    #[serde(rename = "v", default = "one", skip_serializing_if = "is_one")]
    pub version: i16,
    /// Nonce and ciphertext, base64 without padding.
    #[serde(rename = "d")]
    pub data: String,
    #[serde(skip)]
    kind: PhantomData<fn() -> T>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(period: &i32) -> bool {
    *period == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_one(version: &i16) -> bool {
    *version == 1
}

const fn one() -> i16 {
    1
}

impl<T> Sealed<T> {
    /// Puts together what the vault sealed.
    #[must_use]
    pub const fn new(
        subject: Uuid,
        class: KeyClass,
        period: i32,
        version: i16,
        data: String,
    ) -> Self {
        Self { subject, class, period, version, data, kind: PhantomData }
    }
}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sealed({})", self.subject)
    }
}

/// Who acts, as an event holds it: kind and id only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person who signed in.
    User(crate::ids::UserId),
    /// A company's own program.
    ApiKey(crate::ids::ApiKeyId),
    /// A part of the system, by its stable name.
    System(ConfigText),
    /// A provider that called us.
    Provider(ConfigText),
}

/// A keyed digest, as hexadecimal text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mac(pub String);
stored!(Mac);

/// A family of events that a stream can hold: an enum whose variants are named by their event type.
pub trait Event:
    Serialize + serde::de::DeserializeOwned + Clone + PartialEq + fmt::Debug + Send + Sync + 'static
{
    /// What is known of every type in the family.
    const CATALOGUE: &'static [Entry];

    /// `context.stream.past_tense`.
    fn event_type(&self) -> &'static str;

    /// The version of the payload that is written today.
    fn version(&self) -> i16;

    /// Lifts the payload of an older version to today's. Called for every event that is read.
    #[must_use]
    fn upcast<'a>(_event_type: &str, _version: i16, payload: &'a str) -> std::borrow::Cow<'a, str> {
        std::borrow::Cow::Borrowed(payload)
    }
}

/// An event type in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `context.stream.past_tense`.
    pub event_type: &'static str,
    /// The version that is written today.
    pub version: i16,
    /// What it means.
    pub meaning: &'static [&'static str],
    /// Its fields: name, type, meaning.
    pub fields: &'static [(&'static str, &'static str, &'static [&'static str])],
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, marker::PhantomData};

    use super::{ConfigText, Sealed, Stored};

    /// What the compiler says of a type: the inherent constant hides the trait's where it exists.
    struct Ask<T>(PhantomData<T>);

    trait No {
        const MAY: bool = false;
    }

    impl<T> No for Ask<T> {}

    impl<T: Stored> Ask<T> {
        const MAY: bool = true;
    }

    #[test]
    fn d5_a_plain_text_does_not_compile_into_an_event_and_a_sealed_one_does() {
        let plain = [
            Ask::<String>::MAY,
            Ask::<&str>::MAY,
            Ask::<Option<String>>::MAY,
            Ask::<Vec<String>>::MAY,
            Ask::<BTreeMap<String, u8>>::MAY,
            Ask::<serde_json::Value>::MAY,
            Ask::<f64>::MAY,
        ];
        let fit = [
            Ask::<Sealed<String>>::MAY,
            Ask::<Option<Sealed<String>>>::MAY,
            Ask::<ConfigText>::MAY,
            Ask::<crate::ids::ContactId>::MAY,
            Ask::<i64>::MAY,
        ];
        assert_eq!((plain, fit), ([false; 7], [true; 5]));
    }
}
