//! What is due when.

use std::{
    cmp::Ordering,
    collections::BinaryHeap,
    sync::{Mutex, PoisonError},
};

use tokio::{sync::Notify, time::Instant};

use super::Delivery;
use crate::world::messages::Progress;

/// Something that happens later.
#[derive(Debug)]
pub(crate) enum Job {
    /// A message of the company gets further, or fails with a code.
    Status { id: String, progress: Progress, error: Option<u32> },
    /// A template is judged.
    Verdict { template: String },
    /// A webhook is tried.
    Deliver(Delivery),
}

#[derive(Debug)]
struct Due {
    at: Instant,
    n: u64,
    job: Job,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    /// The earliest is the greatest, as a heap wants it; of two at once, the first that came.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.n).cmp(&(self.at, self.n))
    }
}

/// The list, and its bell.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    due: Mutex<(u64, BinaryHeap<Due>)>,
    bell: Notify,
}

impl Agenda {
    pub(crate) fn add(&self, at: Instant, job: Job) {
        let is_first = {
            let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
            due.0 += 1;
            let n = due.0;
            let is_first = due.1.peek().is_none_or(|first| at < first.at);
            due.1.push(Due { at, n, job });
            is_first
        };
        if is_first {
            self.bell.notify_one();
        }
    }

    /// Waits until something is due, and takes it.
    pub(crate) async fn take(&self, limit: usize) -> Vec<Job> {
        loop {
            let next = {
                let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                let mut jobs = Vec::new();
                while jobs.len() < limit && due.1.peek().is_some_and(|first| first.at <= now) {
                    jobs.extend(due.1.pop().map(|due| due.job));
                }
                if !jobs.is_empty() {
                    return jobs;
                }
                due.1.peek().map(|first| first.at)
            };
            match next {
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = self.bell.notified() => {}
                },
                None => self.bell.notified().await,
            }
        }
    }

    /// Brings every waiting delivery forward: somebody is there again.
    pub(crate) fn hurry(&self) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let all: Vec<Due> = due.1.drain().collect();
        due.1.extend(all.into_iter().map(|mut due| {
            if matches!(&due.job, Job::Deliver(delivery) if delivery.tries > 0) {
                due.at = due.at.min(now);
            }
            due
        }));
        drop(due);
        self.bell.notify_one();
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).1.clear();
    }
}
