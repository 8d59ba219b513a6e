//! Keeping bytes: looked at, counted and digested on their way to the blob store.
//!
//! **Invariants.** What a file is comes from its content. More bytes than allowed, or a picture with more
//! pixels, leave nothing behind. Bytes are encrypted under a key of their own; that key and the object's
//! random name are sealed in the event, for the person it is about or else for the company, so that an
//! erasure makes every copy of the bytes unreadable. The event comes after the bytes: a crash between
//! them leaves an object that nothing names or opens.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use events::files::{FileEvent, ObjectKey, Place};
use futures::{StreamExt as _, stream};
use kernel::{
    db,
    error::Error,
    ids::Ground,
    ledger::Ledger,
    pieces::{self, FileKey},
    vault::{Opened, Place as Field, Vault, Wanted},
};
use ports::blobs::{BlobError, Blobs, Content};
use sha2::{Digest as _, Sha256};
use shared::{
    ids::{ContactId, FileId},
    stored::{KeyClass, Mac, Sealed},
};
use uuid::Uuid;

use crate::{queries, sniff};

/// The most that a file may hold.
pub const LARGEST: u64 = 100 << 20;

/// Where files are kept. Clones share it.
#[derive(Clone)]
pub struct Cabinet {
    /// The ledger's pools are where rows are read.
    pub ledger: Ledger,
    /// Keys.
    pub vault: Vault,
    /// Clock and ids.
    pub ground: Ground,
    /// The bytes.
    pub blobs: Arc<dyn Blobs>,
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What it is.
    pub mime_type: &'static str,
    /// How large.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its cleaned name, and the object's.
    pub place: Place,
}

/// Why bytes were not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Nothing came.
    #[error("the file is empty")]
    Empty,
    /// More than allowed.
    #[error("the file is too large")]
    TooLarge,
    /// A picture with more pixels than allowed.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// It broke off.
    #[error("the content broke off")]
    Cut,
    /// The store.
    #[error(transparent)]
    Blob(BlobError),
    /// Below.
    #[error("kernel")]
    Kernel(#[from] Error),
}

/// A file with its bytes on their way.
pub struct Found {
    /// What it is.
    pub mime_type: String,
    /// How large.
    pub size_bytes: i64,
    /// Its name.
    pub name: String,
    /// The person it is about.
    pub contact: Option<ContactId>,
    /// Its bytes.
    pub content: Content,
}

#[derive(Default)]
struct Counted {
    hasher: Sha256,
    n_bytes: u64,
    is_too_large: bool,
}

impl Cabinet {
    /// Writes bytes to the store.
    ///
    /// # Errors
    /// Why not; nothing is kept then.
    pub async fn keep(
        &self,
        company: Uuid,
        name: &str,
        content: Content,
        largest: u64,
    ) -> Result<Kept, KeepError> {
        // A small file ends while it is looked at; the end may be asked for once more.
        let mut content = content.fuse();
        let mut head = Vec::new();
        while head.len() < sniff::LOOKED_AT {
            match content.next().await {
                Some(Ok(bytes)) => head.extend_from_slice(&bytes),
                Some(Err(_cut)) => return Err(KeepError::Cut),
                None => break,
            }
        }
        if head.is_empty() {
            return Err(KeepError::Empty);
        }
        let looked_at = head.get(..sniff::LOOKED_AT).unwrap_or(&head);
        let mime_type = sniff::mime_type(looked_at);
        if sniff::pixels(looked_at).is_some_and(|pixels| pixels > sniff::MOST_PIXELS) {
            return Err(KeepError::TooManyPixels);
        }
        let counted = Arc::new(Mutex::new(Counted::default()));
        let counting = Arc::clone(&counted);
        let whole = stream::once(async move { Ok(Bytes::from(head)) }).chain(content);
        let whole = whole.map(move |bytes| {
            let bytes = bytes?;
            let mut counted = counting.lock().unwrap_or_else(PoisonError::into_inner);
            counted.n_bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if counted.n_bytes > largest {
                counted.is_too_large = true;
                return Err(BlobError::Cut);
            }
            counted.hasher.update(&bytes);
            Ok(bytes)
        });
        let index = self.vault.index(company).await?;
        let object = hex::encode(index.blind("files.object", &self.ground.ids.v7().to_string()));
        let key = FileKey::fresh()?;
        let sealed = pieces::sealed(whole.boxed(), &key, || BlobError::Damaged);
        let written = self.blobs.put(&object, sealed.boxed()).await;
        let counted = std::mem::take(&mut *counted.lock().unwrap_or_else(PoisonError::into_inner));
        match written {
            Ok(_) => Ok(Kept {
                mime_type,
                size_bytes: counted.n_bytes,
                sha256: counted.hasher.finalize().into(),
                place: Place {
                    name: sniff::clean_name(name),
                    object,
                    key: Some(ObjectKey(key.to_text())),
                },
            }),
            Err(_) if counted.is_too_large => Err(KeepError::TooLarge),
            Err(BlobError::Cut) => Err(KeepError::Cut),
            Err(error) => Err(KeepError::Blob(error)),
        }
    }

