//! The list of what waits in quarantine: a read model in which each company has what came to its own
//! addresses, and the platform what nobody owns (D10).

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::delivery::{DIGESTED, QUARANTINED};
use crate::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};

/// The read model's name, which is its schema.
pub const QUARANTINE: &str = "intake_quarantine";

/// The read model `intake_quarantine`: a row for each delivery that was ever put there.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuarantineList;

#[derive(Deserialize)]
struct Quarantined {
    position: i64,
    provider: String,
    reason: String,
    route: Option<Uuid>,
    received_at: Option<DateTime<Utc>>,
}

impl Projection for QuarantineList {
    fn name(&self) -> &'static str {
        QUARANTINE
    }

    fn version(&self) -> i32 {
        2
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
           route           uuid,
           received_at     timestamptz not null,
           quarantined_at  timestamptz not null,
           digested_at     timestamptz,
           constraint deliveries_pkey primary key (company_id, delivery_id)
         );
         create index deliveries_newest on deliveries (company_id, position desc);
         create index deliveries_all on deliveries (position desc);"
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
                       (company_id, delivery_id, position, provider, reason, quarantined_at, route,
                        received_at)
                     values ($1, $2, $3, $4, $5, $6, $7, $8)
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
                .bind(said.route)
                .bind(said.received_at.unwrap_or(event.recorded_at))
                .execute(&mut *connection)
                .await?;
            }
            Ok(())
        })
    }
}

/// A delivery in the list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    /// Whose address it came to; the platform's: nobody's.
    pub company_id: Uuid,
    /// Which.
    pub delivery_id: Uuid,
    /// Where it stands in the intake, which is the list's order.
    pub position: i64,
    /// The provider.
    pub provider: String,
    /// Why it was not understood.
    pub reason: String,
    /// The way by which it came.
    pub route: Option<Uuid>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was understood, if it was.
    pub digested_at: Option<DateTime<Utc>>,
}

/// Which deliveries of the list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Of one company; absent: of all that the transaction sees.
    pub company: Option<Uuid>,
    /// That came by one way.
    pub route: Option<Uuid>,
    /// Only this one.
    pub delivery: Option<Uuid>,
    /// Before this position.
    pub before: Option<i64>,
}

/// A part of the list, the newest first.
///
/// # Errors
/// If Postgres fails.
pub async fn waiting(
    connection: &mut PgConnection,
    filter: Filter,
    most: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as(
        "select company_id, delivery_id, position, provider, reason, route, received_at, digested_at
         from intake_quarantine.deliveries
         where ($1::uuid is null or company_id = $1)
           and ($2::uuid is null or route = $2)
           and ($3::uuid is null or delivery_id = $3)
           and ($4::bigint is null or position < $4)
         order by position desc
         limit $5",
    )
    .bind(filter.company)
    .bind(filter.route)
    .bind(filter.delivery)
    .bind(filter.before)
    .bind(most)
    .fetch_all(connection)
    .await
}
