//! Who wrote it for the company: a person by her name, a program, the company's own phone.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{ANA, Desk, now};

fn by<'a>(page: &'a Value, body: &str) -> Option<&'a Value> {
    page["items"].as_array()?.iter().find(|item| item["content"]["body"] == body)
}

#[tokio::test]
async fn d6_an_answer_bears_its_authors_name_and_what_was_sent_from_the_phone_says_so() {
    let desk = Desk::open().await;
    let thread = desk.ana_writes("Oi").await;
    let path = format!("/api/v1/conversations/{thread}/messages");
    let said = |body: &str| json!({ "content": { "kind": "text", "body": body } });
    let caio = desk.person("operator").await;
    assert_eq!(desk.post_as(&caio, &path, said("do Caio")).await.0, 202);
    let key = desk.seeded["api_key"].as_str().unwrap();
    let by_program = desk.platform.request(Method::POST, &path).json(&said("do programa"));
    let by_program = by_program.bearer_auth(key).header("idempotency-key", "k1");
    assert_eq!(by_program.send().await.unwrap().status(), 202);
    let echo = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "900000001",
        "changes": [{ "field": "smb_message_echoes", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "551140000001",
                "phone_number_id": desk.number() },
            "message_echoes": [{ "from": "551140000001", "to": ANA, "id": "wamid.echo1",
                "timestamp": now().to_string(), "type": "text",
                "text": { "body": "do celular" } }] } }] }] });
    assert_eq!(desk.deliver(serde_json::to_vec(&echo).unwrap()).await, 200);

    let page = desk
        .until("all of it", async |desk| {
            let page = desk.get(&path).await;
            (page["items"].as_array()?.len() == 4).then_some(page)
        })
        .await;
    let caios = by(&page, "do Caio").unwrap();
    assert_eq!(
        (&caios["author_name"], &caios["is_from_phone"]),
        (&json!("Caio Mendes"), &json!(false))
    );
    let programs = by(&page, "do programa").unwrap();
    assert!(programs.get("author_name").is_none() && programs["is_from_phone"] == false);
    let phones = by(&page, "do celular").unwrap();
    assert_eq!(phones["is_from_phone"], true);
    assert_eq!((&phones["is_outbound"], phones.get("author_name")), (&json!(true), None));
    assert_eq!(by(&page, "Oi").unwrap()["is_from_phone"], false);
}

#[tokio::test]
async fn ch09_what_the_business_app_knows_from_before_stands_in_its_thread_and_calls_nobody() {
    let desk = Desk::open().await;
    let old = now() - 40 * 86_400;
    let body = |text: &str| json!({ "body": text });
    let history = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "900000001",
        "changes": [{ "field": "history", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "551140000001",
                "phone_number_id": desk.number() },
            "history": [{ "metadata": { "phase": 0, "chunk_order": 1, "progress": 100 },
                "threads": [{ "id": ANA, "messages": [
                    { "id": "h2", "from": "551140000001", "to": ANA, "type": "text",
                        "timestamp": (old + 60).to_string(), "text": body("trinta reais") },
                    { "id": "h1", "from": ANA, "type": "text",
                        "timestamp": old.to_string(), "text": body("quanto custa?") } ] }] }] } }] }] });
    let history = serde_json::to_vec(&history).unwrap();
    for _ in 0..2 {
        assert_eq!(desk.deliver(history.clone()).await, 200);
    }
    let thread = desk.ana_writes("voltei").await;
    let page = desk
        .until("all of it", async |desk| {
            let page = desk.get(&format!("/api/v1/conversations/{thread}/messages")).await;
            (page["items"].as_array()?.len() == 3).then_some(page)
        })
        .await;
    let items = page["items"].as_array().unwrap().iter();
    let texts: Vec<_> = items.map(|item| item["content"]["body"].as_str().unwrap()).collect();
    assert_eq!(texts, ["voltei", "trinta reais", "quanto custa?"], "the newest first");
    assert_eq!(by(&page, "trinta reais").unwrap()["is_from_phone"], true);
    let row = desk.get(&format!("/api/v1/conversations/{thread}")).await;
    assert_eq!(row["n_unread"], 1, "only what she writes now waits to be read: {row}");
}
