//! Bodies in flight share a budget of bytes: beyond it callers are told to come again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all bodies in flight may hold together (32 MB).
const IN_FLIGHT_BYTES: usize = 32 * 1024 * 1024;
/// What is counted as one.
const UNIT: usize = 1024;

/// The budget. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget {
    units: Arc<Semaphore>,
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
pub struct Hold {
    _permit: OwnedSemaphorePermit,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(IN_FLIGHT_BYTES)
    }
}

impl Budget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self { units: Arc::new(Semaphore::new(bytes / UNIT)) }
    }

    /// Takes room for a body, before its bytes are read; `None`: answer 503.
    #[must_use]
    pub fn take(&self, bytes: usize) -> Option<Hold> {
        let units = u32::try_from(bytes.div_ceil(UNIT).max(1)).ok()?;
        let permit = Arc::clone(&self.units).try_acquire_many_owned(units).ok()?;
        Some(Hold { _permit: permit })
    }

    /// How many bytes are free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.units.available_permits() * UNIT
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn bodies_beyond_the_budget_are_refused_until_room_is_given_back() {
        let budget = Budget::new(4096);
        let held = budget.take(3000).unwrap();
        assert_eq!(budget.free(), 1024);
        assert!(budget.take(2000).is_none());
        let small = budget.take(1).unwrap();
        assert_eq!(budget.free(), 0);
        drop((held, small));
        assert!(budget.take(4096).is_some());
    }
}
