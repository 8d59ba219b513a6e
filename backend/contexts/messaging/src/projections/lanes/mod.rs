//! `messaging_lanes`: what lanes begin with and what sending looks up: messages that wait, numbers and
//! their state, the portfolios of a company and whom they reached in the last day, threads with their
//! service window, addresses (sealed as they came).
//!
//! **Invariants.** It only proposes: the ledger refuses a pick that rests on an old row (D20).
//! `reached` tells up to which event of a company the rows count, so that whoever reads them goes on
//! behind it without a hole.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use events::{
    channels::ChannelEvent,
    contacts::ContactEvent,
    conversations::ConversationEvent,
    messaging::{LaneEvent, MessageEvent, Origin},
    tenancy::CompanyEvent,
};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use shared::messages::{MessageKind, MessageState};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::message::progress::Progress;

/// The schema.
pub const NAME: &str = "messaging_lanes";

/// How long after a person's message free text may leave: 24 hours, and a minute to be safe.
pub const WINDOW: TimeDelta = TimeDelta::seconds(24 * 3_600 - 60);

/// The provider's code for a service window that is shut.
const WINDOW_SHUT: i32 = 131_047;

/// The read model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lanes;

type Key = (Uuid, Uuid);

/// An outbound message, as long as anything is still to come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outbound {
    channel: Uuid,
    conversation: Uuid,
    contact: Uuid,
    is_operators: bool,
    position: i64,
    version: i64,
    not_before: Option<DateTime<Utc>>,
    window: Option<DateTime<Utc>>,
    progress: Progress,
}

/// What a batch changes.
#[derive(Debug, Default)]
struct Changes {
    outbound: BTreeMap<Key, Option<Outbound>>,
    threads: BTreeMap<Key, Thread>,
    addresses: BTreeMap<Key, (Uuid, String, String)>,
    numbers: BTreeMap<Key, Number>,
    suspended: BTreeMap<Uuid, bool>,
    erased: BTreeSet<Key>,
    minutes: BTreeMap<(Uuid, Uuid, DateTime<Utc>), (i64, i64)>,
    portfolios: BTreeSet<(Uuid, String)>,
    /// Who was written to outside a service window, and when last.
    people: BTreeMap<Key, DateTime<Utc>>,
    reached: BTreeMap<Uuid, i64>,
}

#[derive(Debug, Default)]
struct Thread {
    channel: Option<Uuid>,
    contact: Option<Uuid>,
    identity: Option<Uuid>,
    /// Opened until, if it was; shut at, if it was later.
    opened: Option<DateTime<Utc>>,
    shut: Option<DateTime<Utc>>,
    /// The last message of the person.
    heard: Option<(DateTime<Utc>, Uuid)>,
}

#[derive(Debug, Default)]
struct Number {
    phone_number_id: Option<String>,
    waba_id: Option<String>,
    mps: Option<i64>,
    portfolio: Option<String>,
    tier: Option<String>,
    is_paused: Option<bool>,
    is_off: Option<bool>,
}

