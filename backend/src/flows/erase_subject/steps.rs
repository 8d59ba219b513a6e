//! The steps of an erasure.

use std::{collections::BTreeSet, sync::Arc};

use contacts::contact::{Command, Contact, IDENTITY};
use conversations::{conversation::THREAD, queries::threads};
use events::{
    contacts::{Address, ContactEvent},
    files::Place,
    messaging::MessageEvent,
};
use files::file::{self, File};
use kernel::{
    commit::{Append, Claim, Commit, Context, Expected, NewEvent, Stream},
    db,
    decider::Decider,
    error::{Error, Result},
    ids::Ids,
    ledger::Ledger,
    vault::{Opened, Place as Field, Vault},
};
use messaging::{
    message::{self, Message},
    queries::lanes,
};
use shared::{
    ids::UserId,
    messages::SuppressReason,
    phone::Phone,
    stored::{Actor, ConfigText, Event, KeyClass, Sealed},
};
use uuid::Uuid;

use super::{Erasing, Erasure};

/// The classes of keys that are destroyed; what proves a consent stays (D3).
pub(super) const CLASSES: [KeyClass; 2] = [KeyClass::Identity, KeyClass::Content];
/// How often a commit is made anew because something moved.
const AGAIN: usize = 8;
/// How many messages or files go into one commit.
const AT_ONCE: usize = 100;
/// A text that is shorter says nothing of a person.
const SHORTEST: usize = 6;

/// Who does what is left, where whoever asked is gone.
pub(super) fn context(ids: &dyn Ids, erasure: &Erasure) -> Arc<Context> {
    let actor = match erasure.requested_by {
        Some(user) => Actor::User(UserId::from_uuid(user)),
        None => Actor::System(ConfigText::from("contacts.erasure")),
    };
    Arc::new(Context::new(actor, erasure.id, ids.v7().into_bytes()))
}

/// What stands in raw deliveries about her: her addresses in all their forms.
pub(super) async fn texts(
    ledger: &Ledger,
    vault: &Vault,
    erasure: &Erasure,
) -> Result<Vec<String>> {
    let company = erasure.company_id;
    let field = Field { company, event_type: "contacts.contact.identity_added", field: "address" };
    let streams: Vec<_> = erasure.contacts.iter().map(|id| (company, *id)).collect();
    let mut texts = BTreeSet::new();
    for recorded in ledger.read_streams(&streams).await? {
        let ContactEvent::IdentityAdded { address, .. } = recorded.decode()? else { continue };
        let Opened::Value(address) = vault.open::<Address>(field, &address).await? else {
            continue;
        };
        texts.extend(forms(&address));
    }
    texts.retain(|text| text.len() >= SHORTEST);
    Ok(texts.into_iter().collect())
}

/// An address as it came, as it is looked up, and in the other spellings of the same line.
fn forms(address: &Address) -> Vec<String> {
    let mut forms =
        vec![address.canonical.clone(), address.written.trim_start_matches('+').to_owned()];
    for text in [&address.canonical, &address.written] {
        if let Ok(phone) = Phone::parse(text) {
            forms.push(phone.digits().to_owned());
            forms.extend(phone.also_known_as().map(|other| other.digits().to_owned()));
        }
    }
    forms
}

impl Erasing {
    /// Her files: id, and the place as it was sealed.
    pub(super) async fn places(&self, erasure: &Erasure) -> Result<Vec<String>> {
        let mut tx = db::reading_as(&self.ledger.pools().reader, erasure.company_id).await?;
        let files = files::queries::files::of_contacts(&mut tx, &erasure.contacts).await?;
        tx.commit().await?;
        Ok(files.into_iter().map(|(id, place)| format!("{id} {place}")).collect())
    }

    /// Nothing leads to her any more, and what waits for her is not sent.
    pub(super) async fn let_go(&self, erasure: &Erasure, context: &Arc<Context>) -> Result<()> {
        let company = erasure.company_id;
        let mut n_tries = 1;
        while !self.is_taken(self.released(erasure).await?, n_tries).await? {
            n_tries += 1;
        }
        let mut tx = db::reading_as(&self.ledger.pools().reader, company).await?;
        let threads = threads::all_of(&mut tx, &erasure.contacts).await?;
        let waiting = lanes::waiting_in(&mut tx, &threads).await?;
        tx.commit().await?;
        let suppressed = MessageEvent::Suppressed { reason: SuppressReason::Erased };
        let note = message::Command::Note(Box::new(suppressed));
        let now = self.ground.clock.now();
        self.each::<Message>(company, &waiting, &note, &now, context).await
    }

