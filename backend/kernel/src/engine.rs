//! Everything in the kernel that runs by itself, started as one.
//!
//! Each piece of work is a unit that one process owns (D16); what acts is held while the gate is shut
//! (D12). Read models are fed also while it is: looking harms nobody.

use std::time::Duration;

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
        if standing.installation().purpose == Purpose::Audit {
            gate.hold(Reason::Audit);
        } else if !standing.may_act() {
            gate.hold(Reason::Incarnation);
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

    /// Runs everything until the tasks are to stop.
    pub fn start<F: Flow>(
        &self,
        tasks: &Tasks,
        ground: &Ground,
        modules: &[Module],
        digest: impl Fn() -> Digest<F> + Send + 'static,
    ) {
        let Ground { ledger, bus, nodes, gate, intake, .. } = ground.clone();
        let shard = ledger.shard();
        tasks.supervise("nodes", {
            let nodes = nodes.clone();
            move || nodes.clone().run()
        });
        tasks.supervise("read models", {
            let (models, nodes) = (self.models.clone(), nodes.clone());
            move || models.clone().run(nodes.owns(&format!("projections:{shard}")), nodes.alone())
        });
        tasks.supervise("rebuild", {
            let (models, nodes) = (self.models.clone(), nodes.clone());
            move || rebuild_outdated(models.clone(), nodes.owns(&format!("rebuild:{shard}")))
        });
        tasks.supervise("relay", {
            let (bus, ledger, nodes, gate) =
                (bus.clone(), ledger.clone(), nodes.clone(), gate.clone());
            move || {
                let relay =
                    Relay::new(bus.clone(), ledger.clone(), ledger.ground().clone(), nodes.alone());
                relay.run(nodes.owns(&format!("relay:{shard}")), gate.clone())
            }
        });
        tasks.supervise("listener", {
            let (ledger, nodes) = (ledger.clone(), nodes.clone());
            move || Listener::new(bus.clone(), ledger.clone()).run(nodes.alone())
        });
        tasks.supervise("digest", {
            let (nodes, gate) = (nodes.clone(), gate.clone());
            move || {
                let owns = nodes.owns(&format!("digest:{shard}"));
                digest().run(owns, nodes.alone(), gate.clone())
            }
        });
        let handlers: Vec<_> =
            modules.iter().flat_map(|module| module.timers.iter().cloned()).collect();
        tasks.supervise("timers", {
            let (nodes, gate) = (nodes.clone(), gate.clone());
            move || {
                let timers = Timers::new(ledger.clone(), handlers.clone(), gate.clone());
                timers.run(nodes.owns(&format!("timers:{shard}")))
            }
        });
        tasks.supervise("clock", {
            let (ledger, gate) = (ground.ledger.clone(), gate.clone());
            move || hold_while_the_clock_is_wrong(ledger.clone(), gate.clone())
        });
        let keep = ground.keep_deliveries;
        tasks.supervise("intake", move || intake.clone().keep(keep));
        self.policies.run(tasks, &nodes, &gate);
    }
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
