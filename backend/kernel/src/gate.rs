//! What acts may be held (D12, D9): relay, policies, timers, lanes, digest, webhooks.
//!
//! Invariant: while a gate is shut nothing behind it begins; what is under way ends by itself.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::watch;

/// Why something is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The database is not the one that the ledger remembers: a restore, a copy, another purpose.
    Incarnation,
    /// The database was restored, and nobody has released it yet.
    Restored,
    /// The clock jumped.
    Clock,
    /// This database is for looking only.
    Audit,
}

/// A gate. Clones share it.
#[derive(Clone, Debug)]
pub struct Gate {
    reasons: Arc<watch::Sender<BTreeSet<Reason>>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { reasons: Arc::new(watch::channel(BTreeSet::new()).0) }
    }
}

impl Gate {
    /// An open gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shuts it, for a reason more.
    pub fn hold(&self, reason: Reason) {
        if self.reasons.send_if_modified(|reasons| reasons.insert(reason)) {
            tracing::error!(gate.reason = ?reason, "everything that acts is held: {reason:?}");
        }
    }

    /// Takes a reason away.
    pub fn release(&self, reason: Reason) {
        if self.reasons.send_if_modified(|reasons| reasons.remove(&reason)) {
            tracing::warn!(gate.reason = ?reason, "not held any more: {reason:?}");
        }
    }

    /// Why it is shut; empty: it is open.
    #[must_use]
    pub fn reasons(&self) -> BTreeSet<Reason> {
        self.reasons.borrow().clone()
    }

    /// Moves with the reasons.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<BTreeSet<Reason>> {
        self.reasons.subscribe()
    }

    /// Whether it is shut.
    #[must_use]
    pub fn is_shut(&self) -> bool {
        !self.reasons.borrow().is_empty()
    }

    /// Waits until it is open.
    pub async fn open(&self) {
        let mut reasons = self.reasons.subscribe();
        // The sender lives as long as we do.
        let _ = reasons.wait_for(BTreeSet::is_empty).await;
    }
}
