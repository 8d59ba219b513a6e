//! Streams looked up for folding: whoever asks while a look-up is under way goes into the next one.
//!
//! Invariant: a look-up begins after it was asked for, so that what is answered is as new as a question
//! of one's own would have found it.

use crate::{
    group::Sink,
    log::{Behind, Log, Past},
};

/// The most streams in one look-up.
pub(crate) const MOST: usize = 256;

/// The looker of one shard.
pub(crate) struct Looker(pub(crate) Log);

impl Sink for Looker {
    type Item = Behind;
    /// None: it failed, and who asks may ask alone and hear why.
    type Answer = Option<Vec<Past>>;

    async fn write(&mut self, items: Vec<Behind>) -> Vec<Option<Vec<Past>>> {
        let found = async {
            let mut connection = self.0.connection().await?;
            self.0.pasts(&mut connection, &items).await
        };
        match found.await {
            Ok(pasts) => pasts.into_iter().map(Some).collect(),
            Err(error) => {
                tracing::debug!(%error, "streams could not be looked up together");
                items.iter().map(|_| None).collect()
            }
        }
    }
}
