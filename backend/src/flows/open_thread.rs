//! A company writes first: the person and the thread are found by their claims, or made with the message.
//!
//! **Invariant.** The same address is the same person and the same thread, whoever wrote first: the keys
//! of the claims are those under which a delivery looks.

use std::sync::Arc;

use contacts::contact::{Contact, IDENTITY};
use conversations::conversation::THREAD;
use events::{
    contacts::{Address, ContactEvent, Source},
    conversations::ConversationEvent,
    messaging::Recipient,
};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    commit::{Append, Claim, Context, Expected, NewEvent, Stream},
    db,
    error::Error,
    ids::Ground,
    ledger::Ledger,
    vault::{IndexKey, Opened as Value, Place, Vault, Wanted},
};
use messaging::{
    outside::{Addressee, NoThread, Opened, Threads},
    queries,
};
use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::{ChannelId, ContactId, ConversationId, IdentityId},
    phone::Phone,
    stored::{ConfigText, KeyClass, Mac, Sealed},
};
use uuid::Uuid;

/// See the module.
#[derive(Clone)]
pub struct OpenThread {
    /// The ledger.
    pub ledger: Ledger,
    /// Keys.
    pub vault: Vault,
    /// Clock and ids.
    pub ground: Ground,
}

type Key = [u8; 16];

/// The key of an address' claim.
fn identity_key(index: &IndexKey, canonical: &str) -> Key {
    index.blind(IDENTITY, &format!("{}\u{1f}{canonical}", AddressKind::Phone.as_str()))
}

/// The key of a thread's claim.
fn thread_key(index: &IndexKey, channel: ChannelId, identity: &Key) -> Key {
    let channel = channel.into_uuid().simple();
    index.blind(THREAD, &format!("{channel}\u{1f}{}", hex::encode(identity)))
}

impl Threads for OpenThread {
    fn open<'a>(
        &'a self,
        company: Uuid,
        channel: ChannelId,
        to: &'a Addressee,
        context: &'a Arc<Context>,
    ) -> BoxFuture<'a, Result<Opened, NoThread>> {
        async move {
            if !self.has_channel(company, channel).await? {
                return Err(NoThread::Unreachable);
            }
            match to {
                Addressee::Phone(text) => {
                    let phone = Phone::parse(text).map_err(|_not_one| NoThread::NotANumber)?;
                    self.by_phone(company, channel, &phone, context).await
                }
                Addressee::Contact(contact) => self.by_contact(company, channel, *contact).await,
            }
        }
        .boxed()
    }
}

impl OpenThread {
    async fn has_channel(&self, company: Uuid, channel: ChannelId) -> Result<bool, NoThread> {
        let loaded = self.ledger.load::<channels::channel::Channel>(company, channel.into()).await;
        let (_, state) = loaded?;
        Ok(state.phone_number_id.is_some() && !state.is_disconnected)
    }