impl Projection for Lanes {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        2
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            "outbound",
            "threads",
            "addresses",
            "numbers",
            "portfolios",
            "people",
            "companies",
            "minutes",
            "reached",
        ]
    }

    fn ddl(&self) -> &'static str {
        "create table outbound (
           company_id uuid not null, id uuid not null, channel_id uuid not null,
           conversation_id uuid not null, contact_id uuid not null, is_operators boolean not null,
           is_waiting boolean not null,
           position bigint not null, version bigint not null, not_before timestamptz,
           window_until timestamptz, progress text not null,
           primary key (company_id, id)) with (fillfactor = 70);
         create index outbound_waiting on outbound (company_id, channel_id, position)
           where is_waiting;
         create table threads (
           company_id uuid not null, id uuid not null, channel_id uuid, contact_id uuid,
           identity_id uuid, window_closes_at timestamptz, heard_at timestamptz, heard_id uuid,
           primary key (company_id, id)) with (fillfactor = 70);
         create index threads_contact on threads (company_id, contact_id);
         create table addresses (
           company_id uuid not null, id uuid not null, contact_id uuid not null, kind text not null,
           sealed text not null,
           primary key (company_id, id));
         create index addresses_contact on addresses (company_id, contact_id);
         create table numbers (
           company_id uuid not null, id uuid not null, phone_number_id text, waba_id text,
           mps bigint, portfolio text, tier text, is_paused boolean not null default false,
           is_off boolean not null default false,
           primary key (company_id, id));
         create table portfolios (
           company_id uuid not null, portfolio text not null, primary key (company_id, portfolio));
         create table people (
           company_id uuid not null, contact_id uuid not null, reached_at timestamptz not null,
           primary key (company_id, contact_id)) with (fillfactor = 70);
         create index people_reached on people (company_id, reached_at);
         create table companies (
           company_id uuid not null, is_suspended boolean not null, primary key (company_id));
         create table minutes (
           company_id uuid not null, channel_id uuid not null, minute timestamptz not null,
           n_sent bigint not null, n_failed bigint not null,
           primary key (company_id, channel_id, minute)) with (fillfactor = 50);
         create table reached (
           company_id uuid not null, company_seq bigint not null,
           primary key (company_id)) with (fillfactor = 50);"
    }

    fn wants(&self, event_type: &str) -> bool {
        event_type.starts_with("messaging.message.")
            || event_type.starts_with("channels.channel.")
            || matches!(
                event_type,
                "messaging.lane.picked"
                    | "conversations.conversation.opened"
                    | "conversations.conversation.identity_changed"
                    | "contacts.contact.identity_added"
                    | "contacts.contact.erased"
                    | "tenancy.company.suspended"
                    | "tenancy.company.resumed"
            )
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let mut changes = Changes::default();
            let messages: BTreeSet<Key> = events
                .iter()
                .filter(|event| &*event.stream_kind == "message")
                .map(|event| (event.company, event.stream))
                .collect();
            changes.outbound = rows::load(connection, &messages).await?;
            for event in events {
                changes.on(event)?;
                changes.reached.insert(event.company, event.company_seq);
            }
            rows::store(connection, &changes).await
        }
        .boxed()
    }
}

