//! Who does which work (D16): one row per process, renewed; one row per unit of work, with its owner.
//!
//! Invariants:
//! - a unit has one owner; each change of hands raises its epoch;
//! - a process that could not renew its row stops owning before anybody else may begin;
//! - time is measured by each looker's own boot-time clock, from beats it saw: clocks of two machines
//!   are never compared;
//! - a process that starts again under its name takes its own back at once;
//! - work spreads: a process asks the owner for its share of the kinds that it stands for, and the owner
//!   gives it up between two steps;
//! - nothing is bound to a session: no session lock, no LISTEN.
//!
//! Ownership saves work. What must not happen twice is refused by the work's own guard: a checkpoint,
//! an expected sequence, a timer that is gone.

mod share;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, watch};
use uuid::Uuid;

use self::share::{Assignment, Peer, Step, kind, step};
use crate::{
    db::{self, Pools},
    error::Result,
    ids::Ground,
    plant::{Plant, planted},
};

/// How often a process renews its row.
const RENEW: Duration = Duration::from_secs(2);
/// How often it looks at the others.
const LOOK: Duration = Duration::from_millis(250);
/// How long a row that does not move counts as alive.
pub const TO_LIVE: Duration = Duration::from_secs(6);
/// When a process that cannot renew stops trusting what it owns: before [`TO_LIVE`] is over for anybody
/// who saw its last beat.
const TRUST: Duration = Duration::from_secs(5);
/// How long who was asked for a unit may take to come to an end with it.
const HANDOVER: Duration = Duration::from_secs(12);

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
    /// Units this process would do.
    units: Mutex<BTreeMap<String, Stand>>,
    alone: watch::Sender<bool>,
    changed: Notify,
    /// Held while the rows are looked at; true once the process has left.
    left: tokio::sync::Mutex<bool>,
}

/// A unit that this process would do.
struct Stand {
    /// The epoch in which it does.
    owned: watch::Sender<Option<i64>>,
    /// Another process wants it, whose share it is.
    asked: watch::Sender<bool>,
    asked_at: Option<Duration>,
    /// Whether it is given up only when who does it says so.
    is_lent: bool,
}

/// A unit that is given up when who does it has come to an end with it.
#[derive(Clone, Debug)]
pub struct Lent {
    /// The epoch is there while this process is the owner.
    pub owned: watch::Receiver<Option<i64>>,
    /// True: come to an end, and say [`Nodes::pass_on`].
    pub asked: watch::Receiver<bool>,
}

/// What a process remembers from look to look.
#[derive(Default)]
struct Seen {
    /// Each row's run and beat, and when they were first seen.
    beats: HashMap<String, (Uuid, i64, Duration)>,
    /// Since when nobody has a unit.
    vacant: HashMap<String, Duration>,
    /// When the last renewal that succeeded was begun, and what it said we stand for.
    renewed: Option<Duration>,
    said: Vec<String>,
}

