//! Everything in the kernel that runs by itself, started as one.
//!
//! Each piece of work is a unit that one process owns (D16), and a process stands only for the work that
//! it was given; what acts is held while the gate is shut (D12). Read models are fed also while it is:
//! looking harms nobody.

use std::{collections::BTreeSet, time::Duration};

use tokio::sync::watch;

use crate::{
    bus::Bus,
    digest::{Digest, Flow, QuarantineList},
    error::Result,
    gate::{Gate, Reason},
    incarnation::{self, Purpose, Standing},
    intake::Intake,
    ledger::Ledger,
    listen::Listener,
    module::Module,
    nodes::Nodes,
    policy::Policies,
    projection::ReadModels,
    relay::Relay,
    tasks::Tasks,
    timers::{ExpiredTimers, Timers},
    vault::Vault,
};

/// What the kernel stands on in this process.
#[derive(Clone)]
pub struct Ground {
    /// The ledger.
    pub ledger: Ledger,
    /// The keys.
    pub vault: Vault,
    /// The way in.
    pub intake: Intake,
    /// The road out.
    pub bus: Bus,
    /// This process among the others.
    pub nodes: Nodes,
    /// What acts is held while it is shut.
    pub gate: Gate,
    /// How long raw deliveries are kept.
    pub keep_deliveries: Duration,
}

/// A piece of what runs, as a process may be given it. Without any, a process still lives among the
/// others, hears of what they store, and knows how far the read models are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// Keys and age of raw deliveries.
    Intake,
    /// Deliveries become events.
    Digest,
    /// Events go to NATS.
    Relay,
    /// Events become rows.
    Projections,
    /// Policies and timers.
    Reactions,
}

impl Work {
    /// All of it.
    #[must_use]
    pub fn all() -> BTreeSet<Self> {
        [Self::Intake, Self::Digest, Self::Relay, Self::Projections, Self::Reactions].into()
    }
}

/// What runs.
#[derive(Clone)]
pub struct Engine {
    /// The read models.
    pub models: ReadModels,
    /// The policies.
    pub policies: Policies,
    /// Whether this database is the one that it was (D12).
    pub standing: Standing,
}

impl Engine {
    /// Prepares read models and policies; nothing runs yet. The gate is shut if this database is not
    /// the one that it was.
    ///
    /// # Errors
    /// If Postgres fails, or two policies claim one number.
    pub async fn prepare(ground: &Ground, modules: &[Module]) -> Result<Self> {
        let Ground { ledger, vault, gate, .. } = ground;
        let standing =
            incarnation::standing(ledger.pools(), ledger.ground(), Purpose::Live).await?;
        ledger.lives_in(standing.installation().incarnation);
        if let Some(reason) = standing.held_for() {
            gate.hold(reason);
        }
        let mut projections: Vec<_> =
            modules.iter().flat_map(|module| module.projections.iter().cloned()).collect();
        projections.push(std::sync::Arc::new(QuarantineList));
        projections.push(std::sync::Arc::new(ExpiredTimers));
        let models = ReadModels::open(
            ledger.pools().clone(),
            ledger.clone(),
            vault.clone(),
            ledger.ground().clone(),
            projections,
        )
        .await?;
        let policies = modules.iter().flat_map(|module| module.policies.iter().cloned()).collect();
        let policies = Policies::open(ledger.clone(), policies).await?;
        Ok(Self { models, policies, standing })
    }

    /// Runs what this process was given until the tasks are to stop.
    pub fn start<F: Flow>(
        &self,
        tasks: &Tasks,
        ground: &Ground,
        modules: &[Module],
        work: &BTreeSet<Work>,
        digest: impl Fn() -> Digest<F> + Send + 'static,
    ) {
        live(tasks, ground);
        let does = |piece: Work| work.contains(&piece);
        if does(Work::Intake) {
            let (intake, keep) = (ground.intake.clone(), ground.keep_deliveries);
            tasks.supervise("intake", move || intake.clone().keep(keep));
        }
        if does(Work::Digest) {
            let (nodes, gate) = (ground.nodes.clone(), ground.gate.clone());
            let unit = format!("digest:{}", ground.ledger.shard());
            tasks.supervise("digest", move || {
                digest().run(nodes.owns(&unit), nodes.alone(), gate.clone())
            });
        }
        if does(Work::Relay) {
            relay(tasks, ground);
        }
        if does(Work::Projections) {
            self.project(tasks, ground);
        } else {
            let models = self.models.clone();
            tasks.supervise("read models", move || models.clone().watch());
        }
        if does(Work::Reactions) {
            self.react(tasks, ground, modules);
        }
    }

