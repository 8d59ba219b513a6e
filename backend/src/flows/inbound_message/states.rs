//! What the flow remembers of contacts and messages between batches.
//!
//! **Invariant.** A remembered state is never believed where it matters: the append asserts its version.
//! When a batch is tried again, something had moved, and everything that it touches is read anew.

use std::{
    collections::{BTreeSet, HashMap},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use kernel::{decider::Decider, error::Result, execute::fold, ledger::Ledger};
use lru::LruCache;
use uuid::Uuid;

use super::decide::Loaded;

/// How many are remembered.
const MOST: NonZeroUsize = NonZeroUsize::new(50_000).expect("not zero");

type Key = (Uuid, Uuid);

/// States of one kind of stream.
pub(super) struct States<D: Decider>(Arc<Mutex<LruCache<Key, Loaded<D::State>>>>);

impl<D: Decider> Clone for States<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Decider> States<D> {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(MOST))))
    }

    /// The states of streams; what does not exist is not in it. With `anew` nothing is taken from memory.
    pub(super) async fn load(
        &self,
        ledger: &Ledger,
        wanted: &BTreeSet<Key>,
        anew: bool,
    ) -> Result<HashMap<Key, Loaded<D::State>>> {
        let mut states = HashMap::with_capacity(wanted.len());
        let mut unknown = vec![];
        {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for key in wanted {
                match known.get(key).filter(|_| !anew) {
                    Some(state) => drop(states.insert(*key, state.clone())),
                    None => unknown.push(*key),
                }
            }
        }
        for event in ledger.read_streams(&unknown).await? {
            let key = (event.company, event.stream);
            let (version, state) = states.remove(&key).unwrap_or_default();
            states.insert(key, fold::<D>(version, state, std::slice::from_ref(&event))?);
        }
        Ok(states)
    }

    /// Remembers the states after a batch, which is about to be stored.
    pub(super) fn keep(&self, company: Uuid, states: HashMap<Uuid, Loaded<D::State>>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, state) in states {
            known.put((company, id), state);
        }
    }
}
