//! Group commit: whatever queued while the last write was under way goes into the next one.
//!
//! One task per sink, one write in flight. A caller that stops waiting does not undo what it asked
//! for. The task ends with the last handle.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::plant;

/// From so many items in a write on, many come.
const MANY: usize = 4;

/// How often others are let go first.
const TURNS: usize = 4;

/// Something that stores many items at once and answers each.
pub(crate) trait Sink: Send + 'static {
    /// What is stored.
    type Item: Send + 'static;
    /// What the caller gets.
    type Answer: Send + 'static;

    /// Stores a batch; answers come in the order of the items, one each.
    fn write(&mut self, items: Vec<Self::Item>) -> impl Future<Output = Vec<Self::Answer>> + Send;
}

/// The way to a sink's task.
pub(crate) struct Group<S: Sink> {
    queue: mpsc::Sender<(S::Item, oneshot::Sender<S::Answer>)>,
}

impl<S: Sink> Clone for Group<S> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<S: Sink> Group<S> {
    /// Starts the task. At most `most` items a write; four times as many may queue before callers
    /// wait.
    pub(crate) fn spawn(sink: S, most: usize) -> Self {
        Self::spawn_paced(sink, most, Duration::ZERO)
    }

    /// The same, but while many come a write begins so long after the one before: one for many items
    /// costs little more than one for a few.
    pub(crate) fn spawn_paced(mut sink: S, most: usize, pace: Duration) -> Self {
        let (queue, mut inbound) = mpsc::channel(most * 4);
        let work = async move {
            let mut waiting: Vec<(S::Item, oneshot::Sender<S::Answer>)> = Vec::with_capacity(most);
            while inbound.recv_many(&mut waiting, most).await > 0 {
                gather(&mut inbound, &mut waiting, most).await;
                let (begun, n) = (Instant::now(), waiting.len());
                let (items, callers): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
                for (answer, caller) in sink.write(items).await.into_iter().zip(callers) {
                    let _ = caller.send(answer); // the caller may have gone
                }
                if (MANY..most).contains(&n) {
                    tokio::time::sleep(pace.saturating_sub(begun.elapsed())).await;
                }
            }
        };
        #[expect(clippy::disallowed_methods, reason = "it ends by itself, after its last item")]
        tokio::spawn(plant::inherit(work));
        Self { queue }
    }

    /// Hands over one item and waits for its answer; `None` if the task has ended.
    pub(crate) async fn put(&self, item: S::Item) -> Option<S::Answer> {
        let (caller, answer) = oneshot::channel();
        self.queue.send((item, caller)).await.ok()?;
        answer.await.ok()
    }
}

/// Lets those go first who are about to put something: callers that were answered a moment ago come back
/// one after the other, and who takes the first of them alone makes all others wait for a write.
async fn gather<T>(inbound: &mut mpsc::Receiver<T>, waiting: &mut Vec<T>, most: usize) {
    for _ in 0..TURNS {
        let before = waiting.len();
        tokio::task::yield_now().await;
        while waiting.len() < most {
            let Ok(item) = inbound.try_recv() else { break };
            waiting.push(item);
        }
        if waiting.len() == before || waiting.len() >= most {
            return;
        }
    }
}
