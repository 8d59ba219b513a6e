//! The desk of one company in this tab: its stores as signals, kept up to date by the feed.
//!
//! Invariants: lists are loaded after the feed has said where it begins, so that nothing falls
//! between the two; what the feed says is applied in one step a frame.

mod drafts;
mod loading;
pub(crate) mod sending;

use std::{collections::BTreeMap, sync::Arc};

use leptos::prelude::*;
use shared::{
    contacts::Contact,
    feed::{Change, Topic},
    ids::{CompanyId, ContactId, ConversationId},
};

use crate::{
    api::{Api, Failure},
    live::Feed,
    session::Session,
    stores::{Channels, Conversation, Movement, Outbox, Threads},
};

/// How a load stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Load {
    /// Nothing is under way.
    #[default]
    Idle,
    /// An answer is awaited.
    Busy,
    /// It failed.
    Failed(Failure),
}

/// The desk; a copy is the same desk.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    /// The company.
    pub company: CompanyId,
    /// The way to the server.
    pub api: Api,
    /// What the server tells by itself.
    pub feed: Feed,
    /// The list of threads.
    pub threads: RwSignal<Threads>,
    /// How its load stands.
    pub threads_load: RwSignal<Load>,
    /// Whether rows may move under the reader.
    pub movement: RwSignal<Movement>,
    /// The connected channels.
    pub channels: RwSignal<Channels>,
    /// How their load stands.
    pub channels_load: RwSignal<Load>,
    /// The open conversation.
    pub talk: RwSignal<Conversation>,
    /// How its load stands.
    pub talk_load: RwSignal<Load>,
    /// People that were looked at.
    pub contacts: RwSignal<BTreeMap<ContactId, Arc<Contact>>>,
    /// What has no answer yet.
    pub outbox: RwSignal<Outbox>,
    /// The beginnings of unsent texts, by thread.
    pub drafts: RwSignal<BTreeMap<ConversationId, String>>,
    session: Session,
    kept: StoredValue<Vec<Conversation>>,
}

impl Desk {
    /// Opens the desk of a company; it closes with its owner.
    pub(crate) fn open(company: CompanyId, api: Api, session: Session) -> Self {
        api.enter(Some(company));
        let told = StoredValue::new(None::<Self>);
        let apply = Callback::new(move |changes| {
            if let Some(Some(desk)) = told.try_get_value() {
                desk.apply(changes);
            }
        });
        let desk = Self {
            company,
            api,
            feed: Feed::start(company, topics(None), apply),
            threads: RwSignal::default(),
            threads_load: RwSignal::default(),
            movement: RwSignal::new(Movement::Free),
            channels: RwSignal::default(),
            channels_load: RwSignal::default(),
            talk: RwSignal::default(),
            talk_load: RwSignal::default(),
            contacts: RwSignal::default(),
            outbox: RwSignal::new(sending::restore(company)),
            drafts: RwSignal::new(drafts::beginnings(company)),
            session,
            kept: StoredValue::default(),
        };
        told.set_value(Some(desk));
        desk.keep_loaded();
        desk.keep_sending();
        desk
    }

    fn apply(self, changes: Vec<Change>) {
        let movement = self.movement.get_untracked();
        let open = self.talk.with_untracked(Conversation::id);
        let (mut threads, mut messages, mut channels) = (Vec::new(), Vec::new(), Vec::new());
        let mut is_erased = false;
        for change in changes {
            match change {
                Change::Thread(thread) => threads.push(*thread),
                Change::Message(message) => messages.push(*message),
                Change::Channel(channel) => channels.push(*channel),
                Change::Contact(contact) => {
                    is_erased |= contact.is_erased;
                    self.learn(*contact);
                }
                Change::Rights => {
                    leptos::task::spawn_local(async move { self.session.ask().await });
                }
            }
        }
        if !threads.is_empty() {
            self.threads.update(|store| {
                for thread in threads {
                    store.apply(thread, movement);
                }
            });
        }
        if !channels.is_empty() {
            self.channels.update(|store| channels.into_iter().for_each(|row| store.apply(row)));
        }
        messages.retain(|message| open == Some(message.conversation));
        if !messages.is_empty() {
            let seen: Vec<_> = messages.iter().map(|message| message.id).collect();
            self.talk.update(|talk| messages.into_iter().for_each(|message| talk.apply(message)));
            self.seen(&seen);
        }
        if is_erased {
            // Nothing of hers stays in this tab's memory.
            self.reload();
        }
    }

    fn learn(self, contact: Contact) {
        // Only people that somebody has looked at are kept.
        if self.contacts.with_untracked(|known| known.contains_key(&contact.id)) {
            self.contacts.update(|known| {
                known.insert(contact.id, Arc::new(contact));
            });
        }
    }
}

/// What a desk listens to.
fn topics(open: Option<ConversationId>) -> Vec<Topic> {
    let mut topics = vec![Topic::Threads, Topic::Channels, Topic::Contacts, Topic::Team];
    topics.extend(open.map(Topic::Conversation));
    topics
}

/// The desk of the page.
pub(crate) fn desk() -> Desk {
    expect_context()
}