    fn project(&self, tasks: &Tasks, ground: &Ground) {
        let shard = ground.ledger.shard();
        tasks.supervise("read models", {
            let (models, nodes) = (self.models.clone(), ground.nodes.clone());
            move || models.clone().run(nodes.owns(&format!("projections:{shard}")), nodes.alone())
        });
        tasks.supervise("rebuild", {
            let (models, nodes) = (self.models.clone(), ground.nodes.clone());
            move || rebuild_outdated(models.clone(), nodes.owns(&format!("rebuild:{shard}")))
        });
    }

    fn react(&self, tasks: &Tasks, ground: &Ground, modules: &[Module]) {
        let Ground { ledger, nodes, gate, .. } = ground.clone();
        let handlers: Vec<_> =
            modules.iter().flat_map(|module| module.timers.iter().cloned()).collect();
        self.policies.run(tasks, &nodes, &gate);
        tasks.supervise("timers", move || {
            let timers = Timers::new(ledger.clone(), handlers.clone(), gate.clone());
            timers.run(nodes.owns(&format!("timers:{}", ledger.shard())))
        });
    }
}

/// What every process does, whatever else it was given.
fn live(tasks: &Tasks, ground: &Ground) {
    let Ground { ledger, bus, nodes, gate, .. } = ground.clone();
    tasks.supervise("nodes", {
        let nodes = nodes.clone();
        move || nodes.clone().run()
    });
    tasks.supervise("listener", {
        let ledger = ledger.clone();
        move || Listener::new(bus.clone(), ledger.clone()).run(nodes.alone())
    });
    tasks.supervise("release", {
        let (ledger, gate) = (ledger.clone(), gate.clone());
        move || incarnation::wait_for_release(ledger.clone(), gate.clone())
    });
    tasks.supervise("clock", move || hold_while_the_clock_is_wrong(ledger.clone(), gate.clone()));
}

fn relay(tasks: &Tasks, ground: &Ground) {
    let Ground { ledger, bus, nodes, gate, .. } = ground.clone();
    tasks.supervise("relay", move || {
        let relay = Relay::new(bus.clone(), ledger.clone(), ledger.ground().clone(), nodes.alone());
        relay.run(nodes.owns(&format!("relay:{}", ledger.shard())), gate.clone())
    });
}

/// A step of the database's clock holds what acts until a person takes the alarm back (D9).
async fn hold_while_the_clock_is_wrong(ledger: Ledger, gate: Gate) {
    let mut alarm = ledger.clock_alarm();
    let mut held = false;
    loop {
        let alarmed = alarm.borrow_and_update().is_some();
        if alarmed {
            gate.hold(Reason::Clock);
        } else if held {
            gate.release(Reason::Clock);
        }
        held = alarmed;
        if alarm.changed().await.is_err() {
            return;
        }
    }
}

/// Builds the read models anew whose tables were made for an older version of the code.
async fn rebuild_outdated(models: ReadModels, mut owns: watch::Receiver<Option<i64>>) {
    const REST: Duration = Duration::from_secs(5);
    loop {
        if owns.wait_for(Option::is_some).await.is_err() {
            return;
        }
        let done = match models.outdated().await {
            Ok(names) if names.is_empty() => return,
            Ok(names) => models.rebuild(&names).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(done) => {
                tracing::info!(
                    rebuild.n_events = done.events,
                    rebuild.n_paused = done.paused,
                    "read models of an older version are built anew"
                );
            }
            Err(error) => {
                tracing::warn!(%error, "a rebuild was interrupted and goes on");
                tokio::time::sleep(REST).await;
            }
        }
    }
}
