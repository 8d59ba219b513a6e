//! One test per kind of change, and the neutral words in which the collected cases tell what they expect.

use super::*;
use crate::meta::inbound::{AccountEvent, CallEvent, MediaKind, Person, Review};

/// What a delivery says, in the words of the cases.
pub(super) fn neutral(delivery: &Delivery) -> Vec<Value> {
    let mut told = vec![];
    for change in &delivery.changes {
        match &change.what {
            What::Traffic(traffic) => of_traffic(traffic, &mut told),
            What::Account(update) => {
                let (effect, until) = match update.effect() {
                    Effect::SendingDisabled => ("sending_disabled", None),
                    Effect::BusinessInitiatedBlocked { until } => {
                        ("business_initiated_blocked", until)
                    }
                    Effect::AllBlocked { until } => ("all_blocked", until),
                    Effect::Disconnected => ("disconnected", None),
                    Effect::Restored => ("restored", None),
                    Effect::None => ("none", None),
                };
                told.push(json!({
                    "kind": "account_update", "waba_id": change.waba_id,
                    "event": account_word(&update.event), "effect": effect,
                    "until": until.map(|time| time.timestamp()),
                }));
            }
            What::Template(update) => told.push(match &**update {
                TemplateUpdate::Status { template, status, reason, .. } => json!({
                    "kind": "template_status", "template_id": template.id, "name": template.name,
                    "language": template.language, "status": status, "reason": reason,
                }),
                TemplateUpdate::Category { template, current, .. } => json!({
                    "kind": "template_category", "template_id": template.id,
                    "new_category": current,
                }),
                TemplateUpdate::Quality { .. } | TemplateUpdate::Components { .. } => Value::Null,
            }),
            What::Number(_) | What::Unsupported(_) => told.push(Value::Null),
        }
    }
    told
}

const fn account_word(event: &AccountEvent) -> &'static str {
    match event {
        AccountEvent::Deleted => "ACCOUNT_DELETED",
        AccountEvent::Restricted => "ACCOUNT_RESTRICTION",
        AccountEvent::AppUninstalled => "PARTNER_APP_UNINSTALLED",
        AccountEvent::PartnerRemoved => "PARTNER_REMOVED",
        AccountEvent::PricingTier => "VOLUME_BASED_PRICING_TIER_UPDATE",
        AccountEvent::CountrySet => "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
        _ => "another",
    }
}

fn of_traffic(traffic: &Traffic, told: &mut Vec<Value>) {
    let number = &traffic.number.id;
    for message in &traffic.messages {
        let mut event = of_message(message);
        event["phone_number_id"] = json!(number);
        event["sender"] = of_person(&message.person);
        told.push(event);
    }
    for echo in &traffic.echoes {
        let mut event = of_message(echo);
        event["kind"] = json!("message_echo");
        event["direction"] = json!(if echo.is_outbound { "outbound" } else { "inbound" });
        event["origin"] = json!("whatsapp_business_app");
        event["to"] = json!(echo.person.wa_id);
        event["to_user_id"] = json!(echo.person.user_id);
        told.push(event);
    }
    for status in &traffic.statuses {
        told.push(of_status(status));
    }
    for status in &traffic.call_statuses {
        told.push(json!({
            "kind": "call_status", "call_id": status.id, "status": status.status,
            "opaque": status.opaque,
        }));
    }
    for preference in &traffic.preferences {
        told.push(json!({
            "kind": "user_preference", "wa_id": preference.person.wa_id,
            "category": preference.category, "value": preference.value,
            "marketing_opt_in": preference.wants_marketing(),
        }));
    }
}

fn of_person(person: &Person) -> Value {
    json!({
        "wa_id": person.wa_id, "user_id": person.user_id, "parent_user_id": person.parent_user_id,
        "profile_name": person.profile_name, "username": person.username,
    })
}