    /// Tells the ledger that she was erased, and that her files are gone. What was told is not told
    /// again. One that this database has never heard of, because it was restored, is no contact.
    pub(super) async fn tell(&self, erasure: &Erasure, context: &Arc<Context>) -> Result<()> {
        let (company, contacts) = (erasure.company_id, &erasure.contacts);
        self.each::<Contact>(company, contacts, &Command::Erase, &(), context).await?;
        let gone: Vec<Uuid> = places(erasure).map(|(file, _)| file).collect();
        self.each::<File>(company, &gone, &file::Command::Remove, &(), context).await
    }

    async fn released(&self, erasure: &Erasure) -> Result<Commit> {
        let company = erasure.company_id;
        let mut tx = db::reading_as(&self.ledger.pools().reader, company).await?;
        let mut owners = threads::all_of(&mut tx, &erasure.contacts).await?;
        tx.commit().await?;
        let mut commit = Commit::default();
        owners.extend(&erasure.contacts);
        for (kind, key, owner) in self.ledger.claims_of(company, &owners).await? {
            let known = [IDENTITY, THREAD].into_iter().find(|known| *known == kind);
            if let Some(kind) = known {
                commit.claims.push(Claim::Release { company, kind, key, owner });
            }
        }
        Ok(commit)
    }

    /// One command to each of many streams.
    async fn each<D: Decider>(
        &self,
        company: Uuid,
        ids: &[Uuid],
        command: &D::Command,
        facts: &D::Facts,
        context: &Arc<Context>,
    ) -> Result<()> {
        for ids in ids.chunks(AT_ONCE) {
            let mut n_tries = 1;
            loop {
                let mut commit = Commit::default();
                for id in ids {
                    let (version, state) = self.ledger.load::<D>(company, *id).await?;
                    let events = D::decide(&state, command, facts).unwrap_or_default();
                    let append = self.append::<D>(company, (*id, version), &events, context)?;
                    commit.appends.extend(append);
                }
                if self.is_taken(commit, n_tries).await? {
                    break;
                }
                n_tries += 1;
            }
        }
        Ok(())
    }

    /// Commits what has to be; `false`: something moved meanwhile, and it has to be made anew.
    async fn is_taken(&self, commit: Commit, n_tries: usize) -> Result<bool> {
        if commit == Commit::default() {
            return Ok(true);
        }
        match self.ledger.commit(commit).await {
            Ok(_) => Ok(true),
            Err(Error::Refused(_)) if n_tries < AGAIN => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn append<D: Decider>(
        &self,
        company: Uuid,
        (id, version): (Uuid, i64),
        events: &[D::Event],
        context: &Arc<Context>,
    ) -> Result<Option<Append>>
    where
        D::Event: Event,
    {
        if events.is_empty() {
            return Ok(None);
        }
        let events = events.iter().map(|event| NewEvent::of(&*self.ground.ids, event));
        Ok(Some(Append {
            company,
            stream: Stream { kind: D::STREAM, id },
            expected: Expected::at(version),
            context: Arc::clone(context),
            events: events.collect::<std::result::Result<_, _>>()?,
        }))
    }

    /// Removes the bytes of her files.
    pub(super) async fn remove_files(&self, erasure: &Erasure) -> Result<()> {
        let company = erasure.company_id;
        let field = Field { company, event_type: "files.file.stored", field: "place" };
        for (file, place) in places(erasure) {
            let sealed: Sealed<Place> = serde_json::from_str(place)
                .map_err(|_not_ours| Error::Row { what: format!("files.place of {file}") })?;
            if let Opened::Value(place) = self.vault.open(field, &sealed).await? {
                let removed = self.blobs.remove(&place.object).await;
                removed.map_err(|error| Error::Store(error.to_string()))?;
            }
        }
        Ok(())
    }
}

fn places(erasure: &Erasure) -> impl Iterator<Item = (Uuid, &str)> {
    erasure.places.iter().filter_map(|text| {
        let (id, place) = text.split_once(' ')?;
        Some((Uuid::try_parse(id).ok()?, place))
    })
}
