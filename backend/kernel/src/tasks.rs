//! Work in the background that a shutdown waits for.
//!
//! Invariants: nothing is spawned past [`Tasks`]; a loop that panics is logged and begins again, so
//! that no part of the house stands still in silence.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use tokio::task::JoinError;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a loop that panicked rests before it begins again.
const REST: Duration = Duration::from_secs(1);

/// Computes on a thread that may be kept busy, and waits for it; an error is a panic of the work.
#[expect(
    clippy::disallowed_methods,
    reason = "the runtime ends after what has begun, as a task does"
)]
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    tokio::task::spawn_blocking(work).await
}

/// The tasks of a process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    token: CancellationToken,
}

impl Tasks {
    /// No task yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process is to end: loops look at it, waits select on it.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Runs something to its end; a shutdown waits for it.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// Runs something until it ends or the process is to stop, whichever comes first.
    pub fn spawn_until_stop(&self, work: impl Future<Output = ()> + Send + 'static) {
        let token = self.token.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                () = work => {}
                () = token.cancelled() => {}
            }
        });
    }

    /// Runs a loop until the process is to stop; after a panic it begins again.
    pub fn supervise<F, W>(&self, name: &'static str, begin: F)
    where
        F: Fn() -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let token = self.token.clone();
        self.tracker.spawn(async move {
            loop {
                let work = AssertUnwindSafe(begin()).catch_unwind();
                let ended = tokio::select! {
                    ended = work => ended,
                    () = token.cancelled() => return,
                };
                if ended.is_ok() {
                    return;
                }
                tracing::error!(task.name = name, "the task {name} panicked and begins again");
                tokio::select! {
                    () = tokio::time::sleep(REST) => {}
                    () = token.cancelled() => return,
                }
            }
        });
    }

    /// Asks everything to end and waits for it; false if something was still running after `most`.
    pub async fn stop(&self, most: Duration) -> bool {
        self.token.cancel();
        self.tracker.close();
        tokio::time::timeout(most, self.tracker.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Tasks;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_panics_begins_again_and_a_stop_ends_it() {
        let tasks = Tasks::new();
        let begun = Arc::new(AtomicU32::new(0));
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        tasks.supervise("test", {
            let begun = begun.clone();
            move || {
                let (n, sender) = (begun.fetch_add(1, Ordering::Relaxed), sender.clone());
                async move {
                    let _ = sender.send(n);
                    assert!(n > 1, "the first two times it panics");
                    std::future::pending::<()>().await;
                }
            }
        });
        for n in 0..3 {
            assert_eq!(receiver.recv().await, Some(n));
        }
        assert!(tasks.stop(Duration::from_secs(1)).await);
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }
}
