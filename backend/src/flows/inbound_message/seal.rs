//! Sealing with the keys of a batch at hand.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contacts::contact::{IDENTITY, NAME, address_text};
use kernel::{
    digest::ParseError,
    error::Error,
    vault::{Keys, Place, Wanted},
};
use serde::Serialize;
use shared::stored::{KeyClass, Mac, Sealed};
use uuid::Uuid;

use super::{addresses::mac, keyed::Keyed};

/// Seals for the contacts of one company, with keys that were fetched for the batch.
#[derive(Clone)]
pub(super) struct Sealer {
    /// The keys; without them (in tests of decisions) a value is written as it is.
    pub(super) keys: Option<Arc<Keys>>,
    pub(super) company: Uuid,
    /// The time that says which period's key is used.
    pub(super) at: DateTime<Utc>,
}

impl Sealer {
    /// Seals a name or an address.
    pub(super) fn identity<T: Serialize>(
        &self,
        event_type: &'static str,
        field: &'static str,
        contact: Uuid,
        value: &T,
    ) -> Result<Sealed<T>, ParseError> {
        self.seal(event_type, field, contact, KeyClass::Identity, value)
    }

    /// Seals what was said.
    pub(super) fn content<T: Serialize>(
        &self,
        event_type: &'static str,
        field: &'static str,
        contact: Uuid,
        value: &T,
    ) -> Result<Sealed<T>, ParseError> {
        self.seal(event_type, field, contact, KeyClass::Content, value)
    }

    /// The digest of an address under a contact's own key; none when that was destroyed.
    pub(super) fn address(&self, contact: Uuid, known: &Keyed) -> Option<Mac> {
        let text = address_text(known.address.kind, &known.address.canonical);
        self.digest(contact, IDENTITY, &text, || mac(&known.identity))
    }

    /// The digest of a name under a contact's own key; none when that was destroyed.
    pub(super) fn name(&self, contact: Uuid, name: &str) -> Option<Mac> {
        self.digest(contact, NAME, name, || Mac(name.to_owned()))
    }

    fn digest(
        &self,
        contact: Uuid,
        kind: &str,
        text: &str,
        without_keys: impl FnOnce() -> Mac,
    ) -> Option<Mac> {
        let Some(keys) = &self.keys else { return Some(without_keys()) };
        let (company, class, at) = (self.company, KeyClass::Identity, self.at);
        let wanted = Wanted { company, subject: contact, class, at };
        keys.digest(wanted, kind, text.as_bytes()).ok().map(|digest| mac(&digest))
    }

    fn seal<T: Serialize>(
        &self,
        event_type: &'static str,
        field: &'static str,
        contact: Uuid,
        class: KeyClass,
        value: &T,
    ) -> Result<Sealed<T>, ParseError> {
        let place = Place { company: self.company, event_type, field };
        let Some(keys) = &self.keys else { return unsealed(contact, class, value) };
        keys.seal(place, contact, class, self.at, value).map_err(|error| match error {
            Error::Erased => ParseError("erased"),
            _ => ParseError("not_sealable"),
        })
    }
}

#[cfg(test)]
fn unsealed<T: Serialize>(
    contact: Uuid,
    class: KeyClass,
    value: &T,
) -> Result<Sealed<T>, ParseError> {
    let text = serde_json::to_string(value).map_err(|_error| ParseError("not_sealable"))?;
    Ok(Sealed::new(contact, class, 0, 1, text))
}

#[cfg(not(test))]
const fn unsealed<T>(_: Uuid, _: KeyClass, _: &T) -> Result<Sealed<T>, ParseError> {
    Err(ParseError("not_sealable"))
}
