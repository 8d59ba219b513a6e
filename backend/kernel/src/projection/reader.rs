//! The one reader of a shard: takes events as they come and feeds all read models at once.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Postgres, Transaction};
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use super::{
    Projection,
    batch::Target,
    progress::Progress,
    state::{advance, lock, prepare, step},
};
use crate::{
    db::{self, Pools},
    error::Result,
    faults,
    follow::{Follower, Silence},
    ids::Ground,
    ledger::Ledger,
    plant::{Plant, planted},
    recent::Batch,
    record::Recorded,
    vault::Vault,
};

/// The most events in one transaction.
pub(super) const PAGE: usize = 1000;
/// How many batches a slow listener may lie behind before it must read the ledger itself.
const LISTENERS: usize = 1024;
/// How often a process that does not read looks how far the reader is.
const LOOK: Duration = Duration::from_millis(25);
/// While there is much to do, a pass begins so long after the one before: a transaction for many events
/// costs little more than one for a few.
const PACE: Duration = Duration::from_millis(6);
/// From so many events on there is much to do.
const MUCH: usize = 8;
/// How long a pass that failed rests.
const REST: Duration = Duration::from_millis(100);

/// What the read models have just taken, in order.
pub type Applied = Batch;

/// All read models of a shard. Clones share them.
#[derive(Clone)]
pub struct ReadModels {
    inner: Arc<Inner>,
}

struct Inner {
    pools: Pools,
    ledger: Ledger,
    vault: Vault,
    ground: Ground,
    shard: i16,
    projections: Vec<Arc<dyn Projection>>,
    progress: Progress,
    applied: broadcast::Sender<Applied>,
    /// The last `company_seq` that was applied, for companies that were busy lately.
    heads: Mutex<HashMap<Uuid, i64>>,
}

/// The reader's own view.
struct Reading {
    follower: Follower,
    /// Where those that are level stand.
    position: i64,
    level: Vec<usize>,
    /// Behind, each by itself.
    behind: HashMap<usize, i64>,
}

