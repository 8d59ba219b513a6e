//! A file on its way out: uploaded once for each number, its id used again until it expires (CH20).

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use kernel::error::Error;
use ports::{
    connect::Trouble,
    media::{MediaError, Upload},
    outbound::Access,
};
use shared::ids::{ChannelId, FileId};
use uuid::Uuid;

use super::{Sending, prepare::NotReady};

/// The provider keeps an upload for 30 days; we stop trusting it a day before.
const KEPT: TimeDelta = TimeDelta::days(29);

/// A file of ours, whole.
#[derive(Clone, Debug)]
pub struct Shelved {
    /// What it is.
    pub mime_type: String,
    /// What it is called.
    pub name: String,
    /// Its bytes.
    pub content: Bytes,
}

/// Our files, and what the provider calls them.
pub trait Shelf: Send + Sync + 'static {
    /// A file; nothing when it is not there any more.
    fn fetch(&self, company: Uuid, file: FileId) -> BoxFuture<'_, Result<Option<Shelved>, Error>>;

    /// The provider's id of a file on a number, as long as it is good.
    fn known(
        &self,
        company: Uuid,
        file: FileId,
        channel: ChannelId,
    ) -> BoxFuture<'_, Result<Option<String>, Error>>;

    /// Keeps the provider's id.
    fn keep<'a>(
        &'a self,
        company: Uuid,
        file: FileId,
        channel: ChannelId,
        media_id: &'a str,
        until: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<(), Error>>;
}

/// The provider's id of a file, uploaded now if it has none.
pub(super) async fn at_provider(
    sending: &Sending,
    company: Uuid,
    channel: ChannelId,
    access: &Access,
    file: FileId,
) -> Result<String, NotReady> {
    if let Some(known) = sending.shelf.known(company, file, channel).await? {
        return Ok(known);
    }
    let shelved = sending.shelf.fetch(company, file).await?;
    let Shelved { mime_type, name, content } = shelved.ok_or(NotReady::Unsendable)?;
    let upload = Upload { mime_type, filename: name, content };
    match sending.media.upload(access, upload).await {
        Ok(media_id) => {
            let until = sending.ground.clock.now() + KEPT;
            sending.shelf.keep(company, file, channel, &media_id, until).await?;
            Ok(media_id)
        }
        Err(MediaError::Trouble(Trouble::Refused(fault))) if !fault.verdict.is_retried() => {
            // A dead token is found by the next call, which names it; the file waits for it.
            let is_about_file = matches!(fault.code, 100 | 131_051 | 131_053);
            Err(if is_about_file { NotReady::Unsendable } else { NotReady::Later })
        }
        Err(error) => {
            tracing::warn!(file.id = %file, "a file cannot be uploaded now: {error}");
            Err(NotReady::Later)
        }
    }
}
