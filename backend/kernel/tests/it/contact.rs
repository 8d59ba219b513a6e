//! A contact: its phone is unique in the company, settled by a claim in the event's own commit.

use std::borrow::Cow;

use kernel::{
    commit::{Claim, TimerChange},
    cqrs::Bridged,
    decider::{Decider, Rejection},
    vault::IndexKey,
};
use serde::{Deserialize, Serialize};
use shared::{
    problem::Kind,
    stored::{Entry, Event},
};
use uuid::Uuid;

#[derive(Debug)]
pub(crate) struct Contact;

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContactState {
    pub(crate) phone: Option<String>,
    pub(crate) names: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum ContactCommand {
    Register { phone: String },
    Renumber { phone: String },
    Rename { name: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ContactEvent {
    #[serde(rename = "demo.contact.registered")]
    Registered { phone: String },
    #[serde(rename = "demo.contact.renumbered")]
    Renumbered { from: String, to: String },
    #[serde(rename = "demo.contact.renamed")]
    Renamed { name: String },
}

impl Event for ContactEvent {
    const CATALOGUE: &'static [Entry] = &[];

    fn event_type(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "demo.contact.registered",
            Self::Renumbered { .. } => "demo.contact.renumbered",
            Self::Renamed { .. } => "demo.contact.renamed",
        }
    }

    fn version(&self) -> i16 {
        1
    }

    fn upcast<'a>(_type: &str, _version: i16, payload: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(payload)
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ContactRejection {
    #[error("the contact does not exist")]
    Missing,
    #[error("the contact exists")]
    Exists,
}

impl Rejection for ContactRejection {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::Exists => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "demo.contact_missing",
            Self::Exists => "demo.contact_exists",
        }
    }
}

pub(crate) fn key(phone: &str) -> [u8; 16] {
    IndexKey::from_bytes(&[7; 32]).unwrap().blind("phone", phone)
}

impl Decider for Contact {
    const STREAM: &'static str = "contact";
    type State = ContactState;
    type Command = ContactCommand;
    type Event = ContactEvent;
    type Facts = ();
    type Rejection = ContactRejection;

    fn decide(
        state: &ContactState,
        command: &ContactCommand,
        (): &(),
    ) -> Result<Vec<ContactEvent>, ContactRejection> {
        match (command, &state.phone) {
            (ContactCommand::Register { phone }, None) => {
                Ok(vec![ContactEvent::Registered { phone: phone.clone() }])
            }
            (ContactCommand::Register { .. }, Some(_)) => Err(ContactRejection::Exists),
            (_, None) => Err(ContactRejection::Missing),
            (ContactCommand::Renumber { phone }, Some(from)) if from == phone => Ok(vec![]),
            (ContactCommand::Renumber { phone }, Some(from)) => {
                Ok(vec![ContactEvent::Renumbered { from: from.clone(), to: phone.clone() }])
            }
            (ContactCommand::Rename { name }, Some(_)) => {
                Ok(vec![ContactEvent::Renamed { name: name.clone() }])
            }
        }
    }

    fn evolve(mut state: ContactState, event: &ContactEvent) -> ContactState {
        match event {
            ContactEvent::Registered { phone } | ContactEvent::Renumbered { to: phone, .. } => {
                state.phone = Some(phone.clone());
            }
            ContactEvent::Renamed { .. } => state.names += 1,
        }
        state
    }

    fn claims(company: Uuid, id: Uuid, _: &ContactState, event: &ContactEvent) -> Vec<Claim> {
        let kind = "demo.phone";
        let take = |phone: &str| Claim::Take { company, kind, key: key(phone), owner: id };
        let release = |phone: &str| Claim::Release { company, kind, key: key(phone), owner: id };
        match event {
            ContactEvent::Registered { phone } => vec![take(phone)],
            ContactEvent::Renumbered { from, to } => vec![release(from), take(to)],
            ContactEvent::Renamed { .. } => vec![],
        }
    }

    fn timers(company: Uuid, id: Uuid, _: &ContactState, event: &ContactEvent) -> Vec<TimerChange> {
        let kind = "demo.greet";
        match event {
            ContactEvent::Registered { .. } => {
                vec![TimerChange::Set(crate::timers::timer(company, kind, id, 60))]
            }
            ContactEvent::Renamed { .. } => vec![TimerChange::Cancel { company, kind, id }],
            ContactEvent::Renumbered { .. } => vec![],
        }
    }
}

impl Bridged for ContactState {
    type Decider = Contact;
}
