//! Reading history: pages, a company's, a stream's.
//!
//! Invariant (D37): everything that reads events reads them here, so that closed ranges can move
//! elsewhere. A page is a range, not a limit: positions have no holes, and without an upper bound a
//! young table is planned as "collect everything behind, sort, take the first".

use std::sync::Arc;

use sqlx::{PgConnection, PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    record::{Recorded, columns, read},
    words::Words,
};

/// The history of one shard. Clones share the dictionary.
#[derive(Clone, Debug)]
pub struct Log {
    pool: PgPool,
    shard: i16,
    words: Words,
}

/// What is asked of a stream: company, stream, and the version behind which it is read.
pub(crate) type Behind = (Uuid, Uuid, i64);

/// As much of a stored event as folding needs.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) position: i64,
    pub(crate) stream_seq: i64,
    pub(crate) event_type: Arc<str>,
    pub(crate) event_version: i16,
    pub(crate) payload: String,
}

impl Log {
    pub(crate) const fn new(pool: PgPool, shard: i16, words: Words) -> Self {
        Self { pool, shard, words }
    }

    /// The shard.
    #[must_use]
    pub const fn shard(&self) -> i16 {
        self.shard
    }

    /// Events after `position`, in order, at most `most` positions further.
    pub async fn page(
        &self,
        connection: &mut PgConnection,
        position: i64,
        most: i64,
    ) -> Result<Vec<Recorded>> {
        let rows = sqlx::query(concat!(
            "select ",
            columns!(),
            " from ledger.events
              where shard = $1 and position > $2 and position <= $2 + $3 order by position"
        ))
        .bind(self.shard)
        .bind(position)
        .bind(most)
        .fetch_all(&mut *connection)
        .await?;
        self.all(connection, &rows).await
    }

    /// A company's events from `company_seq` on, in order, at most `most` numbers further.
    pub async fn company(
        &self,
        connection: &mut PgConnection,
        company: Uuid,
        company_seq: i64,
        most: i64,
    ) -> Result<Vec<Recorded>> {
        let rows = sqlx::query(concat!(
            "select ",
            columns!(),
            " from ledger.events
              where shard = $1 and company_id = $2 and company_seq >= $3 and company_seq < $3 + $4
              order by company_seq"
        ))
        .bind(self.shard)
        .bind(company)
        .bind(company_seq)
        .bind(most)
        .fetch_all(&mut *connection)
        .await?;
        self.all(connection, &rows).await
    }

    /// A stream's events after version `after`, in order.
    pub async fn stream(
        &self,
        connection: &mut PgConnection,
        company: Uuid,
        stream: Uuid,
        after: i64,
    ) -> Result<Vec<Recorded>> {
        let rows = sqlx::query(concat!(
            "select ",
            columns!(),
            " from ledger.events
              where shard = $1 and company_id = $2 and stream_id = $3 and stream_seq > $4::int
              order by ledger.events.stream_seq"
        ))
        .bind(self.shard)
        .bind(company)
        .bind(stream)
        .bind(i32::try_from(after).unwrap_or(i32::MAX))
        .fetch_all(&mut *connection)
        .await?;
        self.all(connection, &rows).await
    }

