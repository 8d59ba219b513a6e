//! A contact: names, addresses, merges. Everything personal comes sealed.
//!
//! **Invariants.** A contact is made once. An address that was added stays; one that is replaced is
//! former. A contact that was merged is shown under another one until that is undone; nobody is
//! merged into herself, into somebody who is merged, or while others are merged into her. What is
//! known already is no event.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use events::contacts::{Address, ContactEvent, NameOrigin, Source};
use kernel::decider::{Decider, Rejection};
use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::{ContactId, IdentityId},
    problem::Kind,
    stored::{ConfigText, Mac, Sealed},
};

/// The kind of claim under which an address leads to the contact that owns it.
pub const IDENTITY: &str = "contacts.identity";
/// The kind of digest by which the same name is known again.
pub const NAME: &str = "contacts.name";

/// The decider of the stream `contact`.
#[derive(Clone, Copy, Debug)]
pub struct Contact;

/// What the digest of an address is made of, under its holder's key.
#[must_use]
pub fn address_text(kind: AddressKind, canonical: &str) -> String {
    format!("{}\u{1f}{canonical}", kind.as_str())
}

/// What decisions need to remember.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Whether she exists.
    pub is_known: bool,
    /// Everything personal is gone.
    pub is_erased: bool,
    /// The digest of the name in her profile.
    pub profile: Option<Mac>,
    /// The digest of the name that an operator gave.
    pub given: Option<Mac>,
    /// Her addresses.
    pub identities: BTreeMap<IdentityId, Known>,
    /// The contact that she is shown under.
    pub merged_into: Option<ContactId>,
    /// The contacts that are shown under her.
    pub absorbed: BTreeSet<ContactId>,
}

/// An address that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What kind.
    pub kind: AddressKind,
    /// The medium.
    pub medium: Medium,
    /// The digest of its canonical form under her own key.
    pub key: Option<Mac>,
    /// Another one took its place.
    pub is_former: bool,
}

/// What may be asked of a contact.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// She becomes known.
    Create(Source),
    /// She has a name.
    Name(Name),
    /// She has an address.
    AddIdentity(NewIdentity),
    /// An address is hers no longer; another one of hers took its place.
    Replace {
        /// The old one.
        identity: IdentityId,
        /// The new one.
        by: IdentityId,
    },
    /// She is the same person as another contact, whose state is given.
    Merge {
        /// The contact that stays.
        into: ContactId,
    },
    /// Another contact is shown under her from now on.
    Absorb {
        /// Which.
        contact: ContactId,
    },
    /// The merge was a mistake.
    Unmerge,
    /// A contact is no longer shown under her.
    Release {
        /// Which.
        contact: ContactId,
    },
    /// Everything personal goes.
    Erase,
}

/// A name and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name.
    pub name: Sealed<String>,
    /// Its digest, by which the same name is known again.
    pub digest: Mac,
    /// Where it comes from.
    pub origin: NameOrigin,
}

/// An address.
#[derive(Clone, Debug, PartialEq)]
pub struct NewIdentity {
    /// Its id.
    pub identity: IdentityId,
    /// The medium.
    pub medium: Medium,
    /// What kind.
    pub kind: AddressKind,
    /// The digest of its canonical form under her own key.
    pub key: Mac,
    /// The address.
    pub address: Sealed<Address>,
    /// The country of a phone number.
    pub country: Option<ConfigText>,
    /// The area code of a phone number.
    pub area: Option<ConfigText>,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Not there.
    #[error("the contact does not exist")]
    Missing,
    /// Everything personal is gone.
    #[error("the contact was erased")]
    Erased,
    /// An address that is not hers.
    #[error("the address is not this contact's")]
    NotHers,
    /// Into herself.
    #[error("a contact cannot be merged into itself")]
    Itself,
    /// Already merged.
    #[error("the contact is merged into another one")]
    Merged,
    /// Others are merged into her.
    #[error("other contacts are merged into this one")]
    HasMerged,
    /// Not merged.
    #[error("the contact is not merged")]
    NotMerged,
}

impl Rejection for ContactError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::Itself => Kind::Invalid,
            _ => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "contact_missing",
            Self::Erased => "contact_erased",
            Self::NotHers => "identity_missing",
            Self::Itself => "merge_itself",
            Self::Merged => "contact_merged",
            Self::HasMerged => "contact_has_merged",
            Self::NotMerged => "contact_not_merged",
        }
    }
}

impl Decider for Contact {
    const STREAM: &'static str = "contact";
    type State = State;
    type Command = Command;
    type Event = ContactEvent;
    type Facts = ();
    type Rejection = ContactError;

