//! Rows and messages for tests.

use chrono::{DateTime, Utc};
use shared::{
    channels::{Channel, ChannelState, Health, Medium, WebhookProof},
    conversations::{Priority, Status, Thread},
    ids::{ChannelId, ConversationId, MessageId},
    messages::{Content, DeliveryState, Message, MessageKind, MessageState},
};
use uuid::Uuid;

pub(super) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

pub(super) fn conversation(n: u8) -> ConversationId {
    Uuid::from_u128(u128::from(n)).into()
}

pub(super) fn message_id(n: u8) -> MessageId {
    Uuid::from_u128(1_000 + u128::from(n)).into()
}

pub(super) fn channel_id() -> ChannelId {
    Uuid::from_u128(7).into()
}

pub(super) fn thread(n: u8, second: i64) -> Thread {
    Thread {
        id: conversation(n),
        channel: channel_id(),
        contact: Uuid::from_u128(100 + u128::from(n)).into(),
        name: format!("Pessoa {n}"),
        address: format!("+55 11 90000-{n:04}"),
        last: None,
        n_unread: 0,
        window_closes_at: None,
        active_at: at(second),
        status: Status::Open,
        snoozed_until: None,
        assignee: None,
        priority: Priority::Normal,
        labels: Vec::new(),
    }
}

pub(super) fn message(n: u8, second: i64) -> Message {
    Message {
        id: message_id(n),
        conversation: conversation(1),
        channel: channel_id(),
        contact: Uuid::from_u128(101).into(),
        is_outbound: false,
        kind: MessageKind::Text,
        content: Some(Content::Text { body: format!("mensagem {n}") }),
        at: at(second),
        order: format!("{second:020}"),
        quotes: None,
        reactions: Vec::new(),
        earlier: Vec::new(),
        deleted_at: None,
        is_forwarded: false,
        is_erased: false,
        delivery: None,
        author: None,
        author_name: None,
        is_from_phone: false,
    }
}

pub(super) fn sent(n: u8, second: i64, state: MessageState) -> Message {
    Message {
        is_outbound: true,
        delivery: Some(DeliveryState {
            state,
            times: [(state, at(second))].into(),
            failure: None,
            suppressed: None,
            can_retry: false,
            n_attempts: 1,
        }),
        ..message(n, second)
    }
}

pub(super) fn channel(state: ChannelState) -> Channel {
    Channel {
        id: channel_id(),
        name: "Recepção".to_owned(),
        medium: Medium::Whatsapp,
        display_number: "+55 11 4002-8922".to_owned(),
        verified_name: None,
        phone_number_id: "1".to_owned(),
        waba_id: "2".to_owned(),
        state,
        proof: WebhookProof::Untested,
        health: Health::default(),
        n_queued: 0,
        version: 1,
    }
}

/// A row of the list.
pub(crate) fn sample_thread() -> Thread {
    thread(1, 1)
}

/// A message with all that one can have.
pub(crate) fn sample_message() -> Message {
    sent(1, 1, MessageState::Delivered)
}

/// A channel.
pub(crate) fn sample_channel() -> Channel {
    channel(ChannelState::Active)
}
