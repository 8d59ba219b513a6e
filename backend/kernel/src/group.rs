//! Group commit: whatever queued while the last write was under way goes into the next one.
//!
//! One task per sink, one write in flight. A caller that stops waiting does not undo what it asked
//! for. The task ends with the last handle.

use tokio::sync::{mpsc, oneshot};

use crate::plant;

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
    pub(crate) fn spawn(mut sink: S, most: usize) -> Self {
        let (queue, mut inbound) = mpsc::channel(most * 4);
        let work = async move {
            let mut waiting: Vec<(S::Item, oneshot::Sender<S::Answer>)> = Vec::with_capacity(most);
            while inbound.recv_many(&mut waiting, most).await > 0 {
                let (items, callers): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
                for (answer, caller) in sink.write(items).await.into_iter().zip(callers) {
                    let _ = caller.send(answer); // the caller may have gone
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
