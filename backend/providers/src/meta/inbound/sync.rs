//! What the WhatsApp Business app brings along when its number is connected: old messages and its address book.

use chrono::{DateTime, Utc};

use super::{Message, ProviderError, Unsupported, Why, fields::Fields};

/// A part of the messages from before.
#[derive(Debug, Default)]
pub struct History {
    /// 0: the last day, 1: ninety days, 2: half a year.
    pub phase: Option<i64>,
    /// Its place among the parts of the phase.
    pub chunk: Option<i64>,
    /// Per cent.
    pub progress: Option<i64>,
    /// Its threads.
    pub threads: Vec<Thread>,
    /// Why there is none: the company did not share it.
    pub errors: Vec<ProviderError>,
    /// Parts that are not understood.
    pub unsupported: Vec<Unsupported>,
}

/// What was said with one person.
#[derive(Debug)]
pub struct Thread {
    /// The person's WhatsApp id.
    pub wa_id: Option<String>,
    /// The messages; those of the company have `to`.
    pub messages: Vec<Message>,
}

/// A change in the app's address book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncedContact {
    /// Whether it was taken out.
    pub is_removed: bool,
    /// The telephone number.
    pub phone: Option<String>,
    /// The user id.
    pub user_id: Option<String>,
    /// The name in the address book.
    pub full_name: Option<String>,
    /// The first name in it.
    pub first_name: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

impl History {
    pub(super) fn read(mut wire: Fields<'_>) -> Self {
        let mut metadata = wire.object("metadata").unwrap_or_default();
        let mut history = Self {
            phase: metadata.number("phase"),
            chunk: metadata.number("chunk_order"),
            progress: metadata.number("progress"),
            errors: wire.objects("errors").filter_map(ProviderError::read).collect(),
            ..Self::default()
        };
        for mut thread in wire.objects("threads") {
            let wa_id = thread.text("id");
            let mut messages = vec![];
            for raw in thread.list("messages") {
                let message = Fields::of(raw).and_then(|wire| Message::read_echo(wire, raw, &[]));
                match message {
                    Some(message) => messages.push(message),
                    None => history.unsupported.push(Unsupported {
                        kind: "message".to_owned(),
                        why: Why::Malformed,
                        raw: raw.to_owned(),
                    }),
                }
            }
            history.threads.push(Thread { wa_id, messages });
        }
        history
    }
}

impl SyncedContact {
    pub(super) fn read(mut wire: Fields<'_>) -> Option<Self> {
        if wire.text("type").is_some_and(|kind| kind != "contact") {
            return None;
        }
        let mut contact = wire.object("contact")?;
        let mut metadata = wire.object("metadata").unwrap_or_default();
        Some(Self {
            is_removed: wire.text("action").as_deref() == Some("remove"),
            phone: contact.text("phone_number"),
            user_id: contact.text("user_id"),
            full_name: contact.text("full_name"),
            first_name: contact.text("first_name"),
            at: metadata.time("timestamp"),
        })
    }
}
