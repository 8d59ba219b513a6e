//! Opening a thread from our side: a program or an operator writes to somebody first.

use std::sync::Arc;

use channels::channel::Channel;
use contacts::contact::{Command, Contact, IDENTITY, NewIdentity, State, address_text};
use conversations::conversation::THREAD;
use events::{
    contacts::{Address as Sealable, ContactEvent, Source},
    conversations::ConversationEvent,
    messaging::Recipient,
};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    commit::{Append, Claim, Context, Expected, NewEvent, Stream},
    decider::Decider as _,
    error::{Error, Result},
    ids::Ground,
    ledger::Ledger,
    vault::{IndexKey, Keys, Place, Vault, Wanted},
};
use messaging::outside::{Addressee, NoThread, Opened, Threads};
use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::{ChannelId, ContactId, ConversationId, IdentityId},
    phone::Phone,
    stored::{ConfigText, Event, KeyClass, Mac},
};
use uuid::Uuid;

use super::inbound_message::addresses::{identity_key, thread_key};

/// Finds and opens threads.
#[derive(Clone)]
pub struct Book {
    /// Where claims and contacts are.
    pub ledger: Ledger,
    /// Keys.
    pub vault: Vault,
    /// Time and ids.
    pub ground: Ground,
}

impl Threads for Book {
    fn open<'a>(
        &'a self,
        company: Uuid,
        channel: ChannelId,
        to: &'a Addressee,
        context: &'a Arc<Context>,
    ) -> BoxFuture<'a, std::result::Result<Opened, NoThread>> {
        async move {
            // A channel that is not the company's own is not there, and nothing is begun on it.
            let (version, _) = self.ledger.load::<Channel>(company, channel.into_uuid()).await?;
            if version == 0 {
                return Err(NoThread::Unreachable);
            }
            let opening = Opening { book: self, company, channel, context };
            match to {
                Addressee::Phone(text) => {
                    let phone = Phone::parse(text).map_err(|_not_one| NoThread::NotANumber)?;
                    Ok(opening.by_phone(&phone).await?)
                }
                Addressee::Contact(contact) => opening.by_contact(*contact).await,
            }
        }
        .boxed()
    }
}

struct Opening<'a> {
    book: &'a Book,
    company: Uuid,
    channel: ChannelId,
    context: &'a Arc<Context>,
}