fn of_message(message: &Message) -> Value {
    let context = message.context.clone().unwrap_or_default();
    let mut event = json!({
        "kind": "inbound_message", "wamid": message.id, "type": message.kind,
        "ts": message.at.map(|time| time.timestamp()),
        "reply_to": context.id, "forwarded": context.is_forwarded,
    });
    match &message.body {
        Body::Text { body } => event["text"] = json!(body),
        Body::Media(media) => {
            event["media"] = json!({
                "id": media.id, "mime_type": media.mime_type, "sha256": media.sha256,
                "voice": media.is_voice, "animated": media.is_animated,
            });
        }
        Body::Reaction { target, emoji } => {
            event["kind"] = json!("reaction");
            event["target"] = json!(target);
            event["emoji"] = json!(emoji);
            event["removed"] = json!(emoji.is_none());
        }
        Body::Location(place) => {
            event["location"] = json!({
                "latitude": place.latitude, "longitude": place.longitude, "name": place.name,
                "address": place.address, "url": place.url,
            });
        }
        Body::Contacts(cards) => {
            event["contact_count"] = json!(cards.len());
            event["contact_names"] = cards.iter().map(|card| json!(card.name)).collect();
        }
        Body::Interactive(reply) => of_reply(reply, &mut event),
        Body::System(system) => {
            event["kind"] = json!("identity_change");
            let word = match &system.kind {
                SystemKind::NumberChanged => "user_changed_number",
                SystemKind::UserIdChanged => "user_changed_user_id",
                SystemKind::IdentityChanged => "customer_identity_changed",
                SystemKind::Other(word) => word,
            };
            event["system"] = json!({
                "body": system.text, "type": word, "wa_id": system.current.wa_id,
            });
        }
        _ => {}
    }
    event
}

fn of_reply(reply: &Reply, event: &mut Value) {
    match reply {
        Reply::Button { id, title } => {
            event["interactive"] = json!({ "type": "button_reply", "id": id, "title": title });
        }
        Reply::Flow { name, text, answer } => {
            event["interactive_type"] = json!("nfm_reply");
            event["interactive"] = json!({ "type": "nfm_reply", "body": text, "name": name });
            match answer {
                FlowAnswer::Fields(fields) => {
                    event["flow_response"] = json!(fields);
                    event["interactive"]["response_json"] =
                        json!(serde_json::to_string(fields).expect("JSON"));
                }
                FlowAnswer::Raw(raw) => event["flow_response_raw"] = json!(raw),
                FlowAnswer::Missing => {}
            }
        }
        _ => {}
    }
}

fn of_status(status: &Status) -> Value {
    let word = match &status.state {
        State::Sent => "sent",
        State::Delivered => "delivered",
        State::Read => "read",
        State::Played => "played",
        State::Failed => "failed",
        State::Deleted => "deleted",
        State::Warning => "warning",
        State::Other(word) => word,
    };
    json!({
        "kind": "message_status", "wamid": status.id, "status": word,
        "ts": status.at.map(|time| time.timestamp()),
        "recipient": status.recipient,
        "recipient_type": if status.is_group { "group" } else { "individual" },
        "error": status.errors.first().map(|error| json!({ "code": error.code, "title": error.title })),
        "pricing": status.pricing.as_ref().map(|pricing| json!({
            "billable": pricing.is_billable, "pricing_model": pricing.model,
            "category": pricing.category,
        })),
    })
}

/// What a case expects and was not told. A text of JSON is compared as JSON.
pub(super) fn missing(expected: &Value, told: &Value) -> Option<String> {
    match (expected, told) {
        (Value::Object(expected), Value::Object(told)) => {
            expected.iter().find_map(|(name, value)| {
                let found = told.get(name).unwrap_or(&Value::Null);
                missing(value, found).map(|rest| format!("{name}: {rest}"))
            })
        }
        (Value::String(a), Value::String(b)) if a.starts_with('{') => {
            let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
            (a != b && json(a) != json(b)).then(|| format!("expected {a}, told {b}"))
        }
        (expected, told) => (expected != told).then(|| format!("expected {expected}, told {told}")),
    }
}

#[test]
fn a_removed_reaction_has_no_emoji_in_either_spelling() {
    let put = message("reaction", json!({ "reaction": { "message_id": "w", "emoji": "😮" } }));
    assert!(matches!(put.body, Body::Reaction { emoji: Some(emoji), .. } if emoji == "😮"));
    for gone in [json!({ "message_id": "w", "emoji": "" }), json!({ "message_id": "w" })] {
        let gone = message("reaction", json!({ "reaction": gone }));
        assert!(matches!(gone.body, Body::Reaction { emoji: None, target } if target == "w"));
    }
}

