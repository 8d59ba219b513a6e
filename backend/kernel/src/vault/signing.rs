//! The house's signature (ed25519): under the daily heads of the chains, shreds and exports.

use std::{fmt, sync::Arc};

use ed25519_dalek::{Signer as _, SigningKey, Verifier as _, VerifyingKey};
use uuid::Uuid;

use super::{Vault, bound};
use crate::{
    error::{Error, Result},
    seal::new_key,
};

/// A signature, and by which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The key in `vault.signing_keys`.
    pub key: Uuid,
    /// Its public half.
    pub public: [u8; 32],
    /// The signature.
    pub bytes: [u8; 64],
}

impl Signature {
    /// Whether it is the signature of `message` by the public key it names.
    #[must_use]
    pub fn fits(&self, message: &[u8]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&self.bytes);
        VerifyingKey::from_bytes(&self.public)
            .is_ok_and(|key| key.verify(message, &signature).is_ok())
    }
}

/// A signing key at hand.
#[derive(Clone)]
pub struct Signer {
    id: Uuid,
    key: Arc<SigningKey>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signer({})", self.id)
    }
}

impl Signer {
    /// Signs.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature {
            key: self.id,
            public: self.key.verifying_key().to_bytes(),
            bytes: self.key.sign(message).to_bytes(),
        }
    }
}

impl Vault {
    /// The newest signing key, made at first use.
    pub async fn signer(&self) -> Result<Signer> {
        let newest = || async {
            sqlx::query_as::<_, (Uuid, String, Vec<u8>)>(
                "select id, kek, wrapped from vault.signing_keys order by created_at desc limit 1",
            )
            .fetch_optional(&self.pool)
            .await
        };
        let found = newest().await?;
        let (id, kek, wrapped) = if let Some(row) = found {
            row
        } else {
            self.new_signing_key().await?;
            newest().await?.ok_or(Error::Seal)?
        };
        let seed = self.ring.unwrap_key(&kek, &bound(b"signing", id), &wrapped)?;
        Ok(Signer { id, key: Arc::new(SigningKey::from_bytes(&seed)) })
    }

    /// Makes another signing key; older signatures stay valid.
    pub async fn new_signing_key(&self) -> Result<Uuid> {
        let id = self.ground.ids.v7();
        let seed = zeroize::Zeroizing::new(new_key().ok_or(Error::Seal)?);
        let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        sqlx::query(
            "insert into vault.signing_keys (id, kek, public, wrapped) values ($1, $2, $3, $4)",
        )
        .bind(id)
        .bind(self.ring.current())
        .bind(public.as_slice())
        .bind(self.ring.wrap(&bound(b"signing", id), seed.as_slice())?)
        .execute(&self.pool)
        .await?;
        Ok(id)
    }

    /// The public half of a signing key that this house made.
    pub async fn public_key(&self, id: Uuid) -> Result<Option<[u8; 32]>> {
        let public: Option<Vec<u8>> =
            sqlx::query_scalar("select public from vault.signing_keys where id = $1")
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(public.and_then(|bytes| bytes.try_into().ok()))
    }
}
