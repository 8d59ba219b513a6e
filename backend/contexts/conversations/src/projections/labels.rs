//! The labels that a company has.
//!
//! Table: `labels`, a row per label that was not removed.

use std::collections::BTreeMap;

use events::conversations::LabelEvent;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use sqlx::PgConnection;
use uuid::Uuid;

/// The schema.
pub const NAME: &str = "conversations_labels";

/// The read model of labels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Labels;

/// How a label looks, and its version; nothing when it was removed.
type Looks = Option<(String, &'static str, i64)>;

impl Projection for Labels {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [&'static str] {
        &["labels"]
    }

    fn ddl(&self) -> &'static str {
        "create table labels (
           company_id uuid not null, id uuid not null, name text not null, colour text not null,
           version bigint not null,
           primary key (company_id, id));"
    }

    fn wants(&self, event_type: &str) -> bool {
        event_type.starts_with("conversations.label.")
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let mut labels: BTreeMap<(Uuid, Uuid), Looks> = BTreeMap::new();
            for event in events {
                let looks = match event.decode()? {
                    LabelEvent::Created { name, colour } | LabelEvent::Changed { name, colour } => {
                        Some((name.0, colour.as_str(), event.stream_seq))
                    }
                    LabelEvent::Removed {} => None,
                };
                labels.insert((event.company, event.stream), looks);
            }
            store(connection, labels).await
        }
        .boxed()
    }
}

async fn store(
    connection: &mut PgConnection,
    labels: BTreeMap<(Uuid, Uuid), Looks>,
) -> Result<(), ProjectionError> {
    let (mut companies, mut ids) = (vec![], vec![]);
    let (mut names, mut colours, mut versions) = (vec![], vec![], vec![]);
    let (mut gone_companies, mut gone) = (vec![], vec![]);
    for ((company, id), looks) in labels {
        let Some((name, colour, version)) = looks else {
            gone_companies.push(company);
            gone.push(id);
            continue;
        };
        companies.push(company);
        ids.push(id);
        names.push(name);
        colours.push(colour);
        versions.push(version);
    }
    if !ids.is_empty() {
        sqlx::query(
            "insert into labels (company_id, id, name, colour, version)
             select *
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[])
             on conflict (company_id, id) do update
             set name = excluded.name, colour = excluded.colour, version = excluded.version",
        )
        .bind(companies)
        .bind(ids)
        .bind(names)
        .bind(colours)
        .bind(versions)
        .execute(&mut *connection)
        .await?;
    }
    if !gone.is_empty() {
        sqlx::query(
            "delete from labels l
             using unnest($1::uuid[], $2::uuid[]) as g(company_id, id)
             where l.company_id = g.company_id and l.id = g.id",
        )
        .bind(gone_companies)
        .bind(gone)
        .execute(connection)
        .await?;
    }
    Ok(())
}
