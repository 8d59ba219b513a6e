//! What people sent is fetched once, before the provider's address of it expires (CH19).
//!
//! **Invariants.** One process fetches; a file is fetched again only if its bytes were not kept. Its
//! SHA-256 is the one that was announced, or it is not kept. What cannot be had is given up with a
//! reason, which the thread shows. A file belongs to the person it came from, and goes with her.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use channels::directory::Directory;
use chrono::TimeDelta;
use events::messaging::{Inbound, MediaRef, MessageEvent};
use files::{
    cabinet::{Cabinet, KeepError, LARGEST},
    file::File,
};
use futures::StreamExt as _;
use kernel::{
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    db,
    decider::Decider as _,
    error::Error,
    gate::Gate,
    nodes::Nodes,
    tasks::Tasks,
    vault::{Opened, Place},
};
use messaging::queries::media::{Missing, oldest};
use ports::{
    blobs::BlobError,
    connect::Trouble,
    media::{MediaError, MediaStore},
    outbound::Access,
};
use shared::{
    ids::{ContactId, FileId},
    messages::{Content, MessageKind},
    stored::{Actor, ConfigText},
};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// What fetching works with.
#[derive(Clone)]
pub struct MediaFetch {
    /// Where files are kept.
    pub cabinet: Cabinet,
    /// Tokens.
    pub directory: Directory,
    /// The provider's files.
    pub media: Arc<dyn MediaStore>,
    /// Who fetches.
    pub nodes: Nodes,
    /// Holds everything that acts.
    pub gate: Gate,
    /// Work in the background.
    pub tasks: Tasks,
}

/// How many are fetched at once.
const AT_ONCE: usize = 8;
/// How often the list is looked at.
const LOOK: Duration = Duration::from_millis(300);
/// How often one is tried, and over how long.
const MOST_TRIES: u32 = 8;
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(24);
/// The first wait after a try that failed; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Tries of one message: how many, and not before.
type Tries = Arc<Mutex<HashMap<Uuid, (u32, Duration)>>>;

