use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Body, Change, Delivery, Effect, FlowAnswer, Message, NumberUpdate, Reply, State, Status,
    SystemKind, TemplateUpdate, Traffic, Unreadable, What, Why, parse,
};
use crate::meta::cases;

mod kinds;

fn read(body: &Value) -> Delivery {
    parse(&serde_json::to_vec(body).expect("JSON")).expect("a delivery")
}

/// A delivery with one change.
fn change(field: &str, value: &Value) -> Change {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "900", "time": 1_743_451_903, "changes": [{ "field": field, "value": value }] }],
    });
    read(&body).changes.pop().expect("a change")
}

fn traffic(field: &str, mut value: Value) -> Traffic {
    value["metadata"] = json!({ "display_phone_number": "15550783881", "phone_number_id": "100" });
    match change(field, &value).what {
        What::Traffic(traffic) => *traffic,
        other => panic!("traffic expected: {other:?}"),
    }
}

/// A message of a type, with the members that are given.
fn message(kind: &str, mut members: Value) -> Message {
    members["id"] = json!("wamid.X");
    members["from"] = json!("5541988887777");
    members["timestamp"] = json!("1697044456");
    members["type"] = json!(kind);
    let mut traffic = traffic("messages", json!({ "messages": [members] }));
    assert_eq!(traffic.unsupported.len(), 0);
    traffic.messages.pop().expect("a message")
}

/// Everything in a delivery that was not understood.
fn unsupported(delivery: &Delivery) -> Vec<String> {
    let mut found = vec![];
    for change in &delivery.changes {
        match &change.what {
            What::Unsupported(what) => found.push(what.kind.clone()),
            What::Traffic(traffic) => {
                found.extend(traffic.unsupported.iter().map(|part| part.kind.clone()));
                for message in traffic.messages.iter().chain(&traffic.echoes) {
                    if let Body::Unsupported(what) = &message.body {
                        found.push(format!("message {}", what.kind));
                    }
                    found.extend(message.extra.iter().map(|(name, _)| format!("member {name}")));
                }
                found.extend(traffic.extra.iter().map(|(name, _)| format!("member {name}")));
                for status in &traffic.statuses {
                    found.extend(status.extra.iter().map(|(name, _)| format!("member {name}")));
                }
            }
            What::Account(_) | What::Template(_) | What::Number(_) => {}
        }
    }
    found
}

#[test]
fn nothing_in_the_collected_deliveries_is_unknown_to_us() {
    for case in cases::all("webhook") {
        let delivery = read(&case["input"]["body"]);
        assert_eq!(unsupported(&delivery), Vec::<String>::new(), "{}", case["id"]);
    }
    for case in cases::all("identity") {
        for body in case["input"]["deliveries"].as_array().expect("a list") {
            assert_eq!(unsupported(&read(body)), Vec::<String>::new(), "{}", case["id"]);
        }
    }
}

#[test]
fn the_collected_deliveries_say_what_they_are_told_to_say() {
    let mut n_events = 0;
    for case in cases::all("webhook") {
        let told = kinds::neutral(&read(&case["input"]["body"]));
        let Some(expected) = case["expect"]["events"].as_array() else { continue };
        assert_eq!(told.len(), expected.len(), "{}: {told:?}", case["id"]);
        for (told, expected) in told.iter().zip(expected) {
            if let Some(missing) = kinds::missing(expected, told) {
                panic!("{}: {missing}\ntold {told:#}", case["id"]);
            }
            n_events += 1;
        }
    }
    assert!(n_events > 20, "{n_events} events");
}

#[test]
fn a_person_may_have_any_of_three_ids() {
    let only_user = traffic(
        "messages",
        json!({
            "contacts": [{ "profile": { "name": "Muhsin", "username": "muh" }, "user_id": "IN.1" }],
            "messages": [{ "from_user_id": "IN.1", "id": "w", "type": "text", "text": { "body": "oi" } }],
        }),
    );
    let person = &only_user.messages[0].person;
    assert_eq!(person.wa_id, None);
    assert_eq!(person.user_id.as_deref(), Some("IN.1"));
    assert_eq!(person.username.as_deref(), Some("muh"));
    assert_eq!(person.profile_name.as_deref(), Some("Muhsin"));

    let nobody = traffic(
        "messages",
        json!({ "messages": [{ "id": "w", "type": "system", "system": {
            "type": "user_changed_user_id", "previous_user_id": "IN.1", "user_id": "IN.2",
            "previous_parent_user_id": "IN.ENT.1", "parent_user_id": "IN.ENT.2" } }] }),
    );
    assert!(nobody.messages[0].person.is_nobody());
    let Body::System(system) = &nobody.messages[0].body else { panic!("a system message") };
    assert_eq!(system.kind, SystemKind::UserIdChanged);
    assert_eq!(system.previous_user_id.as_deref(), Some("IN.1"));
    assert_eq!(system.previous_parent_user_id.as_deref(), Some("IN.ENT.1"));
    assert_eq!(system.current.user_id.as_deref(), Some("IN.2"));
    assert_eq!(system.current.parent_user_id.as_deref(), Some("IN.ENT.2"));
}

