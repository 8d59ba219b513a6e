//! The writer of a shard's intake: group commit with gapless positions.
//!
//! The quick way is one statement that waits for the intake's lock and takes the positions behind the
//! last known one; a rival process makes it fail, and then the head is asked under the lock. A batch
//! whose answer was lost stands as a whole or not at all, and is found by its first delivery.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Delivery, Fresh, Item, PATIENCE};
use crate::{
    db::{self, Pools},
    error::{Error, Result, is_transient},
    group::Sink,
};

/// The first half of the advisory lock's key: the intake. The lock ends with its transaction.
const INTAKE_LOCK: i32 = 0x696e_746b;

pub(crate) struct Writer {
    pools: Pools,
    shard: i16,
    /// The head, if no other writer was here since.
    position: Option<i64>,
    /// Where the batch was sent to, while its answer is not known.
    tried: Vec<i64>,
    head: watch::Sender<i64>,
    fresh: Fresh,
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

impl Writer {
    pub(crate) const fn new(
        pools: Pools,
        shard: i16,
        head: watch::Sender<i64>,
        fresh: Fresh,
    ) -> Self {
        Self { pools, shard, position: None, tried: Vec::new(), head, fresh }
    }

    /// Stores all items behind the head; returns the first position.
    async fn store(&mut self, items: &[Item]) -> sqlx::Result<i64> {
        let mut tx = None;
        let before = if let Some(position) = self.position {
            position
        } else {
            let mut locked = db::working(&self.pools.direct).await?;
            sqlx::query("select pg_advisory_xact_lock($1, $2::smallint::int)")
                .bind(INTAKE_LOCK)
                .bind(self.shard)
                .execute(&mut *locked)
                .await?;
            for first in std::mem::take(&mut self.tried) {
                let known: Option<Uuid> = sqlx::query_scalar(
                    "select id from intake.deliveries where shard = $1 and position = $2",
                )
                .bind(self.shard)
                .bind(first)
                .fetch_optional(&mut *locked)
                .await?;
                if known.is_some() && known == items.first().map(|item| item.delivery.id) {
                    self.position = None;
                    return Ok(first);
                }
            }
            let position = sqlx::query_scalar(
                "select coalesce(max(position), 0) from intake.deliveries where shard = $1",
            )
            .bind(self.shard)
            .fetch_one(&mut *locked)
            .await?;
            tx = Some(locked);
            position
        };
        macro_rules! column {
            (|$delivery:ident| $value:expr) => {
                items
                    .iter()
                    .map(|item| {
                        let $delivery = &item.delivery;
                        $value
                    })
                    .collect::<Vec<_>>()
            };
        }
        let received_at: Vec<DateTime<Utc>> = column!(|delivery| delivery.received_at);
        let query = sqlx::query(
            "with locked as materialized (select pg_advisory_xact_lock($1, $2::smallint::int))
             insert into intake.deliveries
               (shard, position, received_at, id, key_id, route, company_id, provider, sealed)
             select $2, $3 + d.nr, d.received_at, d.id, d.key_id, d.route, d.company_id,
               d.provider, d.sealed
             from locked, unnest($4::timestamptz[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
                 $9::text[], $10::bytea[])
               with ordinality
               as d(received_at, id, key_id, route, company_id, provider, sealed, nr)",
        )
        .bind(INTAKE_LOCK)
        .bind(self.shard)
        .bind(before)
        .bind(received_at)
        .bind(column!(|delivery| delivery.id))
        .bind(items.iter().map(|item| item.key_id).collect::<Vec<_>>())
        .bind(column!(|delivery| delivery.route.id))
        .bind(column!(|delivery| delivery.route.company))
        .bind(column!(|delivery| &*delivery.provider))
        .bind(items.iter().map(|item| item.sealed.as_slice()).collect::<Vec<_>>());
        self.tried.push(before + 1);
        if let Some(mut tx) = tx {
            query.execute(&mut *tx).await?;
            tx.commit().await?;
        } else {
            query.execute(&self.pools.direct).await?;
        }
        self.position = Some(before + count(items.len()));
        Ok(before + 1)
    }

    fn stored(&self, items: Vec<Item>, first: i64) -> Vec<Result<i64>> {
        let n = count(items.len());
        let deliveries =
            (first..).zip(items).map(|(position, item)| Delivery { position, ..item.delivery });
        self.fresh.put(deliveries);
        self.head.send_replace(first + n - 1);
        (first..first + n).map(Ok).collect()
    }
}

impl Sink for Writer {
    type Item = Item;
    type Answer = Result<i64>;

    async fn write(&mut self, items: Vec<Item>) -> Vec<Result<i64>> {
        let deadline = Instant::now() + PATIENCE;
        self.tried.clear();
        let mut pause = Duration::from_millis(2);
        loop {
            let quick = self.position.is_some();
            match self.store(&items).await {
                Ok(first) => return self.stored(items, first),
                Err(error) if quick || (is_transient(&error) && Instant::now() < deadline) => {
                    self.position = None;
                    if !quick {
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(Duration::from_millis(200));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "deliveries could not be stored");
                    self.position = None;
                    return items.iter().map(|_| Err(Error::InDoubt)).collect();
                }
            }
        }
    }
}
