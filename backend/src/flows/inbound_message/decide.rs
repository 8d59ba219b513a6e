//! From acts to events, with everything at hand: pure.
//!
//! **Invariants.** The same provider's id is one message, however often it comes. A message that is
//! spoken of before it is known gets its id by that, and is filled in later. Nobody loses an address to
//! somebody else. What is personal is sealed for the contact that owns the address it came from.

use std::{collections::HashMap, sync::Arc};

use contacts::contact::{self, Contact, IDENTITY, Name, NewIdentity};
use conversations::conversation::THREAD;
use events::{
    channels::ChannelEvent,
    contacts::{ContactEvent, NameOrigin, Source},
    conversations::ConversationEvent,
    messaging::MessageEvent,
};
use kernel::{
    commit::{Append, Claim, Context, Expected, NewEvent, Stream},
    decider::Decider,
    digest::{ParseError, Parts},
    ids::Ids,
    intake::Delivery,
    vault::IndexKey,
};
use messaging::message::{self, Message, PROVIDER_ID, inbound_id, parse_attempt_id};
use providers::meta::inbound::State;
use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::{ContactId, ConversationId, DeliveryId, IdentityId, MessageId},
    stored::Event,
};
use uuid::Uuid;

use super::{
    acts::{Act, Moved, Said, Spoken, Told},
    addresses::BlindKey,
    keyed::{Asked, Keyed, Owners},
    seal::Sealer,
};

/// A state and how many events it is made of.
pub(super) type Loaded<S> = (i64, S);

/// What one company knows, and what this batch has added to it.
pub(super) struct Known {
    pub(super) index: IndexKey,
    pub(super) owners: Owners,
    pub(super) contacts: HashMap<Uuid, Loaded<contact::State>>,
    pub(super) messages: HashMap<Uuid, Loaded<message::State>>,
    pub(super) sealer: Sealer,
}

/// Decides what a delivery's acts come to.
pub(super) struct Desk<'a> {
    pub(super) ids: &'a dyn Ids,
    pub(super) delivery: &'a Delivery,
    pub(super) context: Arc<Context>,
    pub(super) delivery_mac: &'a str,
    pub(super) company: Uuid,
    pub(super) known: &'a mut Known,
    pub(super) parts: &'a mut Parts,
}

type Decided = Result<(), ParseError>;

/// The person of an act, settled.
struct Settled {
    contact: Uuid,
    /// The address that answers go to.
    identity: Option<IdentityId>,
}

