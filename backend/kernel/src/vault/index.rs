//! The index key of a company (D1): what must be found again by content, without the content.

use std::{fmt, sync::Arc};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// A company's index key. It never rotates and goes with the company.
#[derive(Clone)]
pub struct IndexKey(Arc<Zeroizing<[u8; 32]>>);

impl fmt::Debug for IndexKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IndexKey")
    }
}

impl IndexKey {
    pub(crate) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(Arc::new(key))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The blind index of a canonical value: equal values of one kind have equal keys, and nobody
    /// without the company's index key can tell or try.
    #[must_use]
    pub fn blind(&self, kind: &str, canonical: &str) -> [u8; 16] {
        let digest = self.mac(kind, &[canonical.as_bytes()]);
        let (half, _) = digest.split_at(16);
        half.try_into().unwrap_or_default()
    }

    /// The id of something by its content: `time_ms` of a time that belongs to the content, the rest
    /// from the keyed digest (UUID v8).
    #[must_use]
    pub fn id(&self, time_ms: u64, kind: &str, parts: &[&[u8]]) -> Uuid {
        let digest = self.mac(kind, parts);
        let mut bytes = [0; 16];
        let time = time_ms.to_be_bytes();
        let source = time.iter().skip(2).chain(digest.iter());
        for (byte, value) in bytes.iter_mut().zip(source) {
            *byte = *value;
        }
        Uuid::new_v8(bytes)
    }

    /// The full keyed digest of something, such as a request.
    #[must_use]
    pub fn mac(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            return [0; 32]; // a key of any length is taken
        };
        for part in std::iter::once(kind.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// For tests with fixed values: a key without a vault.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let key: [u8; 32] = bytes.try_into().map_err(|_wrong_length| Error::Seal)?;
        Ok(Self::new(Zeroizing::new(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::IndexKey;

    #[test]
    fn d1_ids_and_indexes_depend_on_the_key_the_kind_and_every_part() {
        let (one, two) =
            (IndexKey::from_bytes(&[1; 32]).unwrap(), IndexKey::from_bytes(&[2; 32]).unwrap());
        assert_eq!(one.blind("phone", "+5511"), one.blind("phone", "+5511"));
        assert_ne!(one.blind("phone", "+5511"), two.blind("phone", "+5511"));
        assert_ne!(one.blind("phone", "+5511"), one.blind("bsuid", "+5511"));
        assert_ne!(one.id(1, "message", &[b"a", b"bc"]), one.id(1, "message", &[b"ab", b"c"]));
        let id = one.id(0x0192_abcd_ef01, "message", &[b"a"]);
        assert_eq!(id.get_version_num(), 8);
        assert!(id.simple().to_string().starts_with("0192abcdef01"));
    }
}
