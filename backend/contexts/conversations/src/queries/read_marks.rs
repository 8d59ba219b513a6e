//! How far a conversation was read: a plain table, no event.

use shared::ids::ConversationId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::QueryError;
use crate::projections::threads::message::Place;

/// Marks a conversation as read up to a place; an older place changes nothing.
pub async fn put(
    connection: &mut PgConnection,
    company: Uuid,
    conversation: ConversationId,
    (at, intake, index): Place,
    reader: Option<Uuid>,
) -> Result<(), QueryError> {
    sqlx::query(
        "insert into conversations.read_marks as r
           (company_id, conversation_id, at, intake, index, read_by)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (company_id, conversation_id) do update
         set at = excluded.at, intake = excluded.intake, index = excluded.index,
             read_by = excluded.read_by, read_at = now()
         where (r.at, r.intake, r.index) < (excluded.at, excluded.intake, excluded.index)",
    )
    .bind(company)
    .bind(conversation.into_uuid())
    .bind(at)
    .bind(intake)
    .bind(i64::from(index))
    .bind(reader)
    .execute(connection)
    .await?;
    Ok(())
}
