//! Keys of callback addresses. A key is 32 random bytes; only its hash is kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use kernel::db;
use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

/// How long an old key is accepted beside the new one.
pub const OVERLAP: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// A key as it stands in the address: shown once.
#[derive(Clone)]
pub struct HookKey(String);

impl HookKey {
    /// A new one; `None` when the machine has no randomness.
    #[must_use]
    pub fn random() -> Option<Self> {
        let mut bytes = [0; 32];
        SysRng.try_fill_bytes(&mut bytes).ok()?;
        Some(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// One that was given, for demos and load.
    #[must_use]
    pub const fn given(text: String) -> Self {
        Self(text)
    }

    /// As it stands in the address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }

    /// What the provider says in its handshake: of the key, so that it need not be kept.
    #[must_use]
    pub fn verify_token(&self) -> String {
        verify_token(&self.0)
    }
}

/// The hash of a key.
#[must_use]
pub fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The token of a key's handshake.
#[must_use]
pub fn verify_token(key: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("verify\n{key}").as_bytes()).into();
    hex::encode(digest.iter().take(16).copied().collect::<Vec<_>>())
}

/// Makes a key lead to a channel.
///
/// # Errors
/// If Postgres fails.
pub async fn add(
    pool: &PgPool,
    company: Uuid,
    channel: Uuid,
    key: &HookKey,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, company).await?;
    sqlx::query(
        "insert into channels.hooks (company_id, key_hash, channel_id, created_at)
         values ($1, $2, $3, $4)
         on conflict do nothing",
    )
    .bind(company)
    .bind(key.hash().as_slice())
    .bind(channel)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Adds a new key and lets the older ones end.
///
/// # Errors
/// If Postgres fails.
pub async fn rotate(
    pool: &PgPool,
    company: Uuid,
    channel: Uuid,
    key: &HookKey,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, company).await?;
    sqlx::query(
        "update channels.hooks
         set until = least(coalesce(until, $4), $4)
         where company_id = $1 and channel_id = $2 and key_hash <> $3",
    )
    .bind(company)
    .bind(channel)
    .bind(key.hash().as_slice())
    .bind(now + OVERLAP)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into channels.hooks (company_id, key_hash, channel_id, created_at)
         values ($1, $2, $3, $4)
         on conflict do nothing",
    )
    .bind(company)
    .bind(key.hash().as_slice())
    .bind(channel)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Where a key leads: company, channel, until when.
///
/// # Errors
/// If Postgres fails.
pub async fn find(
    pool: &PgPool,
    key_hash: [u8; 32],
) -> sqlx::Result<Option<(Uuid, Uuid, Option<DateTime<Utc>>)>> {
    let mut tx = db::working(pool).await?;
    sqlx::query_as(
        "select company_id, channel_id, until
         from channels.hooks
         where key_hash = $1",
    )
    .bind(key_hash.as_slice())
    .fetch_optional(&mut *tx)
    .await
}

/// Takes all keys of a channel away.
///
/// # Errors
/// If Postgres fails.
pub async fn remove_all(pool: &PgPool, company: Uuid, channel: Uuid) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, company).await?;
    sqlx::query("delete from channels.hooks where company_id = $1 and channel_id = $2")
        .bind(company)
        .bind(channel)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::{HookKey, hash, verify_token};

    #[test]
    fn a_key_is_256_random_bits_and_only_its_hash_is_kept() {
        let (one, other) = (HookKey::random().unwrap(), HookKey::random().unwrap());
        assert_eq!(one.as_str().len(), 43);
        assert_ne!(one.as_str(), other.as_str());
        assert_eq!(one.hash(), hash(one.as_str()));
        assert_eq!(one.verify_token(), verify_token(one.as_str()));
        assert_ne!(one.verify_token(), other.verify_token());
    }
}
