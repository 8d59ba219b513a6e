//! The list of what waits in quarantine, as a read model of the platform's company.

use futures::future::BoxFuture;
use serde::Deserialize;
use sqlx::PgConnection;

use super::delivery::{DIGESTED, QUARANTINED};
use crate::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};

/// The read model `intake_quarantine`: a row for each delivery that was ever put there.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuarantineList;

#[derive(Deserialize)]
struct Quarantined {
    position: i64,
    provider: String,
    reason: String,
}

impl Projection for QuarantineList {
    fn name(&self) -> &'static str {
        "intake_quarantine"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [&'static str] {
        &["deliveries"]
    }

    fn ddl(&self) -> &'static str {
        "create table deliveries (
           company_id      uuid        not null,
           delivery_id     uuid        not null,
           position        bigint      not null,
           provider        text        not null,
           reason          text        not null,
           quarantined_at  timestamptz not null,
           digested_at     timestamptz,
           constraint deliveries_pkey primary key (company_id, delivery_id)
         );
         create index deliveries_waiting on deliveries (company_id, quarantined_at desc)
           where digested_at is null;"
    }

    fn wants(&self, event_type: &str) -> bool {
        matches!(event_type, QUARANTINED | DIGESTED)
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        Box::pin(async move {
            for event in events {
                if &*event.event_type == DIGESTED {
                    sqlx::query(
                        "update deliveries set digested_at = $3
                         where company_id = $1 and delivery_id = $2",
                    )
                    .bind(event.company)
                    .bind(event.stream)
                    .bind(event.recorded_at)
                    .execute(&mut *connection)
                    .await?;
                    continue;
                }
                let said: Quarantined = serde_json::from_str(&event.payload)
                    .map_err(|error| ProjectionError::Event(error.to_string()))?;
                sqlx::query(
                    "insert into deliveries
                       (company_id, delivery_id, position, provider, reason, quarantined_at)
                     values ($1, $2, $3, $4, $5, $6)
                     on conflict (company_id, delivery_id) do update
                     set reason = excluded.reason, quarantined_at = excluded.quarantined_at,
                         digested_at = null",
                )
                .bind(event.company)
                .bind(event.stream)
                .bind(said.position)
                .bind(said.provider)
                .bind(said.reason)
                .bind(event.recorded_at)
                .execute(&mut *connection)
                .await?;
            }
            Ok(())
        })
    }
}