#[test]
fn of_several_people_each_gets_her_own_name() {
    let two = traffic(
        "messages",
        json!({
            "contacts": [
                { "profile": { "name": "Ana" }, "wa_id": "5541900000001", "user_id": "BR.1" },
                { "profile": { "name": "Bia" }, "wa_id": "5541900000002" },
            ],
            "messages": [
                { "from": "5541900000002", "id": "b", "type": "text", "text": { "body": "1" } },
                { "from": "5541900000001", "id": "a", "type": "text", "text": { "body": "2" } },
                { "from": "5541900000003", "id": "c", "type": "text", "text": { "body": "3" } },
            ],
        }),
    );
    let names: Vec<_> =
        two.messages.iter().map(|message| message.person.profile_name.as_deref()).collect();
    assert_eq!(names, [Some("Bia"), Some("Ana"), None]);
    assert_eq!(two.messages[1].person.user_id.as_deref(), Some("BR.1"));
}

#[test]
fn a_stranger_does_not_get_the_name_of_the_only_person() {
    let one = traffic(
        "messages",
        json!({
            "contacts": [{ "profile": { "name": "Ana" }, "wa_id": "5541900000001" }],
            "messages": [{ "from": "5541900000003", "id": "c", "type": "text", "text": { "body": "3" } }],
        }),
    );
    assert_eq!(one.messages[0].person.profile_name, None);
}

#[test]
fn times_are_texts_numbers_or_milliseconds() {
    for time in [json!("1697044456"), json!(1_697_044_456), json!(1_697_044_456_000_i64)] {
        let read = traffic(
            "messages",
            json!({ "statuses": [{ "id": "w", "status": "sent", "timestamp": time }] }),
        );
        assert_eq!(read.statuses[0].at.expect("a time").timestamp(), 1_697_044_456);
    }
    for time in [json!("soon"), json!(null), json!({}), json!(i64::MAX), json!(1.5)] {
        let read = traffic(
            "messages",
            json!({ "statuses": [{ "id": "w", "status": "sent", "timestamp": time }] }),
        );
        assert_eq!(read.statuses[0].at, None);
    }
}

#[test]
fn an_unknown_type_field_or_member_is_kept_as_it_came() {
    let unknown = message("hologram", json!({ "hologram": { "depth": 3 }, "mood": "blue" }));
    let Body::Unsupported(kept) = &unknown.body else { panic!("unsupported") };
    assert_eq!((kept.kind.as_str(), kept.why), ("hologram", Why::Unknown));
    let raw: Value = serde_json::from_str(kept.raw.get()).expect("JSON");
    assert_eq!(raw["hologram"]["depth"], 3);

    let text = message("text", json!({ "text": { "body": "oi" }, "mood": "blue" }));
    assert_eq!(text.extra.len(), 1);
    assert_eq!((text.extra[0].0.as_str(), text.extra[0].1.get()), ("mood", "\"blue\""));

    let What::Unsupported(kept) = change("tea_update", &json!({ "leaf": 1 })).what else {
        panic!("unsupported")
    };
    assert_eq!(
        (kept.kind.as_str(), kept.why, kept.raw.get().contains("leaf")),
        ("tea_update", Why::Unknown, true)
    );
}

#[test]
fn a_broken_part_does_not_take_its_neighbours_along() {
    let mixed = traffic(
        "messages",
        json!({ "messages": [
            { "id": "1", "from": "5541988887777", "type": "text", "text": "no object" },
            { "from": "5541988887777", "type": "text", "text": { "body": "no id" } },
            7,
            { "id": "2", "from": "5541988887777", "type": "text", "text": { "body": "whole" } },
        ], "statuses": [{ "id": "x" }, { "id": "y", "status": "sent" }] }),
    );
    assert_eq!(mixed.messages.len(), 2);
    let Body::Unsupported(kept) = &mixed.messages[0].body else { panic!("unsupported") };
    assert_eq!((kept.kind.as_str(), kept.why), ("text", Why::Malformed));
    assert!(matches!(&mixed.messages[1].body, Body::Text { body } if body == "whole"));
    assert_eq!(mixed.statuses.len(), 1);
    let kinds: Vec<_> = mixed.unsupported.iter().map(|part| part.kind.as_str()).collect();
    assert_eq!(kinds, ["message", "message", "status"]);
    let malformed = change("account_update", &json!({ "no": "event" }));
    assert!(matches!(malformed.what, What::Unsupported(kept) if kept.why == Why::Malformed));
}

