use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use events::messaging::{Inbound, MessageEvent, Origin, Purpose};
use proptest::prelude::*;
use shared::{
    ids::{ChannelId, ContactId, ConversationId, DeliveryId, IdentityId, MessageId},
    messages::{Content, MessageKind, MessageState, SuppressReason},
    stored::{ConfigText, KeyClass, Mac, Sealed},
};
use uuid::Uuid;

use super::{
    Changes, WINDOW,
    message::{Doc, Opened},
};

const COMPANY: Uuid = Uuid::from_u128(1);
const THREAD: Uuid = Uuid::from_u128(2);

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + second, 0).expect("a time")
}

fn sealed<T>() -> Sealed<T> {
    Sealed::new(Uuid::from_u128(3), KeyClass::Content, 0, 1, "x".to_owned())
}

fn text(body: &str) -> Content {
    Content::Text { body: body.to_owned() }
}

fn inbound(body: &str) -> Opened {
    let said = Inbound {
        provider_id: "wamid.X".to_owned(),
        content: text(body),
        media: None,
        answers: None,
        referral: None,
    };
    Opened { inbound: Some(said), ..Opened::default() }
}

fn received(second: i64, intake: i64, kind: MessageKind) -> MessageEvent {
    MessageEvent::Received {
        conversation: ConversationId::from_uuid(THREAD),
        channel: ChannelId::from_uuid(Uuid::from_u128(4)),
        contact: ContactId::from_uuid(Uuid::from_u128(3)),
        identity: IdentityId::from_uuid(Uuid::from_u128(5)),
        provider_at: at(second),
        delivery: DeliveryId::from_uuid(Uuid::from_u128(6)),
        intake,
        index: 0,
        delivery_mac: Mac("00".to_owned()),
        kind,
        n_characters: 2,
        quotes: None,
        is_forwarded: false,
        ad: None,
        is_history: false,
        said: sealed(),
    }
}

fn queued() -> MessageEvent {
    MessageEvent::Echoed {
        conversation: ConversationId::from_uuid(THREAD),
        channel: ChannelId::from_uuid(Uuid::from_u128(4)),
        contact: ContactId::from_uuid(Uuid::from_u128(3)),
        provider_at: at(0),
        intake: 1,
        index: 0,
        kind: MessageKind::Text,
        said: sealed(),
    }
}

fn status(word: &str, second: i64) -> MessageEvent {
    let provider_at = at(second);
    match word {
        "sent" => MessageEvent::Sent { provider_at, attempt: Some(1), pricing: None },
        "delivered" => MessageEvent::Delivered { provider_at, attempt: Some(1), pricing: None },
        "read" => MessageEvent::Read { provider_at, attempt: Some(1), pricing: None },
        "played" => MessageEvent::Played { provider_at, attempt: None, pricing: None },
        "failed" => MessageEvent::Failed {
            attempt: Some(1),
            by_status: true,
            provider_at: Some(provider_at),
            code: i32::try_from(second).expect("a code"),
            title: Some(ConfigText("t".to_owned())),
        },
        _ => panic!("no status: {word}"),
    }
}

fn fold(events: &[MessageEvent]) -> Doc {
    let mut doc = Doc::default();
    for event in events {
        doc.on(event, Opened::default(), at(1_000));
    }
    doc
}

#[test]
fn the_collected_orders_of_statuses_end_as_told() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/cases/status-order");
    let mut n_cases = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let text = std::fs::read_to_string(entry.expect("a case").path()).expect("text");
        let case: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let words = case["input"]["statuses"].as_array().expect("a list");
        let events: Vec<_> = (0..)
            .zip(words)
            .map(|(second, word)| status(word.as_str().expect("a word"), second))
            .collect();
        let state = fold(&events).progress.state();
        assert_eq!(Some(state.as_str()), case["expect"]["final"].as_str(), "{}", case["id"]);
        n_cases += 1;
    }
    assert!(n_cases >= 3);
}

#[test]
fn a_message_without_a_status_is_queued_and_an_unknown_one_is_until_it_is_tried_again() {
    assert_eq!(fold(&[]).progress.state(), MessageState::Queued);
    let unknown = MessageEvent::OutcomeUnknown { attempt: 1 };
    assert_eq!(fold(std::slice::from_ref(&unknown)).progress.state(), MessageState::Unknown);
    let deferred = MessageEvent::Deferred { attempt: 1, code: 0, not_before: at(5) };
    assert_eq!(fold(&[unknown.clone(), deferred]).progress.state(), MessageState::Queued);
    let suppressed = MessageEvent::Suppressed { reason: SuppressReason::WindowClosed };
    assert_eq!(fold(&[suppressed]).progress.state(), MessageState::Suppressed);
    assert_eq!(fold(&[unknown, status("sent", 1)]).progress.state(), MessageState::Sent);
}

#[test]
fn the_last_reaction_counts_and_an_empty_one_takes_it_back() {
    let reaction = |second, intake, emoji: &str| {
        let event = MessageEvent::Reacted {
            provider_at: at(second),
            intake,
            index: 0,
            by_company: false,
            emoji: sealed(),
        };
        (event, Opened { emoji: Some(emoji.to_owned()), ..Opened::default() })
    };
    let mut doc = Doc::default();
    for (event, opened) in [reaction(2, 9, "👍"), reaction(1, 4, "😮"), reaction(3, 11, "")] {
        doc.on(&event, opened, at(0));
    }
    assert_eq!(doc.reaction.expect("a reaction").emoji.as_deref(), Some(""));
}

