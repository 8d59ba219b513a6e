//! Files that are still to be fetched.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A message whose file is missing.
#[derive(Clone, Debug, FromRow)]
pub struct Missing {
    /// Whose.
    pub company_id: Uuid,
    /// The message.
    pub id: Uuid,
    /// The number it came to.
    pub channel_id: Uuid,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// The oldest of all companies, but for those that are being fetched.
///
/// # Errors
/// If Postgres fails.
pub async fn oldest(
    connection: &mut PgConnection,
    but: &[Uuid],
    most: i64,
) -> sqlx::Result<Vec<Missing>> {
    sqlx::query_as(
        "select company_id, id, channel_id, received_at
         from messaging_media.missing
         where id <> all($1)
         order by received_at
         limit $2",
    )
    .bind(but)
    .bind(most)
    .fetch_all(connection)
    .await
}