#[test]
fn escaped_texts_read_as_written() {
    let body = br#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages",
        "value":{"messages":[{"from":"5541988887777","id":"w","timestamp":1,"type":"text",
        "text":{"body":"Pre\u00e7o de R\u0024 10\/m\u00eas \ud83d\ude00"}}]}}]}]}"#;
    let delivery = parse(body).expect("a delivery");
    let What::Traffic(traffic) = &delivery.changes[0].what else { panic!("traffic") };
    assert!(
        matches!(&traffic.messages[0].body, Body::Text { body } if body == "Preço de R$ 10/mês 😀")
    );
}

#[test]
fn what_is_no_delivery_is_an_error() {
    let is = |body: &[u8]| match parse(body) {
        Ok(_) => "a delivery",
        Err(Unreadable::Syntax { .. }) => "syntax",
        Err(Unreadable::Encoding) => "encoding",
        Err(Unreadable::TooDeep) => "deep",
        Err(Unreadable::Foreign) => "foreign",
    };
    assert_eq!(is(b""), "syntax");
    assert_eq!(is(b"{"), "syntax");
    assert_eq!(is(b"{\"object\":\"whatsapp_business_account\",\"entry\":[{]}"), "syntax");
    assert_eq!(is(b"\xff\xfe"), "encoding");
    assert_eq!(is(b"{\"object\":\"\xff\"}"), "encoding");
    assert_eq!(is(b"{}"), "foreign");
    assert_eq!(is(b"[]"), "foreign");
    assert_eq!(is(b"7"), "foreign");
    assert_eq!(is(br#"{"object":"page","entry":[]}"#), "foreign");
    assert_eq!(is(br#"{"object":"whatsapp_business_account","entry":{}}"#), "a delivery");
    assert_eq!(is(br#"{"object":"whatsapp_business_account"}"#), "a delivery");
    assert_eq!(is(br#"{"object":"whatsapp_business_account","entry":["x"]}"#), "foreign");
}

#[test]
fn ten_thousand_levels_are_an_error_and_not_a_crash() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        assert!(matches!(parse(deep.as_bytes()), Err(Unreadable::TooDeep)));
        let within = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"value":{deep}}}]}}]}}"#
        );
        assert!(matches!(parse(within.as_bytes()), Err(Unreadable::TooDeep)));
    }
    let mut text = String::new();
    write!(text, "{:?}", "[".repeat(10_000)).expect("a text");
    let shallow = message(
        "interactive",
        json!({ "interactive": { "type": "nfm_reply", "nfm_reply": {
        "response_json": "[".repeat(10_000) } } }),
    );
    let Body::Interactive(Reply::Flow { answer, .. }) = shallow.body else { panic!("a flow") };
    assert!(matches!(answer, FlowAnswer::Raw(raw) if raw.len() == 10_000));
}

/// JSON that looks like a delivery, with anything in any place.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("messages"),
            Just("text"),
            Just("interactive"),
            Just("nfm_reply"),
            Just("edit"),
            Just("system"),
            Just("whatsapp_business_account"),
            Just("account_update"),
            Just("call"),
        ]
        .prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("id"),
        Just("type"),
        Just("field"),
        Just("value"),
        Just("messages"),
        Just("statuses"),
        Just("contacts"),
        Just("text"),
        Just("body"),
        Just("interactive"),
        Just("nfm_reply"),
        Just("edit"),
        Just("message"),
        Just("system"),
        Just("errors"),
        Just("code"),
        Just("from"),
        Just("original_message_id"),
        Just("timestamp"),
        Just("event"),
        Just("history"),
        Just("threads"),
        Just("metadata"),
        Just("profile"),
        Just("calls"),
        Just("user_preferences"),
    ];
    leaf.prop_recursive(7, 80, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_json_makes_it_panic(field in "messages|account_update|calls|history|flows|x", value in any_json(), entry in any_json()) {
        let mut entry = if entry.is_object() { entry } else { json!({}) };
        entry["changes"] = json!([{ "field": field, "value": value }, value]);
        let body = json!({ "object": "whatsapp_business_account", "entry": [entry, {}] });
        let bytes = serde_json::to_vec(&body).expect("JSON");
        prop_assert_eq!(parse(&bytes).expect("a delivery").changes.len(), 2);
        for end in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            prop_assert!(parse(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn no_changed_byte_of_a_delivery_makes_it_panic(at in 0usize..2048, byte: u8) {
        let case = cases::one("webhook/pywa-message-contacts");
        let mut bytes = serde_json::to_vec(&case["input"]["body"]).expect("JSON");
        let place = at % bytes.len();
        bytes[place] = byte;
        let _ = parse(&bytes);
    }
}
