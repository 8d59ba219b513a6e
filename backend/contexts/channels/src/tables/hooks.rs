//! Keys of callback addresses: 256 bits out of the company's index key, so that only a hash is kept
//! and the address can still be told to the provider again.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use kernel::{db, vault::IndexKey};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

/// How long an old key is accepted beside the new one.
pub const OVERLAP: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// A key as it stands in the address.
#[derive(Clone)]
pub struct HookKey(String);

impl HookKey {
    /// The key of a channel in a generation.
    #[must_use]
    pub fn of(index: &IndexKey, channel: Uuid, generation: i32) -> Self {
        let name = format!("{}.{generation}", channel.simple());
        let halves = ["channels.hook.1", "channels.hook.2"].map(|half| index.blind(half, &name));
        Self(URL_SAFE_NO_PAD.encode(halves.as_flattened()))
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

/// Makes a key lead to a channel; older ones end after [`OVERLAP`].
///
/// # Errors
/// If Postgres fails.
pub async fn add(
    pool: &PgPool,
    company: Uuid,
    channel: Uuid,
    (key, generation): (&HookKey, i32),
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
        "insert into channels.hooks (company_id, key_hash, channel_id, generation, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict do nothing",
    )
    .bind(company)
    .bind(key.hash().as_slice())
    .bind(channel)
    .bind(generation)
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

/// The newest generation of a channel's keys.
///
/// # Errors
/// If Postgres fails.
pub async fn generation(pool: &PgPool, company: Uuid, channel: Uuid) -> sqlx::Result<Option<i32>> {
    let mut tx = db::working(pool).await?;
    sqlx::query_scalar(
        "select max(generation)
         from channels.hooks
         where company_id = $1 and channel_id = $2",
    )
    .bind(company)
    .bind(channel)
    .fetch_one(&mut *tx)
    .await
}

/// The company whose channel it is, as long as it is connected.
///
/// # Errors
/// If Postgres fails.
pub async fn company_of(pool: &PgPool, channel: Uuid) -> sqlx::Result<Option<Uuid>> {
    let mut tx = db::working(pool).await?;
    sqlx::query_scalar("select company_id from channels.hooks where channel_id = $1 limit 1")
        .bind(channel)
        .fetch_optional(&mut *tx)
        .await
}
