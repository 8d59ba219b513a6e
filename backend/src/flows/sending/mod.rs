//! From the queue to the provider and back: what drives the lanes.
//!
//! One follower of the ledger tells every company's [`group::Group`] what happened; a group owns the
//! company's lanes for an epoch (D16, D19) and does what they say: commits, calls, waits.
//!
//! **Invariants.** A group begins with the read model's rows and everything the ledger has behind them,
//! so nothing queued is missed, with or without NATS. What the follower cannot keep up with halts the
//! lanes (D22). No call is made that no pick was committed for (D20); what became of a call is committed
//! until the ledger takes it, and if the process ends before, it is unknown.

mod desk;
mod group;
mod media;
mod prepare;
mod presence;
mod told;

use std::{collections::HashMap, sync::Arc, time::Duration};

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
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use self::{group::Group, told::Told};
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
    /// Who owns which company's lanes.
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
/// How long the follower rests when Postgres does not answer.
const REST: Duration = Duration::from_millis(250);

impl Sending {
    /// Runs until the process stops.
    pub fn run(self) {
        let tasks = self.tasks.clone();
        tasks.supervise("sending", move || follow(self.clone()));
    }
}

/// Tells every company's group what happens.
async fn follow(sending: Sending) {
    let mut groups: HashMap<Uuid, mpsc::UnboundedSender<Told>> = HashMap::new();
    let (level, level_at) = watch::channel(Duration::ZERO);
    let mut position = *sending.ledger.head().borrow();
    let alone = sending.nodes.alone();
    let mut follower = Follower::new(sending.ledger.clone(), alone, Silence::default());
    let mut has_listed = false;
    loop {
        if !has_listed {
            match companies(&sending).await {
                Ok(found) => {
                    has_listed = true;
                    for company in found {
                        begin(&sending, &mut groups, company, &level_at);
                    }
                }
                // The read model is being made.
                Err(error) => {
                    tracing::debug!("cannot list the companies that send yet: {error}");
                    tokio::time::sleep(REST).await;
                }
            }
        }
        let events = match follower.next(position, PAGE).await {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!("sending cannot follow the ledger: {error}");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        for event in events {
            position = event.position;
            if &*event.event_type == "channels.channel.connected" {
                begin(&sending, &mut groups, event.company, &level_at);
            }
            if told::matters(&event.event_type)
                && let Some(group) = groups.get(&event.company)
                && group.send(Told::Event(Arc::clone(&event))).is_err()
            {
                groups.remove(&event.company);
            }
        }
        level.send_replace(sending.ground.clock.monotonic());
    }
}

async fn companies(sending: &Sending) -> sqlx::Result<Vec<Uuid>> {
    let mut tx = db::working(&sending.ledger.pools().app).await?;
    queries::lanes::companies(&mut tx).await
}

fn begin(
    sending: &Sending,
    groups: &mut HashMap<Uuid, mpsc::UnboundedSender<Told>>,
    company: Uuid,
    level_at: &watch::Receiver<Duration>,
) {
    groups.entry(company).or_insert_with(|| {
        let (sender, receiver) = mpsc::unbounded_channel();
        let group = Group::new(sending.clone(), company, sender.clone(), level_at.clone());
        sending.tasks.spawn(group.run(receiver));
        sender
    });
}
