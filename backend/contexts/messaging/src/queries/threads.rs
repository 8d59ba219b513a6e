//! Where a thread's next message goes, and until when free text may.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A thread, with the address it goes to as it is sealed.
#[derive(Clone, Debug, FromRow)]
pub struct Thread {
    /// The channel.
    pub channel_id: Uuid,
    /// The contact whose address it is.
    pub contact_id: Uuid,
    /// Until when free text may leave.
    pub window_closes_at: Option<DateTime<Utc>>,
    /// What kind of address.
    pub kind: Option<String>,
    /// The address, sealed.
    pub sealed: Option<String>,
    /// Whether the channel was taken off.
    pub is_off: bool,
    /// The last message of the person.
    pub heard_id: Option<Uuid>,
}

/// A thread of the transaction's company.
///
/// # Errors
/// If Postgres fails.
pub async fn one(
    connection: &mut PgConnection,
    conversation: Uuid,
) -> sqlx::Result<Option<Thread>> {
    sqlx::query_as(
        "select t.channel_id, t.contact_id, t.window_closes_at, a.kind, a.sealed,
           coalesce(n.is_off, false) as is_off, t.heard_id
         from messaging_lanes.threads t
         left join messaging_lanes.addresses a
           on a.company_id = t.company_id and a.id = t.identity_id
         left join messaging_lanes.numbers n
           on n.company_id = t.company_id and n.id = t.channel_id
         where t.id = $1 and t.channel_id is not null and t.contact_id is not null",
    )
    .bind(conversation)
    .fetch_optional(connection)
    .await
}

/// The thread of a contact on a channel, the one with the latest window.
///
/// # Errors
/// If Postgres fails.
pub async fn of_contact(
    connection: &mut PgConnection,
    channel: Uuid,
    contact: Uuid,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar(
        "select id
         from messaging_lanes.threads
         where contact_id = $2 and channel_id = $1
         order by window_closes_at desc nulls last, id
         limit 1",
    )
    .bind(channel)
    .bind(contact)
    .fetch_optional(connection)
    .await
}
