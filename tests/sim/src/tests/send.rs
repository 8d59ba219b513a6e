//! Messages of the company: what is accepted, what is refused, and how.

use serde_json::json;

use super::{CUSTOMER, NUMBER, World, code};
use crate::{Inbound, Told, Window};

#[tokio::test]
async fn a_text_is_accepted_and_counted_by_recipient_and_by_our_id() {
    let world = World::start().await;
    let text = json!({
        "to": "+55 11 98765-4321",
        "type": "text",
        "text": {"body": "Olá"},
        "biz_opaque_callback_data": "m.1",
    });
    let (status, body) = world.send(text).await;
    assert_eq!(status, 200);
    assert_eq!(body["messaging_product"], "whatsapp");
    assert_eq!(body["contacts"], json!([{"input": "+55 11 98765-4321", "wa_id": CUSTOMER}]));
    assert!(body["messages"][0]["id"].as_str().unwrap().starts_with("wamid.HBgN"));
    assert_eq!(world.sim.accepted().get(CUSTOMER), Some(&1));
    assert_eq!(world.sim.attempts()["m.1"].accepted, 1);
}

#[tokio::test]
async fn a_business_scoped_user_id_is_a_recipient_too() {
    let world = World::start().await;
    let body = json!({
        "messaging_product": "whatsapp", "recipient": "BR.123456789",
        "type": "text", "text": {"body": "Oi"},
    });
    let (status, body) = world.post(&format!("{NUMBER}/messages"), body).await;
    assert_eq!(status, 200);
    assert_eq!(body["contacts"], json!([{"input": "BR.123456789", "user_id": "BR.123456789"}]));
    assert_eq!(world.sim.accepted().get("BR.123456789"), Some(&1));
}

#[tokio::test]
async fn the_version_in_the_path_may_be_any_or_none() {
    let world = World::start().await;
    let body = json!({
        "messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "Oi"},
    });
    for prefix in ["/v20.0", "/v25.0", "/v99", ""] {
        let url = format!("{}{prefix}/{NUMBER}/messages", world.sim.url());
        let answer = world.http.post(url).bearer_auth("EAAtoken").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{prefix}");
    }
}

#[tokio::test]
async fn a_call_needs_a_token_that_is_good_for_the_account() {
    let world = World::start().await;
    world.sim.register(crate::NumberSpec {
        phone_number_id: NUMBER.into(),
        access_token: Some("EAAright".into()),
        ..crate::NumberSpec::default()
    });
    world.sim.configure(|config| {
        config.expired_tokens.insert("EAAold".into());
    });
    let with = async |token: Option<&str>| {
        let request = world.http.post(world.url(&format!("{NUMBER}/messages")));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        super::answer(request.json(&json!({
            "messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "Oi"},
        })))
        .await
    };
    assert_eq!(with(Some("EAAright")).await.0, 200);
    let none = with(None).await;
    assert_eq!((none.0, code(&none)), (401, 104));
    let wrong = with(Some("EAAwrong")).await;
    assert_eq!((wrong.0, code(&wrong)), (401, 190));
    assert_eq!(
        wrong.1["error"]["message"],
        "Invalid OAuth access token - Cannot parse access token"
    );
    let old = with(Some("EAAold")).await;
    assert_eq!((old.0, code(&old)), (401, 190));
    assert_eq!(old.1["error"]["error_subcode"], 463);
    assert_eq!(world.sim.stats().accepted, 1);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let world = World::start().await;
    let path = format!("{NUMBER}/messages");
    let refused = world.post(&path, json!({"to": CUSTOMER})).await;
    assert_eq!(
        refused.1["error"]["message"],
        "(#100) The parameter messaging_product is required."
    );
    let refused = world.post(&path, json!({"messaging_product": "whatsapp", "type": "text"})).await;
    assert_eq!(refused.1["error"]["message"], "(#100) The parameter to is required.");
    let refused = world.send(json!({"to": "not a phone", "type": "text", "text": {"body": "x"}}));
    assert_eq!(code(&refused.await), 131_009);
}

#[tokio::test]
async fn a_number_sends_no_more_than_its_limit_in_a_sliding_second() {
    let world = World::with(|config| {
        config.mps = 5;
        config.pair_burst = 0;
    })
    .await;
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(code(&world.send_text("Oi").await));
    }
    assert_eq!(codes.iter().filter(|code| **code == 130_429).count(), 2, "{codes:?}");
    assert_eq!(world.sim.stats().over_mps, 2);
}

#[tokio::test]
async fn a_pair_borrows_so_many_messages_and_no_more() {
    let world = World::with(|config| config.pair_burst = 3).await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(code(&world.send_text("Oi").await));
    }
    assert_eq!(codes, [0, 0, 0, 131_056]);
    let other = world.send(json!({"to": "5511900000000", "type": "text", "text": {"body": "x"}}));
    assert_eq!(other.await.0, 200, "another pair is not held up");
}

#[tokio::test]
async fn free_text_is_refused_a_day_after_the_customers_last_message() {
    let world = World::with(|config| config.window_told = Told::ByCall).await;
    world.sim.write(&Inbound::text(CUSTOMER, NUMBER, "Oi")).unwrap();
    assert_eq!(world.send_text("já").await.0, 200);
    world.sim.configure(|config| config.clock_offset_s = 24 * 3600 - 5);
    assert_eq!(world.send_text("quase").await.0, 200);
    world.sim.configure(|config| config.clock_offset_s = 24 * 3600 + 1);
    assert_eq!(code(&world.send_text("tarde").await), 131_047);
    let template = json!({"type": "template", "template": {
        "name": "retomar_contato", "language": {"code": "pt_BR"},
    }});
    assert_eq!(world.send(template).await.0, 200, "a template passes");
}

#[tokio::test]
async fn a_strict_window_is_closed_to_those_who_never_wrote() {
    let world = World::with(|config| {
        config.window = Window::Strict;
        config.window_told = Told::ByCall;
    })
    .await;
    assert_eq!(code(&world.send_text("Oi").await), 131_047);
}

#[tokio::test]
async fn a_template_must_fit_what_was_created() {
    let world = World::with(|config| config.template_review_ms = 0).await;
    let created = json!({
        "name": "pedido", "language": "pt_BR", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Oi {{1}}, seu pedido {{2}} saiu."}],
    });
    let (_, body) = world.post("900000000/message_templates", created).await;
    assert_eq!(body["status"], "PENDING");
    let id = body["id"].as_str().unwrap().to_owned();
    world.sim.until(|_| world.sim.stats().webhooks["queued"] == 1).await;
    assert_eq!(world.get(&id).await.1["status"], "APPROVED");
    let send = |language: &str, values: &[&str]| {
        let values: Vec<_> =
            values.iter().map(|text| json!({"type": "text", "text": text})).collect();
        world.send(json!({"type": "template", "template": {
            "name": "pedido", "language": {"code": language},
            "components": [{"type": "body", "parameters": values}],
        }}))
    };
    assert_eq!(send("pt_BR", &["Ana", "7"]).await.0, 200);
    assert_eq!(code(&send("pt_BR", &["Ana"]).await), 132_000);
    assert_eq!(code(&send("en_US", &["Ana", "7"]).await), 132_001);
}
