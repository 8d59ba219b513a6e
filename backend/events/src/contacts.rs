//! People. Stream `contact`.

use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::{ContactId, IdentityId},
    stored::{ConfigText, Mac, Sealed},
};

/// How a contact came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// She wrote.
    Inbound,
    /// She was written to by a program or an operator.
    Outbound,
    /// An operator entered her.
    Operator,
}
shared::stored!(Source);

/// Where a name comes from; the higher one is shown.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum NameOrigin {
    /// The person's own profile.
    Profile,
    /// An operator.
    Operator,
}
shared::stored!(NameOrigin);

events! {
    /// The life of a contact. Her id is also the holder of her keys.
    ContactEvent {
        /// She became known.
        Created = "contacts.contact.created" {
            /// How.
            source: Source,
        }
        /// She has a name.
        Named = "contacts.contact.named" {
            /// The name.
            name: Sealed<String>,
            /// Where it comes from.
            origin: NameOrigin,
            /// Its digest under her own key: the same name again is no event.
            #[serde(default)]
            digest: Option<Mac>,
        }
        /// She has an address; its claim is taken in the same commit.
        IdentityAdded = "contacts.contact.identity_added" {
            /// Which.
            identity: IdentityId,
            /// The medium.
            medium: Medium,
            /// What kind of address.
            kind: AddressKind,
            /// The canonical form, and the form as it came.
            address: Sealed<Address>,
            /// The digest of the canonical form under her own key, so that nobody can try after an
            /// erasure (D1). The claim's key is another one.
            #[serde(default)]
            key: Option<Mac>,
            /// The country of a phone number, ISO 3166.
            country: Option<ConfigText>,
            /// The area code of a Brazilian number.
            area: Option<ConfigText>,
        }
        /// An address was replaced by another one of hers; its claim stays.
        IdentityReplaced = "contacts.contact.identity_replaced" {
            /// The old one.
            identity: IdentityId,
            /// The new one.
            by: IdentityId,
        }
        /// She is the same person as another contact, and shown there.
        Merged = "contacts.contact.merged" {
            /// The contact that stays.
            into: ContactId,
        }
        /// The merge was undone.
        Unmerged = "contacts.contact.unmerged" {
            /// The contact she had been merged into.
            from: ContactId,
        }
        /// Another contact was merged into her.
        Absorbed = "contacts.contact.absorbed" {
            /// Which.
            contact: ContactId,
        }
        /// That merge was undone.
        Released = "contacts.contact.released" {
            /// Which.
            contact: ContactId,
        }
        /// Everything personal was erased: the keys are destroyed with this fact.
        Erased = "contacts.contact.erased" {}
    }
}

/// An address, as it is sealed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// What it is looked up by.
    pub canonical: String,
    /// As it came; what is sent to.
    pub written: String,
}
