//! Who does which work (D16): one row per process, renewed; one row per unit of work, with its owner.
//!
//! Invariants:
//! - a unit has one owner; each change of hands raises its epoch;
//! - a process that could not renew its row stops owning before anybody else may begin;
//! - time is measured by each looker's own boot-time clock, from beats it saw: clocks of two machines
//!   are never compared;
//! - a process that starts again under its name takes its own back at once;
//! - nothing is bound to a session: no session lock, no LISTEN.
//!
//! Ownership saves work. What must not happen twice is refused by the work's own guard: a checkpoint,
//! an expected sequence, a timer that is gone.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::{
    db::{self, Pools},
    error::Result,
    ids::Ground,
    plant::{Plant, planted},
};

/// How often a process renews its row.
const RENEW: Duration = Duration::from_secs(2);
/// How often it looks at the others.
const LOOK: Duration = Duration::from_millis(500);
/// How long a row that does not move counts as alive.
pub const TO_LIVE: Duration = Duration::from_secs(6);
/// When a process that cannot renew stops trusting what it owns: before [`TO_LIVE`] is over for anybody
/// who saw its last beat.
const TRUST: Duration = Duration::from_secs(5);

/// Who this process is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its name; the same again after a restart.
    pub node: String,
    /// This run of it.
    pub session: Uuid,
}

/// The process among the others. Clones share it.
#[derive(Clone)]
pub struct Nodes {
    inner: Arc<Inner>,
}

struct Inner {
    pools: Pools,
    ground: Ground,
    identity: Identity,
    /// Units this process would do, and the epoch in which it does.
    units: Mutex<BTreeMap<String, watch::Sender<Option<i64>>>>,
    alone: watch::Sender<bool>,
    changed: Notify,
    /// Held while the rows are looked at; true once the process has left.
    left: tokio::sync::Mutex<bool>,
}

/// What a process remembers from look to look.
#[derive(Default)]
struct Seen {
    /// Each row's run and beat, and when they were first seen.
    beats: HashMap<String, (Uuid, i64, Duration)>,
    /// When the last renewal that succeeded was begun.
    renewed: Option<Duration>,
}

struct Assignment {
    unit: String,
    node: Option<String>,
    session: Option<Uuid>,
    epoch: i64,
}

