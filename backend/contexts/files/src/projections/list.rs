//! `files_list`: a row per file, its place sealed as it came.

use events::{contacts::ContactEvent, files::FileEvent};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use sqlx::PgConnection;
use uuid::Uuid;

/// The schema.
pub const NAME: &str = "files_list";

/// The read model.
#[derive(Clone, Copy, Debug, Default)]
pub struct List;

impl Projection for List {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [&'static str] {
        &["files"]
    }

    fn ddl(&self) -> &'static str {
        "create table files (
           company_id uuid not null, id uuid not null, contact_id uuid, mime_type text not null,
           size_bytes bigint not null, place text not null,
           primary key (company_id, id));
         create index files_contact on files (company_id, contact_id) where contact_id is not null;"
    }

    fn wants(&self, event_type: &str) -> bool {
        event_type.starts_with("files.file.") || event_type == "contacts.contact.erased"
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            for recorded in events {
                if &*recorded.stream_kind == "contact" {
                    let _: ContactEvent = recorded.decode()?;
                    erase(connection, recorded.company, recorded.stream).await?;
                    continue;
                }
                match recorded.decode::<FileEvent>()? {
                    FileEvent::Stored { mime_type, size_bytes, contact, place, .. } => {
                        let place = serde_json::to_string(&place).map_err(|_not_json| {
                            ProjectionError::Event("a place is not JSON".to_owned())
                        })?;
                        sqlx::query(
                            "insert into files (company_id, id, contact_id, mime_type, size_bytes, place)
                             values ($1, $2, $3, $4, $5, $6)
                             on conflict do nothing",
                        )
                        .bind(recorded.company)
                        .bind(recorded.stream)
                        .bind(contact.map(Uuid::from))
                        .bind(mime_type.0)
                        .bind(size_bytes)
                        .bind(place)
                        .execute(&mut *connection)
                        .await?;
                    }
                    FileEvent::Removed {} => {
                        sqlx::query("delete from files where company_id = $1 and id = $2")
                            .bind(recorded.company)
                            .bind(recorded.stream)
                            .execute(&mut *connection)
                            .await?;
                    }
                }
            }
            Ok(())
        }
        .boxed()
    }
}

async fn erase(
    connection: &mut PgConnection,
    company: Uuid,
    contact: Uuid,
) -> Result<(), ProjectionError> {
    sqlx::query("delete from files where company_id = $1 and contact_id = $2")
        .bind(company)
        .bind(contact)
        .execute(connection)
        .await?;
    Ok(())
}
