//! Noting who reads a person's data (LG10), without anybody waiting for it.
//!
//! **Invariants.** A reader is noted once for each person and way within [`AGAIN`]; what is noted is
//! written in batches beside the answers, and what Postgres does not take now is written later. A stop
//! waits for what is still to be written.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use kernel::{
    db::PgPool,
    http::{Caller, Principal},
    ids::Ground,
    tasks::Tasks,
};
use lru::LruCache;
use shared::{contacts::ReadWhat, ids::ContactId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::tables::reads::{self, Read, Reader};

/// How long a reader is not noted again.
pub const AGAIN: Duration = Duration::from_mins(10);
/// How long readings are kept.
pub const KEPT: TimeDelta = TimeDelta::days(365);
/// How long readings are gathered.
const GATHERED: Duration = Duration::from_millis(500);
/// The most in one write, and the most that wait while Postgres is away.
const AT_ONCE: usize = 500;
const WAITING: usize = 50_000;
/// How many are remembered.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");

type Key = (Uuid, Uuid, Reader, Option<Uuid>, ReadWhat);

/// Takes note. Clones share it.
#[derive(Clone)]
pub struct Readers {
    ground: Ground,
    lately: Arc<Mutex<LruCache<Key, Duration>>>,
    noted: mpsc::Sender<Read>,
}

impl Readers {
    /// Takes note from now on.
    #[must_use]
    pub fn new(pool: PgPool, ground: Ground, tasks: &Tasks) -> Self {
        let (noted, incoming) = mpsc::channel(WAITING);
        let stopping = tasks.stopping();
        tasks.spawn(async move { write(&pool, incoming, stopping).await });
        Self { ground, lately: Arc::new(Mutex::new(LruCache::new(REMEMBERED))), noted }
    }

    /// Somebody is shown something of a company's contact.
    pub fn saw(&self, caller: &Caller, company: Uuid, contact: ContactId, what: ReadWhat) {
        let (reader, acting_for) = match caller.principal() {
            Principal::User { user, .. } => (Reader::User(user.into_uuid()), None),
            Principal::Impersonator { user, company, .. } => {
                (Reader::User(user.into_uuid()), Some(*company))
            }
            Principal::ApiKey { key, .. } => (Reader::ApiKey(key.into_uuid()), None),
            Principal::System(_) => return,
        };
        let contact = contact.into_uuid();
        let key = (company, contact, reader, acting_for, what);
        let now = self.ground.clock.monotonic();
        {
            let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
            if lately.get(&key).is_some_and(|at| now.saturating_sub(*at) < AGAIN) {
                return;
            }
            lately.put(key, now);
        }
        let at = self.ground.clock.now();
        if self.noted.try_send(Read { company, contact, at, reader, acting_for, what }).is_err() {
            tracing::error!("more is read than can be noted: who read it is lost");
            metrics::counter!("contacts_reads_lost_total").increment(1);
        }
    }
}

/// Writes what is noted, in batches; at a stop, what is left goes in one last write.
async fn write(pool: &PgPool, mut incoming: mpsc::Receiver<Read>, stopping: CancellationToken) {
    let mut batch = Vec::with_capacity(AT_ONCE);
    loop {
        tokio::select! {
            n_noted = incoming.recv_many(&mut batch, AT_ONCE) => if n_noted == 0 { return },
            () = stopping.cancelled() => break,
        }
        while let Err(error) = reads::keep(pool, &batch).await {
            tracing::warn!("who reads what is written later: {error}");
            tokio::select! {
                () = tokio::time::sleep(2 * GATHERED) => {}
                () = stopping.cancelled() => break,
            }
        }
        if stopping.is_cancelled() {
            break;
        }
        batch.clear();
        tokio::select! {
            () = tokio::time::sleep(GATHERED) => {}
            () = stopping.cancelled() => break,
        }
    }
    while let Ok(read) = incoming.try_recv() {
        batch.push(read);
    }
    if let Err(error) = reads::keep(pool, &batch).await {
        tracing::error!("who read what lately is lost: {error}");
    }
}
