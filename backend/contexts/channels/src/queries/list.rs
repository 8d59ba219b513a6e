//! The company's channels, with what was last heard of them.

use chrono::{DateTime, Utc};
use shared::channels::Channel;
use sqlx::PgConnection;
use uuid::Uuid;

use super::QueryError;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    doc: String,
    last_webhook_at: Option<DateTime<Utc>>,
    last_bad_signature_at: Option<DateTime<Utc>>,
}

/// All channels of the transaction's company, or one of them; the oldest first.
///
/// # Errors
/// If Postgres fails or a row does not load.
pub async fn channels(
    connection: &mut PgConnection,
    only: Option<Uuid>,
) -> Result<Vec<Channel>, QueryError> {
    let rows: Vec<Row> = sqlx::query_as(
        "select c.id, c.doc, s.last_webhook_at, s.last_bad_signature_at
         from channels_list.channels c
         left join channels.signs s on s.company_id = c.company_id and s.channel_id = c.id
         where $1::uuid is null or c.id = $1
         order by c.id",
    )
    .bind(only)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let mut channel: Channel = serde_json::from_str(&row.doc)
                .map_err(|_not_ours| QueryError::Row { id: row.id })?;
            channel.health.last_webhook_at = row.last_webhook_at;
            channel.health.last_bad_signature_at = row.last_bad_signature_at;
            Ok(channel)
        })
        .collect()
}

/// The channels of the account that a channel belongs to, itself among them.
///
/// # Errors
/// If Postgres fails.
pub async fn of_account(
    connection: &mut PgConnection,
    waba_id: &str,
) -> Result<Vec<Uuid>, QueryError> {
    let ids = sqlx::query_scalar(
        "select id
         from channels_list.channels
         where waba_id = $1 and is_connected",
    )
    .bind(waba_id)
    .fetch_all(connection)
    .await?;
    Ok(ids)
}