/// Why a file was not kept.
enum Failed {
    /// Another try may help.
    Later(&'static str),
    /// It will never be had.
    Never(&'static str),
}

impl MediaFetch {
    /// Runs until the process stops.
    pub fn run(self) {
        let tasks = self.tasks.clone();
        tasks.supervise("media_fetch", move || self.clone().fetch_all());
    }

    async fn fetch_all(self) {
        let owned = self.nodes.owns("media");
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let tries: Tries = Arc::default();
        loop {
            tokio::time::sleep(LOOK).await;
            if owned.borrow().is_none() || self.gate.is_shut() || room.available_permits() == 0 {
                continue;
            }
            let missing = match self.missing(&tries).await {
                Ok(missing) => missing,
                Err(error) => {
                    tracing::debug!("the files to fetch cannot be listed yet: {error}");
                    continue;
                }
            };
            for missing in missing {
                let Ok(room) = Arc::clone(&room).try_acquire_owned() else { break };
                self.hold(&tries, missing.id, Duration::from_hours(1));
                let (fetch, tries) = (self.clone(), Arc::clone(&tries));
                self.tasks.spawn_until_stop(async move {
                    fetch.one(&missing, &tries).await;
                    drop(room);
                });
            }
        }
    }

    async fn missing(&self, tries: &Tries) -> Result<Vec<Missing>, Error> {
        let now = self.cabinet.ground.clock.monotonic();
        let waiting: Vec<Uuid> = {
            let tries = tries.lock().unwrap_or_else(PoisonError::into_inner);
            tries.iter().filter(|(_, (_, at))| *at > now).map(|(id, _)| *id).collect()
        };
        let mut tx = db::working(&self.cabinet.ledger.pools().app).await?;
        let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        Ok(oldest(&mut tx, &waiting, most).await?)
    }

    fn hold(&self, tries: &Tries, message: Uuid, wait: Duration) {
        let until = self.cabinet.ground.clock.monotonic() + wait;
        let mut tries = tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.entry(message).or_default().1 = until;
    }

    async fn one(&self, missing: &Missing, tries: &Tries) {
        let failed = match self.fetch(missing).await {
            Ok(()) => {
                // The read model hears of it in a moment.
                self.hold(tries, missing.id, Duration::from_secs(10));
                return;
            }
            Err(Ok(failed)) => failed,
            Err(Err(error)) => {
                tracing::warn!(message.id = %missing.id, "a file cannot be fetched now: {error}");
                self.hold(tries, missing.id, FIRST_WAIT);
                return;
            }
        };
        let n_tries = {
            let mut tries = tries.lock().unwrap_or_else(PoisonError::into_inner);
            let tries = tries.entry(missing.id).or_default();
            tries.0 += 1;
            tries.0
        };
        let is_old = self.cabinet.ground.clock.now() - missing.received_at > GIVE_UP_AFTER;
        let reason = match failed {
            Failed::Later(reason) if n_tries < MOST_TRIES && !is_old => {
                tracing::info!(message.id = %missing.id, "a file is fetched again: {reason}");
                let wait = FIRST_WAIT * 3_u32.saturating_pow(n_tries);
                return self.hold(tries, missing.id, wait);
            }
            Failed::Later(reason) | Failed::Never(reason) => reason,
        };
        tracing::warn!(message.id = %missing.id, "a file is given up: {reason}");
        let event = MessageEvent::MediaMissing { reason: reason.into() };
        let wait = match self.tell(missing, event, None).await {
            Ok(()) => Duration::from_secs(10),
            Err(_not_now) => FIRST_WAIT,
        };
        self.hold(tries, missing.id, wait);
    }

    /// Fetches and keeps one file.
    async fn fetch(&self, missing: &Missing) -> Result<(), Result<Failed, Error>> {
        let company = missing.company_id;
        let below = |error: Error| Err(error);
        let events =
            self.cabinet.ledger.read_stream(company, missing.id, 0).await.map_err(below)?;
        let Some((contact, inbound)) = self.said(company, &events).await.map_err(below)? else {
            return Err(Ok(Failed::Never("erased")));
        };
        let Some(media) = inbound.media else { return Err(Ok(Failed::Never("no_file"))) };
        let name = name_of(&inbound.content);
        let access = self.access(missing).await.map_err(Ok)?;
        let kept = self.keep(company, &access, &media, &name).await?;
        let now = self.cabinet.ground.clock.now();
        let stored = self.cabinet.stored(company, Some(contact), &kept, now).await;
        let stored = match stored {
            Ok(stored) => stored,
            Err(error) => {
                self.cabinet.discard(&kept).await;
                return Err(match error {
                    Error::Erased => Ok(Failed::Never("erased")),
                    other => Err(other),
                });
            }
        };
        let index = self.cabinet.vault.index(company).await.map_err(below)?;
        let file = FileId::from_uuid(index.id(0, "file.inbound", &[missing.id.as_bytes()]));
        let event = MessageEvent::MediaStored { file };
        match self.tell(missing, event, Some((file, stored))).await {
            Ok(()) => Ok(()),
            // Another process was quicker: ours is one too many.
            Err(Error::Refused(_)) => {
                self.cabinet.discard(&kept).await;
                Ok(())
            }
            Err(error) => Err(Err(error)),
        }
    }

    async fn said(
        &self,
        company: Uuid,
        events: &[kernel::record::Recorded],
    ) -> Result<Option<(ContactId, Inbound)>, Error> {
        for recorded in events {
            let (event_type, contact, said) = match recorded.decode()? {
                MessageEvent::Received { contact, said, .. } => {
                    ("messaging.message.received", contact, said)
                }
                MessageEvent::Echoed { contact, said, .. } => {
                    ("messaging.message.echoed", contact, said)
                }
                _ => continue,
            };
            let place = Place { company, event_type, field: "said" };
            return Ok(match self.cabinet.vault.open(place, &said).await? {
                Opened::Value(inbound) => Some((contact, inbound)),
                Opened::Erased => None,
            });
        }
        Ok(None)
    }

    async fn access(&self, missing: &Missing) -> Result<Access, Failed> {
        let (company, channel) = (missing.company_id, missing.channel_id);
        let known = self.directory.by_route(company, channel).await;
        let secrets = self.directory.secrets(company, channel).await;
        match (known, secrets) {
            (Ok(Some(known)), Ok(Some(secrets))) => {
                Ok(Access { number_id: known.phone_number_id, token: secrets.token.clone() })
            }
            (Ok(None), _) | (_, Ok(None)) => Err(Failed::Never("channel_disconnected")),
            _ => Err(Failed::Later("not_ready")),
        }
    }

    async fn keep(
        &self,
        company: Uuid,
        access: &Access,
        media: &MediaRef,
        name: &str,
    ) -> Result<files::cabinet::Kept, Result<Failed, Error>> {
        let announced = media.sha256.as_deref().and_then(digest);
        let download = self.media.download(access, &media.id, announced, LARGEST).await;
        let download = download.map_err(|error| Ok(judge(&error)))?;
        let expected = announced.or(download.info.sha256);
        // What the stream ended with says why; the store only knows that it broke off.
        let ended: Arc<Mutex<Option<Failed>>> = Arc::default();
        let noted = Arc::clone(&ended);
        let content = download.content.map(move |piece| {
            piece.map_err(|error| {
                let failed = judge(&error);
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed);
                BlobError::Cut
            })
        });
        let kept = self.cabinet.keep(company, name, content.boxed(), LARGEST).await;
        let ended = ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        match kept {
            Ok(kept) if expected.is_none_or(|expected| expected == kept.sha256) => Ok(kept),
            Ok(kept) => {
                self.cabinet.discard(&kept).await;
                Err(Ok(Failed::Later("wrong_digest")))
            }
            Err(KeepError::Kernel(error)) => Err(Err(error)),
            Err(error) => Err(Ok(ended.unwrap_or(match error {
                KeepError::TooLarge => Failed::Never("too_large"),
                KeepError::TooManyPixels => Failed::Never("too_many_pixels"),
                KeepError::Empty => Failed::Later("empty"),
                _ => Failed::Later("cut"),
            }))),
        }
    }

    /// What became of it, on the message's stream and the file's own.
    async fn tell(
        &self,
        missing: &Missing,
        event: MessageEvent,
        stored: Option<(FileId, events::files::FileEvent)>,
    ) -> Result<(), Error> {
        let ids = &*self.cabinet.ground.ids;
        let actor = Actor::System(ConfigText::from("messaging.media_fetch"));
        let context = Arc::new(Context::new(actor, ids.v7(), ids.v7().into_bytes()));
        let mut appends = vec![Append {
            company: missing.company_id,
            stream: Stream { kind: "message", id: missing.id },
            expected: Expected::Any,
            context: Arc::clone(&context),
            events: vec![NewEvent::of(ids, &event)?],
        }];
        if let Some((file, stored)) = stored {
            appends.push(Append {
                company: missing.company_id,
                stream: Stream { kind: File::STREAM, id: file.into() },
                expected: Expected::Empty,
                context,
                events: vec![NewEvent::of(ids, &stored)?],
            });
        }
        self.cabinet.ledger.commit(Commit { appends, ..Commit::default() }).await?;
        Ok(())
    }
}

/// The provider's answer decides whether another try may help.
fn judge(error: &MediaError) -> Failed {
    match error {
        MediaError::Trouble(Trouble::Refused(fault)) => match fault.code {
            // There is no such file any more.
            100 | 131_051 => Failed::Never("not_available"),
            _ => Failed::Later("refused"),
        },
        MediaError::Trouble(_) => Failed::Later("provider_unreachable"),
        MediaError::TooLarge { .. } => Failed::Never("too_large"),
        MediaError::WrongDigest => Failed::Later("wrong_digest"),
        MediaError::ForeignAddress => Failed::Never("foreign_address"),
        MediaError::Cut => Failed::Later("cut"),
    }
}

/// SHA-256 as providers state it: base64 or hexadecimal.
fn digest(text: &str) -> Option<[u8; 32]> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let bytes = hex::decode(text).ok().filter(|bytes| bytes.len() == 32);
    bytes.or_else(|| STANDARD.decode(text).ok())?.try_into().ok()
}

fn name_of(content: &Content) -> String {
    let Content::Media(media) = content else { return "file".to_owned() };
    if let Some(name) = &media.file_name {
        return name.clone();
    }
    let kind = match media.media {
        MessageKind::Image => "image",
        MessageKind::Video => "video",
        MessageKind::Audio => "audio",
        MessageKind::Sticker => "sticker",
        _ => "document",
    };
    let mime_type = media.mime_type.as_deref().unwrap_or_default();
    let sub = mime_type.split_once('/').map_or("", |(_, sub)| sub);
    let sub: String = sub.chars().take_while(char::is_ascii_alphanumeric).take(5).collect();
    if sub.is_empty() { kind.to_owned() } else { format!("{kind}.{sub}") }
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn a_digest_is_read_in_both_spellings() {
        let bytes = [7_u8; 32];
        assert_eq!(digest(&hex::encode(bytes)), Some(bytes));
        assert_eq!(digest("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="), Some(bytes));
        assert_eq!(digest("nonsense"), None);
    }
}