impl Opening<'_> {
    async fn by_phone(&self, phone: &Phone) -> Result<Opened> {
        let index = self.book.vault.index(self.company).await?;
        let key = |phone: &Phone| identity_key(&index, AddressKind::Phone, phone.digits());
        let own = key(&phone.canonical());
        let alias = phone.also_known_as().map(|other| key(&other));
        let mut wanted = vec![(self.company, IDENTITY, own)];
        wanted.push((self.company, THREAD, thread_key(&index, self.channel, &own)));
        if let Some(alias) = alias {
            wanted.push((self.company, IDENTITY, alias));
            wanted.push((self.company, THREAD, thread_key(&index, self.channel, &alias)));
        }
        let owners = self.book.ledger.claims(&wanted).await?;
        let owner = |at: usize| owners.get(at).copied().flatten();
        let known = owner(0).or_else(|| owner(2));
        let contact = known.unwrap_or_else(|| self.book.ground.ids.v7());
        let (version, state) = self.book.ledger.load::<Contact>(self.company, contact).await?;
        let (company, class, at) = (self.company, KeyClass::Identity, self.book.ground.clock.now());
        let wanted = Wanted { company, subject: contact, class, at };
        let keys = self.book.vault.keys(&[wanted]).await?;
        let text = address_text(AddressKind::Phone, phone.canonical().digits());
        let digest = mac(&keys.digest(wanted, IDENTITY, text.as_bytes())?);
        let (mut appends, mut claims) = (vec![], vec![]);
        let identity = if let Some(identity) = state.current(&digest) {
            identity
        } else {
            let new = self.new_identity(wanted, &keys, phone, digest)?;
            let identity = new.identity;
            let events = added(state, new);
            appends.extend(self.append("contact", contact, Expected::at(version), &events)?);
            if owner(0).is_none() {
                claims.push(self.take(IDENTITY, own, contact));
            }
            identity
        };
        let thread = owner(1).or_else(|| owner(3));
        let conversation =
            self.thread(thread, (contact, identity), &index, &own, &mut appends, &mut claims)?;
        let to = Recipient::Phone(phone.digits().to_owned());
        Ok(Opened { conversation, contact: contact.into(), to, appends, claims })
    }

    async fn by_contact(&self, id: ContactId) -> std::result::Result<Opened, NoThread> {
        let contact = id.into_uuid();
        let events = self.book.ledger.read_stream(self.company, contact, 0).await?;
        let mut state = State::default();
        let mut addresses = vec![];
        for recorded in &events {
            let event: ContactEvent = recorded.decode()?;
            if let ContactEvent::IdentityAdded { identity, address, .. } = &event {
                addresses.push((*identity, address.clone()));
            }
            state = Contact::evolve(state, &event);
        }
        if state.is_erased {
            return Err(NoThread::Unreachable);
        }
        let mut current: Vec<_> = state
            .identities
            .iter()
            .filter(|(_, known)| {
                !known.is_former && matches!(known.kind, AddressKind::Phone | AddressKind::Bsuid)
            })
            .collect();
        current.sort_by_key(|(_, known)| known.kind);
        let (identity, known) = current.first().ok_or(NoThread::Unreachable)?;
        let sealed = addresses.into_iter().find(|(id, _)| id == *identity);
        let (_, sealed) = sealed.ok_or(NoThread::Unreachable)?;
        let company = self.company;
        let place =
            Place { company, event_type: "contacts.contact.identity_added", field: "address" };
        let opened = self.book.vault.open::<Sealable>(place, &sealed).await?;
        let address = opened.value().ok_or(NoThread::Unreachable)?;
        let index = self.book.vault.index(company).await?;
        let key = identity_key(&index, known.kind, &address.canonical);
        let wanted = [(company, THREAD, thread_key(&index, self.channel, &key))];
        let thread = self.book.ledger.claims(&wanted).await?.into_iter().next().flatten();
        let (mut appends, mut claims) = (vec![], vec![]);
        let settled = (contact, **identity);
        let conversation = self.thread(thread, settled, &index, &key, &mut appends, &mut claims)?;
        let to = match known.kind {
            AddressKind::Phone => {
                let digits = address.written.trim_start_matches('+').to_owned();
                Recipient::Phone(digits)
            }
            _ => Recipient::Bsuid(address.canonical),
        };
        Ok(Opened { conversation, contact: id, to, appends, claims })
    }

    fn new_identity(
        &self,
        wanted: Wanted,
        keys: &Keys,
        phone: &Phone,
        key: Mac,
    ) -> Result<NewIdentity> {
        let Wanted { company, subject, class, at } = wanted;
        let place =
            Place { company, event_type: "contacts.contact.identity_added", field: "address" };
        let address =
            Sealable { canonical: phone.canonical().digits().to_owned(), written: phone.e164() };
        Ok(NewIdentity {
            identity: IdentityId::from_uuid(self.book.ground.ids.v7()),
            medium: Medium::Whatsapp,
            kind: AddressKind::Phone,
            key,
            address: keys.seal(place, subject, class, at, &address)?,
            country: Some(ConfigText::from(phone.country())),
            area: phone.area_code().map(ConfigText::from),
        })
    }

    /// The conversation that is there, or a new one.
    fn thread(
        &self,
        known: Option<Uuid>,
        (contact, identity): (Uuid, IdentityId),
        index: &IndexKey,
        key: &[u8; 16],
        appends: &mut Vec<Append>,
        claims: &mut Vec<Claim>,
    ) -> Result<ConversationId> {
        if let Some(known) = known {
            return Ok(known.into());
        }
        let conversation = self.book.ground.ids.v7();
        let opened =
            ConversationEvent::Opened { channel: self.channel, contact: contact.into(), identity };
        appends.extend(self.append("conversation", conversation, Expected::Empty, &[opened])?);
        claims.push(self.take(THREAD, thread_key(index, self.channel, key), conversation));
        Ok(conversation.into())
    }

    fn take(&self, kind: &'static str, key: [u8; 16], owner: Uuid) -> Claim {
        Claim::Take { company: self.company, kind, key, owner }
    }

    fn append<E: Event>(
        &self,
        kind: &'static str,
        id: Uuid,
        expected: Expected,
        events: &[E],
    ) -> Result<Option<Append>> {
        if events.is_empty() {
            return Ok(None);
        }
        let events = events.iter().map(|event| NewEvent::of(&*self.book.ground.ids, event));
        Ok(Some(Append {
            company: self.company,
            stream: Stream { kind, id },
            expected,
            context: Arc::clone(self.context),
            events: events.collect::<std::result::Result<_, _>>().map_err(Error::from)?,
        }))
    }
}

fn mac(key: &[u8; 16]) -> Mac {
    Mac(hex::encode(key))
}

/// What makes a contact known, if she is not, and gives her an address.
fn added(mut state: State, new: NewIdentity) -> Vec<ContactEvent> {
    let mut events = vec![];
    for command in [Command::Create(Source::Outbound), Command::AddIdentity(new)] {
        let decided = Contact::decide(&state, &command, &()).unwrap_or_default();
        state = decided.iter().fold(state, Contact::evolve);
        events.extend(decided);
    }
    events
}
