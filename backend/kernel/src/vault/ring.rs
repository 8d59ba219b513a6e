//! The ring of key-encryption keys (D28): ids, and which one wraps from now on.
//!
//! As text, one key a line: `<id> <32 bytes in base64>`; the first line is the current key, lines
//! that begin with `#` are remarks.

use std::{
    collections::BTreeMap, fmt, io::Read as _, os::unix::fs::PermissionsExt as _, path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    seal::{decrypt, encrypt, new_key},
};

type Key = Zeroizing<[u8; 32]>;

/// The key-encryption keys by id. They never enter the database.
#[derive(Clone)]
pub struct KekRing {
    current: String,
    keys: BTreeMap<String, Key>,
}

impl fmt::Debug for KekRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KekRing").field("current", &self.current).finish_non_exhaustive()
    }
}

impl KekRing {
    /// A ring; the current key must be one of its keys.
    pub fn new(current: &str, keys: impl IntoIterator<Item = (String, [u8; 32])>) -> Result<Self> {
        let keys: BTreeMap<_, _> =
            keys.into_iter().map(|(id, key)| (id, Zeroizing::new(key))).collect();
        if !keys.contains_key(current) {
            return Err(Error::Keys("the current key is missing"));
        }
        Ok(Self { current: current.to_owned(), keys })
    }

    /// Reads a ring from its text form.
    pub fn from_text(text: &str) -> Result<Self> {
        let mut current = None;
        let mut keys = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line.starts_with('#') {
                continue;
            }
            let (id, key) = line
                .split_once(char::is_whitespace)
                .ok_or(Error::Keys("a line is `<id> <key>`"))?;
            let bytes = Zeroizing::new(
                BASE64
                    .decode(key.trim())
                    .map_err(|_not_base64| Error::Keys("a key is not base64"))?,
            );
            let key: [u8; 32] = bytes
                .as_slice()
                .try_into()
                .map_err(|_wrong_length| Error::Keys("a key has 32 bytes"))?;
            current.get_or_insert_with(|| id.to_owned());
            if keys.insert(id.to_owned(), Zeroizing::new(key)).is_some() {
                return Err(Error::Keys("an id stands there twice"));
            }
        }
        let current = current.ok_or(Error::Keys("the ring is empty"))?;
        Ok(Self { current, keys })
    }

    /// Reads a ring from a file that nobody but its owner may read.
    pub fn from_file(path: &Path) -> Result<Self> {
        let mut file = std::fs::File::open(path)
            .map_err(|_unreadable| Error::Keys("the file cannot be read"))?;
        let meta = file.metadata().map_err(|_unreadable| Error::Keys("the file cannot be read"))?;
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(Error::Keys("the file may be read by others; its mode must be 0600"));
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text)
            .map_err(|_unreadable| Error::Keys("the file cannot be read"))?;
        Self::from_text(&text)
    }

    /// The text of a ring with one fresh key. For a database without data only: see
    /// [`super::Vault::has_data`].
    pub fn generate(id: &str) -> Result<Zeroizing<String>> {
        let key = Zeroizing::new(new_key().ok_or(Error::Seal)?);
        Ok(Zeroizing::new(format!("{id} {}\n", BASE64.encode(key.as_slice()))))
    }

    /// The id of the key that wraps from now on.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.current
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// What the key answers when it is asked whether it is the right one.
    pub(crate) fn check_value(&self, id: &str) -> Option<Vec<u8>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.keys.get(id)?.as_slice()).ok()?;
        mac.update(b"masteria key check 1");
        Some(mac.finalize().into_bytes().to_vec())
    }

    /// Encrypts under the current key.
    pub(crate) fn wrap(&self, bound_to: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let kek = self.keys.get(&self.current).ok_or(Error::Seal)?;
        encrypt(kek, bound_to, plain).ok_or(Error::Seal)
    }

    /// Decrypts what [`KekRing::wrap`] made under the key `kek`.
    pub(crate) fn unwrap(&self, kek: &str, bound_to: &[u8], wrapped: &[u8]) -> Result<Vec<u8>> {
        let kek = self.keys.get(kek).ok_or(Error::Seal)?;
        decrypt(kek, bound_to, wrapped).ok_or(Error::Seal)
    }

    /// The same for a key.
    pub(crate) fn unwrap_key(&self, kek: &str, bound_to: &[u8], wrapped: &[u8]) -> Result<Key> {
        let bytes = Zeroizing::new(self.unwrap(kek, bound_to, wrapped)?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_wrong_length| Error::Seal)?;
        Ok(Zeroizing::new(key))
    }
}

#[cfg(test)]
mod tests {
    use super::KekRing;

    #[test]
    fn d28_a_ring_comes_back_from_its_text_and_nonsense_is_refused() {
        let (new, old) = (KekRing::generate("new").unwrap(), KekRing::generate("old").unwrap());
        let ring = KekRing::from_text(&format!("# remark\n{}\n{}", *new, *old)).unwrap();
        assert_eq!(ring.current(), "new");
        assert_eq!(ring.ids().count(), 2);
        for wrong in ["", "a", "a b", "a AAAA", &format!("{}{}", *new, *new)] {
            assert!(KekRing::from_text(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn d28_a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), KekRing::generate("k").unwrap().as_bytes()).unwrap();
        let mode = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(file.path(), mode(0o600)).unwrap();
        assert!(KekRing::from_file(file.path()).is_ok());
        std::fs::set_permissions(file.path(), mode(0o640)).unwrap();
        assert!(KekRing::from_file(file.path()).is_err());
    }
}
