//! The ledger of one shard: the door for commits, and the reads that folding needs.

use std::{
    any::Any,
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lru::LruCache;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    commit::{Commit, Outcome},
    db::Pools,
    error::{Error, Result},
    facts::claim_owners,
    group::Group,
    ids::Ground,
    log::{Log, Past},
    look::{self, Looker},
    now::{ClockStep, DatabaseTime},
    recent::Recent,
    record::{Recorded, hash_of},
    words::Words,
    writer::Writer,
};

/// How much of the newest events is kept in memory.
const RECENT_BYTES: usize = 16 * 1024 * 1024;

/// A folded state of any aggregate, with the stream's version.
pub(crate) type Folded = (i64, Arc<dyn Any + Send + Sync>);
type States = Arc<Mutex<LruCache<(Uuid, Uuid), Folded>>>;

/// How a ledger is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// The shard.
    pub shard: i16,
    /// The most commits in one transaction.
    pub batch: usize,
    /// How many folded states are kept; 0 keeps none.
    pub states: usize,
    /// How long a commit may search for its outcome while Postgres is away.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { shard: 0, batch: 1024, states: 100_000, patience: Duration::from_secs(10) }
    }
}

/// One shard's ledger. Clones share the writer and the cache.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) pool: PgPool,
    pub(crate) shard: i16,
    pub(crate) ground: Ground,
    pools: Pools,
    log: Log,
    recent: Recent,
    incarnation: Arc<watch::Sender<Uuid>>,
    writer: Group<Writer>,
    looker: Group<Looker>,
    head: watch::Receiver<i64>,
    alarm: Arc<watch::Sender<Option<ClockStep>>>,
    states: Option<States>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ledger").field("shard", &self.shard).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Starts the shard's writer in this process. Other processes may do the same.
    #[must_use]
    pub fn open(pools: &Pools, options: &Options, ground: Ground) -> Self {
        let (sender, head) = watch::channel(0);
        let alarm = Arc::new(watch::Sender::new(None));
        let words = Words::default();
        // The writer never waits behind readers for a connection.
        let own = PgPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(Duration::from_secs(2))
            .test_before_acquire(false)
            .connect_lazy_with((*pools.direct.connect_options()).clone());
        let time = DatabaseTime::new(Arc::clone(&ground.clock), Arc::clone(&alarm));
        let shard = options.shard;
        let recent = Recent::new(RECENT_BYTES);
        let told = (sender, recent.clone());
        let writer = Writer::new(own, shard, words.clone(), time, options.patience, told);
        let states =
            NonZeroUsize::new(options.states).map(|most| Arc::new(Mutex::new(LruCache::new(most))));
        let log = Log::new(pools.direct.clone(), shard, words);
        Self {
            pool: pools.direct.clone(),
            shard,
            ground,
            pools: pools.clone(),
            recent,
            incarnation: Arc::new(watch::Sender::new(Uuid::nil())),
            looker: Group::spawn(Looker(log.clone()), look::MOST),
            log,
            writer: Group::spawn(writer, options.batch),
            head,
            alarm,
            states,
        }
    }

    /// Makes it happen as a whole or not at all: [`Error::Refused`] if nothing was stored,
    /// [`Error::InDoubt`] if Postgres was away for too long.
    pub async fn commit(&self, commit: Commit) -> Result<Outcome> {
        self.writer.put(commit).await.ok_or(Error::Stopped)?
    }

    /// The last position this process has stored: a wake-up call for those who follow the log.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<i64> {
        self.head.clone()
    }

    /// The last step of the database's clock beyond a minute, until a person takes it back (D9):
    /// meanwhile timers and send hours hold.
    #[must_use]
    pub fn clock_alarm(&self) -> watch::Receiver<Option<ClockStep>> {
        self.alarm.subscribe()
    }

    /// Takes the alarm back.
    pub fn acknowledge_clock(&self) {
        self.alarm.send_replace(None);
    }

    /// The shard.
    #[must_use]
    pub const fn shard(&self) -> i16 {
        self.shard
    }

    /// The ways to Postgres.
    #[must_use]
    pub const fn pools(&self) -> &Pools {
        &self.pools
    }

    /// The newest events in memory, for those who follow.
    #[must_use]
    pub fn recent(&self) -> Recent {
        self.recent.clone()
    }

    /// The installation's life (D12).
    #[must_use]
    pub fn incarnation(&self) -> Uuid {
        *self.incarnation.borrow()
    }

    /// Says in which life of the installation this process is; before anything follows the ledger.
    pub fn lives_in(&self, incarnation: Uuid) {
        self.incarnation.send_replace(incarnation);
    }

    /// The history, for readers with a connection of their own.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Time and ids.
    #[must_use]
    pub const fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Events after `position`, in order, at most `most` positions further.
    pub async fn read(&self, position: i64, most: i64) -> Result<Vec<Recorded>> {
        self.log.page(&mut *self.log.connection().await?, position, most).await
    }

    /// A company's events from `company_seq` on, in order, at most `most` numbers further.
    pub async fn read_company(
        &self,
        company: Uuid,
        company_seq: i64,
        most: i64,
    ) -> Result<Vec<Recorded>> {
        self.log.company(&mut *self.log.connection().await?, company, company_seq, most).await
    }

    /// A stream's events after version `after`, in order.
    pub async fn read_stream(
        &self,
        company: Uuid,
        stream: Uuid,
        after: i64,
    ) -> Result<Vec<Recorded>> {
        self.log.stream(&mut *self.log.connection().await?, company, stream, after).await
    }

    /// What folding needs of a stream behind version `after`, together with whoever else asks now.
    pub(crate) async fn look(&self, company: Uuid, stream: Uuid, after: i64) -> Result<Vec<Past>> {
        if let Some(past) = self.looker.put((company, stream, after)).await.flatten() {
            return Ok(past);
        }
        let mut connection = self.log.connection().await?;
        let alone = self.log.pasts(&mut connection, &[(company, stream, after)]).await?;
        Ok(alone.into_iter().flatten().collect())
    }

    /// The events of many streams (company, stream), each in order, in one query.
    pub async fn read_streams(&self, wanted: &[(Uuid, Uuid)]) -> Result<Vec<Recorded>> {
        self.log.streams(&mut *self.log.connection().await?, wanted).await
    }

    /// A company's last number.
    pub async fn company_head(&self, company: Uuid) -> Result<i64> {
        self.log.company_head(&mut *self.log.connection().await?, company).await
    }

    /// The company's last number at or before a position; 0 if there is none. Walked back from the
    /// company's head: who asks is seldom far behind.
    pub async fn company_seq_at(&self, company: Uuid, position: i64) -> Result<i64> {
        let seq: Option<i64> = sqlx::query_scalar(
            "select company_seq from ledger.events
             where shard = $1 and company_id = $2 and position <= $3
             order by company_seq desc limit 1",
        )
        .bind(self.shard)
        .bind(company)
        .bind(position)
        .fetch_optional(&self.pool)
        .await?;
        Ok(seq.unwrap_or(0))
    }

    /// Who owns the given keys (company, kind, blind index), in their order, in one round trip.
    pub async fn claims(
        &self,
        wanted: &[(Uuid, &'static str, [u8; 16])],
    ) -> Result<Vec<Option<Uuid>>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        Ok(claim_owners(&mut *self.log.connection().await?, self.shard, wanted).await?)
    }

    /// All keys that these streams own in a company: kind, blind index, owner.
    pub async fn claims_of(
        &self,
        company: Uuid,
        owners: &[Uuid],
    ) -> Result<Vec<(String, [u8; 16], Uuid)>> {
        let rows: Vec<(String, Uuid, Uuid)> = sqlx::query_as(
            "select kind, key, owner from ledger.claims
             where shard = $1 and company_id = $2 and owner = any($3)
             order by kind, key",
        )
        .bind(self.shard)
        .bind(company)
        .bind(owners)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(kind, key, owner)| (kind, key.into_bytes(), owner)).collect())
    }

    /// The answer stored for a command, if it was executed within the last 48 hours: the request's
    /// fingerprint and the response.
    pub async fn reply(&self, company: Uuid, command: Uuid) -> Result<Option<([u8; 32], String)>> {
        let row: Option<(Vec<u8>, String)> = sqlx::query_as(
            "select fingerprint, response::text from ledger.replies
             where shard = $1 and company_id = $2 and command_id = $3",
        )
        .bind(self.shard)
        .bind(company)
        .bind(command)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(fingerprint, response)| (hash_of(&fingerprint), response)))
    }

    /// Where a consumer is; 0 if it never moved.
    pub async fn checkpoint(&self, consumer: &str) -> Result<i64> {
        let position: Option<i64> = sqlx::query_scalar(
            "select position from ledger.checkpoints where shard = $1 and consumer = $2",
        )
        .bind(self.shard)
        .bind(consumer)
        .fetch_optional(&self.pool)
        .await?;
        Ok(position.unwrap_or(0))
    }

    /// Drops answers older than 48 hours, at most `most`; how many. Call until 0.
    pub async fn drop_old_replies(&self, most: i64) -> Result<u64> {
        let done = sqlx::query(
            "delete from ledger.replies where ctid = any(array(
               select ctid from ledger.replies
               where recorded_at < clock_timestamp() - interval '48 hours'
               order by recorded_at limit $1))",
        )
        .bind(most)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    /// The cached state of a stream.
    pub(crate) fn recall<S: Any + Send + Sync>(
        &self,
        company: Uuid,
        stream: Uuid,
    ) -> Option<(i64, Arc<S>)> {
        let states = self.states.as_ref()?;
        let mut states = states.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, state) = states.get(&(company, stream)).cloned()?;
        Some((version, state.downcast().ok()?))
    }

    /// Caches a state, unless a newer one is there.
    pub(crate) fn keep<S: Any + Send + Sync>(
        &self,
        company: Uuid,
        stream: Uuid,
        version: i64,
        state: Arc<S>,
    ) {
        let Some(states) = self.states.as_ref() else { return };
        let mut states = states.lock().unwrap_or_else(PoisonError::into_inner);
        if states.peek(&(company, stream)).is_none_or(|known| known.0 < version) {
            states.put((company, stream), (version, state));
        }
    }
}
