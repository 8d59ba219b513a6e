//! Deliveries that this process has just stored, so that the digest need not read and open them again.
//! A short cut within a bound: what does not fit is read from the table.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Delivery, Place};

/// The most bytes kept.
const MOST: usize = 24 * 1024 * 1024;

/// The short cut. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Fresh {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    deliveries: BTreeMap<i64, Delivery>,
    bytes: usize,
}

fn weight(delivery: &Delivery) -> usize {
    256 + delivery.body.len()
}

impl Fresh {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn put(&self, deliveries: impl Iterator<Item = Delivery>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for delivery in deliveries {
            if kept.bytes >= MOST {
                return;
            }
            kept.bytes += weight(&delivery);
            if let Some(old) = kept.deliveries.insert(delivery.position, delivery) {
                kept.bytes -= weight(&old);
            }
        }
    }

    /// The places right behind `position` that are known here, without a hole.
    pub(crate) fn places(&self, position: i64, most: usize) -> Vec<Place> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places = Vec::new();
        for (next, (at, delivery)) in (position + 1..).zip(kept.deliveries.range(position + 1..)) {
            if *at != next || places.len() >= most {
                break;
            }
            places.push(Place { position: *at, route: delivery.route.id });
        }
        places
    }

    /// Copies of those that are here; the bodies are shared.
    pub(crate) fn get(&self, positions: &[i64]) -> Vec<Delivery> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        positions.iter().filter_map(|position| kept.deliveries.get(position).cloned()).collect()
    }

    /// Forgets what is done.
    pub(crate) fn done(&self, positions: &[i64]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for position in positions {
            if let Some(old) = kept.deliveries.remove(position) {
                kept.bytes -= weight(&old);
            }
        }
    }

    /// Forgets everything: another process digests.
    pub(crate) fn clear(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }
}
