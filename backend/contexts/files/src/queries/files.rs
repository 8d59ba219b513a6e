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
}

/// A file of the transaction's company.
///
/// # Errors
/// If Postgres fails.
pub async fn one(connection: &mut PgConnection, file: Uuid) -> sqlx::Result<Option<Row>> {
    sqlx::query_as("select mime_type, size_bytes, place from files_list.files where id = $1")
        .bind(file)
        .fetch_optional(connection)
        .await
}
