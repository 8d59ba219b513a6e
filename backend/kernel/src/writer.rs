//! The writer of one shard: plans a batch, stores it, and finds out what became of it when the
//! answer is lost.
//!
//! Invariants:
//! - the quick way (one statement, no transaction block) never refuses anybody: whatever looks wrong
//!   there is looked at again under the shard's lock and with fresh facts. Only then is refused.
//! - any number of writers may serve a shard; the lock orders them, the unique position catches who
//!   was late. A writer that met a rival follows it: it reads what the other stored, under the lock,
//!   which it holds for one statement of its own. Should the lock be lost, the position still guards.
//! - a batch whose answer was lost is retried until it is known to be stored or not. The retry takes
//!   the positions of the first attempt, so a first attempt that arrives late is refused.
//! - data that the database does not take costs its own commit only: the batch is halved until it
//!   stands alone.

use std::{
    collections::BTreeSet,
    mem,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, PgPool, Postgres, pool::PoolConnection, postgres::PgRow};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    commit::{Commit, Outcome, Refused},
    error::{Error, Result, is_transient},
    facts::Memory,
    group::Sink,
    now::DatabaseTime,
    plan::{Plan, plan},
    plant::{Plant, planted},
    recent::Recent,
    record::actor_parts,
    sql::{LEDGER_LOCK, Locked, release, store},
    words::Words,
};

type Answers = Vec<std::result::Result<Outcome, Refused>>;

/// After so many batches without a rival the quick way is tried again.
const PATIENT: u8 = 8;

/// How a batch did not end.
enum Failed {
    /// The database does not take the data.
    Data(String),
    /// The database did not answer in time.
    InDoubt,
}

/// How to go about the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// One statement, one round trip.
    Quick,
    /// The lock first, then one statement.
    Following,
    /// Under the lock, with all facts.
    Careful,
}

/// A batch that was sent and whose answer was lost: stored if this event stands at this position.
struct Witness {
    position: i64,
    event: Uuid,
    answers: Answers,
}

/// The shard's lock, held by a transaction of a connection of its own.
struct Lock {
    connection: Option<PoolConnection<Postgres>>,
    /// The events that others have stored, read under the lock.
    news: Vec<PgRow>,
}

