//! Numbers, registration, blocking, templates and tokens.

use serde_json::json;

use super::{CUSTOMER, NUMBER, World, code};

#[tokio::test]
async fn a_number_is_described_with_the_fields_asked_for() {
    let world = World::start().await;
    let (_, body) = world.get(&format!("{NUMBER}?fields=display_phone_number,throughput")).await;
    assert_eq!(
        body,
        json!({
            "id": NUMBER,
            "display_phone_number": "+55 11 3000-0000",
            "throughput": {"level": "STANDARD"},
        })
    );
    assert_eq!(code(&world.get("nobody").await), 100);
    let (_, list) = world.get("900000000/phone_numbers").await;
    assert_eq!(list["data"][0]["id"], NUMBER);
}

#[tokio::test]
async fn a_new_number_is_verified_and_registered_before_it_sends() {
    let world = World::start().await;
    let new = json!({"cc": "55", "phone_number": "1130001234", "verified_name": "Clínica"});
    let (_, body) = world.post("900000000/phone_numbers", new).await;
    let id = body["id"].as_str().unwrap().to_owned();
    let text = json!({
        "messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "Oi"},
    });
    let register = async |pin: &str| {
        let body = json!({"messaging_product": "whatsapp", "pin": pin});
        world.post(&format!("{id}/register"), body).await
    };
    assert_eq!(code(&world.post(&format!("{id}/messages"), text.clone()).await), 133_010);
    assert_eq!(code(&register("123456").await), 133_006);
    let ok = json!({"success": true});
    let code_path = format!("{id}/request_code?code_method=SMS&language=pt_BR");
    assert_eq!(world.post(&code_path, json!({})).await.1, ok);
    let wrong = world.post(&format!("{id}/verify_code?code=000000"), json!({})).await;
    assert_eq!(code(&wrong), 136_025);
    let right = world.post(&format!("{id}/verify_code?code=123456"), json!({})).await;
    assert_eq!(right.1, ok);
    assert_eq!(code(&register("12").await), 131_009);
    assert_eq!(register("123456").await.1, ok);
    assert_eq!(code(&register("654321").await), 133_005);
    assert_eq!(world.post(&format!("{id}/messages"), text).await.0, 200);
}

#[tokio::test]
async fn a_blocked_customer_is_not_heard() {
    let (world, _platform) = World::subscribed().await;
    let path = format!("{NUMBER}/block_users");
    let users = json!({"messaging_product": "whatsapp", "block_users": [{"user": CUSTOMER}]});
    let (_, body) = world.post(&path, users).await;
    assert_eq!(body["block_users"]["added_users"][0]["wa_id"], CUSTOMER);
    world.sim.write(&crate::Inbound::text(CUSTOMER, NUMBER, "Oi")).unwrap();
    assert_eq!(world.sim.stats().webhooks["queued"], 0);
    assert_eq!(world.get(&path).await.1["data"][0]["wa_id"], CUSTOMER);
}

#[tokio::test]
async fn a_template_is_judged_listed_and_deleted() {
    let (world, platform) = World::subscribed().await;
    world.sim.configure(|config| config.template_review_ms = 0);
    let path = "900000000/message_templates";
    let create = |name: &str| {
        world.post(
            path,
            json!({
                "name": name, "language": "pt_BR", "category": "marketing",
                "components": [{"type": "BODY", "text": "Oi"}],
            }),
        )
    };
    assert_eq!(create("boas_vindas").await.1["category"], "MARKETING");
    assert_eq!(create("boas_vindas").await.1["error"]["error_subcode"], 2_388_024);
    assert_eq!(code(&create("Maiúsculas").await), 100);
    create("para_rejeitar").await;
    let changes = platform.changes(2).await;
    let verdicts: Vec<_> = changes
        .iter()
        .map(|change| {
            let value = &change["value"];
            (value["message_template_name"].as_str().unwrap(), value["event"].as_str().unwrap())
        })
        .collect();
    assert!(verdicts.contains(&("boas_vindas", "APPROVED")), "{verdicts:?}");
    assert!(verdicts.contains(&("para_rejeitar", "REJECTED")), "{verdicts:?}");
    let (_, list) = world.get(&format!("{path}?status=APPROVED")).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["components"], json!([{"type": "BODY", "text": "Oi"}]));
    let gone = world.delete(&format!("{path}?name=boas_vindas")).await;
    assert_eq!(gone.1, json!({"success": true}));
    assert_eq!(code(&world.delete(&format!("{path}?name=boas_vindas")).await), 100);
}

#[tokio::test]
async fn numbers_are_found_in_the_platforms_own_report() {
    let world = World::start().await;
    let report = json!({
        "company": {"id": "company_1", "name": "Demo"},
        "users": [{"email": "a@example.com", "password": "x"}],
        "channels": [
            {"phone_number_id": "111", "waba_id": "222", "hook_key": "k", "app_secret": "s",
             "access_token": "EAAtoken", "name": "Recepção"},
            {"phone_number_id": "112", "waba_id": "222", "hook_key": "k", "app_secret": "s",
             "access_token": "EAAtoken"},
        ],
    });
    world.sim.configure(|config| config.platform = Some("http://127.0.0.1:8080/".into()));
    assert_eq!(world.sim.register_all(&report).unwrap(), 2);
    let url = format!("{}/_sim/numbers", world.sim.url());
    let (_, list) = super::answer(world.http.get(url)).await;
    assert_eq!(list["items"][0]["callback_url"], "http://127.0.0.1:8080/hooks/meta/k");
    assert_eq!(list["items"][0]["verified_name"], "Recepção");
    let text = json!({
        "messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "Oi"},
    });
    assert_eq!(world.post("111/messages", text.clone()).await.0, 200);
    let url = world.url("111/messages");
    let wrong = super::answer(world.http.post(url).bearer_auth("EAAother").json(&text)).await;
    assert_eq!(code(&wrong), 190);
}