#[test]
fn files_of_every_kind_tell_their_id() {
    let kinds = [
        ("image", MediaKind::Image),
        ("video", MediaKind::Video),
        ("audio", MediaKind::Audio),
        ("voice", MediaKind::Audio),
        ("document", MediaKind::Document),
        ("sticker", MediaKind::Sticker),
    ];
    for (kind, expected) in kinds {
        let file = json!({ "id": 1_234_567_890_987_654_321_u64, "mime_type": "x/y", "voice": true,
            "caption": "look", "filename": "a.pdf", "url": "https://elsewhere.example/x" });
        let Body::Media(media) = message(kind, json!({ kind: file })).body else {
            panic!("a file: {kind}")
        };
        assert_eq!((media.kind, media.id.as_str()), (expected, "1234567890987654321"));
        assert_eq!(media.caption.as_deref(), Some("look"));
        assert!(media.is_voice);
    }
}

#[test]
fn edits_and_revocations_name_the_message_they_are_about() {
    let edited = message(
        "edit",
        json!({ "edit": { "original_message_id": "wamid.A", "message": {
            "context": { "id": "M0" }, "type": "image",
            "image": { "id": "9", "caption": "new" } } } }),
    );
    let Body::Edit { target, body } = edited.body else { panic!("an edit") };
    assert_eq!(target, "wamid.A");
    assert!(matches!(*body, Body::Media(media) if media.caption.as_deref() == Some("new")));

    let nested = message(
        "edit",
        json!({ "edit": { "original_message_id": "a", "message": { "type": "edit", "edit": {} } } }),
    );
    let Body::Edit { body, .. } = nested.body else { panic!("an edit") };
    assert!(matches!(*body, Body::Unsupported(_)));

    let gone = message("revoke", json!({ "revoke": { "original_message_id": "wamid.A" } }));
    assert!(matches!(gone.body, Body::Revoke { target } if target == "wamid.A"));
}

#[test]
fn taps_tell_what_was_tapped() {
    let row = json!({ "type": "list_reply", "list_reply": { "id": "7", "title": "Sete", "description": "d" } });
    let Body::Interactive(row) = message("interactive", json!({ "interactive": row })).body else {
        panic!("a reply")
    };
    let expected = Reply::Row {
        id: "7".to_owned(),
        title: Some("Sete".to_owned()),
        description: Some("d".to_owned()),
    };
    assert_eq!(row, expected);

    let tap = message("button", json!({ "button": { "payload": "p", "text": "Sim" } }));
    assert!(matches!(tap.body, Body::Button { payload: Some(payload), .. } if payload == "p"));

    let call = json!({ "type": "call_permission_reply", "call_permission_reply": {
        "response": "accept", "expiration_timestamp": 1_753_186_982, "response_source": "user_action" } });
    let call = message("interactive", json!({ "interactive": call }));
    let Body::Interactive(Reply::CallPermission { is_granted, expires_at, .. }) = call.body else {
        panic!("a permission")
    };
    assert_eq!((is_granted, expires_at.map(|time| time.timestamp())), (true, Some(1_753_186_982)));

    let bare = message("interactive", json!({}));
    assert!(matches!(bare.body, Body::Interactive(Reply::Missing)));
    let odd = message(
        "interactive",
        json!({ "interactive": { "type": "wink_reply", "wink_reply": {} } }),
    );
    assert!(matches!(odd.body, Body::Unsupported(kept) if kept.why == Why::Unknown));
}

#[test]
fn orders_cards_places_and_advertisements_are_read_whole() {
    let order = message(
        "order",
        json!({ "order": { "catalog_id": "3", "text": "", "product_items": [
            { "product_retailer_id": "HAMBURGER", "quantity": "3", "item_price": 12.5, "currency": "BRL" }] } }),
    );
    let Body::Order(order) = order.body else { panic!("an order") };
    assert_eq!(order.text, None);
    assert_eq!(order.items[0].quantity, Some(3));
    assert_eq!(order.items[0].price.as_deref(), Some("12.5"));

    let card = message(
        "contacts",
        json!({ "contacts": [{ "name": { "formatted_name": "Ana" }, "org": { "company": "X" },
            "emails": [{ "email": "a@x.example" }], "urls": [{ "url": "https://x.example" }] }] }),
    );
    let Body::Contacts(cards) = card.body else { panic!("cards") };
    assert_eq!(cards[0].company.as_deref(), Some("X"));
    assert_eq!(cards[0].emails, ["a@x.example"]);

    let place =
        message("location", json!({ "location": { "latitude": "12.5", "longitude": -43 } }));
    assert!(matches!(place.body, Body::Location(place) if (place.latitude - 12.5).abs() < 1e-9));

    let advertised = message(
        "text",
        json!({ "text": { "body": "oi" }, "referral": { "source_type": "ad", "source_id": 12,
            "ctwa_clid": "c", "headline": "h", "welcome_message": { "text": "hello" } } }),
    );
    let referral = advertised.referral.expect("a referral");
    assert_eq!(referral.source_id.as_deref(), Some("12"));
    assert_eq!(referral.ctwa_clid.as_deref(), Some("c"));
    assert_eq!(referral.welcome_text.as_deref(), Some("hello"));
}

