//! When the provider was last heard on a channel.

use chrono::{DateTime, Utc};
use kernel::db;
use sqlx::PgPool;
use uuid::Uuid;

/// What was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Signs {
    /// The handshake came and was answered.
    pub handshake_at: Option<DateTime<Utc>>,
    /// A delivery with a good signature was stored.
    pub last_webhook_at: Option<DateTime<Utc>>,
    /// A delivery with a wrong signature was refused.
    pub last_bad_signature_at: Option<DateTime<Utc>>,
}

/// Adds what was heard; each time only goes forward.
///
/// # Errors
/// If Postgres fails.
pub async fn hear(pool: &PgPool, company: Uuid, channel: Uuid, signs: &Signs) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, company).await?;
    sqlx::query(
        "insert into channels.signs as s
           (company_id, channel_id, handshake_at, last_webhook_at, last_bad_signature_at)
         values ($1, $2, $3, $4, $5)
         on conflict (company_id, channel_id) do update
         set handshake_at = greatest(s.handshake_at, excluded.handshake_at),
           last_webhook_at = greatest(s.last_webhook_at, excluded.last_webhook_at),
           last_bad_signature_at =
             greatest(s.last_bad_signature_at, excluded.last_bad_signature_at)",
    )
    .bind(company)
    .bind(channel)
    .bind(signs.handshake_at)
    .bind(signs.last_webhook_at)
    .bind(signs.last_bad_signature_at)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// What was heard so far on a channel, or on another one of its account: the provider delivers all
/// numbers of an account to one address.
///
/// # Errors
/// If Postgres fails.
pub async fn of(pool: &PgPool, company: Uuid, channels: &[Uuid]) -> sqlx::Result<Signs> {
    let mut tx = db::reading_as(pool, company).await?;
    sqlx::query_as(
        "select max(handshake_at) as handshake_at, max(last_webhook_at) as last_webhook_at,
           max(last_bad_signature_at) as last_bad_signature_at
         from channels.signs
         where company_id = $1 and channel_id = any($2)",
    )
    .bind(company)
    .bind(channels)
    .fetch_one(&mut *tx)
    .await
}
