//! Ids: a type per thing, a readable text form for people and addresses, a plain UUID in tables.
//!
//! Invariants: no id is a function of personal data unless keyed (D1); the text form says what it
//! names, so that an id of another kind is refused and not looked up.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// A text that is not the id it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the kind {kind}")]
pub struct NotAnId {
    /// The kind that was expected.
    pub kind: &'static str,
}

fn parse(kind: &'static str, text: &str) -> Result<Uuid, NotAnId> {
    let digits = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('_'));
    let digits = digits.filter(|digits| digits.len() == 32).ok_or(NotAnId { kind })?;
    Uuid::try_parse(digits).map_err(|_not_hex| NotAnId { kind })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident => $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The word before the digits.
            pub const KIND: &'static str = $kind;

            /// An id from its plain form.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The plain form, as tables hold it.
            #[must_use]
            pub const fn into_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($kind, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse($kind, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $kind, "_[0-9a-f]{32}$")))
                    .into()
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::ToSchema for $name {}

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A company, the tenant.
    CompanyId => "company";
    /// A person who signs in.
    UserId => "user";
    /// A user's place in a company.
    MembershipId => "member";
    /// A signed-in browser.
    SessionId => "session";
    /// A key of a company's own programs.
    ApiKeyId => "key";
    /// A connected number, sender or device.
    ChannelId => "channel";
    /// A record of a person.
    ContactId => "contact";
    /// An address of a contact on a medium.
    IdentityId => "identity";
    /// A thread of a contact with a channel.
    ConversationId => "conversation";
    /// A label of conversations.
    LabelId => "label";
    /// A message, in or out.
    MessageId => "message";
    /// A lane of one channel, for one epoch.
    LaneId => "lane";
    /// A stored file.
    FileId => "file";
    /// A raw delivery of a provider.
    DeliveryId => "delivery";
    /// An event of the ledger.
    EventId => "event";
    /// A command, which is also its idempotency key.
    CommandId => "command";
}

#[cfg(test)]
mod tests {
    use super::{ContactId, UserId};
    use uuid::Uuid;

    #[test]
    fn the_text_form_comes_back_and_names_its_kind() {
        let id = ContactId::from_uuid(Uuid::from_u128(7));
        assert_eq!(id.to_string(), "contact_00000000000000000000000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().parse::<UserId>().is_err());
        assert!("contact_7".parse::<ContactId>().is_err());
        assert!("contact_0000000000000000000000000000000g".parse::<ContactId>().is_err());
    }
}
