//! People as the screens show them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    channels::Medium,
    ids::{ContactId, ConversationId, IdentityId},
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
