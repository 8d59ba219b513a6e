//! The labels that a company has.

use shared::conversations::{Label, LabelColour};
use sqlx::PgConnection;
use uuid::Uuid;

use super::QueryError;

/// All of them, by name.
pub async fn all(connection: &mut PgConnection) -> Result<Vec<Label>, QueryError> {
    let rows: Vec<(Uuid, String, String, i64)> = sqlx::query_as(
        "select id, name, colour, version
         from conversations_labels.labels
         order by lower(name), id",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(id, name, colour, version)| {
            let unfit = QueryError::Row { column: "labels.colour", id };
            let colour = LabelColour::from_word(&colour).ok_or(unfit)?;
            Ok(Label { id: id.into(), name, colour, version })
        })
        .collect()
}
