//! A small world for the digest: messages with statuses, of senders who are known by a claim.

use std::{collections::HashMap, sync::Arc};

use kernel::{
    commit::{Append, Claim, Context, Expected, NewEvent, Stream, Timer, TimerChange},
    digest::{Digested, Flow, ParseError, Parts},
    error::Result,
    intake::Delivery,
    ledger::Ledger,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use shared::stored::Actor;
use uuid::Uuid;

#[derive(Deserialize)]
pub(crate) struct Parsed {
    #[serde(default)]
    pub(crate) parts: Vec<Part>,
}

/// What concerns one company.
#[derive(Deserialize)]
pub(crate) struct Part {
    pub(crate) company: Uuid,
    #[serde(default)]
    pub(crate) messages: Vec<Inbound>,
    #[serde(default)]
    pub(crate) statuses: Vec<Report>,
}

#[derive(Deserialize)]
pub(crate) struct Inbound {
    pub(crate) id: String,
    pub(crate) from: String,
}

#[derive(Deserialize)]
pub(crate) struct Report {
    pub(crate) id: String,
    pub(crate) rank: u8,
}

pub(crate) const RECEIVED: &str = "demo.message.received";
pub(crate) const REPORTED: &str = "demo.message.reported";
pub(crate) const KNOWN: &str = "demo.sender";

fn key(words: &[&str]) -> [u8; 16] {
    let digest = Sha256::digest(words.join("/").as_bytes());
    digest[..16].try_into().unwrap()
}

pub(crate) fn message_id(company: Uuid, id: &str) -> Uuid {
    Uuid::new_v8(key(&["message", &company.to_string(), id]))
}

/// The flow of the demo's deliveries.
pub(crate) struct Demo {
    pub(crate) ledger: Ledger,
    /// Each message also sets a timer of this kind, due at once.
    pub(crate) reminds: Option<&'static str>,
}

impl Demo {
    pub(crate) fn of(ledger: &Ledger) -> Self {
        Self { ledger: ledger.clone(), reminds: None }
    }
}

#[derive(Default, Clone, Copy)]
struct State {
    version: i64,
    received: bool,
    rank: u8,
}

impl Demo {
    async fn states(&self, parsed: &[(&Delivery, Parsed)]) -> Result<HashMap<(Uuid, Uuid), State>> {
        let mut states = HashMap::new();
        for part in parsed.iter().flat_map(|(_, parsed)| &parsed.parts) {
            let ids =
                part.messages.iter().map(|m| &m.id).chain(part.statuses.iter().map(|s| &s.id));
            for id in ids {
                states.insert((part.company, message_id(part.company, id)), State::default());
            }
        }
        let streams: Vec<(Uuid, Uuid)> = states.keys().copied().collect();
        for event in self.ledger.read_streams(&streams).await? {
            let state = states.entry((event.company, event.stream)).or_default();
            state.version = event.stream_seq;
            if &*event.event_type == RECEIVED {
                state.received = true;
            } else {
                let said: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
                state.rank = u8::try_from(said["rank"].as_u64().unwrap()).unwrap();
            }
        }
        Ok(states)
    }

    fn timer(&self, company: Uuid, id: Uuid) -> Option<TimerChange> {
        let due = self.ledger.ground().clock.now();
        let latest = due + chrono::Duration::days(1);
        let kind = self.reminds?;
        let payload = "{}".to_owned();
        Some(TimerChange::Set(Timer { company, kind, id, due, latest, local: None, payload }))
    }

    async fn senders(
        &self,
        parsed: &[(&Delivery, Parsed)],
    ) -> Result<HashMap<(Uuid, [u8; 16]), Uuid>> {
        let mut keys = Vec::new();
        for part in parsed.iter().flat_map(|(_, parsed)| &parsed.parts) {
            for message in &part.messages {
                keys.push((part.company, KNOWN, key(&[&message.from])));
            }
        }
        let owners = self.ledger.claims(&keys).await?;
        let found = keys.iter().zip(owners);
        Ok(found
            .filter_map(|((company, _, key), owner)| Some(((*company, *key), owner?)))
            .collect())
    }
}

impl Flow for Demo {
    type Parsed = Parsed;

    fn parse(&self, delivery: &Delivery) -> std::result::Result<Parsed, ParseError> {
        serde_json::from_slice(&delivery.body).map_err(|_not_json| ParseError("not_json"))
    }

    async fn digest<'a>(&'a self, parsed: &'a [(&'a Delivery, Parsed)]) -> Result<Vec<Digested>> {
        let mut states = self.states(parsed).await?;
        let mut senders = self.senders(parsed).await?;
        let ids = &self.ledger.ground().ids;
        let mut answers = Vec::with_capacity(parsed.len());
        for (delivery, parsed) in parsed {
            let actor = Actor::Provider(delivery.provider.to_string().into());
            let context = Arc::new(Context::new(actor, delivery.id, delivery.id.into_bytes()));
            let mut parts = Parts::default();
            for part in &parsed.parts {
                let company = part.company;
                let Parts { appends, claims, timers, .. } = &mut parts;
                let mut append = |state: &mut State, id: Uuid, event_type, payload: String| {
                    let event =
                        NewEvent { id: ids.v7(), event_type, version: 1, payload, undoes: None };
                    let expected = Expected::at(state.version);
                    state.version += 1;
                    let stream = Stream { kind: "message", id };
                    let context = Arc::clone(&context);
                    appends.push(Append {
                        company,
                        stream,
                        expected,
                        context,
                        events: vec![event],
                    });
                };
                for message in &part.messages {
                    let sender = key(&[&message.from]);
                    let owner = *senders.entry((company, sender)).or_insert_with(|| {
                        let owner = ids.v7();
                        claims.push(Claim::Take { company, kind: KNOWN, key: sender, owner });
                        owner
                    });
                    let id = message_id(company, &message.id);
                    let state = states.entry((company, id)).or_default();
                    if !state.received {
                        state.received = true;
                        append(state, id, RECEIVED, format!("{{\"sender\":\"{owner}\"}}"));
                        timers.extend(self.timer(company, id));
                    }
                }
                for report in &part.statuses {
                    let id = message_id(company, &report.id);
                    let state = states.entry((company, id)).or_default();
                    if report.rank > state.rank {
                        state.rank = report.rank;
                        append(state, id, REPORTED, format!("{{\"rank\":{}}}", report.rank));
                    }
                }
            }
            answers.push(Ok(parts));
        }
        Ok(answers)
    }
}

/// The body of one message.
pub(crate) fn received(company: Uuid, id: &str, from: &str) -> String {
    format!(
        "{{\"parts\":[{{\"company\":\"{company}\",\"messages\":[{{\"id\":\"{id}\",\"from\":\"{from}\"}}]}}]}}"
    )
}

/// The body of one status.
pub(crate) fn reported(company: Uuid, id: &str, rank: u8) -> String {
    format!(
        "{{\"parts\":[{{\"company\":\"{company}\",\"statuses\":[{{\"id\":\"{id}\",\"rank\":{rank}}}]}}]}}"
    )
}
