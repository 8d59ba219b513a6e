//! The intake: raw deliveries, committed before the provider hears "200".
//!
//! Invariants:
//! - positions are gapless and in commit order; when [`Intake::put`] returns, the delivery is on disk;
//! - a delivery is stored as it came, sealed under a key of its own age, so that dropping a key empties
//!   all deliveries of that age;
//! - the intake knows nothing of duplicates: a provider that repeats itself is stored twice here and
//!   once in the ledger.
//!
//! Deliberately absent: parsing, and any look at what a delivery says.

mod budget;
mod empty;
mod fresh;
mod keys;
mod retention;
mod writer;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sqlx::Row as _;
use tokio::sync::watch;
use uuid::Uuid;

pub use budget::{Budget, Hold};
pub use empty::Reach;
pub(crate) use fresh::Fresh;

use crate::{
    db::{self, Pools},
    error::{Error, Result},
    faults,
    group::Group,
    ids::Ground,
    intake::{keys::Keys, writer::Writer},
    plant::{Plant, planted},
    vault::Vault,
};

/// The most deliveries in one write.
const BATCH: usize = 512;
/// How long a write begins after the one before, while many come.
const PACE: Duration = Duration::from_millis(3);
/// How long a delivery may wait for Postgres before the provider is told to come again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

/// The way by which deliveries come: a channel, an app, an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Which.
    pub id: Uuid,
    /// Whose; `None`: the platform's, for all companies.
    pub company: Option<Uuid>,
}

/// A raw delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its position in the intake.
    pub position: i64,
    /// Its id, which is also the stream of what happens to it.
    pub id: Uuid,
    /// Such as `meta`.
    pub provider: Arc<str>,
    /// The way by which it came.
    pub route: Route,
    /// When.
    pub received_at: DateTime<Utc>,
    /// The keyed digest of the bytes, for the events that come of it (D17).
    pub mac: [u8; 32],
    /// The bytes as they came.
    pub body: Bytes,
}

/// The proof that a delivery is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The delivery.
    pub id: Uuid,
    /// Its position.
    pub position: i64,
}

/// A delivery without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) position: i64,
    pub(crate) route: Uuid,
}

/// A delivery to be stored.
pub(crate) struct Item {
    pub(crate) delivery: Delivery,
    pub(crate) key_id: Uuid,
    pub(crate) sealed: Vec<u8>,
}

/// The intake of one shard. Clones share the writer and the keys.
#[derive(Clone)]
pub struct Intake {
    pools: Pools,
    ground: Ground,
    shard: i16,
    keys: Keys,
    group: Group<Writer>,
    head: watch::Receiver<i64>,
    fresh: Fresh,
    /// Providers' names, so that each is one text in memory.
    providers: Arc<Mutex<Vec<Arc<str>>>>,
}

impl Intake {
    /// Opens the intake. A key for bodies of its own is made when the first delivery comes.
    ///
    /// # Errors
    /// If Postgres fails or a key does not open.
    pub async fn open(pools: Pools, vault: Vault, ground: Ground, shard: i16) -> Result<Self> {
        let keys = Keys::open(pools.clone(), vault, &ground).await?;
        let (sender, head) = watch::channel(0);
        let fresh = Fresh::new();
        let writer = Writer::new(pools.clone(), shard, sender, fresh.clone());
        let group = Group::spawn_paced(writer, BATCH, PACE);
        Ok(Self { pools, ground, shard, keys, group, head, fresh, providers: Arc::default() })
    }