impl Desk<'_> {
    /// Decides one act about a contact.
    pub(super) fn on(&mut self, asked: &Asked, contact: Option<Uuid>) -> Decided {
        let act = &asked.act;
        match &act.what {
            Said::Message(spoken) if spoken.is_aside => self.aside(asked, spoken, contact),
            Said::Message(spoken) => self.message(asked, spoken, contact),
            Said::Reaction { who, emoji, by_company, .. } => {
                let Some(contact) = contact else { return Ok(()) };
                if self.is_known(asked.own) {
                    return Ok(());
                }
                self.person(asked, contact, who.name.as_deref(), Source::Inbound)?;
                let sealed = self.known.sealer.content(
                    "messaging.message.reacted",
                    "emoji",
                    contact,
                    emoji,
                )?;
                let event = MessageEvent::Reacted {
                    provider_at: act.at,
                    intake: self.delivery.position,
                    index: act.index,
                    by_company: *by_company,
                    emoji: sealed,
                };
                self.about(asked, event)
            }
            Said::Edit { who, content, .. } => {
                let Some(contact) = contact else { return Ok(()) };
                if self.is_known(asked.own) {
                    return Ok(());
                }
                self.person(asked, contact, who.name.as_deref(), Source::Inbound)?;
                let said = self.known.sealer.content(
                    "messaging.message.edited",
                    "said",
                    contact,
                    &**content,
                )?;
                let event = MessageEvent::Edited {
                    provider_at: act.at,
                    intake: self.delivery.position,
                    index: act.index,
                    said,
                };
                self.about(asked, event)
            }
            Said::Revocation { .. } if self.is_known(asked.own) => Ok(()),
            Said::Revocation { .. } => {
                self.about(asked, MessageEvent::Deleted { provider_at: act.at })
            }
            Said::Status(told) => self.status(asked, told),
            Said::Moved(moved) => self.moved(asked, moved, contact),
            Said::Channel(event) => self.append(
                Stream { kind: "channel", id: act.channel.into_uuid() },
                Expected::Any,
                &[ChannelEvent::clone(event)],
            ),
        }
    }

    fn is_known(&self, own: Option<BlindKey>) -> bool {
        own.is_some_and(|own| self.known.owners.get(PROVIDER_ID, own).is_some())
    }

    fn message(&mut self, asked: &Asked, spoken: &Spoken, contact: Option<Uuid>) -> Decided {
        let (Some(contact), Some(own)) = (contact, asked.own) else { return Ok(()) };
        let Some((message, version)) = self.room_for(&asked.act, own, &spoken.said.provider_id)
        else {
            return Ok(());
        };
        let source = if spoken.is_outbound { Source::Outbound } else { Source::Inbound };
        let settled = self.person(asked, contact, spoken.who.name.as_deref(), source)?;
        let (conversation, news) = self.thread(asked, &settled);
        self.say(asked, spoken, (message, version, own), &settled, (conversation, news))
    }

    /// A line of the system, where the person and her thread are known.
    fn aside(&mut self, asked: &Asked, spoken: &Spoken, contact: Option<Uuid>) -> Decided {
        let conversation = self.known.owners.thread(&asked.who);
        let (Some(contact), Some(conversation), Some(own)) = (contact, conversation, asked.own)
        else {
            return Ok(());
        };
        let Some((message, version)) = self.room_for(&asked.act, own, &spoken.said.provider_id)
        else {
            return Ok(());
        };
        let identity = self.identity_of(contact, &asked.who);
        let settled = Settled { contact, identity };
        self.say(asked, spoken, (message, version, own), &settled, (conversation, vec![]))
    }

    /// The id of a message that is not there yet, and how many events were told of it already. None: it
    /// is there.
    fn room_for(&self, act: &Act, own: BlindKey, id: &str) -> Option<(Uuid, i64)> {
        let Some(known) = self.known.owners.get(PROVIDER_ID, own) else {
            return Some((self.new_message(act, id), 0));
        };
        match self.known.messages.get(&known) {
            Some((_, state)) if state.is_outbound.is_some() => None,
            Some((version, _)) => Some((known, *version)),
            None => None,
        }
    }

    fn new_message(&self, act: &Act, id: &str) -> Uuid {
        let ms = u64::try_from(act.at.timestamp_millis()).unwrap_or(0);
        inbound_id(&self.known.index, ms, act.channel.into_uuid(), id).into_uuid()
    }

    fn say(
        &mut self,
        asked: &Asked,
        spoken: &Spoken,
        (message, version, own): (Uuid, i64, BlindKey),
        settled: &Settled,
        (conversation, mut news): (Uuid, Vec<ConversationEvent>),
    ) -> Decided {
        let act = &asked.act;
        let quotes = asked.other.and_then(|key| self.known.owners.get(PROVIDER_ID, key));
        let identity = settled.identity.ok_or(ParseError("no_identity"))?;
        let (contact, id) = (ContactId::from_uuid(settled.contact), MessageId::from_uuid(message));
        let thread = ConversationId::from_uuid(conversation);
        let kind = spoken.kind;
        let event = if spoken.is_outbound {
            let event_type = "messaging.message.echoed";
            news.push(ConversationEvent::MessageSent { message: id });
            MessageEvent::Echoed {
                conversation: thread,
                channel: act.channel,
                contact,
                provider_at: act.at,
                intake: self.delivery.position,
                index: act.index,
                kind,
                said: self.known.sealer.content(
                    event_type,
                    "said",
                    settled.contact,
                    &spoken.said,
                )?,
            }
        } else {
            let event_type = "messaging.message.received";
            news.push(ConversationEvent::MessageReceived { message: id });
            MessageEvent::Received {
                conversation: thread,
                channel: act.channel,
                contact,
                identity,
                provider_at: act.at,
                delivery: DeliveryId::from_uuid(self.delivery.id),
                intake: self.delivery.position,
                index: act.index,
                delivery_mac: shared::stored::Mac(self.delivery_mac.to_owned()),
                kind,
                n_characters: spoken.n_characters,
                quotes: quotes.map(MessageId::from_uuid),
                is_forwarded: spoken.is_forwarded,
                ad: spoken.ad.clone(),
                is_history: spoken.is_history,
                said: self.known.sealer.content(
                    event_type,
                    "said",
                    settled.contact,
                    &spoken.said,
                )?,
            }
        };
        let (_, state) = self.known.messages.remove(&message).unwrap_or_default();
        let state = Message::evolve(state, &event);
        self.known.messages.insert(message, (version + 1, state));
        self.append(
            Stream { kind: Message::STREAM, id: message },
            Expected::at(version),
            &[event],
        )?;
        self.claim(PROVIDER_ID, own, message);
        let is_new = matches!(news.first(), Some(ConversationEvent::Opened { .. }));
        let expected = if is_new { Expected::Empty } else { Expected::Any };
        self.append(Stream { kind: "conversation", id: conversation }, expected, &news)
    }

    /// Something about another message, which may not have been told of yet.
    fn about(&mut self, asked: &Asked, event: MessageEvent) -> Decided {
        let (Some(own), Some(other)) = (asked.own, asked.other) else { return Ok(()) };
        let (Said::Reaction { target, .. }
        | Said::Edit { target, .. }
        | Said::Revocation { target, .. }) = &asked.act.what
        else {
            return Ok(());
        };
        let known = self.known.owners.get(PROVIDER_ID, other);
        let message = known.unwrap_or_else(|| self.new_message(&asked.act, target));
        if known.is_none() {
            self.claim(PROVIDER_ID, other, message);
        }
        self.claim(PROVIDER_ID, own, message);
        let at_hand = self.known.messages.remove(&message);
        if let Some((version, state)) = at_hand.or_else(|| known.is_none().then(Default::default)) {
            let state = Message::evolve(state, &event);
            self.known.messages.insert(message, (version + 1, state));
        }
        self.append(Stream { kind: Message::STREAM, id: message }, Expected::Any, &[event])
    }

    /// A status: of the message whose id we gave along, else of the one with the provider's id.
    fn status(&mut self, asked: &Asked, told: &Told) -> Decided {
        let attempt = told.opaque.as_deref().and_then(parse_attempt_id);
        let is_there = |id: Uuid| {
            let known = self.known.messages.get(&id);
            known.is_some_and(|(_, state)| state.is_outbound == Some(true))
        };
        let ours = attempt.filter(|(id, _)| is_there(id.into_uuid()));
        let claimed = asked.own.and_then(|own| self.known.owners.get(PROVIDER_ID, own));
        let message = ours.map(|(id, _)| id.into_uuid()).or(claimed.filter(|id| is_there(*id)));
        let (Some(message), Some(event)) =
            (message, status_event(&asked.act, told, ours.map(|(_, attempt)| attempt)))
        else {
            metrics::counter!("inbound_statuses_unknown_total").increment(1);
            return Ok(());
        };
        if let (Some(own), None) = (asked.own, claimed) {
            self.claim(PROVIDER_ID, own, message);
        }
        let (version, state) = self.known.messages.remove(&message).unwrap_or_default();
        let note = message::Command::Note(Box::new(event));
        let events = Message::decide(&state, &note, &asked.act.at).unwrap_or_default();
        let n = i64::try_from(events.len()).unwrap_or(0);
        let state = events.iter().fold(state, Message::evolve);
        self.known.messages.insert(message, (version + n, state));
        self.append(Stream { kind: Message::STREAM, id: message }, Expected::Any, &events)
    }

    /// A person has other addresses; she stays who she is, and so does her thread.
    fn moved(&mut self, asked: &Asked, moved: &Moved, contact: Option<Uuid>) -> Decided {
        let Some(contact) = contact else { return Ok(()) };
        let conversation = self
            .known
            .owners
            .thread(&asked.previous)
            .or_else(|| self.known.owners.thread(&asked.who));
        let before = self.known.contacts.get(&contact).map(|(_, state)| state.clone());
        let settled = self.person(asked, contact, None, Source::Inbound)?;
        let replaced = self.replaced(asked, contact, &before.unwrap_or_default());
        self.contact_events(contact, &replaced)?;
        let Some(conversation) = conversation else { return Ok(()) };
        let news = self.thread_keys(asked, conversation, &settled);
        let Some(spoken) = &moved.spoken else {
            let stream = Stream { kind: "conversation", id: conversation };
            return self.append(stream, Expected::Any, &news);
        };
        let room = asked.own.and_then(|own| {
            let (message, version) = self.room_for(&asked.act, own, &spoken.said.provider_id)?;
            Some((message, version, own))
        });
        match room {
            Some(room) if settled.identity.is_some() => {
                self.say(asked, spoken, room, &settled, (conversation, news))
            }
            _ => {
                let stream = Stream { kind: "conversation", id: conversation };
                self.append(stream, Expected::Any, &news)
            }
        }
    }

    /// Which of the addresses that she had are former now: those that the act names, or, where it names
    /// none of a kind, all of that kind.
    fn replaced(
        &self,
        asked: &Asked,
        contact: Uuid,
        before: &contact::State,
    ) -> Vec<contact::Command> {
        let Some((_, state)) = self.known.contacts.get(&contact) else { return vec![] };
        let mut commands = vec![];
        for new in &asked.who {
            let Some(by) = self.current(contact, state, new) else { continue };
            let kind = new.address.kind;
            let named: Vec<_> = asked
                .previous
                .iter()
                .filter(|old| old.address.kind == kind)
                .filter_map(|old| self.known.sealer.address(contact, old))
                .collect();
            for (identity, known) in &before.identities {
                let is_named =
                    named.is_empty() || known.key.as_ref().is_some_and(|key| named.contains(key));
                if known.kind == kind && !known.is_former && *identity != by && is_named {
                    commands.push(contact::Command::Replace { identity: *identity, by });
                }
            }
        }
        commands
    }

    /// Makes sure that a contact is there, with these addresses and this name.
    fn person(
        &mut self,
        asked: &Asked,
        contact: Uuid,
        name: Option<&str>,
        source: Source,
    ) -> Result<Settled, ParseError> {
        let mut commands = vec![];
        if !self.known.contacts.get(&contact).is_some_and(|(_, state)| state.is_known) {
            commands.push(contact::Command::Create(source));
        }
        let mut claims = vec![];
        for known in &asked.who {
            match self.known.owners.get(IDENTITY, known.identity) {
                Some(owner) if owner != contact => continue,
                Some(_) => {}
                None => claims.push(known.identity),
            }
            let state = self.known.contacts.get(&contact).map(|(_, state)| state);
            if state.is_none_or(|state| self.current(contact, state, known).is_none()) {
                commands.push(contact::Command::AddIdentity(self.new_identity(contact, known)?));
            }
        }
        if let Some(name) = name {
            let digest = self.known.sealer.name(contact, name).ok_or(ParseError("erased"))?;
            let state = self.known.contacts.get(&contact).map(|(_, state)| state);
            if state.is_none_or(|state| state.profile.as_ref() != Some(&digest)) {
                let event_type = "contacts.contact.named";
                let text = name.to_owned();
                let name = self.known.sealer.identity(event_type, "name", contact, &text)?;
                let origin = NameOrigin::Profile;
                commands.push(contact::Command::Name(Name { name, digest, origin }));
            }
        }
        self.contact_events(contact, &commands)?;
        for key in claims {
            self.claim(IDENTITY, key, contact);
        }
        Ok(Settled { contact, identity: self.identity_of(contact, &asked.who) })
    }

    fn new_identity(&self, contact: Uuid, known: &Keyed) -> Result<NewIdentity, ParseError> {
        let event_type = "contacts.contact.identity_added";
        let sealable = known.address.sealable();
        let address = self.known.sealer.identity(event_type, "address", contact, &sealable)?;
        let (country, area) = known.address.place.clone().unzip();
        Ok(NewIdentity {
            identity: IdentityId::from_uuid(self.ids.v7()),
            medium: Medium::Whatsapp,
            kind: known.address.kind,
            key: self.known.sealer.address(contact, known).ok_or(ParseError("erased"))?,
            address,
            country,
            area: area.flatten(),
        })
    }

    fn contact_events(&mut self, contact: Uuid, commands: &[contact::Command]) -> Decided {
        if commands.is_empty() {
            return Ok(());
        }
        let (version, mut state) = self.known.contacts.remove(&contact).unwrap_or_default();
        let mut events: Vec<ContactEvent> = vec![];
        for command in commands {
            // Somebody who was erased meanwhile gets nothing new.
            let decided = Contact::decide(&state, command, &()).unwrap_or_default();
            state = decided.iter().fold(state, Contact::evolve);
            events.extend(decided);
        }
        let n = i64::try_from(events.len()).unwrap_or(0);
        self.known.contacts.insert(contact, (version + n, state));
        self.append(Stream { kind: Contact::STREAM, id: contact }, Expected::at(version), &events)
    }

    /// The address of a contact that an act names, if it is hers and current.
    fn current(&self, contact: Uuid, state: &contact::State, known: &Keyed) -> Option<IdentityId> {
        state.current(&self.known.sealer.address(contact, known)?)
    }

    /// The address that answers go to: her number, else the first that is hers.
    fn identity_of(&self, contact: Uuid, who: &[Keyed]) -> Option<IdentityId> {
        let (_, state) = self.known.contacts.get(&contact)?;
        let hers = |known: &Keyed| self.current(contact, state, known);
        let mut numbers = who.iter().filter(|known| known.address.kind == AddressKind::Phone);
        let number = numbers.find_map(hers);
        let any = number.or_else(|| who.iter().find_map(hers));
        any.or_else(|| {
            let mut current = state.identities.iter().filter(|(_, known)| !known.is_former);
            current.next().map(|(id, _)| *id)
        })
    }

    /// The conversation of an act's person on its channel, and what happens to it.
    fn thread(&mut self, asked: &Asked, settled: &Settled) -> (Uuid, Vec<ConversationEvent>) {
        if let Some(conversation) = self.known.owners.thread(&asked.who) {
            let news = self.thread_keys(asked, conversation, settled);
            return (conversation, news);
        }
        let conversation = self.ids.v7();
        let opened = settled.identity.map(|identity| ConversationEvent::Opened {
            channel: asked.act.channel,
            contact: ContactId::from_uuid(settled.contact),
            identity,
        });
        for known in &asked.who {
            self.claim(THREAD, known.thread, conversation);
        }
        (conversation, opened.into_iter().collect())
    }

    /// Addresses that are new in a conversation lead to it from now on.
    fn thread_keys(
        &mut self,
        asked: &Asked,
        conversation: Uuid,
        settled: &Settled,
    ) -> Vec<ConversationEvent> {
        let mut is_new = false;
        for known in &asked.who {
            let is_hers = self.known.owners.get(IDENTITY, known.identity) == Some(settled.contact);
            if is_hers && self.known.owners.get(THREAD, known.thread).is_none() {
                self.claim(THREAD, known.thread, conversation);
                is_new = true;
            }
        }
        let identity = settled.identity.filter(|_| is_new);
        let changed = identity.map(|identity| ConversationEvent::IdentityChanged { identity });
        changed.into_iter().collect()
    }

    fn claim(&mut self, kind: &'static str, key: BlindKey, owner: Uuid) {
        if self.known.owners.0.insert((kind, key), owner) != Some(owner) {
            self.parts.claims.push(Claim::Take { company: self.company, kind, key, owner });
        }
    }

    fn append<E: Event>(&mut self, stream: Stream, expected: Expected, events: &[E]) -> Decided {
        if events.is_empty() {
            return Ok(());
        }
        let events = events.iter().map(|event| NewEvent::of(self.ids, event));
        let events =
            events.collect::<Result<_, _>>().map_err(|_error| ParseError("not_encodable"))?;
        self.parts.appends.push(Append {
            company: self.company,
            stream,
            expected,
            context: Arc::clone(&self.context),
            events,
        });
        Ok(())
    }
}

/// A status as an event; words that we do not know are none.
fn status_event(act: &Act, told: &Told, attempt: Option<u16>) -> Option<MessageEvent> {
    let (provider_at, pricing) = (act.at, told.pricing.clone());
    Some(match &told.state {
        State::Sent => MessageEvent::Sent { provider_at, attempt, pricing },
        State::Delivered => MessageEvent::Delivered { provider_at, attempt, pricing },
        State::Read => MessageEvent::Read { provider_at, attempt, pricing },
        State::Played => MessageEvent::Played { provider_at, attempt, pricing },
        State::Failed => MessageEvent::Failed {
            attempt,
            by_status: true,
            provider_at: Some(provider_at),
            code: told.code,
            title: told.title.clone(),
        },
        State::Deleted => MessageEvent::Deleted { provider_at },
        State::Warning | State::Other(_) => return None,
    })
}
