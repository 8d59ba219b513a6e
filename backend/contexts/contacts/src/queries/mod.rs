//! Rows of this context as answers.

pub mod people;

/// A row that is not what the schema promises.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The database failed.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// Something stored does not load.
    #[error("people.doc of {id} cannot be read")]
    Row {
        /// Which row.
        id: uuid::Uuid,
    },
}
