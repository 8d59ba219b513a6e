//! What concerns one number: messages both ways, statuses, preferences, calls, groups, synchronisation.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::{
    Call, CallStatus, Extra, History, Message, Person, Preference, ProviderError, Status,
    SyncedContact, Unsupported, UserIdChange, Why, fields::Fields,
};

/// The number that a change concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// Meta's id of it.
    pub id: Option<String>,
    /// As people read it.
    pub display: Option<String>,
}

/// What happened on one number.
#[derive(Debug, Default)]
pub struct Traffic {
    /// The number.
    pub number: Number,
    /// The people that it names.
    pub people: Vec<Person>,
    /// Messages of people.
    pub messages: Vec<Message>,
    /// Messages that the company wrote in the WhatsApp Business app.
    pub echoes: Vec<Message>,
    /// Statuses of messages.
    pub statuses: Vec<Status>,
    /// What people want to get.
    pub preferences: Vec<Preference>,
    /// Changed user ids.
    pub user_id_changes: Vec<UserIdChange>,
    /// Calls.
    pub calls: Vec<Call>,
    /// Statuses of calls.
    pub call_statuses: Vec<CallStatus>,
    /// Groups.
    pub groups: Vec<GroupUpdate>,
    /// Messages from before the number was connected.
    pub history: Vec<History>,
    /// The address book of the WhatsApp Business app.
    pub synced_contacts: Vec<SyncedContact>,
    /// Errors that belong to no message.
    pub errors: Vec<ProviderError>,
    /// Parts that are not understood.
    pub unsupported: Vec<Unsupported>,
    /// Members that we do not know.
    pub extra: Extra,
}

/// What happened to a group.
#[derive(Debug)]
pub struct GroupUpdate {
    /// The group's id.
    pub id: Option<String>,
    /// What happened: `group_create`, `group_participants_add` …
    pub kind: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// All of it.
    pub raw: Box<RawValue>,
}

impl Traffic {
    pub(super) fn read(mut value: Fields<'_>) -> Self {
        let mut metadata = value.object("metadata").unwrap_or_default();
        let number = Number {
            id: metadata.text("phone_number_id"),
            display: metadata.text("display_phone_number"),
        };
        let people: Vec<_> = value.objects("contacts").map(Person::read).collect();
        let mut traffic = Self { number, ..Self::default() };
        let mut unsupported = vec![];

        for raw in value.list("messages") {
            collect(&mut traffic.messages, &mut unsupported, "message", raw, |wire| {
                Message::read(wire, raw, &people)
            });
        }
        for raw in value.list("message_echoes") {
            collect(&mut traffic.echoes, &mut unsupported, "message_echo", raw, |wire| {
                Message::read_echo(wire, raw, &people)
            });
        }
        for raw in value.list("statuses") {
            let is_call = Fields::of(raw).and_then(|mut wire| wire.text("type"));
            if is_call.as_deref() == Some("call") {
                collect(&mut traffic.call_statuses, &mut unsupported, "call_status", raw, |wire| {
                    CallStatus::read(wire)
                });
            } else {
                collect(&mut traffic.statuses, &mut unsupported, "status", raw, |wire| {
                    Status::read(wire, &people)
                });
            }
        }
        for raw in value.list("user_preferences") {
            collect(&mut traffic.preferences, &mut unsupported, "user_preference", raw, |wire| {
                Preference::read(wire, &people)
            });
        }
        for raw in value.list("user_id_update") {
            collect(
                &mut traffic.user_id_changes,
                &mut unsupported,
                "user_id_update",
                raw,
                |wire| UserIdChange::read(wire),
            );
        }
        for raw in value.list("calls") {
            collect(&mut traffic.calls, &mut unsupported, "call", raw, |wire| {
                Call::read(wire, &people)
            });
        }
        for raw in value.list("groups") {
            collect(&mut traffic.groups, &mut unsupported, "group", raw, |wire| {
                Some(GroupUpdate::read(wire, raw))
            });
        }
        for raw in value.list("history") {
            collect(&mut traffic.history, &mut unsupported, "history", raw, |wire| {
                Some(History::read(wire))
            });
        }
        for raw in value.list("state_sync") {
            collect(&mut traffic.synced_contacts, &mut unsupported, "state_sync", raw, |wire| {
                SyncedContact::read(wire)
            });
        }
        traffic.errors = value.objects("errors").filter_map(ProviderError::read).collect();
        value.raw("messaging_product");
        traffic.extra = value.rest();
        traffic.people = people;
        traffic.unsupported = unsupported;
        traffic
    }
}

/// Puts a part to its like, or keeps it raw.
fn collect<'a, T>(
    list: &mut Vec<T>,
    unsupported: &mut Vec<Unsupported>,
    kind: &str,
    raw: &'a RawValue,
    read: impl FnOnce(Fields<'a>) -> Option<T>,
) {
    match Fields::of(raw).and_then(read) {
        Some(part) => list.push(part),
        None => unsupported.push(Unsupported {
            kind: kind.to_owned(),
            why: Why::Malformed,
            raw: raw.to_owned(),
        }),
    }
}

impl GroupUpdate {
    fn read(mut wire: Fields<'_>, raw: &RawValue) -> Self {
        Self {
            id: wire.text("group_id").or_else(|| wire.text("id")),
            kind: wire.text("type"),
            at: wire.time("timestamp"),
            raw: raw.to_owned(),
        }
    }
}