impl Lock {
    /// Takes the lock and asks for news in one round trip; each statement sees what was committed
    /// before it began, so the news are from after the lock.
    async fn take(pool: &PgPool, shard: i16, memory: &Memory) -> sqlx::Result<Self> {
        let connection = pool.acquire().await?;
        let mut lock = Self { connection: Some(connection), news: Vec::new() };
        let statement = format!(
            "begin; select pg_advisory_xact_lock({LEDGER_LOCK}, {shard}); {}",
            memory.follow_up(shard)
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(lock.connection()?).await?;
        // The first row is the lock's own answer.
        lock.news = rows.into_iter().skip(1).collect();
        Ok(lock)
    }

    fn connection(&mut self) -> sqlx::Result<&mut sqlx::PgConnection> {
        self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Commits, and with it gives the lock to who waits.
    async fn release(mut self) -> sqlx::Result<()> {
        sqlx::raw_sql("commit").execute(self.connection()?).await?;
        // Only now may the connection be used again.
        drop(self.connection.take());
        Ok(())
    }
}

impl Drop for Lock {
    /// A transaction that did not end well ends with its connection.
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

pub(crate) struct Writer {
    pool: PgPool,
    shard: i16,
    memory: Memory,
    words: Words,
    time: DatabaseTime,
    way: Way,
    /// How many batches in a row met nobody.
    alone: u8,
    /// How long a batch may look for its outcome.
    patience: Duration,
    head: watch::Sender<i64>,
    recent: Recent,
}

impl Writer {
    pub(crate) fn new(
        pool: PgPool,
        shard: i16,
        words: Words,
        time: DatabaseTime,
        patience: Duration,
        (head, recent): (watch::Sender<i64>, Recent),
    ) -> Self {
        let memory = Memory::default();
        Self {
            pool,
            shard,
            memory,
            words,
            time,
            way: Way::Following,
            alone: PATIENT,
            patience,
            head,
            recent,
        }
    }

    /// One batch to its end, however often that takes.
    async fn settle(&mut self, batch: &[Commit]) -> std::result::Result<Answers, Failed> {
        let deadline = Instant::now() + self.patience;
        let mut witnesses = Vec::new();
        let mut pause = Duration::from_millis(2);
        let mut deadlocks = 0;
        let mut way = self.way;
        loop {
            let tried = match way {
                Way::Quick => self.quickly(batch, &mut witnesses).await,
                Way::Following => self.following(batch, &mut witnesses).await,
                Way::Careful => self.carefully(batch, &mut witnesses).await,
            };
            match tried {
                Ok(Some(answers)) => {
                    let position = self.memory.head.unwrap_or(0);
                    self.head.send_if_modified(|head| mem::replace(head, position) != position);
                    return Ok(answers);
                }
                Ok(None) => way = Way::Careful,
                Err(error) => {
                    self.memory.forget();
                    if is_transient(&error) && deadlocks < 100 {
                        if Instant::now() >= deadline {
                            return Err(Failed::InDoubt);
                        }
                        deadlocks += i32::from(error.as_database_error().is_some());
                        tracing::warn!(shard = self.shard, %error, "the ledger did not answer, trying again");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(Duration::from_millis(200));
                    } else if way == Way::Careful {
                        return Err(Failed::Data(error.to_string()));
                    }
                    way = Way::Careful;
                }
            }
        }
    }

    /// One statement, one round trip. `None`: not stored, to be looked at carefully.
    async fn quickly(
        &mut self,
        batch: &[Commit],
        witnesses: &mut Vec<Witness>,
    ) -> sqlx::Result<Option<Answers>> {
        let mut connection = self.pool.acquire().await?;
        self.name_words(&mut connection, batch).await?;
        let mut facts = self.memory.gather(&mut connection, self.shard, batch, false).await?;
        let plan = plan(&mut facts, batch, self.time.now());
        if !plan.can_be_quick() {
            return Ok(None);
        }
        if !plan.is_empty() {
            let started = self.time.start();
            let stored =
                store(&mut connection, self.shard, &plan, &self.words, Locked::ByItself).await;
            match stored {
                Ok(at) => self.time.sample(started, at),
                // A rival was there: the batch is whole and well, it only has to follow.
                Err(error) => {
                    witness(&plan, witnesses);
                    if is_unique(&error, "events_pkey") {
                        drop(connection);
                        return self.following(batch, witnesses).await;
                    }
                    return Err(error);
                }
            }
        }
        self.recent.push(plan.recorded(self.shard));
        let answers = plan.answers;
        self.memory.learn(facts);
        Ok(Some(answers))
    }

    /// Behind a rival: one connection holds the lock and tells what others have stored, the other
    /// stores in one statement. `None`: not stored, to be looked at carefully.
    async fn following(
        &mut self,
        batch: &[Commit],
        witnesses: &mut Vec<Witness>,
    ) -> sqlx::Result<Option<Answers>> {
        let mut connection = self.pool.acquire().await?;
        self.name_words(&mut connection, batch).await?;
        let mut lock = Lock::take(&self.pool, self.shard, &self.memory).await?;
        let rival = self.take_in(&lock)?;
        if let Some(answers) = self.recognise(lock.connection()?, witnesses).await? {
            lock.release().await?;
            return Ok(Some(answers));
        }
        let mut facts = self.memory.gather(lock.connection()?, self.shard, batch, false).await?;
        let plan = plan(&mut facts, batch, self.time.now());
        if !plan.can_be_quick() {
            lock.release().await?;
            return Ok(None);
        }
        if !plan.is_empty() {
            let stored = store(&mut connection, self.shard, &plan, &self.words, Locked::Elsewhere);
            stored.await.inspect_err(|_| witness(&plan, witnesses))?;
        }
        self.recent.push(plan.recorded(self.shard));
        let answers = plan.answers;
        self.memory.learn(facts);
        self.met(rival);
        // The commit is done whatever becomes of the lock: a failure here closes the connection.
        let _ = lock.release().await;
        Ok(Some(answers))
    }

    /// Under the shard's lock, with all facts, in one transaction.
    async fn carefully(
        &mut self,
        batch: &[Commit],
        witnesses: &mut Vec<Witness>,
    ) -> sqlx::Result<Option<Answers>> {
        {
            let mut connection = self.pool.acquire().await?;
            self.name_words(&mut connection, batch).await?;
        }
        let mut lock = Lock::take(&self.pool, self.shard, &self.memory).await?;
        let rival = self.take_in(&lock)?;
        if let Some(answers) = self.recognise(lock.connection()?, witnesses).await? {
            lock.release().await?;
            return Ok(Some(answers));
        }
        let mut facts = self.memory.gather(lock.connection()?, self.shard, batch, true).await?;
        let mut plan = plan(&mut facts, batch, self.time.now());
        if plan.is_empty() {
            lock.release().await?;
        } else {
            release(lock.connection()?, self.shard, &mut plan).await?;
            let (shard, words) = (self.shard, &self.words);
            store(lock.connection()?, shard, &plan, words, Locked::Elsewhere).await?;
            lock.release().await.inspect_err(|_| witness(&plan, witnesses))?;
        }
        self.recent.push(plan.recorded(self.shard));
        let answers = plan.answers;
        self.memory.learn(facts);
        self.met(rival);
        Ok(Some(answers))
    }

    /// What came with the lock: the events of others, and the database's time.
    fn take_in(&mut self, lock: &Lock) -> sqlx::Result<bool> {
        let (rival, now) = self.memory.follow(&lock.news)?;
        // It was asked after the lock was there, and how long that took is not known.
        self.time.sample(self.time.start(), now);
        Ok(rival)
    }

    /// After a rival the lock is taken first, until nobody was met for a while.
    const fn met(&mut self, rival: bool) {
        self.alone = if rival { 0 } else { self.alone.saturating_add(1) };
        self.way = if self.alone < PATIENT { Way::Following } else { Way::Quick };
    }

    /// The answers of an earlier attempt that was stored after all.
    async fn recognise(
        &self,
        connection: &mut sqlx::PgConnection,
        witnesses: &mut Vec<Witness>,
    ) -> sqlx::Result<Option<Answers>> {
        for witness in witnesses.drain(..) {
            let found: Option<Uuid> = sqlx::query_scalar(
                "select event_id from ledger.events where shard = $1 and position = $2",
            )
            .bind(self.shard)
            .bind(witness.position)
            .fetch_optional(&mut *connection)
            .await?;
            if found == Some(witness.event) && !planted(Plant::ForgetWitness) {
                return Ok(Some(witness.answers));
            }
        }
        Ok(None)
    }

    /// Gives numbers to words that the dictionary does not have yet.
    async fn name_words(
        &self,
        connection: &mut sqlx::PgConnection,
        batch: &[Commit],
    ) -> sqlx::Result<()> {
        let mut actors = BTreeSet::new();
        let mut missing: BTreeSet<&str> = BTreeSet::new();
        {
            let lookup = self.words.lookup();
            for append in batch.iter().flat_map(|commit| &commit.appends) {
                let types = append.events.iter().map(|event| event.event_type);
                missing.extend(
                    types.chain([append.stream.kind]).filter(|word| lookup.number(word).is_none()),
                );
                let actor = actor_parts(&append.context.actor).0;
                if lookup.number(&actor).is_none() {
                    actors.insert(actor);
                }
            }
        }
        missing.extend(actors.iter().map(String::as_str));
        if missing.is_empty() {
            return Ok(());
        }
        self.words.learn(connection, missing).await
    }
}

impl Sink for Writer {
    type Item = Commit;
    type Answer = Result<Outcome>;

    async fn write(&mut self, items: Vec<Commit>) -> Vec<Result<Outcome>> {
        let mut answers = Vec::with_capacity(items.len());
        let mut parts = vec![items.as_slice()];
        while let Some(part) = parts.pop() {
            match self.settle(part).await {
                Ok(settled) => {
                    answers.extend(settled.into_iter().map(|answer| answer.map_err(Error::from)));
                }
                Err(Failed::InDoubt) => answers.extend(part.iter().map(|_| Err(Error::InDoubt))),
                Err(Failed::Data(detail)) if part.len() == 1 => {
                    answers.push(Err(Refused::Invalid { detail }.into()));
                }
                Err(Failed::Data(_)) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
        answers
    }
}

/// Notes how to recognise a batch whose answer was lost.
fn witness(plan: &Plan<'_>, witnesses: &mut Vec<Witness>) {
    if let Some(row) = plan.rows.first() {
        let answers = plan.answers.clone();
        witnesses.push(Witness { position: row.position, event: row.event.id, answers });
    }
}

fn is_unique(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().is_some_and(|error| error.constraint() == Some(constraint))
}
