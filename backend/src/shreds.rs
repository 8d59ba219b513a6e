//! Records of destroyed keys in the blob store, outside of any backup of the database (D34).
//!
//! Folder `shreds/`, a file a record, by its id. What is there is never removed by us, and whoever sets
//! up versions or lifetimes of the bucket leaves this folder out.

use std::sync::Arc;

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};
use kernel::vault::{ShredRecord, ShredStore};
use ports::blobs::{BlobError, Blobs, Content};

/// The folder.
const FOLDER: &str = "shreds";
/// How many records are read at once.
const AT_ONCE: usize = 16;

/// See the module.
#[derive(Clone)]
pub struct ShredFolder(pub Arc<dyn Blobs>);

type Failed = Box<dyn std::error::Error + Send + Sync>;

impl ShredStore for ShredFolder {
    fn keep<'a>(&'a self, record: &'a ShredRecord) -> BoxFuture<'a, Result<(), Failed>> {
        async move {
            let name = format!("{FOLDER}/{}.json", record.id()?);
            let text = Bytes::from(serde_json::to_vec(record)?);
            let content: Content = stream::iter([Ok::<_, BlobError>(text)]).boxed();
            self.0.put(&name, content).await?;
            Ok(())
        }
        .boxed()
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<ShredRecord>, Failed>> {
        async move {
            let names = self.0.list(FOLDER).await?;
            let read = stream::iter(names).map(|name| async move { self.read(&name).await });
            let mut records: Vec<ShredRecord> =
                read.buffer_unordered(AT_ONCE).try_collect().await?;
            records.sort_by_key(|record| record.id().ok());
            Ok(records)
        }
        .boxed()
    }
}

impl ShredFolder {
    async fn read(&self, name: &str) -> Result<ShredRecord, Failed> {
        let parts: Vec<Bytes> = self.0.get(name).await?.try_collect().await?;
        Ok(serde_json::from_slice(&parts.concat())?)
    }
}