    /// The events of many streams (company, stream), each in order, in one query.
    ///
    /// The lateral sub-select with its limit is no ornament: a plain join is planned as a hash join
    /// over the whole ledger while the table's statistics are young.
    pub async fn streams(
        &self,
        connection: &mut PgConnection,
        wanted: &[(Uuid, Uuid)],
    ) -> Result<Vec<Recorded>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let (companies, streams): (Vec<Uuid>, Vec<Uuid>) = wanted.iter().copied().unzip();
        let rows = sqlx::query(concat!(
            "select ",
            columns!(),
            " from unnest($2::uuid[], $3::uuid[]) as w(company, stream)
              cross join lateral (
                select * from ledger.events
                where shard = $1 and company_id = w.company and stream_id = w.stream
                order by stream_seq limit 1000000
              ) e"
        ))
        .bind(self.shard)
        .bind(companies)
        .bind(streams)
        .fetch_all(&mut *connection)
        .await?;
        self.all(connection, &rows).await
    }

    /// The same for folding: of each stream in its place what is behind the version that is known.
    pub(crate) async fn pasts(
        &self,
        connection: &mut PgConnection,
        wanted: &[Behind],
    ) -> Result<Vec<Vec<Past>>> {
        let rows = sqlx::query(
            "select w.nr, e.position, e.stream_seq::bigint, e.event_type, e.event_version,
               e.payload::text
             from unnest($2::uuid[], $3::uuid[], $4::integer[]) with ordinality
               as w(company, stream, after, nr)
             cross join lateral (
               select position, stream_seq, event_type, event_version, payload from ledger.events
               where shard = $1 and company_id = w.company and stream_id = w.stream
                 and stream_seq > w.after
               order by stream_seq limit 1000000
             ) e",
        )
        .bind(self.shard)
        .bind(wanted.iter().map(|wanted| wanted.0).collect::<Vec<_>>())
        .bind(wanted.iter().map(|wanted| wanted.1).collect::<Vec<_>>())
        .bind(
            wanted
                .iter()
                .map(|wanted| i32::try_from(wanted.2).unwrap_or(i32::MAX))
                .collect::<Vec<_>>(),
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut pasts: Vec<Vec<Past>> = Vec::new();
        pasts.resize_with(wanted.len(), Vec::new);
        for row in &rows {
            let mut event_type = self.words.word(row.try_get(3)?);
            if event_type.is_none() {
                self.words.load(&mut *connection).await?;
                event_type = self.words.word(row.try_get(3)?);
            }
            let past = Past {
                position: row.try_get(1)?,
                stream_seq: row.try_get(2)?,
                event_type: event_type.ok_or_else(|| Error::Row {
                    what: "ledger.words: a word of an event".to_owned(),
                })?,
                event_version: row.try_get(4)?,
                payload: row.try_get(5)?,
            };
            let place = usize::try_from(row.try_get::<i64, _>(0)? - 1).ok();
            if let Some(of_stream) = place.and_then(|place| pasts.get_mut(place)) {
                of_stream.push(past);
            }
        }
        Ok(pasts)
    }

    /// The last position.
    pub async fn head(&self, connection: &mut PgConnection) -> Result<i64> {
        let head: Option<i64> = sqlx::query_scalar(
            "select position from ledger.events where shard = $1 order by position desc limit 1",
        )
        .bind(self.shard)
        .fetch_optional(connection)
        .await?;
        Ok(head.unwrap_or(0))
    }

    /// A company's last number.
    pub async fn company_head(&self, connection: &mut PgConnection, company: Uuid) -> Result<i64> {
        let head: Option<i64> = sqlx::query_scalar(
            "select company_seq from ledger.events where shard = $1 and company_id = $2
             order by company_seq desc limit 1",
        )
        .bind(self.shard)
        .bind(company)
        .fetch_optional(connection)
        .await?;
        Ok(head.unwrap_or(0))
    }

    /// A connection for the methods above.
    pub(crate) async fn connection(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>> {
        Ok(self.pool.acquire().await?)
    }

    async fn all(&self, connection: &mut PgConnection, rows: &[PgRow]) -> Result<Vec<Recorded>> {
        if let Some(events) = self.known(rows)? {
            return Ok(events);
        }
        self.words.load(connection).await?;
        self.known(rows)?
            .ok_or_else(|| Error::Row { what: "ledger.words: a word of an event".to_owned() })
    }

    fn known(&self, rows: &[PgRow]) -> Result<Option<Vec<Recorded>>> {
        Ok(rows.iter().map(|row| read(row, &self.words)).collect::<sqlx::Result<_>>()?)
    }
}
