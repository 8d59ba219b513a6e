//! Key-encryption keys, and keys wrapped by them.

use std::{collections::HashMap, sync::Arc};

use crate::{
    db::Pools,
    error::{Error, Result},
    ids::Ground,
    seal::{decrypt, encrypt},
};

/// The key-encryption keys by id; new keys are wrapped with the current one.
#[derive(Clone)]
pub struct KekRing {
    current: String,
    keys: Arc<HashMap<String, [u8; 32]>>,
}

impl KekRing {
    /// A ring; the current key must be one of its keys.
    pub fn new(current: &str, keys: impl IntoIterator<Item = (String, [u8; 32])>) -> Result<Self> {
        let keys: HashMap<_, _> = keys.into_iter().collect();
        if !keys.contains_key(current) {
            return Err(Error::Keys("the current key is missing"));
        }
        Ok(Self { current: current.to_owned(), keys: Arc::new(keys) })
    }
}

/// The door to the keys.
#[derive(Clone)]
pub struct Vault {
    ring: KekRing,
}

impl Vault {
    /// Opens the vault.
    #[must_use]
    pub fn open(_pools: &Pools, ring: KekRing, _ground: Ground) -> Self {
        Self { ring }
    }

    /// Wraps a key with the current key-encryption key, whose id comes with it.
    pub(crate) fn wrap(&self, bound_to: &[u8], key: &[u8; 32]) -> Result<(String, Vec<u8>)> {
        let kek = self.ring.keys.get(&self.ring.current).ok_or(Error::Seal)?;
        let wrapped = encrypt(kek, bound_to, key).ok_or(Error::Seal)?;
        Ok((self.ring.current.clone(), wrapped))
    }

    /// Unwraps a key.
    pub(crate) fn unwrap(&self, kek: &str, bound_to: &[u8], wrapped: &[u8]) -> Result<[u8; 32]> {
        let kek = self.ring.keys.get(kek).ok_or(Error::Seal)?;
        decrypt(kek, bound_to, wrapped).and_then(|key| key.try_into().ok()).ok_or(Error::Seal)
    }
}