#[test]
fn what_meta_does_not_pass_on_is_told_with_its_errors() {
    let poll = message(
        "unsupported",
        json!({ "unsupported": { "type": "poll" }, "errors": [{ "code": 131_051, "title": "t",
            "error_data": { "details": "d" } }] }),
    );
    assert!(matches!(poll.body, Body::NotPassedOn { kind: Some(kind) } if kind == "poll"));
    assert_eq!(poll.errors[0].code, 131_051);
    assert_eq!(poll.errors[0].details.as_deref(), Some("d"));
    assert!(matches!(message("request_welcome", json!({})).body, Body::Welcome));
}

#[test]
fn a_changed_number_and_changed_keys_are_told_apart() {
    let number = message(
        "system",
        json!({ "system": { "type": "customer_changed_number", "new_wa_id": "55419" } }),
    );
    let Body::System(system) = number.body else { panic!("a system message") };
    assert_eq!(system.kind, SystemKind::NumberChanged);
    assert_eq!(system.current.wa_id.as_deref(), Some("55419"));

    let keys = message(
        "system",
        json!({ "system": { "type": "customer_identity_changed" },
            "identity": { "acknowledged": true, "created_timestamp": "1697044706", "hash": "h" } }),
    );
    let Body::System(system) = keys.body else { panic!("a system message") };
    assert_eq!(system.identity.expect("keys").hash.as_deref(), Some("h"));
}

#[test]
fn a_status_of_a_group_is_about_a_member() {
    let status = traffic(
        "messages",
        json!({ "statuses": [{ "id": "w", "status": "READ", "recipient_id": "g1", "recipient_type": "group",
            "recipient_participant_id": "5541988887777", "recipient_participant_user_id": "BR.1",
            "biz_opaque_callback_data": "0192.1",
            "pricing": { "billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service" },
            "conversation": { "id": "c", "origin": { "type": "service" }, "expiration_timestamp": "1698339900" } }] }),
    );
    let status = &status.statuses[0];
    assert_eq!((&status.state, status.is_group), (&State::Read, true));
    assert_eq!(status.recipient.as_deref(), Some("g1"));
    assert_eq!(status.person.wa_id.as_deref(), Some("5541988887777"));
    assert_eq!(status.opaque.as_deref(), Some("0192.1"));
    let pricing = status.pricing.as_ref().expect("a price");
    assert_eq!(
        (pricing.is_billable, pricing.kind.as_deref()),
        (Some(false), Some("free_customer_service"))
    );
    let conversation = status.conversation.as_ref().expect("a conversation");
    assert_eq!(conversation.expires_at.map(|time| time.timestamp()), Some(1_698_339_900));
}

#[test]
fn an_unknown_status_keeps_its_word() {
    let status =
        traffic("messages", json!({ "statuses": [{ "id": "w", "status": "teleported" }] }));
    assert_eq!(status.statuses[0].state, State::Other("teleported".to_owned()));
}

#[test]
fn echoes_are_outbound_and_about_whom_they_went_to() {
    let echo = traffic(
        "smb_message_echoes",
        json!({ "message_echoes": [{ "from": "15550783881", "to": "5541988887777", "to_user_id": "BR.1",
            "id": "w", "type": "revoke", "revoke": { "original_message_id": "a" } }] }),
    );
    let echo = &echo.echoes[0];
    assert!(echo.is_outbound);
    assert_eq!(echo.person.wa_id.as_deref(), Some("5541988887777"));
    assert_eq!(echo.person.user_id.as_deref(), Some("BR.1"));
    assert!(matches!(&echo.body, Body::Revoke { target } if target == "a"));
}

