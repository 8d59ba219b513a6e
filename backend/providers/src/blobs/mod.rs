//! Files in a folder, or in a bucket of S3 or Google: `file:/var/lib/masteria/blobs`, `s3://bucket/prefix`,
//! `gs://bucket/prefix`.
//!
//! **Invariants.** Names are ours: letters, digits and dashes. Content streams through with a bounded
//! buffer; an object is there whole or not at all. Credentials of a bucket come from the environment of
//! its provider's own tools.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::{
    ObjectStore, ObjectStoreExt as _, PutPayload, WriteMultipart, aws::AmazonS3Builder,
    gcp::GoogleCloudStorageBuilder, local::LocalFileSystem, path::Path,
};
use ports::{
    Answer,
    blobs::{BlobError, Blobs, Content},
};

/// What is written at once.
const PART: usize = 5 << 20;
/// How many parts are on their way at once.
const PARTS: usize = 2;

/// A place for objects. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    prefix: Path,
}

/// Why an address cannot be a blob store's.
#[derive(Debug, thiserror::Error)]
pub enum BadAddress {
    /// It is none of the kinds.
    #[error("a blob store is file:<folder>, s3://<bucket> or gs://<bucket>")]
    Unknown,
    /// The folder cannot be made.
    #[error("the folder of the blob store cannot be made")]
    Folder(#[source] std::io::Error),
    /// The store refuses its configuration.
    #[error("the blob store cannot be opened")]
    Store(#[source] object_store::Error),
}

impl Store {
    /// The store at an address.
    pub fn open(address: &str) -> Result<Self, BadAddress> {
        if let Some(folder) = address.strip_prefix("file:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            std::fs::create_dir_all(folder).map_err(BadAddress::Folder)?;
            let local = LocalFileSystem::new_with_prefix(folder).map_err(BadAddress::Store)?;
            let inner = Arc::new(local.with_fsync(true));
            return Ok(Self { inner, prefix: Path::default() });
        }
        let (kind, rest) = address.split_once("://").ok_or(BadAddress::Unknown)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = Path::from(prefix.trim_end_matches('/'));
        let inner: Arc<dyn ObjectStore> = match kind {
            "s3" => Arc::new(
                AmazonS3Builder::from_env()
                    .with_bucket_name(bucket)
                    .build()
                    .map_err(BadAddress::Store)?,
            ),
            "gs" => Arc::new(
                GoogleCloudStorageBuilder::from_env()
                    .with_bucket_name(bucket)
                    .build()
                    .map_err(BadAddress::Store)?,
            ),
            _ => return Err(BadAddress::Unknown),
        };
        Ok(Self { inner, prefix })
    }

    fn path(&self, name: &str) -> Path {
        if let Some((folder, name)) = name.split_once('/') {
            return self.prefix.clone().join(folder).join(name);
        }
        // Two characters of folder, so that no folder holds a million files.
        let folder: String = name.chars().take(2).collect();
        self.prefix.clone().join(folder).join(name)
    }

    async fn write(&self, name: &str, mut content: Content) -> Result<u64, BlobError> {
        let path = self.path(name);
        let mut head = Vec::new();
        let mut n_bytes = 0_u64;
        // Most files are small and need no parts.
        while head.len() < PART {
            let Some(bytes) = content.next().await else {
                let size = u64::try_from(head.len()).unwrap_or(u64::MAX);
                let payload = PutPayload::from(head);
                self.inner.put(&path, payload).await.map_err(failed)?;
                return Ok(size);
            };
            head.extend_from_slice(&bytes?);
        }
        n_bytes += u64::try_from(head.len()).unwrap_or(u64::MAX);
        let upload = self.inner.put_multipart(&path).await.map_err(failed)?;
        let mut parts = WriteMultipart::new_with_chunk_size(upload, PART);
        parts.put(head.into());
        while let Some(bytes) = content.next().await {
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(error) => {
                    let _ = parts.abort().await;
                    return Err(error);
                }
            };
            n_bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if let Err(error) = parts.wait_for_capacity(PARTS).await {
                let _ = parts.abort().await;
                return Err(failed(error));
            }
            parts.put(bytes);
        }
        parts.finish().await.map_err(failed)?;
        Ok(n_bytes)
    }
}

impl Blobs for Store {
    fn put<'a>(&'a self, name: &'a str, content: Content) -> Answer<'a, Result<u64, BlobError>> {
        Box::pin(self.write(name, content))
    }

    fn get<'a>(&'a self, name: &'a str) -> Answer<'a, Result<Content, BlobError>> {
        Box::pin(async move {
            let found = self.inner.get(&self.path(name)).await.map_err(failed)?;
            let content: Content = found.into_stream().map_err(failed).boxed();
            Ok(content)
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a, Result<(), BlobError>> {
        Box::pin(async move {
            match self.inner.delete(&self.path(name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(failed(error)),
            }
        })
    }

    fn list<'a>(&'a self, folder: &'a str) -> Answer<'a, Result<Vec<String>, BlobError>> {
        Box::pin(async move {
            let path = self.prefix.clone().join(folder);
            let mut found = self.inner.list(Some(&path));
            let mut names = Vec::new();
            while let Some(object) = found.next().await {
                let object = object.map_err(failed)?;
                if let Some(name) = object.location.filename() {
                    names.push(format!("{folder}/{name}"));
                }
            }
            Ok(names)
        })
    }
}

fn failed(error: object_store::Error) -> BlobError {
    match error {
        object_store::Error::NotFound { .. } => BlobError::Missing,
        other => BlobError::Store(Box::new(other)),
    }
}

#[cfg(test)]
mod tests;
