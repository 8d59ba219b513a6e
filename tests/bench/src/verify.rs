//! What was acknowledged is stored, and stored once.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::time::sleep;

/// The outcome of a comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) acknowledged: usize,
    pub(crate) missing: usize,
    pub(crate) doubled: usize,
}

impl Verdict {
    pub(crate) fn of(acknowledged: &[u64], stored: &[u64]) -> Self {
        let mut times: HashMap<u64, usize> = HashMap::with_capacity(stored.len());
        for id in stored {
            *times.entry(*id).or_default() += 1;
        }
        let acknowledged: HashSet<u64> = acknowledged.iter().copied().collect();
        Self {
            acknowledged: acknowledged.len(),
            missing: acknowledged.iter().filter(|id| !times.contains_key(id)).count(),
            doubled: times.values().map(|times| times - 1).sum(),
        }
    }

    /// A run counts only if nothing is missing and nothing is there twice.
    pub(crate) fn hold(self, who: &str) -> anyhow::Result<Self> {
        ensure!(
            self.missing == 0 && self.doubled == 0,
            "{who}: of {} acknowledged, {} are missing and {} are there twice",
            self.acknowledged,
            self.missing,
            self.doubled
        );
        Ok(self)
    }
}

/// Waits until so many are stored; answers how long it took.
pub(crate) async fn until_stored<F: Future<Output = anyhow::Result<u64>>>(
    wanted: u64,
    patience: Duration,
    mut count: impl FnMut() -> F,
) -> anyhow::Result<Duration> {
    let began = Instant::now();
    loop {
        let n = count().await?;
        if n >= wanted {
            return Ok(began.elapsed());
        }
        ensure!(began.elapsed() < patience, "only {n} of {wanted} stored after {patience:?}");
        sleep(Duration::from_millis(200)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_one_and_a_doubled_one_are_seen() {
        let verdict = Verdict::of(&[1, 2, 3, 3], &[1, 2, 2, 9]);
        assert_eq!(verdict, Verdict { acknowledged: 3, missing: 1, doubled: 1 });
        assert!(verdict.hold("x").is_err());
        assert!(Verdict::of(&[1, 2], &[2, 1, 7]).hold("x").is_ok());
    }
}
