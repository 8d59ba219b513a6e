//! `tenancy_usage`: how much of each quota a company has used.
//!
//! Messages count when the provider has accepted them, in the calendar month of the company's zone;
//! bytes when a file is stored; members as they come and go.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Utc};
use events::tenancy::CompanyEvent;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use shared::permission::Quota;
use sqlx::PgConnection;
use uuid::Uuid;

/// The read model's name, which is its schema.
pub(crate) const NAME: &str = "tenancy_usage";

/// The read model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage;

const DDL: &str = "
create table zones (
  company_id uuid not null,
  zone text not null,
  constraint zones_pkey primary key (company_id)
);
create table usage (
  company_id uuid not null,
  quota text not null,
  period integer not null,
  used bigint not null,
  constraint usage_pkey primary key (company_id, quota, period)
);
create table files (
  company_id uuid not null,
  file_id uuid not null,
  size_bytes bigint not null,
  constraint files_pkey primary key (company_id, file_id)
);
";

/// The period of what is not counted by month.
pub(crate) const FOR_EVER: i32 = 0;

/// The month of a moment in a zone: year × 100 + month.
pub(crate) fn month(at: DateTime<Utc>, zone: &str) -> i32 {
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let local = at.with_timezone(&zone);
    local.year() * 100 + i32::try_from(local.month()).unwrap_or(0)
}

impl Projection for Usage {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [&'static str] {
        &["zones", "usage", "files"]
    }

    fn ddl(&self) -> &'static str {
        DDL
    }

    fn wants(&self, event_type: &str) -> bool {
        matches!(
            event_type,
            "tenancy.company.created"
                | "tenancy.membership.granted"
                | "tenancy.membership.revoked"
                | "messaging.message.accepted"
                | "files.file.stored"
                | "files.file.removed"
        )
    }

    fn apply<'a>(
        &'a self,
        tx: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let mut added = BTreeMap::<(Uuid, Quota, i32), i64>::new();
            let mut zones = zones(tx, events).await?;
            for event in events {
                let (quota, period, more) = match &*event.event_type {
                    "tenancy.company.created" => {
                        created(tx, event, &mut zones).await?;
                        continue;
                    }
                    "tenancy.membership.granted" => (Quota::Members, FOR_EVER, 1),
                    "tenancy.membership.revoked" => (Quota::Members, FOR_EVER, -1),
                    "files.file.stored" => {
                        (Quota::StorageBytes, FOR_EVER, stored(tx, event).await?)
                    }
                    "files.file.removed" => {
                        (Quota::StorageBytes, FOR_EVER, -removed(tx, event).await?)
                    }
                    _ => {
                        let zone = zones.get(&event.company).map_or("UTC", String::as_str);
                        (Quota::MessagesPerMonth, month(event.recorded_at, zone), 1)
                    }
                };
                // What undoes an event subtracts (D14).
                let sign = if event.undoes.is_some() { -1 } else { 1 };
                *added.entry((event.company, quota, period)).or_default() += sign * more;
            }
            add(tx, &added).await
        }
        .boxed()
    }
}

async fn add(
    tx: &mut PgConnection,
    added: &BTreeMap<(Uuid, Quota, i32), i64>,
) -> Result<(), ProjectionError> {
    let companies: Vec<_> = added.keys().map(|(company, _, _)| *company).collect();
    let quotas: Vec<_> = added.keys().map(|(_, quota, _)| quota.as_str()).collect();
    let periods: Vec<_> = added.keys().map(|(_, _, period)| *period).collect();
    let more: Vec<_> = added.values().copied().collect();
    sqlx::query(
        "insert into usage (company_id, quota, period, used)
         select * from unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[])
         on conflict (company_id, quota, period) do update set used = usage.used + excluded.used",
    )
    .bind(companies)
    .bind(quotas)
    .bind(periods)
    .bind(more)
    .execute(tx)
    .await?;
    Ok(())
}

async fn zones(
    tx: &mut PgConnection,
    events: &[&Recorded],
) -> Result<BTreeMap<Uuid, String>, ProjectionError> {
    let counts = |event: &&&Recorded| &*event.event_type == "messaging.message.accepted";
    let companies: Vec<_> = events.iter().filter(counts).map(|event| event.company).collect();
    if companies.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("select company_id, zone from zones where company_id = any($1)")
            .bind(companies)
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().collect())
}

async fn created(
    tx: &mut PgConnection,
    event: &Recorded,
    zones: &mut BTreeMap<Uuid, String>,
) -> Result<(), ProjectionError> {
    if let CompanyEvent::Created { zone, .. } = event.decode::<CompanyEvent>()? {
        sqlx::query("insert into zones (company_id, zone) values ($1, $2)")
            .bind(event.company)
            .bind(&zone.0)
            .execute(tx)
            .await?;
        zones.insert(event.company, zone.0);
    }
    Ok(())
}

async fn stored(tx: &mut PgConnection, event: &Recorded) -> Result<i64, ProjectionError> {
    let events::files::FileEvent::Stored { size_bytes, .. } = event.decode()? else {
        return Ok(0);
    };
    sqlx::query(
        "insert into files (company_id, file_id, size_bytes) values ($1, $2, $3)
         on conflict (company_id, file_id) do nothing",
    )
    .bind(event.company)
    .bind(event.stream)
    .bind(size_bytes)
    .execute(tx)
    .await?;
    Ok(size_bytes)
}

async fn removed(tx: &mut PgConnection, event: &Recorded) -> Result<i64, ProjectionError> {
    let size: Option<i64> = sqlx::query_scalar(
        "delete from files where company_id = $1 and file_id = $2 returning size_bytes",
    )
    .bind(event.company)
    .bind(event.stream)
    .fetch_optional(tx)
    .await?;
    Ok(size.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::month;
    use chrono::DateTime;

    #[test]
    fn the_month_is_that_of_the_companys_zone() {
        let at = DateTime::parse_from_rfc3339("2026-12-01T02:59:00Z").unwrap().to_utc();
        assert_eq!(month(at, "America/Sao_Paulo"), 202_611);
        assert_eq!(month(at, "UTC"), 202_612);
        assert_eq!(month(at, "nowhere"), 202_612);
    }
}
