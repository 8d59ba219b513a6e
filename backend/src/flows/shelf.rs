//! Our files, as sending and fetching use them: the files context behind the traits of others.

use bytes::BytesMut;
use chrono::{DateTime, Utc};
use contacts::readers::Readers;
use files::{cabinet::Cabinet, outside, tables::uploads};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture};
use kernel::{error::Error, http::Caller};
use messaging::outside::Files;
use shared::{
    contacts::ReadWhat,
    ids::{ChannelId, ContactId, FileId},
};
use uuid::Uuid;

use super::sending::{Shelf, Shelved};

/// See the module.
#[derive(Clone)]
pub struct FilesShelf(pub Cabinet);

impl Files for FilesShelf {
    fn look(
        &self,
        company: Uuid,
        file: FileId,
    ) -> BoxFuture<'_, Result<Option<(String, i64)>, Error>> {
        async move {
            let found = self.0.look(company, file).await?;
            Ok(found.map(|(row, _)| (row.mime_type, row.size_bytes)))
        }
        .boxed()
    }
}

/// Notes who is shown a person's file.
#[derive(Clone)]
pub struct FileReaders(pub Readers);

impl outside::Readers for FileReaders {
    fn saw(&self, caller: &Caller, company: Uuid, contact: ContactId) {
        self.0.saw(caller, company, contact, ReadWhat::File);
    }
}

impl Shelf for FilesShelf {
    fn fetch(&self, company: Uuid, file: FileId) -> BoxFuture<'_, Result<Option<Shelved>, Error>> {
        async move {
            let found = match self.0.find(company, file).await {
                Ok(found) => found,
                Err(files::cabinet::KeepError::Kernel(error)) => return Err(error),
                Err(error) => return Err(lost(&error)),
            };
            let Some(mut found) = found else { return Ok(None) };
            let mut content = BytesMut::new();
            while let Some(piece) = found.content.next().await {
                content.extend_from_slice(&piece.map_err(|error| lost(&error))?);
            }
            Ok(Some(Shelved {
                mime_type: found.mime_type,
                name: found.name,
                content: content.freeze(),
            }))
        }
        .boxed()
    }

    fn known(
        &self,
        company: Uuid,
        file: FileId,
        channel: ChannelId,
    ) -> BoxFuture<'_, Result<Option<String>, Error>> {
        async move {
            let key = (company, file.into(), channel.into());
            let (pool, now) = (&self.0.ledger.pools().app, self.0.ground.clock.now());
            Ok(uploads::known(pool, key, now).await?)
        }
        .boxed()
    }

    fn keep<'a>(
        &'a self,
        company: Uuid,
        file: FileId,
        channel: ChannelId,
        media_id: &'a str,
        until: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            let key = (company, file.into(), channel.into());
            uploads::keep(&self.0.ledger.pools().app, key, media_id, until).await?;
            Ok(())
        }
        .boxed()
    }
}

/// The store is away: whoever asked comes again.
fn lost(error: &dyn std::error::Error) -> Error {
    Error::Stream(format!("the blob store: {error}"))
}
