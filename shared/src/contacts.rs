//! People as the screens show them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    channels::Medium,
    ids::{CompanyId, ContactId, ConversationId, IdentityId},
};

/// The kind of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// A phone number, in its canonical form.
    Phone,
    /// Meta's business-scoped user id.
    Bsuid,
    /// The same, of a parent business.
    ParentBsuid,
    /// A linked device's opaque id.
    Lid,
    /// A name chosen on the medium; shown, never the only key of a person.
    Username,
    /// An e-mail address.
    Email,
}
crate::stored!(AddressKind);

impl AddressKind {
    /// The word in tables, claims and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Bsuid => "bsuid",
            Self::ParentBsuid => "parent_bsuid",
            Self::Lid => "lid",
            Self::Username => "username",
            Self::Email => "email",
        }
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Contact {
    /// Which.
    pub id: ContactId,
    /// The name to show: given by an operator, else by the person's profile, else an address.
    pub name: String,
    /// Her addresses, also those of contacts merged into this one.
    pub identities: Vec<Identity>,
    /// Contacts merged into this one, which can be un-merged.
    pub merged: Vec<ContactId>,
    /// Set when this contact was merged into another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<ContactId>,
    /// Her threads.
    pub conversations: Vec<ConversationId>,
    /// Erased: nothing personal is left.
    pub is_erased: bool,
    /// Since when she is known.
    pub created_at: DateTime<Utc>,
    /// The version, for `If-Match`.
    pub version: i64,
}

/// An address of a person on a medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Identity {
    /// Which.
    pub id: IdentityId,
    /// The contact that owns it.
    pub contact: ContactId,
    /// The medium.
    pub medium: Medium,
    /// What kind of address.
    pub kind: AddressKind,
    /// The address, as people write it.
    pub address: String,
    /// Replaced by another one since.
    pub is_former: bool,
}

/// `POST /api/v1/contacts/{id}/name`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NameContact {
    /// The new name.
    pub name: String,
}

/// `POST /api/v1/contacts/{id}/merge`: this contact becomes part of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MergeContact {
    /// The contact that stays.
    pub into: ContactId,
}

/// `POST /api/v1/contacts/{id}/erase`: everything personal about a person goes, for ever.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EraseContact {
    /// Her name as it is shown, or the contact's id: typed, so that nobody does it by a slip.
    pub confirm: String,
}

/// The certificate of an erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Erasure {
    /// The contacts that were one person.
    pub contacts: Vec<ContactId>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// Since when this installation shows nothing of her; absent while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
    /// When the last backup is gone from which she could be brought back.
    pub backups_until: DateTime<Utc>,
    /// What was signed; absent as long as the keys are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ErasureProof>,
}

/// The signed record of what was destroyed (ed25519). It names keys, and nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ErasureProof {
    /// The text that was signed.
    pub record: String,
    /// The public key, base64.
    pub public: String,
    /// The signature, base64.
    pub signature: String,
}

/// Who read something of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Reading {
    /// The person or program that read.
    pub reader: String,
    /// The company in whose place the reader acted, when the platform's staff did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting_for: Option<CompanyId>,
    /// The record that was read.
    pub contact: ContactId,
    /// By which way.
    pub what: ReadWhat,
    /// When, the first time within ten minutes.
    pub at: DateTime<Utc>,
}

/// What of a person was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReadWhat {
    /// Her name and addresses.
    Contact,
    /// What was said with her.
    Messages,
    /// A file of hers.
    File,
}

impl ReadWhat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Messages, Self::File];

    /// The word in tables and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Messages => "messages",
            Self::File => "file",
        }
    }

    /// By its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.as_str() == word)
    }
}