    /// The event of what was kept: about a person, or the company's own.
    ///
    /// # Errors
    /// If the vault fails, or the person was erased.
    pub async fn stored(
        &self,
        company: Uuid,
        contact: Option<ContactId>,
        kept: &Kept,
        at: DateTime<Utc>,
    ) -> Result<FileEvent, Error> {
        let subject = contact.map_or(company, Uuid::from);
        let class = KeyClass::Content;
        let wanted = Wanted { company, subject, class, at };
        let keys = self.vault.keys(&[wanted]).await?;
        let field = Field { company, event_type: "files.file.stored", field: "place" };
        let place = keys.seal(field, subject, class, at, &kept.place)?;
        let digest = keys.digest(wanted, "files.digest", &kept.sha256)?;
        Ok(FileEvent::Stored {
            mime_type: kept.mime_type.into(),
            size_bytes: i64::try_from(kept.size_bytes).unwrap_or(i64::MAX),
            digest: Mac(hex::encode(digest)),
            contact,
            place,
        })
    }

    /// Takes back bytes that no event names.
    pub async fn discard(&self, kept: &Kept) {
        if let Err(error) = self.blobs.remove(&kept.place.object).await {
            tracing::warn!("an object that nothing names stays: {error}");
        }
    }

    /// What a file is, without its bytes.
    ///
    /// # Errors
    /// If Postgres or the vault fails.
    pub async fn look(
        &self,
        company: Uuid,
        file: FileId,
    ) -> Result<Option<(queries::files::Row, Place)>, Error> {
        let mut tx = db::reading_as(&self.ledger.pools().reader, company).await?;
        let row = queries::files::one(&mut tx, file.into()).await?;
        drop(tx);
        let Some(row) = row else { return Ok(None) };
        let sealed: Sealed<Place> = serde_json::from_str(&row.place)
            .map_err(|_not_ours| Error::Row { what: format!("files.place of {file}") })?;
        let field = Field { company, event_type: "files.file.stored", field: "place" };
        match self.vault.open(field, &sealed).await? {
            Opened::Value(place) => Ok(Some((row, place))),
            Opened::Erased => Ok(None),
        }
    }

    /// A file with its bytes; nothing when it is not there.
    ///
    /// # Errors
    /// If something below fails.
    pub async fn find(&self, company: Uuid, file: FileId) -> Result<Option<Found>, KeepError> {
        let Some((row, place)) = self.look(company, file).await? else { return Ok(None) };
        let content = match (self.blobs.get(&place.object).await, &place.key) {
            (Ok(content), Some(key)) => {
                let key = FileKey::from_text(&key.0)?;
                Ok(pieces::opened(content, &key, || BlobError::Damaged).boxed())
            }
            (found, _) => found,
        };
        match content {
            Ok(content) => Ok(Some(Found {
                mime_type: row.mime_type,
                size_bytes: row.size_bytes,
                name: place.name,
                contact: row.contact_id.map(ContactId::from_uuid),
                content,
            })),
            Err(BlobError::Missing) => Ok(None),
            Err(error) => Err(KeepError::Blob(error)),
        }
    }
}
