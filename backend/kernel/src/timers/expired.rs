//! Timers that were too late, as a read model.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::Deserialize;
use sqlx::PgConnection;

use crate::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};

pub(super) const EXPIRED: &str = "timers.timer.expired";

/// The read model `timers_expired`: a row for each timer that had no effect because it was too late.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExpiredTimers;

#[derive(Deserialize)]
struct Expired {
    due: DateTime<Utc>,
    kind: String,
    latest: DateTime<Utc>,
}

impl Projection for ExpiredTimers {
    fn name(&self) -> &'static str {
        "timers_expired"
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [&'static str] {
        &["timers"]
    }

    fn ddl(&self) -> &'static str {
        "create table timers (
           company_id   uuid        not null,
           company_seq  bigint      not null,
           kind         text        not null,
           id           uuid        not null,
           due          timestamptz not null,
           latest       timestamptz not null,
           expired_at   timestamptz not null,
           constraint timers_pkey primary key (company_id, company_seq)
         );"
    }

    fn wants(&self, event_type: &str) -> bool {
        event_type == EXPIRED
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        Box::pin(async move {
            for event in events {
                let said: Expired = serde_json::from_str(&event.payload)
                    .map_err(|error| ProjectionError::Event(error.to_string()))?;
                sqlx::query(
                    "insert into timers (company_id, company_seq, kind, id, due, latest, expired_at)
                     values ($1, $2, $3, $4, $5, $6, $7)",
                )
                .bind(event.company)
                .bind(event.company_seq)
                .bind(said.kind)
                .bind(event.stream)
                .bind(said.due)
                .bind(said.latest)
                .bind(event.recorded_at)
                .execute(&mut *connection)
                .await?;
            }
            Ok(())
        })
    }
}
