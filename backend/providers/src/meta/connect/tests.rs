use ports::{
    connect::{Callback, Connection, Connector as _, Trouble},
    secret::Secret,
};
use serde_json::{Value, json};

use crate::meta::{
    cases,
    fake::{Fake, Script},
};

fn connection() -> Connection {
    Connection {
        number_id: "100".to_owned(),
        account_id: "900".to_owned(),
        token: Secret::new("EAAG".to_owned()),
    }
}

fn answers(bodies: &[Value]) -> Fake {
    let scripts = bodies.iter().map(|body| Script::Answer(200, body.to_string().into_bytes()));
    Fake::start(scripts.collect())
}

#[tokio::test]
async fn a_number_that_is_the_accounts_is_described() {
    let fake = answers(&[
        json!({ "id": "100", "display_phone_number": "+55 41 98888-7777", "verified_name": "Loja",
            "quality_rating": "GREEN", "throughput": { "level": "STANDARD" },
            "messaging_limit_tier": "TIER_250", "status": "CONNECTED" }),
        json!({ "data": [{ "id": "99" }], "paging": { "next": "http://elsewhere", "cursors": { "after": "X" } } }),
        json!({ "data": [{ "id": "100" }] }),
        json!({ "id": "900", "owner_business_info": { "id": "7", "name": "Loja" } }),
    ]);
    let number = fake.graph().verify(&connection()).await.expect("a number");
    assert_eq!(number.business_id.as_deref(), Some("7"));
    assert_eq!(number.verified_name.as_deref(), Some("Loja"));
    assert_eq!(number.throughput.as_deref(), Some("STANDARD"));
    let lines: Vec<_> = fake.requests().into_iter().map(|request| request.line).collect();
    assert!(lines[0].starts_with("GET /v25.0/100?fields=id"), "{}", lines[0]);
    assert_eq!(lines[2], "GET /v25.0/900/phone_numbers?fields=id&limit=100&after=X HTTP/1.1");
}

#[tokio::test]
async fn a_bad_token_is_refused_in_metas_own_words() {
    let case = cases::one("errors/01-expired-token");
    let body = case["input"]["body"].to_string().into_bytes();
    let fake = Fake::start(vec![Script::Answer(401, body)]);
    let trouble = fake.graph().verify(&connection()).await.expect_err("refused");
    assert_eq!(
        trouble.to_string(),
        case["input"]["body"]["error"]["message"].as_str().expect("text")
    );
    let Trouble::Refused(fault) = trouble else { panic!("refused") };
    assert_eq!((fault.code, fault.subcode), (190, Some(463)));
}

#[tokio::test]
async fn a_number_of_another_account_is_refused() {
    let fake = answers(&[json!({ "id": "100" }), json!({ "data": [{ "id": "99" }] })]);
    let trouble = fake.graph().verify(&connection()).await.expect_err("refused");
    assert!(trouble.to_string().contains("does not belong"), "{trouble}");
    let other = answers(&[json!({ "id": "77" })]);
    assert!(other.graph().verify(&connection()).await.is_err());
}

#[tokio::test]
async fn the_app_is_subscribed_at_an_address_of_its_own() {
    let fake =
        answers(&[json!({ "success": true }), json!({ "data": [{}] }), json!({ "data": [] })]);
    let callback = Callback {
        url: "https://crm.example/hooks/meta/k".to_owned(),
        verify_token: Secret::new("t".to_owned()),
    };
    fake.graph().subscribe(&connection(), Some(&callback)).await.expect("subscribed");
    let request = &fake.requests()[0];
    assert_eq!(request.line, "POST /v25.0/900/subscribed_apps HTTP/1.1");
    assert_eq!(
        request.json(),
        json!({ "override_callback_uri": "https://crm.example/hooks/meta/k", "verify_token": "t" })
    );
    assert!(fake.graph().is_subscribed(&connection()).await.expect("an answer"));
    assert!(!fake.graph().is_subscribed(&connection()).await.expect("an answer"));
}

#[tokio::test]
async fn a_number_is_registered_with_its_pin_and_let_go() {
    let case = cases::one("outbound/08-register");
    let fake = answers(&[case["input"]["response"].clone(), json!({ "success": true }), json!({})]);
    fake.graph().register(&connection(), "123456").await.expect("registered");
    assert_eq!(fake.requests()[0].json(), case["input"]["body"]);
    fake.graph().unsubscribe(&connection()).await.expect("let go");
    assert_eq!(fake.requests()[1].line, "DELETE /v25.0/900/subscribed_apps HTTP/1.1");
    let unclear = fake.graph().unsubscribe(&connection()).await;
    assert!(matches!(unclear, Err(Trouble::NotUnderstood)));
}

#[tokio::test]
async fn an_answer_that_is_none_is_told_apart_from_silence() {
    let odd = Fake::start(vec![Script::Answer(200, b"<html>".to_vec())]);
    assert!(matches!(odd.graph().verify(&connection()).await, Err(Trouble::NotUnderstood)));
    let silent = Fake::start(vec![Script::Hang]);
    assert!(matches!(silent.graph().verify(&connection()).await, Err(Trouble::Unreachable)));
}