impl ReadModels {
    /// Prepares read models: schemas, tables and checkpoints are made where they are missing.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn open(
        pools: Pools,
        ledger: Ledger,
        vault: Vault,
        ground: Ground,
        projections: Vec<Arc<dyn Projection>>,
    ) -> Result<Self> {
        let shard = ledger.shard();
        let progress = Progress::default();
        let inner = Inner {
            pools,
            ledger,
            vault,
            ground,
            shard,
            projections,
            progress,
            applied: broadcast::channel(LISTENERS).0,
            heads: Mutex::default(),
        };
        let models = Self { inner: Arc::new(inner) };
        for projection in &models.inner.projections {
            let mut tx = db::working(&models.pools().app).await?;
            prepare(projection.as_ref(), &mut tx, shard).await?;
            tx.commit().await?;
        }
        models.look().await?;
        Ok(models)
    }

    /// How far they are.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.inner.progress
    }

    /// Hears what was applied, once its rows can be read. Whoever lags reads the ledger.
    #[must_use]
    pub fn applied(&self) -> broadcast::Receiver<Applied> {
        self.inner.applied.subscribe()
    }

    /// The last event of a company that the read models show.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn head_of(&self, company: Uuid) -> Result<i64> {
        {
            let heads = self.inner.heads.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(head) = heads.get(&company) {
                return Ok(*head);
            }
        }
        let names: Vec<&str> = self.inner.projections.iter().map(|p| p.name()).collect();
        let mut tx = db::working(&self.pools().app).await?;
        let head: Option<i64> = sqlx::query_scalar(
            "select e.company_seq from ledger.events e
             where e.shard = $1 and e.company_id = $2 and e.position <= (
               select max(position) from projection.checkpoints where shard = $1 and name = any($3))
             order by e.company_seq desc
             limit 1",
        )
        .bind(self.shard())
        .bind(company)
        .bind(names)
        .fetch_optional(&mut *tx)
        .await?;
        Ok(head.unwrap_or(0))
    }

    pub(super) fn pools(&self) -> &Pools {
        &self.inner.pools
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub(super) fn shard(&self) -> i16 {
        self.inner.shard
    }

    pub(super) fn projections(&self) -> &[Arc<dyn Projection>] {
        &self.inner.projections
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&dyn Projection> {
        self.inner.projections.iter().map(Arc::as_ref).find(|p| p.name() == name)
    }

    fn at(&self, index: usize) -> Option<&dyn Projection> {
        self.inner.projections.get(index).map(Arc::as_ref)
    }

    /// Reads while `owns` says that this process is the reader; looks how far it is while not.
    pub async fn run(self, mut owns: watch::Receiver<Option<i64>>, alone: watch::Receiver<bool>) {
        let mut reading: Option<Reading> = None;
        loop {
            let done = if owns.borrow_and_update().is_none() {
                reading = None;
                let looked = self.look().await;
                let _ = tokio::time::timeout(LOOK, owns.changed()).await;
                looked
            } else {
                self.pass(&mut reading, &alone).await
            };
            if let Err(error) = done {
                tracing::warn!(%error, "the read models failed, trying again");
                reading = None;
                tokio::time::sleep(REST).await;
            }
        }
    }

    /// Looks how far the reader is, wherever it runs, and tells those who listen here what it applied.
    pub async fn watch(self) {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "where the read models stand could not be looked at");
                tokio::time::sleep(REST).await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes what is there, for tests and for commands that wait for nothing else; returns when level.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn catch_up(&self) -> Result<()> {
        let silence = Silence { alone: Duration::ZERO, company: Duration::ZERO };
        let alone = watch::channel(true).1;
        let mut reading = self.begin(Follower::new(self.ledger().clone(), alone, silence)).await?;
        loop {
            let before = reading.position;
            let current = self.step(&mut reading).await?;
            if !current {
                return Ok(());
            }
            if reading.position == before && reading.behind.is_empty() {
                return Ok(());
            }
        }
    }

    async fn pass(
        &self,
        reading: &mut Option<Reading>,
        alone: &watch::Receiver<bool>,
    ) -> Result<()> {
        let mut current = if let Some(current) = reading.take() {
            current
        } else {
            let follower = Follower::new(self.ledger().clone(), alone.clone(), Silence::default());
            self.begin(follower).await?
        };
        let (begun, before) = (Instant::now(), current.position);
        if self.step(&mut current).await? {
            let taken = usize::try_from(current.position - before).unwrap_or(PAGE);
            *reading = Some(current);
            if (MUCH..PAGE).contains(&taken) {
                tokio::time::sleep(PACE.saturating_sub(begun.elapsed())).await;
            }
        } else {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Sorts the read models into those that are level and those that are behind.
    async fn begin(&self, follower: Follower) -> Result<Reading> {
        let mut tx = db::working(&self.pools().app).await?;
        let names: Vec<&str> = self.projections().iter().map(|p| p.name()).collect();
        let rows = lock(&mut tx, self.shard(), &names).await?;
        drop(tx);
        let mut mine = Vec::new();
        for row in rows {
            let found = self.projections().iter().position(|p| p.name() == row.name);
            let Some(index) = found else { continue };
            if self.at(index).is_some_and(|p| p.version() == row.version) {
                mine.push((index, row.position));
            }
        }
        let mut position = mine.iter().map(|(_, position)| *position).max().unwrap_or(0);
        let (level, behind): (Vec<_>, Vec<_>) =
            mine.into_iter().partition(|(_, at)| *at == position);
        if planted(Plant::ApplyTwice) {
            position = position.saturating_sub(1);
        }
        Ok(Reading {
            follower,
            position,
            level: level.into_iter().map(|(index, _)| index).collect(),
            behind: behind.into_iter().collect(),
        })
    }

    /// One batch for those that are level, one page for each that is behind. False: what was believed
    /// is not so any more (another reader, a rebuild), and must be asked again.
    async fn step(&self, reading: &mut Reading) -> Result<bool> {
        let events = if reading.behind.is_empty() {
            reading.follower.next(reading.position, PAGE).await?
        } else {
            reading.follower.look(reading.position, PAGE).await?
        };
        let level = events.len() < PAGE;
        if !events.is_empty() && !self.take(reading, &events).await? {
            return Ok(false);
        }
        let mut joined = Vec::new();
        for (&index, at) in &mut reading.behind {
            let Some(next) = self.take_alone(index, *at, reading.position).await? else {
                return Ok(false);
            };
            *at = next;
            if next == reading.position {
                joined.push(index);
            }
        }
        for index in joined {
            reading.behind.remove(&index);
            reading.level.push(index);
        }
        self.tell(&events);
        if level {
            self.are_level(reading);
        }
        Ok(true)
    }

    /// All that are level take a batch in one transaction. One that fails falls out of it. False:
    /// another hand moved a checkpoint, or the tables are of another version now.
    async fn take(&self, reading: &mut Reading, events: &[Arc<Recorded>]) -> Result<bool> {
        let Some(last) = events.last() else { return Ok(true) };
        let level: Vec<_> =
            reading.level.iter().filter_map(|index| Some((*index, self.at(*index)?))).collect();
        let names: Vec<&str> = level.iter().map(|(_, projection)| projection.name()).collect();
        let versions: Vec<i32> = level.iter().map(|(_, projection)| projection.version()).collect();
        let way = (reading.position, last.position);
        let mut tx = self.begin_step(&names, &versions, way).await?;
        let moved = step(&mut tx, self.shard(), &names, &versions, way).await?;
        if moved.len() != names.len() && !is_unguarded() {
            return Ok(false);
        }
        let mut paused: HashMap<String, HashSet<Uuid>> =
            moved.into_iter().map(|(name, paused)| (name, paused.into_iter().collect())).collect();
        let mut fallen = Vec::new();
        for (index, projection) in level {
            let target = Target { projection, vault: self.vault(), name: projection.name() };
            let none = HashSet::new();
            let wanted = target.wanted(events, paused.get(projection.name()).unwrap_or(&none));
            if target.attempt_within(&mut tx, &wanted).await?.is_some() {
                fallen.push((index, projection.name()));
            }
        }
        let left: Vec<&str> = fallen.iter().map(|(_, name)| *name).collect();
        if !left.is_empty() {
            advance(&mut tx, self.shard(), &left, reading.position).await?;
        }
        faults::point("in_projection_tx");
        tx.commit().await?;
        faults::point("after_projection_tx");
        self.progress().change(|standings| {
            for name in names {
                let standing = standings.entry(name.to_owned()).or_default();
                if !left.contains(&name) {
                    standing.position = last.position;
                }
                let now = paused.remove(name).unwrap_or_default();
                if *standing.paused != now {
                    standing.paused = Arc::new(now);
                }
            }
        });
        for (index, _) in fallen {
            reading.level.retain(|level| *level != index);
            reading.behind.insert(index, reading.position);
        }
        reading.position = last.position;
        Ok(true)
    }

    /// The transaction of a batch. The reader has few connections and uses them all the time, so they
    /// are its own: role and planner settings stand from the start, and to begin is to begin.
    async fn begin_step(
        &self,
        names: &[&str],
        versions: &[i32],
        way: (i64, i64),
    ) -> Result<Transaction<'static, Postgres>> {
        if planted(Plant::CheckpointOutside) {
            let mut outside = db::working(&self.pools().app).await?;
            step(&mut outside, self.shard(), names, versions, way).await?;
            outside.commit().await?;
        }
        Ok(self.pools().direct.begin_with("begin").await?)
    }

    /// One that is behind takes one page by itself, event by event where it must. Returns where it
    /// stands; `None` if another hand moved it.
    async fn take_alone(&self, index: usize, at: i64, until: i64) -> Result<Option<i64>> {
        let Some(projection) = self.at(index) else { return Ok(None) };
        let name = projection.name();
        let most = usize::try_from(until - at).unwrap_or(PAGE).min(PAGE);
        let mut events = self.ledger().recent().after(at, most);
        if events.len() < most {
            let page = self.ledger().read(at, i64::try_from(most).unwrap_or(1)).await?;
            events = page.into_iter().map(Arc::new).collect();
        }
        let Some(last) = events.last() else { return Ok(Some(at)) };
        let mut tx = db::working(&self.pools().app).await?;
        let mut rows = lock(&mut tx, self.shard(), &[name]).await?;
        let Some(mut row) = rows.pop() else { return Ok(None) };
        let moved = row.position != at && !is_unguarded();
        if row.version != projection.version() || moved {
            return Ok(None);
        }
        let target = Target { projection, vault: self.vault(), name };
        target.apply(&mut tx, &mut row.paused, &events).await?;
        advance(&mut tx, self.shard(), &[name], last.position).await?;
        tx.commit().await?;
        self.progress().change(|standings| {
            let standing = standings.entry(name.to_owned()).or_default();
            standing.position = last.position;
            standing.paused = Arc::new(row.paused);
        });
        Ok(Some(last.position))
    }

    /// Tells those who listen what can be read now.
    fn tell(&self, events: &[Arc<Recorded>]) {
        const COMPANIES: usize = 50_000;
        if events.is_empty() {
            return;
        }
        {
            let mut heads = self.inner.heads.lock().unwrap_or_else(PoisonError::into_inner);
            if heads.len() > COMPANIES {
                heads.clear();
            }
            for event in events {
                heads.insert(event.company, event.company_seq);
            }
        }
        let _ = self.inner.applied.send(events.into());
    }

    fn are_level(&self, reading: &Reading) {
        let now = self.inner.ground.clock.monotonic();
        self.progress().change(|standings| {
            for projection in reading.level.iter().filter_map(|index| self.at(*index)) {
                if let Some(standing) = standings.get_mut(projection.name()) {
                    standing.level_at = now;
                }
            }
        });
    }

    /// How far the reader is, wherever it runs; and what it applied since the last look.
    async fn look(&self) -> Result<()> {
        let names: Vec<&str> = self.projections().iter().map(|p| p.name()).collect();
        let mut tx = db::working(&self.pools().app).await?;
        let rows: Vec<(String, i64, Vec<Uuid>)> = sqlx::query_as(
            "select name, position, paused from projection.checkpoints
             where shard = $1 and name = any($2)",
        )
        .bind(self.shard())
        .bind(&names)
        .fetch_all(&mut *tx)
        .await?;
        let head: Option<i64> =
            sqlx::query_scalar("select max(position) from ledger.events where shard = $1")
                .bind(self.shard())
                .fetch_one(&mut *tx)
                .await?;
        drop(tx);
        let now = self.inner.ground.clock.monotonic();
        let before = self.highest();
        self.progress().change(|standings| {
            for (name, position, paused) in rows {
                let standing = standings.entry(name).or_default();
                standing.position = position;
                standing.paused = Arc::new(paused.into_iter().collect());
                if position >= head.unwrap_or(0) {
                    standing.level_at = now;
                }
            }
        });
        let reached = self.highest();
        self.tell_from_ledger(before, reached).await
    }

    fn highest(&self) -> i64 {
        let watch = self.progress().watch();
        let standings = watch.borrow();
        standings.values().map(|standing| standing.position).max().unwrap_or(0)
    }

    /// What another process's reader applied, for the listeners of this one.
    async fn tell_from_ledger(&self, mut from: i64, to: i64) -> Result<()> {
        // At the first look nobody listens yet, and nobody needs the whole past.
        if from == 0 || self.inner.applied.receiver_count() == 0 {
            self.inner.heads.lock().unwrap_or_else(PoisonError::into_inner).clear();
            return Ok(());
        }
        while from < to {
            let most = usize::try_from(to - from).unwrap_or(PAGE).min(PAGE);
            let mut events = self.ledger().recent().after(from, most);
            if events.len() < most {
                let page = self.ledger().read(from, i64::try_from(most).unwrap_or(1)).await?;
                events = page.into_iter().map(Arc::new).collect();
            }
            let Some(last) = events.last() else { return Ok(()) };
            from = last.position;
            self.tell(&events);
        }
        Ok(())
    }
}

/// Whether the guard against another hand is switched off.
fn is_unguarded() -> bool {
    planted(Plant::CheckpointOutside) || planted(Plant::ApplyTwice)
}
