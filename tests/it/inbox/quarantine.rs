//! WB04: what was not understood is listed, can be looked at by whoever may, and is tried again.

use axum::body::Bytes;
use kernel::{
    ids::{Ids as _, PLATFORM, SystemIds},
    intake::Route,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::{ANA, Desk, text, traffic};

/// Puts deliveries there and waits until they are listed, the newest first.
async fn listed(desk: &Desk, n: usize) -> Vec<Value> {
    desk.until("the list", async |desk| {
        let page = desk.get("/api/v1/quarantine").await;
        let items = page["items"].as_array()?.clone();
        (items.len() == n).then_some(items)
    })
    .await
}

#[tokio::test]
async fn wb04_a_company_sees_what_came_to_it_and_who_opens_it_is_in_the_history() {
    let desk = Desk::open().await;
    assert_eq!(desk.deliver("{ not json of Ana").await, StatusCode::OK);
    let item = listed(&desk, 1).await.remove(0);
    assert_eq!(item["reason"], "not_json");
    assert_eq!(item["channel"], desk.channel()["channel"]);
    assert_eq!(item["is_digested"], false);
    assert!(item.get("company").is_none());
    let id = item["id"].as_str().unwrap();

    let open = format!("/api/v1/quarantine/{id}/open");
    for role in ["supervisor", "auditor"] {
        let (status, raw) = desk.post_as(&desk.person(role).await, &open, json!({})).await;
        assert_eq!(status, StatusCode::OK, "{role}: {raw}");
        assert_eq!(raw["body"], "{ not json of Ana");
        assert_eq!(raw["is_base64"], false);
    }
    let operator = desk.person("operator").await;
    assert_eq!(desk.post_as(&operator, &open, json!({})).await.0, StatusCode::FORBIDDEN);
    assert_eq!(desk.try_get(&operator, "/api/v1/quarantine").await.0, StatusCode::FORBIDDEN);
    let replay = format!("/api/v1/quarantine/{id}/replay");
    let supervisor = desk.person("supervisor").await;
    assert_eq!(desk.post_as(&supervisor, &replay, json!({})).await.0, StatusCode::FORBIDDEN);
    let opened = "intake.delivery.opened";
    let types = desk.types(desk.company()).await;
    assert_eq!(types.iter().filter(|word| *word == opened).count(), 2);

    // A key that may see the list, but not what people say, does not see the bytes.
    let key = json!({ "name": "list only", "scopes": ["read_quarantine"] });
    let (_, made) = desk.post("/api/v1/api-keys", key).await;
    let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
    let list = desk.platform.get("/api/v1/quarantine").header("authorization", &bearer);
    assert_eq!(list.send().await.unwrap().status(), StatusCode::OK);
    let bytes = desk.platform.request(reqwest::Method::POST, &open);
    let bytes = bytes.header("authorization", &bearer).header("idempotency-key", "k1");
    assert_eq!(bytes.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn k16_a_delivery_is_replayed_once_however_often_it_is_asked() {
    let desk = Desk::open().await;
    let number = "100000444";
    assert_eq!(desk.deliver(traffic(number, &text("w1", ANA, "Oi"))).await, StatusCode::OK);
    let item = listed(&desk, 1).await.remove(0);
    assert_eq!(item["reason"], "foreign_number");
    let replay = format!("/api/v1/quarantine/{}/replay", item["id"].as_str().unwrap());
    let (status, problem) = desk.post(&replay, json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem["code"], "delivery_not_understood");
    assert_eq!(problem["values"]["reason"], "foreign_number");

    // The cause is mended: the number is connected.
    let known = json!({ "phone_number_id": number, "waba_id": "900000001",
        "access_token": "good", "app_secret": "shh" });
    desk.sim.register_all(&json!({ "channels": [known] })).unwrap();
    let mut connect = known.clone();
    connect["name"] = json!("Nova");
    assert_eq!(desk.post("/api/v1/channels", connect).await.0, StatusCode::CREATED);
    let both = tokio::join!(desk.post(&replay, json!({})), desk.post(&replay, json!({})));
    assert_eq!((both.0.0, both.1.0), (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT));
    assert_eq!(desk.post(&replay, json!({})).await.0, StatusCode::NO_CONTENT);
    let said = desk
        .until("her message", async |desk| {
            let threads = desk.get("/api/v1/conversations").await;
            let id = threads.pointer("/items/0/id")?.as_str()?.to_owned();
            Some(desk.get(&format!("/api/v1/conversations/{id}/messages")).await)
        })
        .await;
    assert_eq!(said["items"].as_array().unwrap().len(), 1);
    desk.until("the mark that it was understood", async |desk| {
        let page = desk.get("/api/v1/quarantine").await;
        (page["items"][0]["is_digested"] == true).then_some(())
    })
    .await;
    let types = desk.types(desk.company()).await;
    let n = |word: &str| types.iter().filter(|known| *known == word).count();
    assert_eq!((n("messaging.message.received"), n("intake.delivery.digested")), (1, 1));
}

#[tokio::test]
async fn d31_the_platform_sees_that_something_waits_and_opens_only_what_nobody_owns() {
    let desk = Desk::open().await;
    assert_eq!(desk.deliver("{ of the company").await, StatusCode::OK);
    let route = Route { id: SystemIds.v7(), company: None };
    let bytes = Bytes::from_static(b"\xff of nobody");
    desk.platform.app.under.intake.put("meta", route, bytes).await.unwrap();
    listed(&desk, 1).await;
    let admin = desk.person("platform").await;
    let items = desk
        .until("both in the platform's list", async |desk| {
            let (status, page) = desk.platform_get(&admin, "/api/v1/platform/quarantine").await;
            assert_eq!(status, StatusCode::OK);
            let items = page["items"].as_array()?.clone();
            (items.len() == 2).then_some(items)
        })
        .await;
    assert!(!items.iter().any(|item| item.to_string().contains("of the company")));
    let id = |owned: bool| {
        let found = items.iter().find(|item| item.get("company").is_some() == owned);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let open = |id: &str| format!("/api/v1/platform/quarantine/{id}/open");
    let why = || json!({ "reason": "ticket 7" });
    assert_eq!(
        desk.platform_post(&admin, &open(&id(true)), why()).await.0,
        StatusCode::NOT_FOUND,
        "what a company owns is not opened here"
    );
    let blank = desk.platform_post(&admin, &open(&id(false)), json!({ "reason": " " })).await;
    assert_eq!(blank.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, raw) = desk.platform_post(&admin, &open(&id(false)), why()).await;
    assert_eq!((status, &raw["is_base64"]), (StatusCode::OK, &json!(true)), "{raw}");
    let types = desk.types(PLATFORM).await;
    assert_eq!(types.iter().filter(|word| *word == "intake.delivery.opened").count(), 1);
    let not_hers = format!("/api/v1/quarantine/{}/open", id(false));
    assert_eq!(desk.post(&not_hers, json!({})).await.0, StatusCode::NOT_FOUND);
    let replay = format!("/api/v1/platform/quarantine/{}/replay", id(true));
    let (status, problem) = desk.platform_post(&admin, &replay, json!({})).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("delivery_not_understood"))
    );

    // Whoever acts in the company, with a reason, sees what the company sees (D31).
    let acting = json!({ "company": desk.seeded["company"], "reason": "ticket 7", "minutes": 5 });
    let begun = desk.platform_post(&admin, "/api/v1/platform/impersonations", acting).await;
    assert_eq!(begun.0, StatusCode::NO_CONTENT);
    let path = format!("/api/v1/quarantine/{}/open", id(true));
    let (status, raw) = desk.platform_post(&admin, &path, json!({})).await;
    assert_eq!((status, &raw["body"]), (StatusCode::OK, &json!("{ of the company")));
}
