//! Threads and what is said in them.
//!
//! Tables: `threads`, a row per conversation with its newest message, its service window and how it is
//! looked after; `thread_labels`, the labels that it bears; `messages`, a row per message with what is
//! told of it ([`message::Doc`]); `erased`, the contacts that were.
//!
//! **Invariants.** A batch reads the rows that it touches once and writes them once. Rows are the same
//! whatever order statuses, reactions and edits come in. Text of people stands in `messages.doc` only,
//! and goes when the person is erased; what was under way to her meanwhile comes in without it.

mod care;
pub mod message;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use events::{contacts::ContactEvent, conversations::ConversationEvent, messaging::MessageEvent};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use shared::messages::MessageKind;
use sqlx::PgConnection;
use uuid::Uuid;

use self::{
    care::Care,
    message::{Doc, Opened, Place},
};

/// The schema.
pub const NAME: &str = "conversations_threads";

/// How long after a person's message free text may leave: Meta's 24 hours, and a minute to be safe.
const WINDOW: TimeDelta = TimeDelta::seconds(24 * 3_600 - 60);

/// The read model of the inbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct Threads;

/// A row's key: company and id.
type Key = (Uuid, Uuid);

/// What a batch says of a thread. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
struct ThreadChange {
    channel: Option<Uuid>,
    contact: Option<Uuid>,
    identity: Option<Uuid>,
    last: Option<(Place, Uuid)>,
    window_closes_at: Option<DateTime<Utc>>,
    active_at: Option<DateTime<Utc>>,
}

/// Everything that a batch changes.
#[derive(Debug, Default)]
struct Changes {
    messages: BTreeMap<Key, Doc>,
    threads: BTreeMap<Key, ThreadChange>,
    care: BTreeMap<Key, Care>,
    erased: BTreeSet<Key>,
}

/// An event of this read model, with what was sealed in it.
enum Fact {
    Message(Box<(MessageEvent, Opened)>),
    Conversation(ConversationEvent),
    Erased,
}

impl Projection for Threads {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        4
    }

    fn tables(&self) -> &'static [&'static str] {
        &["threads", "thread_labels", "messages", "erased"]
    }

    fn ddl(&self) -> &'static str {
        "create table threads (
           company_id uuid not null, id uuid not null, channel_id uuid, contact_id uuid, identity_id uuid,
           last_id uuid, last_at timestamptz, last_intake bigint, last_index integer,
           window_closes_at timestamptz, active_at timestamptz not null,
           status text not null default 'open', snoozed_until timestamptz, assignee uuid,
           priority text not null default 'normal',
           primary key (company_id, id)) with (fillfactor = 70);
         create index threads_active on threads (company_id, active_at, id);
         create index threads_status on threads (company_id, status, active_at, id);
         create index threads_assignee on threads (company_id, assignee, status, active_at, id);
         create table thread_labels (
           company_id uuid not null, conversation_id uuid not null, label_id uuid not null,
           primary key (company_id, conversation_id, label_id));
         create index thread_labels_label on thread_labels (company_id, label_id);
         create index threads_contact on threads (company_id, contact_id);
         create table messages (
           company_id uuid not null, id uuid not null, conversation_id uuid, contact_id uuid,
           at timestamptz, intake bigint, index integer, is_to_read boolean, is_hidden boolean,
           doc text not null,
           primary key (company_id, id)) with (fillfactor = 80);
         create index messages_order on messages (company_id, conversation_id, at, intake, index)
           where not is_hidden;
         create index messages_contact on messages (company_id, contact_id);
         create table erased (
           company_id uuid not null, contact_id uuid not null,
           primary key (company_id, contact_id));"
    }

    fn wants(&self, event_type: &str) -> bool {
        event_type.starts_with("messaging.message.")
            || event_type.starts_with("conversations.conversation.")
            || event_type == "contacts.contact.erased"
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let facts = read(events, vault).await?;
            let touched: BTreeSet<Key> = events
                .iter()
                .zip(&facts)
                .filter(|(_, fact)| matches!(fact, Fact::Message(_)))
                .map(|(event, _)| (event.company, event.stream))
                .collect();
            let mut changes =
                Changes { messages: rows::load(connection, &touched).await?, ..Changes::default() };
            for (event, fact) in events.iter().zip(facts) {
                changes.on(event, fact);
            }
            changes.forget(&rows::erased(connection, changes.contacts()).await?);
            rows::store(connection, &changes).await
        }
        .boxed()
    }
}

