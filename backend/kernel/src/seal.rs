//! AES-256-GCM, and where a sealed value lives.

use aes_gcm::{
    Aes256Gcm, Key,
    aead::{Aead as _, Generate as _, KeyInit as _, Nonce, Payload},
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use serde::{Serialize, de::DeserializeOwned};
use shared::stored::{KeyClass, Sealed};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    plant::{Plant, planted},
};

/// The length of a nonce in front of its ciphertext.
const NONCE: usize = 12;

/// Where a sealed value lives. It opens nowhere else, so a value cannot be moved to another field,
/// event or company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose.
    pub company: Uuid,
    /// The type of the event that holds it.
    pub event_type: &'static str,
    /// The field.
    pub field: &'static str,
}

impl Place {
    /// What a ciphertext is bound to: place, subject, class, period and version.
    fn bound(&self, subject: Uuid, class: KeyClass, period: i32, version: i16) -> Vec<u8> {
        if planted(Plant::AnyPlace) {
            return Vec::new();
        }
        let mut bytes = Vec::with_capacity(96);
        bytes.extend_from_slice(self.company.as_bytes());
        bytes.extend_from_slice(subject.as_bytes());
        bytes.extend_from_slice(&period.to_be_bytes());
        bytes.extend_from_slice(&version.to_be_bytes());
        for text in [class.as_str(), self.event_type, self.field] {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
        }
        bytes
    }
}

/// What a sealed value turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened<T> {
    /// The value.
    Value(T),
    /// Its key was destroyed.
    Erased,
}

impl<T> Opened<T> {
    /// The value, if it was not erased.
    #[must_use]
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Erased => None,
        }
    }
}

/// Which key of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId {
    /// Whose.
    pub company: Uuid,
    /// The subject.
    pub subject: Uuid,
    /// The class.
    pub class: KeyClass,
    /// The period of the class.
    pub period: i32,
}

impl KeyId {
    /// The key that a value was sealed with.
    #[must_use]
    pub const fn of<T>(company: Uuid, sealed: &Sealed<T>) -> Self {
        Self { company, subject: sealed.subject, class: sealed.class, period: sealed.period }
    }
}

/// Seals a value under a key.
pub(crate) fn seal<T: Serialize>(
    key: &[u8; 32],
    id: KeyId,
    place: &Place,
    version: i16,
    value: &T,
) -> Result<Sealed<T>> {
    let plain = serde_json::to_vec(value).map_err(|_unserialisable| Error::Seal)?;
    let bound = place.bound(id.subject, id.class, id.period, version);
    let bytes = encrypt(key, &bound, &plain).ok_or(Error::Seal)?;
    Ok(Sealed::new(id.subject, id.class, id.period, version, BASE64.encode(bytes)))
}

/// Opens a value with its key.
pub(crate) fn open<T: DeserializeOwned>(
    key: &[u8; 32],
    place: &Place,
    sealed: &Sealed<T>,
) -> Result<T> {
    let bytes = BASE64.decode(&sealed.data).map_err(|_not_base64| Error::Seal)?;
    let bound = place.bound(sealed.subject, sealed.class, sealed.period, sealed.version);
    let plain = decrypt(key, &bound, &bytes).ok_or(Error::Seal)?;
    serde_json::from_slice(&plain).map_err(|_other_shape| Error::Seal)
}

/// Encrypts with a fresh random nonce, which is put in front.
pub(crate) fn encrypt(key: &[u8; 32], bound_to: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
    let nonce = Nonce::<Aes256Gcm>::try_generate().ok()?;
    let ciphertext = cipher.encrypt(&nonce, Payload { msg: plain, aad: bound_to }).ok()?;
    Some([nonce.as_slice(), &ciphertext].concat())
}

/// Decrypts what [`encrypt`] made; `None` if the key, the place or a byte differs.
pub(crate) fn decrypt(key: &[u8; 32], bound_to: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE)?;
    let nonce = Nonce::<Aes256Gcm>::try_from(nonce).ok()?;
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key))
        .decrypt(&nonce, Payload { msg: ciphertext, aad: bound_to })
        .ok()
}

/// A fresh key.
pub(crate) fn new_key() -> Option<[u8; 32]> {
    Some(Key::<Aes256Gcm>::try_generate().ok()?.into())
}
