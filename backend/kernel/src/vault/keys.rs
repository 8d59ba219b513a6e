//! Keys at hand: sealing and opening without waiting, for pure code.

use std::{collections::HashMap, fmt};

use chrono::{DateTime, Datelike as _, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;
use shared::stored::{KeyClass, Sealed};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    seal::{self, KeyId, Opened, Place},
};

/// A key that somebody wants to seal with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Whose.
    pub company: Uuid,
    /// The subject; the company itself for `origin`.
    pub subject: Uuid,
    /// The class.
    pub class: KeyClass,
    /// A time in the period.
    pub at: DateTime<Utc>,
}

impl Wanted {
    /// Which key that is.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let Self { company, subject, class, at } = *self;
        let period = period(class, at);
        let subject = if class == KeyClass::Origin { company } else { subject };
        KeyId { company, subject, class, period }
    }
}

/// The period of a class that a time belongs to (D3): content by quarter, origin by month.
#[must_use]
pub fn period(class: KeyClass, at: DateTime<Utc>) -> i32 {
    let month = i32::try_from(at.month()).unwrap_or(1);
    match class {
        KeyClass::Identity | KeyClass::Proof => 0,
        KeyClass::Content => at.year() * 10 + (month + 2) / 3,
        KeyClass::Origin => at.year() * 100 + month,
    }
}

/// Keys at hand.
#[derive(Clone, Default)]
pub struct Keys(pub(crate) HashMap<KeyId, Zeroizing<[u8; 32]>>);

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} keys", self.0.len())
    }
}

impl Keys {
    /// Seals a value under a key that was asked for; [`Error::Erased`] if it was destroyed.
    pub fn seal<T: Serialize>(
        &self,
        place: Place,
        subject: Uuid,
        class: KeyClass,
        at: DateTime<Utc>,
        value: &T,
    ) -> Result<Sealed<T>> {
        self.seal_version(place, Wanted { company: place.company, subject, class, at }, 1, value)
    }

    /// The same for a value whose shape has a version other than 1.
    pub fn seal_version<T: Serialize>(
        &self,
        place: Place,
        wanted: Wanted,
        version: i16,
        value: &T,
    ) -> Result<Sealed<T>> {
        let id = wanted.id();
        let key = self.0.get(&id).ok_or(Error::Erased)?;
        seal::seal(key, id, &place, version, value)
    }

    /// A digest of a value under a subject's key: equal values of one subject have equal digests, and
    /// when the key is destroyed nobody can tell or try any more (D1). [`Error::Erased`] if it was.
    pub fn digest(&self, wanted: Wanted, kind: &str, value: &[u8]) -> Result<[u8; 16]> {
        let key = self.0.get(&wanted.id()).ok_or(Error::Erased)?;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(key.as_slice()).map_err(|_length| Error::Seal)?;
        mac.update(b"masteria digest 1\0");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(value);
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        digest.first_chunk().copied().ok_or(Error::Seal)
    }

    /// Opens a value; a key that is not at hand was destroyed, if it was asked for.
    pub fn open<T: DeserializeOwned>(&self, place: Place, sealed: &Sealed<T>) -> Result<Opened<T>> {
        match self.0.get(&KeyId::of(place.company, sealed)) {
            Some(key) => Ok(Opened::Value(seal::open(key, &place, sealed)?)),
            None => Ok(Opened::Erased),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::period;
    use chrono::{DateTime, Utc};
    use shared::stored::KeyClass;

    #[test]
    fn d3_content_goes_by_quarter_and_origin_by_month() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(period(KeyClass::Content, at("2026-12-31T23:59:59Z")), 20_264);
        assert_eq!(period(KeyClass::Content, at("2026-01-01T00:00:00Z")), 20_261);
        assert_eq!(period(KeyClass::Origin, at("2026-04-01T00:00:00Z")), 202_604);
        assert_eq!(period(KeyClass::Identity, at("2026-04-01T00:00:00Z")), 0);
    }
}