    async fn by_phone(
        &self,
        company: Uuid,
        channel: ChannelId,
        phone: &Phone,
        context: &Arc<Context>,
    ) -> Result<Opened, NoThread> {
        let index = self.vault.index(company).await?;
        let canonical = phone.canonical().digits().to_owned();
        let alias = phone.also_known_as().map(|other| identity_key(&index, other.digits()));
        let key = identity_key(&index, &canonical);
        let identities: Vec<Key> = [Some(key), alias].into_iter().flatten().collect();
        let threads: Vec<Key> =
            identities.iter().map(|key| thread_key(&index, channel, key)).collect();
        let wanted: Vec<(Uuid, &'static str, Key)> = identities
            .iter()
            .map(|key| (company, IDENTITY, *key))
            .chain(threads.iter().map(|key| (company, THREAD, *key)))
            .collect();
        let owners = self.ledger.claims(&wanted).await?;
        let (of_identity, of_thread) = owners.split_at(identities.len());
        let owner = of_identity.iter().flatten().next().copied();
        let thread = of_thread.iter().flatten().next().copied();

        let mut opened = Opened {
            conversation: thread.unwrap_or_else(|| self.ground.ids.v7()).into(),
            contact: owner.unwrap_or_else(|| self.ground.ids.v7()).into(),
            to: Recipient::Phone(phone.digits().to_owned()),
            appends: vec![],
            claims: vec![],
        };
        let identity = match owner {
            Some(owner) => {
                let (version, state) = self.ledger.load::<Contact>(company, owner).await?;
                if state.is_erased {
                    return Err(NoThread::Unreachable);
                }
                let mac = Mac(hex::encode(key));
                match state.current(&mac) {
                    Some(identity) => identity,
                    None => {
                        let added =
                            self.address(company, owner.into(), &key, phone, &canonical).await?;
                        let (identity, event) = added;
                        self.add(&mut opened, company, owner, version, &[event], context)?;
                        identity
                    }
                }
            }
            None => {
                let contact = opened.contact;
                let added = self.address(company, contact, &key, phone, &canonical).await?;
                let (identity, event) = added;
                let created = ContactEvent::Created { source: Source::Outbound };
                let events = [created, event];
                self.add(&mut opened, company, contact.into(), 0, &events, context)?;
                identity
            }
        };
        let owner = opened.contact.into_uuid();
        opened.claims.extend(identities.iter().map(|key| Claim::Take {
            company,
            kind: IDENTITY,
            key: *key,
            owner,
        }));
        if thread.is_none() {
            self.begin(&mut opened, company, channel, identity, &threads, context)?;
        }
        Ok(opened)
    }

    fn add(
        &self,
        opened: &mut Opened,
        company: Uuid,
        contact: Uuid,
        version: i64,
        events: &[ContactEvent],
        context: &Arc<Context>,
    ) -> Result<(), Error> {
        let events = events.iter().map(|event| NewEvent::of(&*self.ground.ids, event));
        opened.appends.push(Append {
            company,
            stream: Stream { kind: "contact", id: contact },
            expected: Expected::at(version),
            context: Arc::clone(context),
            events: events.collect::<Result<_, _>>()?,
        });
        Ok(())
    }

    fn begin(
        &self,
        opened: &mut Opened,
        company: Uuid,
        channel: ChannelId,
        identity: IdentityId,
        keys: &[Key],
        context: &Arc<Context>,
    ) -> Result<(), Error> {
        let contact = opened.contact;
        let event = ConversationEvent::Opened { channel, contact, identity };
        opened.appends.push(Append {
            company,
            stream: Stream { kind: "conversation", id: opened.conversation.into() },
            expected: Expected::Empty,
            context: Arc::clone(context),
            events: vec![NewEvent::of(&*self.ground.ids, &event)?],
        });
        let owner = opened.conversation.into_uuid();
        opened.claims.extend(keys.iter().map(|key| Claim::Take {
            company,
            kind: THREAD,
            key: *key,
            owner,
        }));
        Ok(())
    }

    async fn address(
        &self,
        company: Uuid,
        contact: ContactId,
        key: &Key,
        phone: &Phone,
        canonical: &str,
    ) -> Result<(IdentityId, ContactEvent), Error> {
        let (subject, class) = (contact.into_uuid(), KeyClass::Identity);
        let at = self.ground.clock.now();
        let keys = self.vault.keys(&[Wanted { company, subject, class, at }]).await?;
        let place =
            Place { company, event_type: "contacts.contact.identity_added", field: "address" };
        let address = Address { canonical: canonical.to_owned(), written: phone.e164() };
        let identity = IdentityId::from_uuid(self.ground.ids.v7());
        let event = ContactEvent::IdentityAdded {
            identity,
            medium: Medium::Whatsapp,
            kind: AddressKind::Phone,
            key: Some(Mac(hex::encode(key))),
            address: keys.seal(place, subject, class, at, &address)?,
            country: Some(ConfigText::from(phone.country())),
            area: phone.area_code().map(ConfigText::from),
        };
        Ok((identity, event))
    }

    /// The thread that a contact already has on the channel, or one to her phone number.
    async fn by_contact(
        &self,
        company: Uuid,
        channel: ChannelId,
        contact: ContactId,
    ) -> Result<Opened, NoThread> {
        let mut tx =
            db::reading_as(&self.ledger.pools().reader, company).await.map_err(Error::from)?;
        let found = queries::threads::of_contact(&mut tx, channel.into(), contact.into()).await;
        let conversation = found.map_err(Error::from)?.ok_or(NoThread::Unreachable)?;
        let thread = queries::threads::one(&mut tx, conversation).await.map_err(Error::from)?;
        drop(tx);
        let thread = thread.ok_or(NoThread::Unreachable)?;
        let sealed = thread.sealed.ok_or(NoThread::Unreachable)?;
        let sealed: Sealed<Address> = serde_json::from_str(&sealed)
            .map_err(|_not_ours| Error::Row { what: "addresses.sealed".to_owned() })?;
        let place =
            Place { company, event_type: "contacts.contact.identity_added", field: "address" };
        let Value::Value(address) = self.vault.open(place, &sealed).await? else {
            return Err(NoThread::Unreachable);
        };
        let to = match thread.kind.as_deref() {
            Some("phone") => {
                Recipient::Phone(address.written.chars().filter(char::is_ascii_digit).collect())
            }
            _ => Recipient::Bsuid(address.canonical),
        };
        Ok(Opened {
            conversation: ConversationId::from_uuid(conversation),
            contact,
            to,
            appends: vec![],
            claims: vec![],
        })
    }
}
