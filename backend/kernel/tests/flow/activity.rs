//! A read model that notices for itself whether an event came twice, too late or too early.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use kernel::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use sqlx::PgConnection;
use uuid::Uuid;

/// Counts by type, streams, and each company's last number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Activity {
    pub(crate) name: &'static str,
    pub(crate) version: i32,
    /// An event of this type cannot be digested.
    pub(crate) chokes_on: Option<&'static str>,
    /// It does not look whether an event is missing.
    pub(crate) trusting: bool,
}

impl Default for Activity {
    fn default() -> Self {
        Self { name: "activity", version: 1, chokes_on: None, trusting: false }
    }
}

impl Projection for Activity {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn tables(&self) -> &'static [&'static str] {
        &["companies", "totals", "streams"]
    }

    fn ddl(&self) -> &'static str {
        "create table companies (company_id uuid primary key, last_seq bigint not null);
         create table totals (company_id uuid, event_type text, n bigint not null,
           primary key (company_id, event_type));
         create table streams (company_id uuid, stream_id uuid, events bigint not null,
           last_type text not null, primary key (company_id, stream_id));"
    }

    fn wants(&self, _event_type: &str) -> bool {
        true
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        Box::pin(self.take(connection, events))
    }
}

impl Activity {
    async fn take(
        &self,
        connection: &mut PgConnection,
        events: &[&Recorded],
    ) -> Result<(), ProjectionError> {
        let mut companies: BTreeMap<Uuid, (i64, i64)> = BTreeMap::new();
        let mut totals: BTreeMap<(Uuid, &str), i64> = BTreeMap::new();
        let mut streams: BTreeMap<(Uuid, Uuid), (i64, &str)> = BTreeMap::new();
        for event in events {
            if self.chokes_on == Some(&*event.event_type) {
                return Err(ProjectionError::Event("it cannot be digested".to_owned()));
            }
            let seq = event.company_seq;
            let (_, last) = companies.entry(event.company).or_insert((seq, seq - 1));
            if seq != *last + 1 && !self.trusting {
                return Err(ProjectionError::Event(format!("company_seq {seq} after {last}")));
            }
            *last = seq;
            *totals.entry((event.company, &event.event_type)).or_default() += 1;
            let stream = streams.entry((event.company, event.stream)).or_insert((0, ""));
            *stream = (stream.0 + 1, &event.event_type);
        }
        let (ids, spans): (Vec<Uuid>, Vec<(i64, i64)>) = companies.into_iter().unzip();
        let (first, last): (Vec<i64>, Vec<i64>) = spans.into_iter().unzip();
        let done = sqlx::query(
            "insert into companies as c (company_id, last_seq)
             select n.id, n.last from unnest($1::uuid[], $2::bigint[], $3::bigint[])
               as n(id, first, last)
             where $4 or n.first = 1 + coalesce(
               (select last_seq from companies k where k.company_id = n.id), 0)
             on conflict (company_id) do update set last_seq = excluded.last_seq",
        )
        .bind(&ids)
        .bind(first)
        .bind(last)
        .bind(self.trusting)
        .execute(&mut *connection)
        .await?;
        if usize::try_from(done.rows_affected()) != Ok(ids.len()) {
            return Err(ProjectionError::Event("an event came twice or one is missing".to_owned()));
        }
        let (keys, counts): (Vec<(Uuid, &str)>, Vec<i64>) = totals.into_iter().unzip();
        let (ids, types): (Vec<Uuid>, Vec<&str>) = keys.into_iter().unzip();
        sqlx::query(
            "insert into totals as t (company_id, event_type, n)
             select * from unnest($1::uuid[], $2::text[], $3::bigint[])
             on conflict (company_id, event_type) do update set n = t.n + excluded.n",
        )
        .bind(ids)
        .bind(types)
        .bind(counts)
        .execute(&mut *connection)
        .await?;
        let (keys, values): (Vec<_>, Vec<_>) = streams.into_iter().unzip();
        let (ids, stream_ids): (Vec<Uuid>, Vec<Uuid>) = keys.into_iter().unzip();
        let (counts, types): (Vec<i64>, Vec<&str>) = values.into_iter().unzip();
        sqlx::query(
            "insert into streams as s (company_id, stream_id, events, last_type)
             select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[])
             on conflict (company_id, stream_id) do update
             set events = s.events + excluded.events, last_type = excluded.last_type",
        )
        .bind(ids)
        .bind(stream_ids)
        .bind(counts)
        .bind(types)
        .execute(connection)
        .await?;
        Ok(())
    }
}