type NodeRow = (String, Uuid, i64, Vec<String>);
type AssignmentRow = (String, Option<String>, Option<Uuid>, i64, Option<String>);

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
        self.stand(unit, |stand| stand.owned.subscribe())
    }

    /// Stands for a unit of work that must come to an end before it changes hands.
    #[must_use]
    pub fn lends(&self, unit: &str) -> Lent {
        self.stand(unit, |stand| {
            stand.is_lent = true;
            Lent { owned: stand.owned.subscribe(), asked: stand.asked.subscribe() }
        })
    }

    fn stand<T>(&self, unit: &str, of: impl FnOnce(&mut Stand) -> T) -> T {
        let mut units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
        let found = of(units.entry(unit.to_owned()).or_default());
        drop(units);
        self.inner.changed.notify_one();
        found
    }

    /// Gives a unit to the one who asked for it; this process goes on standing for it.
    ///
    /// # Errors
    /// If Postgres fails; then it is lost by time.
    pub async fn pass_on(&self, unit: &str) -> Result<()> {
        // A look that is under way believes older rows.
        let _no_look = self.inner.left.lock().await;
        {
            let mut units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(stand) = units.get_mut(unit) {
                stand.lose();
            }
        }
        self.give_back(Some(unit)).await
    }

    /// Gives a unit up; another process, or none, may take it at once.
    ///
    /// # Errors
    /// If Postgres fails; then it is lost by time.
    pub async fn resign(&self, unit: &str) -> Result<()> {
        let _no_look = self.inner.left.lock().await;
        let stand = {
            let mut units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
            units.remove(unit)
        };
        if let Some(mut stand) = stand {
            stand.lose();
        }
        self.inner.changed.notify_one();
        self.give_back(Some(unit)).await
    }

    /// Whether nobody has a unit.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn is_free(&self, unit: &str) -> Result<bool> {
        let mut tx = db::working(&self.inner.pools.app).await?;
        let session: Option<Option<Uuid>> =
            sqlx::query_scalar("select session from node.assignments where unit = $1")
                .bind(unit)
                .fetch_optional(&mut *tx)
                .await?;
        Ok(session.flatten().is_none())
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
        for (unit, stand) in units.iter() {
            if stand.owned.send_replace(None).is_some() {
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
        let serves = self.serves();
        let due =
            seen.renewed.is_none_or(|at| now.saturating_sub(at) >= RENEW) || seen.said != serves;
        let mut tx = db::working(&self.inner.pools.app).await?;
        if due {
            let Identity { node, session } = &self.inner.identity;
            // A row of another run: at our first beat we replace it, later on it has replaced us.
            let first = seen.renewed.is_none();
            let kept = sqlx::query(
                "insert into node.nodes as n (node, session, beat, serves) values ($1, $2, 1, $4)
                 on conflict (node) do update
                   set beat = n.beat + 1, session = excluded.session, serves = excluded.serves
                 where n.session = excluded.session or $3",
            )
            .bind(node)
            .bind(session)
            .bind(first)
            .bind(&serves)
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
        let assignments: Vec<AssignmentRow> =
            sqlx::query_as("select unit, node, session, epoch, wanted_by from node.assignments")
                .fetch_all(&mut *tx)
                .await?;
        let nodes: Vec<NodeRow> =
            sqlx::query_as("select node, session, beat, serves from node.nodes")
                .fetch_all(&mut *tx)
                .await?;
        tx.commit().await?;
        if due {
            seen.renewed = Some(now);
            seen.said = serves;
        }
        let live = seen.live(nodes, now);
        let others = live.keys().any(|node| *node != self.inner.identity.node);
        self.inner.alone.send_if_modified(|alone| std::mem::replace(alone, !others) == others);
        let mut known: BTreeMap<String, Assignment> = BTreeMap::new();
        for (unit, node, session, epoch, wanted_by) in assignments {
            known.insert(unit, Assignment { node, session, epoch, wanted_by });
        }
        self.settle(seen, &live, &known, now).await
    }

    /// The kinds of work that this process stands for.
    fn serves(&self) -> Vec<String> {
        let units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
        let kinds: BTreeSet<&str> = units.keys().map(|unit| kind(unit)).collect();
        kinds.into_iter().map(str::to_owned).collect()
    }

    /// Takes what nobody living has, asks for its share, gives others theirs, and compares what is ours
    /// with what we believe.
    async fn settle(
        &self,
        seen: &mut Seen,
        live: &HashMap<String, Peer>,
        known: &BTreeMap<String, Assignment>,
        now: Duration,
    ) -> Result<()> {
        let wanted: Vec<String> = {
            let units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
            units.keys().cloned().collect()
        };
        let me = &self.inner.identity;
        let mut steps = Vec::with_capacity(wanted.len());
        for unit in wanted {
            let vacant = now.saturating_sub(*seen.vacant.get(&unit).unwrap_or(&now));
            let held = known.get(&unit);
            steps.push((step(&unit, held, (&me.node, me.session), live, vacant), unit));
        }
        let taken = self.take(&steps, known).await?;
        self.ask(&steps).await?;
        for (step, unit) in steps {
            let held = known.get(&unit);
            let epoch = match step {
                Step::Keep(epoch) => Some(epoch),
                Step::Yield(epoch) => self.yields(&unit, epoch, now).await?,
                Step::Take => taken.get(&unit).copied(),
                Step::Ask(_) | Step::Leave => None,
            };
            let lives = held.is_some_and(|held| {
                held.node.as_ref().and_then(|node| live.get(node)).map(|peer| peer.session)
                    == held.session
                    && held.session.is_some()
            });
            if lives || epoch.is_some() {
                seen.vacant.remove(&unit);
            } else {
                seen.vacant.entry(unit.clone()).or_insert(now);
            }
            let mut units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(stand) = units.get_mut(&unit) {
                if !matches!(step, Step::Yield(_)) {
                    stand.asked_at = None;
                    stand.asked.send_if_modified(std::mem::take);
                }
                stand.owned.send_if_modified(|owned| std::mem::replace(owned, epoch) != epoch);
            }
        }
        Ok(())
    }

    /// Gives a unit up in two looks, so that a step under way comes to its end; one that is lent, when
    /// who does it has passed it on, or has taken too long.
    async fn yields(&self, unit: &str, epoch: i64, now: Duration) -> Result<Option<i64>> {
        {
            let mut units = self.inner.units.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(stand) = units.get_mut(unit) else { return Ok(None) };
            let asked_at = *stand.asked_at.get_or_insert(now);
            stand.asked.send_replace(true);
            let patience = if stand.is_lent { HANDOVER } else { LOOK };
            if now.saturating_sub(asked_at) < patience {
                return Ok(Some(epoch).filter(|_| stand.is_lent));
            }
        }
        self.give_back(Some(unit)).await?;
        Ok(None)
    }

    /// Asks the owners for the units that are our share.
    async fn ask(&self, steps: &[(Step, String)]) -> Result<()> {
        let asked = steps.iter().filter_map(|(step, unit)| match step {
            Step::Ask(epoch) => Some((unit.as_str(), *epoch)),
            _ => None,
        });
        let (units, epochs): (Vec<&str>, Vec<i64>) = asked.unzip();
        if units.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "update node.assignments a
             set wanted_by = $2
             from unnest($1::text[], $3::bigint[]) as w(unit, epoch)
             where a.unit = w.unit and a.epoch = w.epoch",
        )
        .bind(units)
        .bind(&self.inner.identity.node)
        .bind(epochs)
        .execute(&self.inner.pools.direct)
        .await?;
        Ok(())
    }

    /// Takes units that are still as we saw them; returns their new epochs.
    async fn take(
        &self,
        steps: &[(Step, String)],
        known: &BTreeMap<String, Assignment>,
    ) -> Result<HashMap<String, i64>> {
        let Identity { node, session } = &self.inner.identity;
        let (mut fresh, mut units) = (vec![], vec![]);
        let (mut epochs, mut sessions) = (vec![], vec![]);
        for (_, unit) in steps.iter().filter(|(step, _)| *step == Step::Take) {
            let Some(held) = known.get(unit) else {
                fresh.push(unit.as_str());
                continue;
            };
            units.push(unit.as_str());
            epochs.push(held.epoch);
            sessions.push(held.session);
        }
        let mut taken: Vec<(String, i64)> = vec![];
        if !fresh.is_empty() {
            let made: Vec<(String, i64)> = sqlx::query_as(
                "insert into node.assignments (unit, node, session, epoch)
                 select unit, $2, $3, 1 from unnest($1::text[]) as w(unit)
                 on conflict do nothing
                 returning unit, epoch",
            )
            .bind(fresh)
            .bind(node)
            .bind(session)
            .fetch_all(&self.inner.pools.direct)
            .await?;
            taken.extend(made);
        }
        if !units.is_empty() {
            // Two that take at once take their locks in one order.
            let moved: Vec<(String, i64)> = sqlx::query_as(
                "with free as (
                   select a.unit
                   from node.assignments a
                   join unnest($1::text[], $4::bigint[], $5::uuid[]) as w(unit, epoch, session)
                     on a.unit = w.unit and a.epoch = w.epoch
                       and a.session is not distinct from w.session
                   order by a.unit
                   for update of a)
                 update node.assignments a
                 set node = $2, session = $3, epoch = a.epoch + 1, wanted_by = null
                 from free
                 where a.unit = free.unit
                 returning a.unit, a.epoch",
            )
            .bind(units)
            .bind(node)
            .bind(session)
            .bind(epochs)
            .bind(sessions)
            .fetch_all(&self.inner.pools.direct)
            .await?;
            taken.extend(moved);
        }
        for (unit, epoch) in &taken {
            tracing::info!(node.unit = unit, node.epoch = epoch, "{unit} is ours");
        }
        Ok(taken.into_iter().collect())
    }
}

impl Default for Stand {
    fn default() -> Self {
        let (owned, asked) = (watch::channel(None).0, watch::channel(false).0);
        Self { owned, asked, asked_at: None, is_lent: false }
    }
}

impl Stand {
    /// It is not ours any more, and nobody asks for it.
    fn lose(&mut self) {
        self.asked_at = None;
        self.asked.send_if_modified(std::mem::take);
        self.owned.send_replace(None);
    }
}

impl Seen {
    /// The processes whose rows move, by our own clock.
    fn live(&mut self, rows: Vec<NodeRow>, now: Duration) -> HashMap<String, Peer> {
        let mut live = HashMap::new();
        self.beats.retain(|node, _| rows.iter().any(|row| row.0 == *node));
        for (node, session, beat, serves) in rows {
            let known = self.beats.entry(node.clone()).or_insert((session, beat, now));
            if (known.0, known.1) != (session, beat) {
                *known = (session, beat, now);
            }
            if now.saturating_sub(known.2) < TO_LIVE {
                live.insert(node, Peer { session, serves });
            }
        }
        live
    }
}