impl Changes {
    fn on(&mut self, recorded: &Recorded) -> Result<(), ProjectionError> {
        let key = (recorded.company, recorded.stream);
        match &*recorded.stream_kind {
            "message" => self.message(recorded, &recorded.decode()?),
            "lane" => self.lane(recorded, recorded.decode()?),
            "conversation" => self.conversation(key, &recorded.decode()?),
            "contact" => self.contact(recorded, recorded.decode()?)?,
            "channel" => self.channel(key, recorded.decode()?),
            "company" => match recorded.decode()? {
                CompanyEvent::Suspended { .. } => {
                    self.suspended.insert(recorded.company, true);
                }
                CompanyEvent::Resumed { .. } => {
                    self.suspended.insert(recorded.company, false);
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn message(&mut self, recorded: &Recorded, event: &MessageEvent) {
        let key = (recorded.company, recorded.stream);
        match event {
            MessageEvent::Received { conversation, provider_at, kind, .. } => {
                if opens_window(*kind) {
                    let until = (*provider_at).min(recorded.recorded_at) + WINDOW;
                    let thread =
                        self.threads.entry((recorded.company, (*conversation).into())).or_default();
                    thread.opened = thread.opened.max(Some(until));
                    thread.shut = thread.shut.filter(|shut| *shut > *provider_at);
                    thread.heard = thread.heard.max(Some((*provider_at, recorded.stream)));
                }
                return;
            }
            MessageEvent::Queued { channel, conversation, contact, origin, window, .. } => {
                self.outbound.insert(
                    key,
                    Some(Outbound {
                        channel: (*channel).into(),
                        conversation: (*conversation).into(),
                        contact: (*contact).into(),
                        is_operators: matches!(origin, Origin::Operator(_)),
                        position: recorded.position,
                        version: 0,
                        not_before: None,
                        window: *window,
                        progress: Progress::default(),
                    }),
                );
            }
            _ => {}
        }
        let Some(outbound) = self.outbound.get_mut(&key).and_then(Option::as_mut) else { return };
        let before = outbound.progress.state();
        outbound.progress.on(event, recorded.recorded_at);
        outbound.version = recorded.stream_seq;
        if let MessageEvent::Deferred { not_before, .. } = event {
            outbound.not_before = Some(*not_before);
        }
        let (after, minute) = (outbound.progress.state(), minute_of(recorded.recorded_at));
        let (channel, conversation) = (outbound.channel, outbound.conversation);
        if after != before && matches!(after, MessageState::Accepted | MessageState::Failed) {
            let counts = self.minutes.entry((recorded.company, channel, minute)).or_default();
            match after {
                MessageState::Accepted => counts.0 += 1,
                _ => counts.1 += 1,
            }
        }
        if matches!(event, MessageEvent::Failed { code: WINDOW_SHUT, .. }) {
            let thread = self.threads.entry((recorded.company, conversation)).or_default();
            thread.shut = thread.shut.max(Some(recorded.recorded_at));
            thread.opened = None;
        }
        let is_over = matches!(
            after,
            MessageState::Failed
                | MessageState::Delivered
                | MessageState::Read
                | MessageState::Played
                | MessageState::Withdrawn
                | MessageState::Suppressed
        );
        if is_over {
            self.outbound.insert(key, None);
        }
    }

    fn lane(&mut self, recorded: &Recorded, event: LaneEvent) {
        let LaneEvent::Picked { messages, .. } = event else { return };
        for person in messages.iter().filter_map(|pick| pick.reached) {
            self.people.insert((recorded.company, person.into()), recorded.recorded_at);
        }
    }

    fn conversation(&mut self, key: Key, event: &ConversationEvent) {
        match event {
            ConversationEvent::Opened { channel, contact, identity } => {
                let thread = self.threads.entry(key).or_default();
                thread.channel = Some((*channel).into());
                thread.contact = Some((*contact).into());
                thread.identity = Some((*identity).into());
            }
            ConversationEvent::IdentityChanged { identity } => {
                self.threads.entry(key).or_default().identity = Some((*identity).into());
            }
            _ => {}
        }
    }

    fn contact(&mut self, recorded: &Recorded, event: ContactEvent) -> Result<(), ProjectionError> {
        match event {
            ContactEvent::IdentityAdded { identity, kind, address, .. } => {
                let sealed = serde_json::to_string(&address)
                    .map_err(|_not_json| ProjectionError::Event("not JSON".to_owned()))?;
                let kind = serde_json::to_value(kind).ok();
                let kind = kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
                self.addresses.insert(
                    (recorded.company, identity.into()),
                    (recorded.stream, kind.to_owned(), sealed),
                );
            }
            ContactEvent::Erased {} => {
                self.erased.insert((recorded.company, recorded.stream));
            }
            _ => {}
        }
        Ok(())
    }

    fn channel(&mut self, key: Key, event: ChannelEvent) {
        let number = self.numbers.entry(key).or_default();
        match event {
            ChannelEvent::Connected { phone_number_id, waba_id, mps, .. } => {
                number.phone_number_id = Some(phone_number_id.0);
                number.waba_id = Some(waba_id.0);
                number.mps = Some(i64::from(mps));
            }
            ChannelEvent::HealthChanged { mps, tier, .. } => {
                number.mps = mps.map(i64::from).or(number.mps);
                number.tier = tier.map(|tier| tier.0).or(number.tier.take());
            }
            ChannelEvent::PortfolioTold { portfolio } => {
                number.portfolio = Some(portfolio.0.clone());
                self.portfolios.insert((key.0, portfolio.0));
            }
            ChannelEvent::Paused { .. } => number.is_paused = Some(true),
            ChannelEvent::Resumed {} => number.is_paused = Some(false),
            ChannelEvent::Disconnected {} => number.is_off = Some(true),
            _ => {}
        }
    }
}

/// Whether the person said something, so that she may be answered freely.
#[must_use]
pub const fn opens_window(kind: MessageKind) -> bool {
    !matches!(kind, MessageKind::System | MessageKind::RequestWelcome)
}

fn minute_of(at: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = at.timestamp().div_euclid(60) * 60;
    DateTime::from_timestamp(seconds, 0).unwrap_or(at)
}
