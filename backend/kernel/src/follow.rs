//! Following the ledger: whatever comes next, from wherever it is nearest.
//!
//! Invariant: what is handed out begins right behind the given position and has no hole. Events in
//! memory are taken first; a hole, a long way back or silence are read from the ledger, so that
//! "NATS is down", "another process wrote" and "nothing is new" are one case.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{error::Result, ledger::Ledger, recent::Recent, record::Recorded};

/// How long a follower trusts its silence.
#[derive(Clone, Copy, Debug)]
pub struct Silence {
    /// While no other process can have written.
    pub alone: Duration,
    /// While another one can.
    pub company: Duration,
}

impl Default for Silence {
    fn default() -> Self {
        Self { alone: Duration::from_millis(500), company: Duration::from_millis(25) }
    }
}

/// One reader's way along the ledger.
pub struct Follower {
    ledger: Ledger,
    recent: Recent,
    highest: watch::Receiver<i64>,
    alone: watch::Receiver<bool>,
    silence: Silence,
    /// So far behind that the ledger is the better source; at first nothing is known.
    behind: bool,
}

impl Follower {
    /// A follower; `alone` says whether no other process lives.
    #[must_use]
    pub fn new(ledger: Ledger, alone: watch::Receiver<bool>, silence: Silence) -> Self {
        let recent = ledger.recent();
        let highest = recent.highest();
        Self { ledger, recent, highest, alone, silence, behind: true }
    }

    /// At most `most` events right behind `position`. Waits for news; empty means that the ledger had
    /// none after a silence.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn next(&mut self, position: i64, most: usize) -> Result<Vec<Arc<Recorded>>> {
        let quiet = if *self.alone.borrow() { self.silence.alone } else { self.silence.company };
        let silent = tokio::time::sleep(quiet);
        tokio::pin!(silent);
        loop {
            let highest = *self.highest.borrow_and_update();
            let run = self.recent.after(position, most);
            if !run.is_empty() {
                return Ok(run);
            }
            if self.behind || highest > position {
                return self.read(position, most).await;
            }
            tokio::select! {
                changed = self.highest.changed() => {
                    if changed.is_err() {
                        silent.as_mut().await;
                        return self.read(position, most).await;
                    }
                }
                () = silent.as_mut() => return self.read(position, most).await,
            }
        }
    }

    /// What is there now, without waiting.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn look(&mut self, position: i64, most: usize) -> Result<Vec<Arc<Recorded>>> {
        let run = self.recent.after(position, most);
        if run.is_empty() { self.read(position, most).await } else { Ok(run) }
    }

    async fn read(&mut self, position: i64, most: usize) -> Result<Vec<Arc<Recorded>>> {
        let page = i64::try_from(most).unwrap_or(i64::MAX);
        let events = self.ledger.read(position, page).await?;
        self.behind = events.len() >= most;
        Ok(events.into_iter().map(Arc::new).collect())
    }
}
