//! Rows of this context as answers.

pub mod list;

/// A row that is not what the schema promises.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The database failed.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// Something stored does not load.
    #[error("channels.doc of {id} cannot be read")]
    Row {
        /// Which row.
        id: uuid::Uuid,
    },
}
