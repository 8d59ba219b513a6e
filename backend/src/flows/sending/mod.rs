//! From the queue to the provider and back: what drives the lanes.
//!
//! One follower of the ledger tells every dispatch group ([`fleet::Fleet`], [`group::Group`]) what
//! happened; a group owns its companies' lanes for an epoch (D16, D19) and does what they say: commits,
//! calls, waits.
//!
//! **Invariants.** A group begins with the read model's rows and everything the ledger has behind them,
//! so nothing queued is missed, with or without NATS. What the follower cannot keep up with halts the
//! lanes (D22). No call is made that no pick was committed for (D20); what became of a call is committed
//! until the ledger takes it, and if the process ends before, it is unknown.

mod begin;
mod desk;
mod effects;
mod fleet;
mod group;
mod media;
mod prepare;
mod presence;
mod told;

use std::{sync::Arc, time::Duration};

use channels::directory::Directory;
use kernel::{
    db,
    follow::{Follower, Silence},
    gate::Gate,
    ids::Ground,
    ledger::Ledger,
    nodes::Nodes,
    tasks::Tasks,
    vault::Vault,
};
use messaging::queries;
use ports::{media::MediaStore, outbound::Messenger};
use tokio::sync::watch;

use self::fleet::{Fleet, Roll};
pub use self::{
    media::{Shelf, Shelved},
    presence::Seen,
};

/// What sending works with.
#[derive(Clone)]
pub struct Sending {
    /// The ledger.
    pub ledger: Ledger,
    /// Keys.
    pub vault: Vault,
    /// Clock and ids.
    pub ground: Ground,
    /// Who owns which group's lanes.
    pub nodes: Nodes,
    /// Holds everything that acts (D12).
    pub gate: Gate,
    /// Work in the background.
    pub tasks: Tasks,
    /// Tokens and numbers.
    pub directory: Directory,
    /// The provider.
    pub messenger: Arc<dyn Messenger>,
    /// The provider's files.
    pub media: Arc<dyn MediaStore>,
    /// Our files.
    pub shelf: Arc<dyn Shelf>,
}

/// How many events are taken at once.
const PAGE: usize = 500;
/// How long the follower trusts its silence: what lanes know may be a second old (D22), with a rest for
/// the work itself.
const SILENCE: Silence =
    Silence { alone: Duration::from_millis(250), company: Duration::from_millis(25) };
/// How long the follower rests when Postgres does not answer.
const REST: Duration = Duration::from_millis(250);

impl Sending {
    /// Runs until the process stops.
    pub fn run(self) {
        let tasks = self.tasks.clone();
        tasks.supervise("sending", move || follow(self.clone()));
    }
}

/// Tells every group what happens.
async fn follow(sending: Sending) {
    let (level, level_at) = watch::channel(Duration::ZERO);
    let alone = sending.nodes.alone();
    let mut follower = Follower::new(sending.ledger.clone(), alone, SILENCE);
    let (mut position, mut fleet) = loop {
        match roll(&sending).await {
            Ok((position, roll)) => {
                break (position, Fleet::new(sending.clone(), level_at.clone(), roll));
            }
            // The read model is being made.
            Err(error) => {
                tracing::debug!("cannot list the companies that send yet: {error}");
                tokio::time::sleep(REST).await;
            }
        }
    };
    loop {
        match follower.next(position, PAGE).await {
            Ok(events) => {
                for event in events {
                    position = event.position;
                    fleet.hear(&event);
                }
                level.send_replace(sending.ground.clock.monotonic());
            }
            Err(error) => {
                tracing::warn!("sending cannot follow the ledger: {error}");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Who sends, and up to which event that counts at least.
async fn roll(sending: &Sending) -> sqlx::Result<(i64, Roll)> {
    let mut tx = db::working(&sending.ledger.pools().app).await?;
    let position = queries::lanes::position(&mut tx, sending.ledger.shard()).await?;
    let companies = queries::lanes::companies(&mut tx).await?;
    let portfolios = queries::lanes::portfolios(&mut tx).await?;
    Ok((position, Roll::new(companies, portfolios)))
}
