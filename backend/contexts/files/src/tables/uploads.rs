//! What the provider calls our files, and until when (CH20).

use chrono::{DateTime, Utc};
use kernel::db;
use sqlx::PgPool;
use uuid::Uuid;

/// The provider's id of a file on a number, while it is good.
///
/// # Errors
/// If Postgres fails.
pub async fn known(
    pool: &PgPool,
    (company, file, channel): (Uuid, Uuid, Uuid),
    now: DateTime<Utc>,
) -> sqlx::Result<Option<String>> {
    let mut tx = db::working(pool).await?;
    sqlx::query_scalar(
        "select media_id
         from files.uploads
         where company_id = $1 and file_id = $2 and channel_id = $3 and expires_at > $4",
    )
    .bind(company)
    .bind(file)
    .bind(channel)
    .bind(now)
    .fetch_optional(&mut *tx)
    .await
}

/// Keeps the provider's id.
///
/// # Errors
/// If Postgres fails.
pub async fn keep(
    pool: &PgPool,
    (company, file, channel): (Uuid, Uuid, Uuid),
    media_id: &str,
    until: DateTime<Utc>,
) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, company).await?;
    sqlx::query(
        "insert into files.uploads (company_id, file_id, channel_id, media_id, expires_at)
         values ($1, $2, $3, $4, $5)
         on conflict (company_id, file_id, channel_id) do update
         set media_id = excluded.media_id, expires_at = excluded.expires_at",
    )
    .bind(company)
    .bind(file)
    .bind(channel)
    .bind(media_id)
    .bind(until)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
