//! AES-256-GCM with a fresh random nonce in front of the ciphertext.

use aes_gcm::{
    Aes256Gcm, Key,
    aead::{Aead as _, Generate as _, KeyInit as _, Nonce, Payload},
};

/// The length of a nonce.
const NONCE: usize = 12;

/// Encrypts, bound to a place.
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
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
    cipher.decrypt(&nonce, Payload { msg: ciphertext, aad: bound_to }).ok()
}

/// A fresh key.
pub(crate) fn new_key() -> Option<[u8; 32]> {
    Some(Key::<Aes256Gcm>::try_generate().ok()?.into())
}