#[test]
fn an_edited_message_says_the_newest_and_keeps_the_older_and_a_deleted_one_says_nothing() {
    let edit = |second, body: &str| {
        let event = MessageEvent::Edited {
            provider_at: at(second),
            intake: second,
            index: 0,
            said: sealed(),
        };
        (event, Opened { content: Some(text(body)), ..Opened::default() })
    };
    let mut doc = Doc::default();
    doc.on(&received(0, 1, MessageKind::Text), inbound("one"), at(0));
    for (event, opened) in [edit(2, "three"), edit(1, "two"), edit(1, "two")] {
        doc.on(&event, opened, at(0));
    }
    assert_eq!(doc.edits.len(), 2);
    assert_eq!(crate::queries::messages::shown(&doc), Some(&text("three")));
    doc.on(&MessageEvent::Deleted { provider_at: at(9) }, Opened::default(), at(9));
    assert_eq!(crate::queries::messages::shown(&doc), None);
}

#[test]
fn d4_an_erased_message_keeps_nothing_personal_and_is_what_a_rebuild_without_its_key_makes() {
    let erased = |opened| {
        let mut doc = Doc::default();
        doc.on(&received(0, 1, MessageKind::Text), opened, at(0));
        doc.erase();
        doc
    };
    let (live, rebuilt) = (erased(inbound("Fulano")), erased(Opened::default()));
    let json = |doc: &Doc| serde_json::to_string(doc).expect("JSON");
    assert!(!json(&live).contains("Fulano"));
    assert!(live.is_erased && live.said.is_some());
    assert_eq!(json(&live), json(&rebuilt));
}

/// What a thread hears of these events.
fn window(events: &[MessageEvent]) -> Option<DateTime<Utc>> {
    let mut changes = Changes { messages: BTreeMap::new(), ..Changes::default() };
    for (n, event) in (10..).zip(events) {
        let key = (COMPANY, Uuid::from_u128(n));
        changes.messages.entry(key).or_default().on(event, Opened::default(), at(500));
        changes.thread_hears(key, event, at(500));
    }
    changes.threads.get(&(COMPANY, THREAD)).and_then(|thread| thread.window_closes_at)
}

#[test]
fn only_what_a_person_says_opens_the_service_window() {
    assert_eq!(window(&[received(10, 1, MessageKind::Text)]), Some(at(10) + WINDOW));
    assert_eq!(window(&[received(900, 1, MessageKind::Text)]), Some(at(500) + WINDOW));
    assert_eq!(window(&[received(10, 1, MessageKind::System)]), None);
    assert_eq!(window(&[queued()]), None);
    assert_eq!(window(&[status("read", 1)]), None);
    assert_eq!(WINDOW, TimeDelta::hours(24) - TimeDelta::minutes(1));
    let late = [received(20, 1, MessageKind::Text), received(10, 2, MessageKind::Image)];
    assert_eq!(window(&late), Some(at(20) + WINDOW));
}

#[test]
fn the_newest_message_by_the_providers_clock_stands_in_the_list() {
    let mut changes = Changes::default();
    for (n, event) in
        (10..).zip([received(20, 7, MessageKind::Text), received(20, 5, MessageKind::Text)])
    {
        let key = (COMPANY, Uuid::from_u128(n));
        changes.messages.entry(key).or_default().on(&event, Opened::default(), at(500));
        changes.thread_hears(key, &event, at(500));
    }
    let last = changes.threads[&(COMPANY, THREAD)].last.expect("a message");
    assert_eq!(last.1, Uuid::from_u128(10));
}

#[test]
fn reactions_and_read_marks_of_the_company_are_not_shown() {
    let hidden = MessageEvent::Queued {
        conversation: ConversationId::from_uuid(THREAD),
        channel: ChannelId::from_uuid(Uuid::from_u128(4)),
        contact: ContactId::from_uuid(Uuid::from_u128(3)),
        purpose: Purpose::ReadMark,
        about: Some(MessageId::from_uuid(Uuid::from_u128(9))),
        kind: MessageKind::Text,
        origin: Origin::BusinessApp,
        n_characters: 0,
        template: None,
        quotes: None,
        file: None,
        window: None,
        retry_of: None,
        said: sealed(),
    };
    let doc = fold(&[hidden]);
    assert!(doc.said.expect("a message").is_hidden);
}

proptest! {
    #[test]
    fn whatever_order_is_told_the_bytes_are_the_same(
        words in proptest::collection::vec(
            (proptest::sample::select(vec!["sent", "delivered", "read", "played", "failed"]), 0_i64..6), 0..12),
        seed in any::<u64>(),
    ) {
        let events: Vec<_> = words.iter().map(|(word, second)| status(word, *second)).collect();
        let mut shuffled = events.clone();
        shuffled.extend(events.first().cloned());
        let n = u64::try_from(shuffled.len()).expect("a number");
        shuffled.sort_by_key(|event| {
            let text = format!("{event:?}");
            text.bytes().fold(seed % (n + 7), |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)))
        });
        let bytes = |events: &[MessageEvent]| serde_json::to_string(&fold(events)).expect("JSON");
        prop_assert_eq!(bytes(&events), bytes(&shuffled));
    }
}