#[test]
fn a_person_who_stops_marketing_is_told() {
    for (value, wants) in
        [("stop", Some(false)), ("resume", Some(true)), ("signup", Some(true)), ("x", None)]
    {
        let told = traffic(
            "user_preferences",
            json!({ "contacts": [{ "wa_id": "5541988887777", "user_id": "BR.1" }],
                "user_preferences": [{ "wa_id": "5541988887777", "category": "marketing_messages", "value": value,
                "timestamp": 1_731_705_721 }] }),
        );
        assert_eq!(told.preferences[0].wants_marketing(), wants);
        assert_eq!(told.preferences[0].person.user_id.as_deref(), Some("BR.1"));
    }
}

#[test]
fn calls_and_their_statuses_are_read() {
    let calls = traffic(
        "calls",
        json!({ "calls": [
            { "id": "c1", "from": "5541988887777", "to": "1555", "event": "connect", "direction": "USER_INITIATED",
              "session": { "sdp_type": "offer", "sdp": "v=0" }, "timestamp": "1752583107" },
            { "id": "c2", "from": "1555", "to": "5541988887777", "event": "terminate",
              "direction": "BUSINESS_INITIATED", "status": "COMPLETED", "duration": 120,
              "biz_opaque_callback_data": "o" }],
          "errors": [{ "code": 12455, "message": "m" }] }),
    );
    assert_eq!(calls.calls[0].event, CallEvent::Connect);
    assert_eq!(calls.calls[1].person.wa_id.as_deref(), Some("5541988887777"));
    assert_eq!((calls.calls[1].duration_s, calls.calls[1].is_outbound), (Some(120), true));
    assert_eq!(calls.errors[0].code, 12_455);
}

#[test]
fn history_and_the_address_book_of_the_app_are_read() {
    let history = traffic(
        "history",
        json!({ "history": [{ "metadata": { "phase": 0, "chunk_order": 1, "progress": 55 }, "threads": [
            { "id": "5541988887777", "messages": [
                { "id": "1", "from": "5541988887777", "type": "text", "text": { "body": "in" } },
                { "id": "2", "from": "1555", "to": "5541988887777", "type": "text", "text": { "body": "out" } },
                {}] }] }] }),
    );
    let history = &history.history[0];
    assert_eq!((history.phase, history.progress), (Some(0), Some(55)));
    let directions: Vec<_> =
        history.threads[0].messages.iter().map(|message| message.is_outbound).collect();
    assert_eq!(directions, [false, true]);
    assert_eq!(history.unsupported.len(), 1);

    let book = traffic(
        "smb_app_state_sync",
        json!({ "state_sync": [{ "type": "contact", "action": "remove", "contact": { "phone_number": "5541988887777" } }] }),
    );
    assert!(book.synced_contacts[0].is_removed);
}

#[test]
fn a_changed_user_id_has_a_before_and_an_after() {
    let changed = traffic(
        "user_id_update",
        json!({ "user_id_update": [{ "wa_id": "5541988887777", "user_id": { "previous": "BR.1", "current": "BR.2" } }] }),
    );
    assert_eq!(changed.user_id_changes[0].previous.as_deref(), Some("BR.1"));
    assert_eq!(changed.user_id_changes[0].person.user_id.as_deref(), Some("BR.2"));
}

#[test]
fn account_updates_tell_what_they_mean_for_sending() {
    let effect = |value: Value| match change("account_update", &value).what {
        What::Account(update) => update.effect(),
        other => panic!("an account: {other:?}"),
    };
    assert_eq!(
        effect(
            json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "ADULT" } })
        ),
        Effect::None
    );
    assert_eq!(
        effect(json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": "DISABLE" } })),
        Effect::SendingDisabled
    );
    assert_eq!(
        effect(
            json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": "REINSTATE" } })
        ),
        Effect::Restored
    );
    assert_eq!(
        effect(
            json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": "SCHEDULE_FOR_DISABLE" } })
        ),
        Effect::None
    );
    assert_eq!(effect(json!({ "event": "ACCOUNT_OFFBOARDED" })), Effect::Disconnected);
    assert_eq!(effect(json!({ "event": "ACCOUNT_RECONNECTED" })), Effect::Restored);
    assert_eq!(effect(json!({ "event": "ACCOUNT_RESTRICTION" })), Effect::None);
    assert!(matches!(
        effect(json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [
            { "restriction_type": "RESTRICTED_CUSTOMER_INITIATED_MESSAGING", "expiration": 1_641_330_498 }] })),
        Effect::AllBlocked { until: Some(_) }
    ));
    assert_eq!(effect(json!({ "event": "SOMETHING_NEW" })), Effect::None);
}