    fn decide(
        state: &State,
        command: &Command,
        (): &(),
    ) -> Result<Vec<ContactEvent>, ContactError> {
        if let Command::Create(source) = command {
            let event = ContactEvent::Created { source: *source };
            return Ok(if state.is_known { vec![] } else { vec![event] });
        }
        if !state.is_known {
            return Err(ContactError::Missing);
        }
        if state.is_erased && !matches!(command, Command::Erase) {
            return Err(ContactError::Erased);
        }
        match command {
            Command::Create(_) => Ok(vec![]),
            Command::Name(name) => Ok(state.name(name)),
            Command::AddIdentity(new) => Ok(state.add(new)),
            Command::Replace { identity, by } => state.replace(*identity, *by),
            Command::Merge { .. }
            | Command::Absorb { .. }
            | Command::Unmerge
            | Command::Release { .. } => state.merge(command),
            Command::Erase if state.is_erased => Ok(vec![]),
            Command::Erase => Ok(vec![ContactEvent::Erased {}]),
        }
    }

    fn evolve(mut state: State, event: &ContactEvent) -> State {
        match event {
            ContactEvent::Created { .. } => state.is_known = true,
            ContactEvent::Named { origin, digest, .. } => match origin {
                NameOrigin::Profile => state.profile.clone_from(digest),
                NameOrigin::Operator => state.given.clone_from(digest),
            },
            ContactEvent::IdentityAdded { identity, medium, kind, key, .. } => {
                let (kind, medium, key) = (*kind, *medium, key.clone());
                let known = Known { kind, medium, key, is_former: false };
                state.identities.insert(*identity, known);
            }
            ContactEvent::IdentityReplaced { identity, .. } => {
                if let Some(known) = state.identities.get_mut(identity) {
                    known.is_former = true;
                }
            }
            ContactEvent::Merged { into } => state.merged_into = Some(*into),
            ContactEvent::Unmerged { .. } => state.merged_into = None,
            ContactEvent::Absorbed { contact } => {
                state.absorbed.insert(*contact);
            }
            ContactEvent::Released { contact } => {
                state.absorbed.remove(contact);
            }
            ContactEvent::Erased {} => state.is_erased = true,
        }
        state
    }
}

impl State {
    fn name(&self, new: &Name) -> Vec<ContactEvent> {
        let known = match new.origin {
            NameOrigin::Profile => &self.profile,
            NameOrigin::Operator => &self.given,
        };
        if known.as_ref() == Some(&new.digest) {
            return vec![];
        }
        let (name, digest) = (new.name.clone(), Some(new.digest.clone()));
        vec![ContactEvent::Named { name, origin: new.origin, digest }]
    }

    /// The address with this digest, if it is hers and current.
    #[must_use]
    pub fn current(&self, key: &Mac) -> Option<IdentityId> {
        let mut known = self.identities.iter();
        known
            .find(|(_, known)| !known.is_former && known.key.as_ref() == Some(key))
            .map(|(id, _)| *id)
    }

    fn add(&self, new: &NewIdentity) -> Vec<ContactEvent> {
        if self.current(&new.key).is_some() {
            return vec![];
        }
        vec![ContactEvent::IdentityAdded {
            identity: new.identity,
            medium: new.medium,
            kind: new.kind,
            address: new.address.clone(),
            key: Some(new.key.clone()),
            country: new.country.clone(),
            area: new.area.clone(),
        }]
    }

    fn replace(
        &self,
        identity: IdentityId,
        by: IdentityId,
    ) -> Result<Vec<ContactEvent>, ContactError> {
        let old = self.identities.get(&identity).ok_or(ContactError::NotHers)?;
        self.identities.get(&by).ok_or(ContactError::NotHers)?;
        if old.is_former || identity == by {
            return Ok(vec![]);
        }
        Ok(vec![ContactEvent::IdentityReplaced { identity, by }])
    }

    fn merge(&self, command: &Command) -> Result<Vec<ContactEvent>, ContactError> {
        match command {
            Command::Merge { into } => match self.merged_into {
                Some(known) if known == *into => Ok(vec![]),
                Some(_) => Err(ContactError::Merged),
                None if !self.absorbed.is_empty() => Err(ContactError::HasMerged),
                None => Ok(vec![ContactEvent::Merged { into: *into }]),
            },
            Command::Absorb { contact } => {
                if self.absorbed.contains(contact) {
                    return Ok(vec![]);
                }
                if self.merged_into.is_some() {
                    return Err(ContactError::Merged);
                }
                Ok(vec![ContactEvent::Absorbed { contact: *contact }])
            }
            Command::Unmerge => {
                let from = self.merged_into.ok_or(ContactError::NotMerged)?;
                Ok(vec![ContactEvent::Unmerged { from }])
            }
            Command::Release { contact } => {
                let event = ContactEvent::Released { contact: *contact };
                Ok(if self.absorbed.contains(contact) { vec![event] } else { vec![] })
            }
            _ => Ok(vec![]),
        }
    }
}
