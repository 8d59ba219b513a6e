//! The digest: deliveries become events, exactly once and fairly (D17).
//!
//! One step takes up to 200 deliveries of each route that waits, parses them, has them resolved and
//! decided, and stores the events together with the routes' steps forward in one commit. If it dies
//! before the commit nothing happened; after it, the steps are done (K9, K14, K15).
//!
//! Invariants:
//! - a route that floods does not keep the others waiting: routes are served in turns;
//! - a taken claim or a moved stream resolves again, at most five times; then the batch is halved, and a
//!   delivery that still fails alone goes to quarantine, in the commit of its own step;
//! - what cannot be parsed waits in quarantine and is replayed once (K16);
//! - two digests of a shard are safe: the slower one is refused by a checkpoint.

mod delivery;
mod quarantine;
mod queue;
mod replay;
mod step;

use std::{
    future::Future,
    time::{Duration, Instant},
};

use tokio::sync::watch;

pub use quarantine::{Filter, QUARANTINE, QuarantineList, Waiting, waiting};
pub use replay::GONE;

use self::queue::Queue;
use crate::{
    commit::{Append, Claim, TimerChange},
    error::{Error, Result},
    gate::Gate,
    intake::{Delivery, Intake},
    ledger::Ledger,
};

/// The most deliveries of one route in a step.
pub const A_TURN: usize = 200;
/// How long silence is trusted: other processes store deliveries too.
const SILENCE: Duration = Duration::from_millis(25);
/// How long silence is trusted while there is no other process.
const SILENCE_ALONE: Duration = Duration::from_millis(250);
/// While there is much to do, a step begins so long after the one before: it costs little more for many
/// deliveries than for a few.
const PACE: Duration = Duration::from_millis(5);
/// From so many deliveries on there is much to do.
const MUCH: usize = 6;
/// How long a digest that failed rests.
const REST: Duration = Duration::from_millis(50);

/// Why a delivery cannot be digested now: a stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub &'static str);

/// What a delivery means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// Events.
    pub appends: Vec<Append>,
    /// Uniqueness.
    pub claims: Vec<Claim>,
    /// Timers.
    pub timers: Vec<TimerChange>,
    /// A part of it was not understood: the rest is stored, and the delivery goes to quarantine too.
    pub quarantine: Option<ParseError>,
}

/// What became of a delivery in the hands of a flow.
pub type Digested = std::result::Result<Parts, ParseError>;

/// Turns deliveries into events.
pub trait Flow: Send + Sync + 'static {
    /// A delivery that was parsed.
    type Parsed: Send + Sync;

    /// Parses a delivery. Pure.
    ///
    /// # Errors
    /// It goes to quarantine with the reason.
    fn parse(&self, delivery: &Delivery) -> std::result::Result<Self::Parsed, ParseError>;

    /// Resolves deliveries through claims, in batches, and decides, one answer for each in order. Later
    /// deliveries see what earlier ones of the batch decided. Called again when something moved
    /// meanwhile.
    ///
    /// # Errors
    /// If the ground fails; then all of it is tried again.
    fn digest<'a>(
        &'a self,
        parsed: &'a [(&'a Delivery, Self::Parsed)],
    ) -> impl Future<Output = Result<Vec<Digested>>> + Send;
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Deliveries passed.
    pub deliveries: usize,
    /// Events stored, without those of the quarantine.
    pub events: usize,
    /// Deliveries put into quarantine.
    pub quarantined: usize,
}

/// The digest of one shard's intake into its ledger.
pub struct Digest<F> {
    intake: Intake,
    ledger: Ledger,
    flow: F,
    queue: Option<Queue>,
}

impl<F: Flow> Digest<F> {
    /// A digest; nothing happens before [`Digest::step`].
    #[must_use]
    pub const fn new(intake: Intake, ledger: Ledger, flow: F) -> Self {
        Self { intake, ledger, flow, queue: None }
    }

    /// Its flow, when it is done.
    #[must_use]
    pub fn into_flow(self) -> F {
        self.flow
    }

    /// Digests while `owns` says that this process is the one, at once when a delivery is stored here,
    /// and nothing is held.
    pub async fn run(
        mut self,
        mut owns: watch::Receiver<Option<i64>>,
        alone: watch::Receiver<bool>,
        gate: Gate,
    ) {
        let mut head = self.intake.head();
        loop {
            if owns.borrow_and_update().is_none() {
                self.queue = None;
                self.intake.fresh().clear();
                tokio::select! {
                    changed = owns.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep(SILENCE_ALONE) => {}
                }
                continue;
            }
            gate.open().await;
            head.mark_unchanged();
            let begun = Instant::now();
            match self.step().await {
                Ok(Stepped { deliveries: MUCH..A_TURN, .. }) => {
                    tokio::time::sleep(PACE.saturating_sub(begun.elapsed())).await;
                }
                Ok(Stepped { deliveries: 1.., .. }) => {}
                Ok(_) => {
                    let silence = if *alone.borrow() { SILENCE_ALONE } else { SILENCE };
                    drop(tokio::time::timeout(silence, head.changed()).await);
                }
                Err(error) => {
                    tracing::warn!(%error, "the digest failed, trying again");
                    self.queue = None;
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Digests one turn of the routes that wait; no deliveries mean that there is nothing new.
    ///
    /// # Errors
    /// If the database fails. Calling again is always right.
    pub async fn step(&mut self) -> Result<Stepped> {
        let mut queue = match self.queue.take() {
            Some(queue) => queue,
            None => Queue::open(&self.intake, &self.ledger).await?,
        };
        queue.refill(&self.intake).await?;
        let turn = queue.turn(self.intake.ground().clock.monotonic());
        if turn.is_empty() {
            self.queue = Some(queue);
            return Ok(Stepped::default());
        }
        match self.settle(&mut queue, &turn).await {
            Ok(stepped) => {
                self.queue = Some(queue);
                Ok(stepped)
            }
            // Another digest was faster: the next step asks anew where to go on.
            Err(Error::Refused(crate::commit::Refused::CheckpointMoved { .. })) => {
                Ok(Stepped { deliveries: turn.len(), ..Stepped::default() })
            }
            Err(error) => Err(error),
        }
    }
}