    /// Stores a delivery; when this returns, it is on disk.
    ///
    /// # Errors
    /// Answer 503: the provider comes again.
    pub async fn put(&self, provider: &'static str, route: Route, body: Bytes) -> Result<Receipt> {
        let id = self.ground.ids.v7();
        let (key_id, sealed) = self.keys.seal(&self.ground, id, &body).await?;
        let delivery = Delivery {
            position: 0,
            id,
            provider: self.provider(provider),
            route,
            received_at: self.ground.clock.now(),
            mac: mac(self.keys.mac(), &body)?,
            body,
        };
        let stored = self.group.put(Item { delivery, key_id, sealed });
        if planted(Plant::AnswerBeforeDisk) {
            return Ok(Receipt { id, position: 0 });
        }
        let position = stored.await.ok_or(Error::Stopped)??;
        faults::point("after_intake_commit");
        Ok(Receipt { id, position })
    }

    /// The last position that this process has stored.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<i64> {
        self.head.clone()
    }

    pub(crate) const fn shard(&self) -> i16 {
        self.shard
    }

    pub(crate) const fn pools(&self) -> &Pools {
        &self.pools
    }

    pub(crate) const fn ground(&self) -> &Ground {
        &self.ground
    }

    pub(crate) const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What this process has just stored, still in memory.
    pub(crate) const fn fresh(&self) -> &Fresh {
        &self.fresh
    }

    /// Which deliveries stand behind `position`, in order, without their bodies.
    pub(crate) async fn places(&self, position: i64, most: i64) -> Result<Vec<Place>> {
        let mut tx = db::working(&self.pools.app).await?;
        let rows: Vec<(i64, Uuid)> = sqlx::query_as(
            "select position, route from intake.deliveries
             where shard = $1 and position > $2 and position <= $2 + $3
             order by position",
        )
        .bind(self.shard)
        .bind(position)
        .bind(most)
        .fetch_all(&mut *tx)
        .await?;
        Ok(rows.into_iter().map(|(position, route)| Place { position, route }).collect())
    }

    /// Deliveries by position, in order. `None` for a body whose key was dropped.
    pub(crate) async fn read(&self, positions: &[i64]) -> Result<Vec<(Delivery, bool)>> {
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = db::working(&self.pools.app).await?;
        let rows = sqlx::query(
            "select d.position, d.received_at, d.id, d.key_id, d.route, d.company_id, d.provider,
               d.sealed
             from unnest($2::bigint[]) as w(position)
             cross join lateral (
               select * from intake.deliveries
               where shard = $1 and position = w.position
               limit 1
             ) d
             order by d.position",
        )
        .bind(self.shard)
        .bind(positions)
        .fetch_all(&mut *tx)
        .await?;
        drop(tx);
        let mut deliveries = Vec::with_capacity(rows.len());
        for row in rows {
            let id: Uuid = row.try_get("id")?;
            let sealed: &[u8] = row.try_get("sealed")?;
            let body = self.keys.open_body(row.try_get("key_id")?, id, sealed).await?;
            let readable = body.is_some();
            let body = Bytes::from(body.unwrap_or_default());
            let route = Route { id: row.try_get("route")?, company: row.try_get("company_id")? };
            let delivery = Delivery {
                position: row.try_get("position")?,
                id,
                provider: self.provider(row.try_get("provider")?),
                route,
                received_at: row.try_get("received_at")?,
                mac: mac(self.keys.mac(), &body)?,
                body,
            };
            deliveries.push((delivery, readable));
        }
        Ok(deliveries)
    }

    /// Where a delivery stands.
    pub(crate) async fn find(&self, id: Uuid) -> Result<Option<i64>> {
        let mut tx = db::working(&self.pools.app).await?;
        let position = sqlx::query_scalar(
            "select position from intake.deliveries where id = $1 and shard = $2 limit 1",
        )
        .bind(id)
        .bind(self.shard)
        .fetch_optional(&mut *tx)
        .await?;
        Ok(position)
    }

    fn provider(&self, name: &str) -> Arc<str> {
        let mut providers = self.providers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = providers.iter().find(|known| &***known == name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(name);
        providers.push(Arc::clone(&new));
        new
    }
}

fn mac(key: &[u8; 32], body: &[u8]) -> Result<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_length| Error::Seal)?;
    mac.update(body);
    Ok(mac.finalize().into_bytes().into())
}
