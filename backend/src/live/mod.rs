//! The live feed: what happened in a company, pushed to its open screens (D13).
//!
//! The projection reader hands over each batch after its commit; a room per company with open
//! sockets turns it into frames of rows as they are now; each socket keeps what its topics ask for.
//!
//! Invariants: `after` of a frame equals `through` of the one before it, in one room and for one
//! socket; a frame's rows were read after the projections had committed its events; a socket that
//! falls behind is not slowed but resumed from the ledger; a right that was lost closes it.

mod room;
mod shown;
mod socket;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use kernel::{
    clock::Clock,
    db::Pools,
    feed::Shown,
    ledger::Ledger,
    projection::{Applied, ReadModels},
    tasks::Tasks,
    vault::Vault,
};
use tokio::sync::broadcast;
use uuid::Uuid;

use room::Room;

use crate::flows::inbox::shown::{MessageRows, PersonRows, ThreadRows};
pub(crate) use socket::routes;

/// The kinds of rows that screens show.
pub(crate) fn shown(
    channels: channels::routes::Channels,
    tenancy: tenancy::Tenancy,
) -> Vec<Arc<dyn Shown>> {
    vec![
        Arc::new(MessageRows(tenancy.clone())),
        Arc::new(ThreadRows(tenancy)),
        Arc::new(PersonRows),
        Arc::new(shown::Cards(channels)),
        Arc::new(shown::Rights),
    ]
}

/// What rooms and sockets stand on.
pub(crate) struct Ground {
    pub(crate) pools: Pools,
    pub(crate) ledger: Ledger,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) models: ReadModels,
    pub(crate) shown: Vec<Arc<dyn Shown>>,
}

/// The rooms of this process. Clones share them.
#[derive(Clone)]
pub(crate) struct Live {
    ground: Arc<Ground>,
    rooms: Arc<Mutex<HashMap<Uuid, Arc<Room>>>>,
    tasks: Tasks,
}

impl Live {
    pub(crate) fn new(ground: Ground, tasks: Tasks) -> Self {
        Self { ground: Arc::new(ground), rooms: Arc::default(), tasks }
    }

    /// Follows the projection reader of this process for ever.
    pub(crate) async fn follow(self, mut applied: broadcast::Receiver<Applied>) {
        loop {
            match applied.recv().await {
                Ok(batch) => self.hand_out(&batch),
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    self.locked().values().for_each(|room| room.look());
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    /// Looks once a second which companies' screens stand still.
    pub(crate) async fn watch_staleness(self) {
        let mut every = tokio::time::interval(std::time::Duration::from_secs(1));
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let rooms: Vec<Arc<Room>> = self.locked().values().cloned().collect();
            if rooms.is_empty() {
                continue;
            }
            if let Ok(paused) = paused(&self.ground.pools).await {
                for room in rooms {
                    room.set_stale(paused.get(&room.company()).copied());
                }
            }
        }
    }

    fn hand_out(&self, batch: &Applied) {
        let rooms = self.locked();
        if rooms.is_empty() {
            return;
        }
        let mut news: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (index, event) in batch.iter().enumerate() {
            if rooms.contains_key(&event.company) {
                news.entry(event.company).or_default().push(index);
            }
        }
        for (company, indexes) in news {
            if let Some(room) = rooms.get(&company) {
                room.hand_in(batch, &indexes);
            }
        }
    }

    /// The room of a company, opened with the first socket and closed some time after the last.
    pub(crate) async fn room(&self, company: Uuid) -> kernel::error::Result<Arc<Room>> {
        if let Some(room) = self.locked().get(&company) {
            return Ok(Arc::clone(room));
        }
        let from = room::applied_seq(&self.ground, company).await?;
        let mut rooms = self.locked();
        if let Some(room) = rooms.get(&company) {
            return Ok(Arc::clone(room));
        }
        let room = Arc::new(Room::new(company, from));
        rooms.insert(company, Arc::clone(&room));
        let (live, kept) = (self.clone(), Arc::clone(&room));
        self.tasks.spawn_until_stop(async move {
            kept.run(&live.ground).await;
            live.close(&kept);
        });
        Ok(room)
    }

    /// Takes a room that nobody sits in off the list. Somebody who entered in that moment finds the
    /// room's frames at an end and comes again.
    fn close(&self, room: &Arc<Room>) {
        self.locked().remove(&room.company());
        room.shut();
    }

    pub(crate) fn ground(&self) -> &Arc<Ground> {
        &self.ground
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The companies that a projection is paused for, and since when.
async fn paused(pools: &Pools) -> kernel::error::Result<HashMap<Uuid, DateTime<Utc>>> {
    let mut tx = kernel::db::working(&pools.app).await?;
    let rows: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(
        "select company_id, min(failed_at) from projection.failures group by company_id",
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows.into_iter().collect())
}
