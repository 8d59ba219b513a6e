//! Files at a provider.

use bytes::Bytes;
use futures::stream::BoxStream;

use crate::{Answer, connect::Trouble, outbound::Access};

/// A file to upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its type, by content.
    pub mime_type: String,
    /// Its name.
    pub filename: String,
    /// What is in it.
    pub content: Bytes,
}

/// Why a file could not be had.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The provider refused or was not there.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The file is bigger than allowed.
    #[error("the file is larger than {limit_bytes} bytes")]
    TooLarge {
        /// What is allowed.
        limit_bytes: u64,
    },
    /// The content is not what the provider promised.
    #[error("the file's SHA-256 differs from the one announced")]
    WrongDigest,
    /// The address is not the provider's.
    #[error("the provider names an address that is not its own")]
    ForeignAddress,
    /// The line broke before the end.
    #[error("the download was cut")]
    Cut,
}

/// What a provider tells about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaInfo {
    /// The provider's type of it; ours is by content.
    pub mime_type: Option<String>,
    /// SHA-256 of its content.
    pub sha256: Option<[u8; 32]>,
    /// Its size.
    pub size_bytes: Option<u64>,
}

/// A file on its way in. The last item is an error when the whole was not what was announced: what was
/// written so far must then be thrown away.
pub struct Download {
    /// What the provider tells about it.
    pub info: MediaInfo,
    /// Its content.
    pub content: BoxStream<'static, Result<Bytes, MediaError>>,
}

/// Moves files to and from a provider.
pub trait MediaStore: Send + Sync {
    /// Uploads a file and answers with the provider's id of it.
    fn upload<'a>(
        &'a self,
        access: &'a Access,
        file: Upload,
    ) -> Answer<'a, Result<String, MediaError>>;

    /// Fetches a file by its id. `sha256` is what a webhook announced.
    fn download<'a>(
        &'a self,
        access: &'a Access,
        media_id: &'a str,
        sha256: Option<[u8; 32]>,
        limit_bytes: u64,
    ) -> Answer<'a, Result<Download, MediaError>>;
}