impl Nodes {
    /// The process, before it has said that it lives.
    #[must_use]
    pub fn new(pools: Pools, ground: Ground, node: &str) -> Self {
        let identity = Identity { node: node.to_owned(), session: ground.ids.v7() };
        let inner = Inner {
            pools,
            ground,
            identity,
            units: Mutex::default(),
            alone: watch::channel(false).0,
            changed: Notify::new(),
            left: tokio::sync::Mutex::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Who this process is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    /// Whether no other process lives.
    #[must_use]
    pub fn alone(&self) -> watch::Receiver<bool> {
        self.inner.alone.subscribe()
    }

    /// Stands for a unit of work. The epoch is there while this process is its owner.
    #[must_use]
    pub fn owns(&self, unit: &str) -> watch::Receiver<Option<i64>> {
        let mut units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = units.entry(unit.to_owned()).or_insert_with(|| watch::channel(None).0);
        let receiver = sender.subscribe();
        drop(units);
        self.inner.changed.notify_one();
        receiver
    }

    /// Gives a unit up; another process, or none, may take it at once.
    ///
    /// # Errors
    /// If Postgres fails; then it is lost by time.
    pub async fn resign(&self, unit: &str) -> Result<()> {
        let sender = {
            let mut units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
            units.remove(unit)
        };
        if let Some(sender) = sender {
            sender.send_replace(None);
        }
        self.give_back(Some(unit)).await
    }

    /// Gives everything up, as the last thing before the process ends.
    ///
    /// # Errors
    /// If Postgres fails; then it is lost by time.
    pub async fn leave(&self) -> Result<()> {
        *self.inner.left.lock().await = true;
        self.lose_all();
        self.give_back(None).await?;
        sqlx::query("delete from node.nodes where node = $1 and session = $2")
            .bind(&self.inner.identity.node)
            .bind(self.inner.identity.session)
            .execute(&self.inner.pools.direct)
            .await?;
        Ok(())
    }

    async fn give_back(&self, unit: Option<&str>) -> Result<()> {
        sqlx::query(
            "update node.assignments set session = null
             where node = $1 and session = $2 and ($3::text is null or unit = $3)",
        )
        .bind(&self.inner.identity.node)
        .bind(self.inner.identity.session)
        .bind(unit)
        .execute(&self.inner.pools.direct)
        .await?;
        Ok(())
    }

    /// Renews, looks, takes over, for as long as the process lives.
    pub async fn run(self) {
        let mut seen = Seen::default();
        loop {
            // A look that hangs may not outlast the trust in what we own.
            let since =
                seen.renewed.map(|at| self.inner.ground.clock.monotonic().saturating_sub(at));
            let patience = since.map_or(TRUST, |since| TRUST.saturating_sub(since)).max(LOOK);
            let looked = tokio::time::timeout(patience, self.look(&mut seen)).await;
            match looked {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the nodes could not be looked at"),
                Err(_) => tracing::warn!("the nodes could not be looked at in time"),
            }
            let now = self.inner.ground.clock.monotonic();
            let trusted = seen.renewed.is_some_and(|at| now.saturating_sub(at) < TRUST);
            if !trusted && !planted(Plant::IgnoreEpoch) {
                self.lose_all();
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = self.inner.changed.notified() => {}
            }
        }
    }

    fn lose_all(&self) {
        let units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
        for (unit, sender) in units.iter() {
            if sender.send_replace(None).is_some() {
                tracing::warn!(node.unit = unit, "{unit} is not ours any more");
            }
        }
    }

    async fn look(&self, seen: &mut Seen) -> Result<()> {
        let left = self.inner.left.lock().await;
        if *left {
            return Ok(());
        }
        let now = self.inner.ground.clock.monotonic();
        let due = seen.renewed.is_none_or(|at| now.saturating_sub(at) >= RENEW);
        let mut tx = db::working(&self.inner.pools.app).await?;
        if due {
            let Identity { node, session } = &self.inner.identity;
            // A row of another run: at our first beat we replace it, later on it has replaced us.
            let first = seen.renewed.is_none();
            let kept = sqlx::query(
                "insert into node.nodes as n (node, session, beat) values ($1, $2, 1)
                 on conflict (node) do update set beat = n.beat + 1, session = excluded.session
                 where n.session = excluded.session or $3",
            )
            .bind(node)
            .bind(session)
            .bind(first)
            .execute(&mut *tx)
            .await?;
            if kept.rows_affected() == 0 {
                tx.rollback().await?;
                tracing::error!("another process runs under the name {node}");
                self.lose_all();
                return Ok(());
            }
        }
        // Owners before processes: whoever owns was there before, and is not taken for gone.
        let assignments: Vec<(String, Option<String>, Option<Uuid>, i64)> =
            sqlx::query_as("select unit, node, session, epoch from node.assignments")
                .fetch_all(&mut *tx)
                .await?;
        let nodes: Vec<(String, Uuid, i64)> =
            sqlx::query_as("select node, session, beat from node.nodes")
                .fetch_all(&mut *tx)
                .await?;
        tx.commit().await?;
        if due {
            seen.renewed = Some(now);
        }
        let live = seen.live(nodes, now);
        let others = live.keys().any(|node| *node != self.inner.identity.node);
        self.inner.alone.send_if_modified(|alone| std::mem::replace(alone, !others) == others);
        let mut known: BTreeMap<String, Assignment> = BTreeMap::new();
        for (unit, node, session, epoch) in assignments {
            known.insert(unit.clone(), Assignment { unit, node, session, epoch });
        }
        self.settle(&live, known).await
    }

    /// Takes what nobody living has, and compares what is ours with what we believe.
    async fn settle(
        &self,
        live: &HashMap<String, Uuid>,
        known: BTreeMap<String, Assignment>,
    ) -> Result<()> {
        let wanted: Vec<String> = {
            let units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
            units.keys().cloned().collect()
        };
        let me = &self.inner.identity;
        for unit in wanted {
            let assignment = known.get(&unit);
            let epoch = match assignment {
                Some(held) if held.session == Some(me.session) => Some(held.epoch),
                Some(held) => {
                    let owner = held.node.as_deref().unwrap_or_default();
                    let lives = held.session.is_some() && live.get(owner) == held.session.as_ref();
                    if lives { None } else { self.take(&unit, Some(held)).await? }
                }
                None => self.take(&unit, None).await?,
            };
            let units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(sender) = units.get(&unit) {
                sender.send_if_modified(|owned| {
                    let changed = *owned != epoch;
                    *owned = epoch;
                    changed
                });
            }
        }
        Ok(())
    }

    /// Takes a unit if it is still as we saw it; returns the new epoch.
    async fn take(&self, unit: &str, held: Option<&Assignment>) -> Result<Option<i64>> {
        let Identity { node, session } = &self.inner.identity;
        let epoch: Option<i64> = match held {
            None => sqlx::query_scalar(
                "insert into node.assignments (unit, node, session, epoch) values ($1, $2, $3, 1)
                     on conflict do nothing
                     returning epoch",
            )
            .bind(unit)
            .bind(node)
            .bind(session)
            .fetch_optional(&self.inner.pools.direct)
            .await?,
            Some(held) => {
                sqlx::query_scalar(
                    "update node.assignments set node = $2, session = $3, epoch = epoch + 1
                     where unit = $1 and epoch = $4 and session is not distinct from $5
                     returning epoch",
                )
                .bind(&held.unit)
                .bind(node)
                .bind(session)
                .bind(held.epoch)
                .bind(held.session)
                .fetch_optional(&self.inner.pools.direct)
                .await?
            }
        };
        if let Some(epoch) = epoch {
            tracing::info!(node.unit = unit, node.epoch = epoch, "{unit} is ours");
        }
        Ok(epoch)
    }
}

impl Seen {
    /// The processes whose rows move, by our own clock.
    fn live(&mut self, rows: Vec<(String, Uuid, i64)>, now: Duration) -> HashMap<String, Uuid> {
        let mut live = HashMap::new();
        self.beats.retain(|node, _| rows.iter().any(|row| row.0 == *node));
        for (node, session, beat) in rows {
            let known = self.beats.entry(node.clone()).or_insert((session, beat, now));
            if (known.0, known.1) != (session, beat) {
                *known = (session, beat, now);
            }
            if now.saturating_sub(known.2) < TO_LIVE {
                live.insert(node, session);
            }
        }
        live
    }
}
