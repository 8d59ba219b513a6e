//! How far the read models are, in memory, for those who wait and for those who must not trust what
//! is old.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;
use uuid::Uuid;

/// Where one read model stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Up to here all events count, but for paused companies.
    pub position: i64,
    /// When it was last seen level with the ledger, on the boot-time clock.
    pub level_at: Duration,
    /// The companies that are paused in it.
    pub paused: Arc<HashSet<Uuid>>,
}

/// All read models' standings. Clones share them.
#[derive(Clone, Debug)]
pub struct Progress {
    standings: watch::Sender<HashMap<String, Standing>>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { standings: watch::channel(HashMap::new()).0 }
    }
}

impl Progress {
    /// Moves when a standing changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<HashMap<String, Standing>> {
        self.standings.subscribe()
    }

    /// Where a read model stands.
    #[must_use]
    pub fn of(&self, name: &str) -> Standing {
        self.standings.borrow().get(name).cloned().unwrap_or_default()
    }

    /// How far all of `names` are, for a company: the least of them; `None` if one is paused.
    #[must_use]
    pub fn reached(&self, names: &[&str], company: Uuid) -> Option<i64> {
        least(&self.standings.borrow(), names, company)
    }

    /// How old what a read model says about a company may be. Rights fail closed when it is over a
    /// minute (D13).
    #[must_use]
    pub fn age(&self, name: &str, company: Uuid, monotonic: Duration) -> Duration {
        let standings = self.standings.borrow();
        let Some(standing) = standings.get(name) else { return monotonic };
        if standing.paused.contains(&company) {
            return monotonic;
        }
        monotonic.saturating_sub(standing.level_at)
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut HashMap<String, Standing>)) {
        self.standings.send_modify(change);
    }
}

pub(super) fn least(
    standings: &HashMap<String, Standing>,
    names: &[&str],
    company: Uuid,
) -> Option<i64> {
    let mut least = i64::MAX;
    for name in names {
        let standing = standings.get(*name)?;
        if standing.paused.contains(&company) {
            return None;
        }
        least = least.min(standing.position);
    }
    Some(least)
}
