//! One file.

use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A file as its row tells.
#[derive(Clone, Debug, FromRow)]
pub struct Row {
    /// What it is.
    pub mime_type: String,
    /// How large.
    pub size_bytes: i64,
    /// Where it is, sealed.
    pub place: String,
    /// The person it is about.
    pub contact_id: Option<Uuid>,
}

/// The files about these contacts: id, and the place as it was sealed.
///
/// # Errors
/// If Postgres fails.
pub async fn of_contacts(
    connection: &mut PgConnection,
    contacts: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, String)>> {
    sqlx::query_as("select id, place from files_list.files where contact_id = any($1) order by id")
        .bind(contacts)
        .fetch_all(connection)
        .await
}

/// A file of the transaction's company.
///
/// # Errors
/// If Postgres fails.
pub async fn one(connection: &mut PgConnection, file: Uuid) -> sqlx::Result<Option<Row>> {
    sqlx::query_as(
        "select mime_type, size_bytes, place, contact_id from files_list.files where id = $1",
    )
    .bind(file)
    .fetch_optional(connection)
    .await
}
