//! The newest events in memory: what this process stored, and what others did as far as NATS told.
//!
//! Whoever follows the ledger (relay, read models, policies) takes from here first: no query, no
//! decoding, no delay. It is a short cut and nothing else. Invariants: only events that are committed
//! come in; a reader gets a run without holes or nothing, and then reads the ledger.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    plant::{Plant, planted},
    record::Recorded,
};

/// Events that were applied together, in order.
pub type Batch = Arc<[Arc<Recorded>]>;

/// The window of newest events. Clones share it.
#[derive(Clone, Debug)]
pub struct Recent {
    window: Arc<Mutex<Window>>,
    highest: watch::Sender<i64>,
}

#[derive(Debug)]
struct Window {
    events: BTreeMap<i64, Arc<Recorded>>,
    /// The newest event of each company in the window's time: its `company_seq` and position.
    companies: HashMap<Uuid, (i64, i64)>,
    bytes: usize,
    most: usize,
}

/// The most companies whose newest event is remembered; beyond it the memory begins anew.
const COMPANIES: usize = 50_000;

/// About what an event costs in memory.
fn weight(event: &Recorded) -> usize {
    300 + event.payload.len() + event.origin.as_ref().map_or(0, String::len)
}

impl Recent {
    /// An empty window of at most so many bytes.
    #[must_use]
    pub fn new(most_bytes: usize) -> Self {
        let window = Window {
            events: BTreeMap::new(),
            companies: HashMap::new(),
            bytes: 0,
            most: most_bytes,
        };
        Self { window: Arc::new(Mutex::new(window)), highest: watch::channel(0).0 }
    }

    /// Takes committed events and wakes those who follow.
    pub fn push(&self, events: Vec<Recorded>) {
        let mut highest = 0;
        {
            let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
            for event in events {
                highest = highest.max(event.position);
                window.add(event);
            }
            window.shrink();
        }
        self.highest.send_if_modified(|known| {
            let more = highest > *known;
            *known = highest.max(*known);
            more
        });
    }

    /// The run of at most `most` events right behind `position`; empty if its first is not here.
    #[must_use]
    pub fn after(&self, position: i64, most: usize) -> Vec<Arc<Recorded>> {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let mut run = Vec::new();
        for (next, (at, event)) in (position + 1..).zip(window.events.range(position + 1..)) {
            let is_next = *at == next || planted(Plant::ReadBeyondHole);
            if !is_next || run.len() >= most {
                break;
            }
            run.push(Arc::clone(event));
        }
        run
    }

    /// The newest event of a company that was seen: its `company_seq` and position.
    #[must_use]
    pub fn newest_of(&self, company: Uuid) -> Option<(i64, i64)> {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.companies.get(&company).copied()
    }

    /// The highest position seen; moves when there is something new.
    #[must_use]
    pub fn highest(&self) -> watch::Receiver<i64> {
        self.highest.subscribe()
    }
}

impl Window {
    fn add(&mut self, event: Recorded) {
        let position = event.position;
        if self.companies.len() >= COMPANIES && !self.companies.contains_key(&event.company) {
            self.companies.clear();
        }
        let newest = self.companies.entry(event.company).or_insert((0, 0));
        if newest.1 < position {
            *newest = (event.company_seq, position);
        }
        self.bytes += weight(&event);
        if let Some(old) = self.events.insert(position, Arc::new(event)) {
            self.bytes -= weight(&old);
        }
    }

    fn shrink(&mut self) {
        while self.bytes > self.most {
            let Some((_, event)) = self.events.pop_first() else { return };
            self.bytes -= weight(&event);
        }
    }
}
