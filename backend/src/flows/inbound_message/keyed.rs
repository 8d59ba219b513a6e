//! Acts with the keys that they are looked up by, and what a company knows of those keys.

use std::collections::{BTreeSet, HashMap};

use contacts::contact::IDENTITY;
use conversations::conversation::THREAD;
use kernel::vault::IndexKey;
use messaging::message::{PROVIDER_ID, parse_attempt_id, provider_key};
use shared::ids::ChannelId;
use uuid::Uuid;

use super::{
    acts::{Act, Said},
    addresses::{Address, BlindKey, thread_key},
};

/// A claim: its kind and key.
pub(super) type ClaimKey = (&'static str, BlindKey);

/// An address with its keys.
#[derive(Debug)]
pub(super) struct Keyed {
    pub(super) address: Address,
    /// Of the claim that leads to the contact.
    pub(super) identity: BlindKey,
    /// The same for the address' other form.
    pub(super) alias: Option<BlindKey>,
    /// Of the claim that leads to the conversation on the act's channel.
    pub(super) thread: BlindKey,
    /// The same for the address' other form.
    pub(super) thread_alias: Option<BlindKey>,
}

/// An act with everything that it is looked up by.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) act: Act,
    /// Whom it is about.
    pub(super) who: Vec<Keyed>,
    /// Whom it was about until now.
    pub(super) previous: Vec<Keyed>,
    /// The provider's id of what it is.
    pub(super) own: Option<BlindKey>,
    /// The provider's id of the message that it is about or answers.
    pub(super) other: Option<BlindKey>,
    /// Our id of the message that it is about.
    pub(super) ours: Option<Uuid>,
}

impl Asked {
    pub(super) fn of(mut act: Act, index: &IndexKey) -> Self {
        let channel = act.channel;
        let key = |id: &String| provider_key(index, id);
        let mut asked = (vec![], vec![], None, None, None);
        match &mut act.what {
            Said::Message(spoken) => {
                asked.0 = keyed(std::mem::take(&mut spoken.who.addresses), channel, index);
                asked.2 = Some(key(&spoken.said.provider_id));
                asked.3 = spoken.said.answers.as_ref().map(key);
            }
            Said::Reaction { id, who, target, .. } | Said::Edit { id, who, target, .. } => {
                asked.0 = keyed(std::mem::take(&mut who.addresses), channel, index);
                asked.2 = Some(key(id));
                asked.3 = Some(key(target));
            }
            Said::Revocation { id, target } => {
                asked.2 = Some(key(id));
                asked.3 = Some(key(target));
            }
            Said::Status(told) => {
                asked.2 = Some(key(&told.id));
                let ours = told.opaque.as_deref().and_then(parse_attempt_id);
                asked.4 = ours.map(|(message, _)| message.into_uuid());
            }
            Said::Moved(moved) => {
                asked.0 = keyed(std::mem::take(&mut moved.current), channel, index);
                asked.1 = keyed(std::mem::take(&mut moved.previous), channel, index);
                asked.2 = moved.spoken.as_ref().map(|spoken| key(&spoken.said.provider_id));
            }
            Said::Channel(_) => {}
        }
        let (who, previous, own, other, ours) = asked;
        Self { act, who, previous, own, other, ours }
    }

    /// The claims that it wants to know the owners of.
    pub(super) fn claims(&self) -> impl Iterator<Item = ClaimKey> + '_ {
        let people = self.previous.iter().chain(&self.who);
        let people = people.flat_map(|known| {
            [
                Some((IDENTITY, known.identity)),
                Some((THREAD, known.thread)),
                known.alias.map(|key| (IDENTITY, key)),
                known.thread_alias.map(|key| (THREAD, key)),
            ]
        });
        let messages = [self.own, self.other].map(|key| key.map(|key| (PROVIDER_ID, key)));
        people.chain(messages).flatten()
    }
}

fn keyed(addresses: Vec<Address>, channel: ChannelId, index: &IndexKey) -> Vec<Keyed> {
    let addresses = addresses.into_iter();
    addresses
        .map(|address| {
            let identity = address.key(index);
            let alias = address.alias_key(index);
            Keyed {
                identity,
                alias,
                thread: thread_key(index, channel, &identity),
                thread_alias: alias.map(|alias| thread_key(index, channel, &alias)),
                address,
            }
        })
        .collect()
}

/// The owners of claims, as far as they were asked for, and those of this batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners(pub(super) HashMap<ClaimKey, Uuid>);

impl Owners {
    pub(super) fn get(&self, kind: &'static str, key: BlindKey) -> Option<Uuid> {
        self.0.get(&(kind, key)).copied()
    }

    /// The contact that owns the first of these addresses that anybody owns; their other forms come
    /// last.
    pub(super) fn contact(&self, who: &[Keyed]) -> Option<Uuid> {
        let own = who.iter().find_map(|known| self.get(IDENTITY, known.identity));
        own.or_else(|| who.iter().find_map(|known| self.get(IDENTITY, known.alias?)))
    }

    /// The conversation of the first of these addresses that has one.
    pub(super) fn thread(&self, who: &[Keyed]) -> Option<Uuid> {
        let own = who.iter().find_map(|known| self.get(THREAD, known.thread));
        own.or_else(|| who.iter().find_map(|known| self.get(THREAD, known.thread_alias?)))
    }
}

/// Whom each act is about, and what has to be loaded before anything can be decided.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// The contact of each act; new ones have an id already.
    pub(super) contacts: Vec<Option<Uuid>>,
    /// Contacts that exist.
    pub(super) known: BTreeSet<Uuid>,
    /// Contacts that do not exist yet.
    pub(super) new: BTreeSet<Uuid>,
    /// Messages that exist, or that somebody says exist.
    pub(super) messages: BTreeSet<Uuid>,
}

/// Finds out whom each act is about, in order: a later act finds the contact that an earlier one makes.
pub(super) fn resolve<'a>(
    acts: impl Iterator<Item = &'a Asked>,
    mut owners: Owners,
    mut new_id: impl FnMut() -> Uuid,
) -> Resolved {
    let mut resolved = Resolved::default();
    for asked in acts {
        let by_previous = owners.contact(&asked.previous);
        let mut contact = by_previous.or_else(|| owners.contact(&asked.who));
        if contact.is_none() && makes_contact(asked) {
            let id = new_id();
            resolved.new.insert(id);
            contact = Some(id);
        }
        if let Some(id) = contact {
            if !resolved.new.contains(&id) {
                resolved.known.insert(id);
            }
            for known in &asked.who {
                owners.0.entry((IDENTITY, known.identity)).or_insert(id);
            }
        }
        resolved.contacts.push(contact);
        let claimed = asked.own.and_then(|key| owners.get(PROVIDER_ID, key));
        resolved.messages.extend(claimed.into_iter().chain(asked.ours));
    }
    resolved
}

/// Whether somebody unknown becomes known by it.
fn makes_contact(asked: &Asked) -> bool {
    match &asked.act.what {
        Said::Message(spoken) => !spoken.is_aside && !asked.who.is_empty(),
        Said::Reaction { .. } | Said::Edit { .. } => !asked.who.is_empty(),
        Said::Revocation { .. } | Said::Status(_) | Said::Moved(_) | Said::Channel(_) => false,
    }
}