impl Changes {
    /// The contacts whose messages this batch tells of.
    fn contacts(&self) -> BTreeSet<Key> {
        let said = self.messages.iter().filter(|(_, doc)| !doc.is_erased);
        said.filter_map(|(key, doc)| Some((key.0, doc.said.as_ref()?.contact.into_uuid())))
            .collect()
    }

    /// Takes what is personal out of the messages of contacts that were erased before this batch.
    fn forget(&mut self, erased: &BTreeSet<Key>) {
        for ((company, _), doc) in &mut self.messages {
            let contact = doc.said.as_ref().map(|said| said.contact.into_uuid());
            if contact.is_some_and(|contact| erased.contains(&(*company, contact))) {
                doc.erase();
            }
        }
    }

    fn on(&mut self, recorded: &Recorded, fact: Fact) {
        let key = (recorded.company, recorded.stream);
        match fact {
            Fact::Message(told) => {
                let (event, opened) = *told;
                let doc = self.messages.entry(key).or_default();
                doc.on(&event, opened, recorded.recorded_at);
                self.thread_hears(key, &event, recorded.recorded_at);
            }
            Fact::Conversation(ConversationEvent::Opened { channel, contact, identity }) => {
                let thread = self.threads.entry(key).or_default();
                thread.channel = Some(channel.into_uuid());
                thread.contact = Some(contact.into_uuid());
                thread.identity = Some(identity.into_uuid());
                thread.active_at = thread.active_at.max(Some(recorded.recorded_at));
            }
            Fact::Conversation(ConversationEvent::IdentityChanged { identity }) => {
                self.threads.entry(key).or_default().identity = Some(identity.into_uuid());
            }
            Fact::Conversation(ConversationEvent::MessageSent { .. }) => {}
            Fact::Conversation(event) => self.care.entry(key).or_default().on(&event),
            Fact::Erased => {
                self.erased.insert(key);
            }
        }
    }

    fn thread_hears(&mut self, key: Key, event: &MessageEvent, recorded_at: DateTime<Utc>) {
        let is_news = matches!(
            event,
            MessageEvent::Received { .. }
                | MessageEvent::Echoed { .. }
                | MessageEvent::Queued { .. }
        );
        let said = self.messages.get(&key).and_then(|doc| doc.said.as_ref());
        let Some(said) = said.filter(|said| is_news && !said.is_hidden) else { return };
        let (conversation, place) = (said.conversation.into_uuid(), said.place);
        let thread = self.threads.entry((key.0, conversation)).or_default();
        thread.channel = Some(said.channel.into_uuid());
        thread.contact = Some(said.contact.into_uuid());
        thread.last = thread.last.max(Some((place, key.1)));
        thread.active_at = thread.active_at.max(Some(place.0));
        if let MessageEvent::Received { provider_at, kind, .. } = event
            && opens_window(*kind)
        {
            let closes_at = (*provider_at).min(recorded_at) + WINDOW;
            thread.window_closes_at = thread.window_closes_at.max(Some(closes_at));
        }
    }
}

/// Whether the person said something, so that she may be answered freely.
const fn opens_window(kind: MessageKind) -> bool {
    !matches!(kind, MessageKind::System | MessageKind::RequestWelcome)
}

/// Decodes the events, and opens what is sealed in them with keys that are fetched at once.
async fn read(events: &[&Recorded], vault: &Vault) -> Result<Vec<Fact>, ProjectionError> {
    let mut facts = Vec::with_capacity(events.len());
    let mut wanted = vec![];
    for event in events {
        facts.push(match &*event.stream_kind {
            "message" => {
                let message: MessageEvent = event.decode()?;
                wanted.extend(rows::key_of(event.company, &message));
                Fact::Message(Box::new((message, Opened::default())))
            }
            "conversation" => Fact::Conversation(event.decode()?),
            _ => {
                let _: ContactEvent = event.decode()?;
                Fact::Erased
            }
        });
    }
    let keys = vault.keys_of(wanted).await?;
    for (event, fact) in events.iter().zip(&mut facts) {
        if let Fact::Message(told) = fact {
            told.1 = rows::open(&keys, event.company, &told.0)?;
        }
    }
    Ok(facts)
}
