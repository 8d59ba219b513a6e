//! Rows of this context as answers. Names and addresses of people are not here: they are joined by
//! id where the answer is put together (D6).

pub mod labels;
pub mod messages;
pub mod order;
pub mod read_marks;
pub mod threads;

/// A row that is not what the schema promises.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The database failed.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// Something stored does not load.
    #[error("{column} of {id} cannot be read")]
    Row {
        /// Table and column.
        column: &'static str,
        /// Which row.
        id: uuid::Uuid,
    },
}
