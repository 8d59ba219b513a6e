//! Where files lie: objects under random names, in a folder or a bucket.

use bytes::Bytes;
use futures::stream::BoxStream;

use crate::Answer;

/// Why an object could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is none under the name.
    #[error("there is no such object")]
    Missing,
    /// What was to be written broke off, or is more than allowed; nothing was kept.
    #[error("the content broke off")]
    Cut,
    /// What is there is not what was written.
    #[error("the object is damaged")]
    Damaged,
    /// The store.
    #[error("the blob store")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Content on its way.
pub type Content = BoxStream<'static, Result<Bytes, BlobError>>;

/// A store of objects. A name is letters, digits and dashes; a folder with a slash may stand before it.
pub trait Blobs: Send + Sync {
    /// Writes an object; if the content breaks off, nothing is there.
    fn put<'a>(&'a self, name: &'a str, content: Content) -> Answer<'a, Result<u64, BlobError>>;

    /// Reads an object.
    fn get<'a>(&'a self, name: &'a str) -> Answer<'a, Result<Content, BlobError>>;

    /// Removes an object; one that is not there is removed.
    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a, Result<(), BlobError>>;

    /// The names of the objects in a folder, as [`Blobs::get`] takes them.
    fn list<'a>(&'a self, folder: &'a str) -> Answer<'a, Result<Vec<String>, BlobError>>;
}