#[test]
fn template_updates_tell_which_template_and_what() {
    let base = |more: Value| {
        let mut value = json!({ "message_template_id": 123_456_789_012_345_u64,
            "message_template_name": "n", "message_template_language": "pt_BR" });
        for (name, member) in more.as_object().expect("members") {
            value[name] = member.clone();
        }
        value
    };
    let read = |field: &str, more: Value| match change(field, &base(more)).what {
        What::Template(update) => *update,
        other => panic!("a template: {other:?}"),
    };
    let rejected = read(
        "message_template_status_update",
        json!({ "event": "REJECTED", "reason": "INVALID_FORMAT", "rejection_info": { "reason": "why" } }),
    );
    assert_eq!(rejected.template().id, "123456789012345");
    let TemplateUpdate::Status { explanation, .. } = rejected else { panic!("a status") };
    assert_eq!(explanation.as_deref(), Some("why"));
    let quality = read(
        "message_template_quality_update",
        json!({ "previous_quality_score": "GREEN", "new_quality_score": "YELLOW" }),
    );
    assert!(matches!(quality, TemplateUpdate::Quality { current, .. } if current == "YELLOW"));
    let components = read(
        "message_template_components_update",
        json!({ "message_template_element": "Oi {{1}}" }),
    );
    assert!(
        matches!(components, TemplateUpdate::Components { body: Some(body), .. } if body == "Oi {{1}}")
    );
    let category = read("template_category_update", json!({ "new_category": "MARKETING" }));
    assert!(matches!(category, TemplateUpdate::Category { current: Some(_), .. }));
}

#[test]
fn number_updates_prefer_the_newer_member() {
    let read = |field: &str, value: Value| match change(field, &value).what {
        What::Number(update) => *update,
        other => panic!("a number: {other:?}"),
    };
    let quality = read(
        "phone_number_quality_update",
        json!({ "display_phone_number": "1555", "event": "ONBOARDING", "current_limit": "TIER_1K",
            "max_daily_conversations_per_business": "TIER_2K" }),
    );
    assert!(
        matches!(quality, NumberUpdate::Quality { limit: Some(limit), .. } if limit == "TIER_2K")
    );
    let old = read(
        "phone_number_quality_update",
        json!({ "event": "UPGRADE", "current_limit": "TIER_1K" }),
    );
    assert!(matches!(old, NumberUpdate::Quality { limit: Some(limit), .. } if limit == "TIER_1K"));
    let name = read(
        "phone_number_name_update",
        json!({ "decision": "REJECTED", "rejection_reason": "r" }),
    );
    assert!(matches!(name, NumberUpdate::Name { decision: Review::Rejected, .. }));
    let capability =
        read("business_capability_update", json!({ "max_daily_conversation_per_phone": 250 }));
    assert!(
        matches!(capability, NumberUpdate::Capability { daily_limit: Some(limit), .. } if limit == "250")
    );
    let review = read("account_review_update", json!({ "decision": "APPROVED" }));
    assert!(matches!(review, NumberUpdate::Review { decision: Review::Approved }));
    let alert = read(
        "account_alerts",
        json!({ "entity_type": "WABA", "alert_info": { "alert_severity": "CRITICAL", "alert_type": "OBA" } }),
    );
    assert!(
        matches!(alert, NumberUpdate::Alert { severity: Some(severity), .. } if severity == "CRITICAL")
    );
    let security = read("security", json!({ "event": "PIN_CHANGED", "requester": "1" }));
    assert!(matches!(security, NumberUpdate::Security { event, .. } if event == "PIN_CHANGED"));
    let flow = read(
        "flows",
        json!({ "event": "FLOW_STATUS_CHANGE", "flow_id": "1", "new_status": "PUBLISHED" }),
    );
    assert!(
        matches!(flow, NumberUpdate::Flow { new_status: Some(status), .. } if status == "PUBLISHED")
    );
    let handle = read("business_username_update", json!({ "username": "u", "status": "approved" }));
    assert!(matches!(handle, NumberUpdate::Username { username: Some(_), .. }));
}
