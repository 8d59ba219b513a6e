//! Webhooks: statuses, their signature, and what happens when they are not taken.

use serde_json::{Value, json};

use super::{CUSTOMER, NUMBER, Platform, WABA, World, code};
use crate::{Answer, Inbound, hooks::sign::signature};

#[tokio::test]
async fn statuses_follow_with_our_id_and_a_price() {
    let (world, platform) = World::subscribed().await;
    world.sim.configure(|config| {
        (config.sent_ms, config.delivered_ms, config.read_ms) = (Some(0), Some(5), Some(10));
    });
    let to = "5511900000001";
    let text = json!({
        "to": to, "type": "text", "text": {"body": "Oi"}, "biz_opaque_callback_data": "m.1",
    });
    let (_, sent) = world.send(text).await;
    let changes = platform.changes(3).await;
    let statuses: Vec<&Value> = changes.iter().map(|c| &c["value"]["statuses"][0]).collect();
    let names: Vec<&str> = statuses.iter().map(|s| s["status"].as_str().unwrap()).collect();
    assert_eq!(names, ["sent", "delivered", "read"]);
    for status in statuses {
        assert_eq!(status["id"], sent["messages"][0]["id"]);
        assert_eq!(status["recipient_id"], to);
        assert_eq!(status["biz_opaque_callback_data"], "m.1");
        assert_eq!(status["pricing"]["pricing_model"], "PMP");
    }
    for (given, body) in platform.deliveries() {
        assert_eq!(given, signature("masteria-sim-app-secret", &body));
    }
}

#[tokio::test]
async fn a_message_that_fails_later_says_why() {
    let (world, platform) = World::subscribed().await;
    world.sim.configure(|config| config.answers.push_back(Answer::FailLater(131_026)));
    assert_eq!(world.send_text("Oi").await.0, 200);
    let changes = platform.changes(1).await;
    let status = &changes[0]["value"]["statuses"][0];
    assert_eq!(status["status"], "failed");
    assert_eq!(status["errors"][0]["code"], 131_026);
    assert_eq!(status["errors"][0]["title"], "Message undeliverable");
    assert_eq!(status["errors"][0]["error_data"]["details"], "Message Undeliverable.");
}

#[tokio::test]
async fn a_delivery_is_repeated_until_it_is_taken() {
    let (world, platform) = World::subscribed().await;
    world.sim.configure(|config| config.retry_ms = 1);
    platform.refuse([503, 500, 401]);
    let id = world.sim.write(&Inbound::text(CUSTOMER, NUMBER, "Oi")).unwrap();
    let changes = platform.changes(1).await;
    assert_eq!(changes[0]["value"]["messages"][0]["id"], id);
    let stats = world.sim.until(|stats| stats.webhooks_pending() == 0).await;
    assert_eq!((stats.webhooks["refused"].as_u64(), stats.webhooks_delivered()), (Some(3), 1));
}

#[tokio::test]
async fn a_platform_that_comes_back_elsewhere_gets_what_it_missed() {
    let world = World::with(|config| config.retry_ms = 1).await;
    let callback = crate::Callback { url: "http://127.0.0.1:9/".into(), verify_token: "t".into() };
    world.sim.subscribe(WABA, callback);
    world.sim.write(&Inbound::text(CUSTOMER, NUMBER, "Oi")).unwrap();
    world.sim.until(|stats| stats.webhooks["refused"].as_u64() >= Some(1)).await;
    let platform = Platform::start().await;
    world.subscribe(&platform);
    assert_eq!(platform.changes(1).await.len(), 1);
}

#[tokio::test]
async fn duplicates_drops_and_batches_are_made_on_demand() {
    let (world, platform) = World::subscribed().await;
    world.sim.configure(|config| config.duplicate = 1.0);
    world.sim.write(&Inbound::text(CUSTOMER, NUMBER, "duas vezes")).unwrap();
    let changes = platform.changes(2).await;
    assert_eq!(changes[0], changes[1]);
    world.sim.configure(|config| (config.duplicate, config.drop) = (0.0, 1.0));
    world.sim.write(&Inbound::text(CUSTOMER, NUMBER, "nunca")).unwrap();
    let stats = world.sim.until(|stats| stats.webhooks_pending() == 0).await;
    assert_eq!((&stats.webhooks["dropped"], stats.webhooks_delivered()), (&json!(1), 2));
}

#[tokio::test]
async fn an_address_is_subscribed_only_after_its_handshake() {
    let world = World::start().await;
    let platform = Platform::start().await;
    let subscribe = |token: &str| {
        let body = json!({"override_callback_uri": platform.url, "verify_token": token});
        world.post("900000000/subscribed_apps", body)
    };
    let refused = subscribe("unknown").await;
    assert_eq!(code(&refused), 2_200);
    assert!(refused.1["error"]["message"].as_str().unwrap().contains("HTTP Status Code = 403"));
    assert_eq!(world.get("900000000/subscribed_apps").await.1, json!({"data": []}));
    assert_eq!(subscribe("known").await.1, json!({"success": true}));
    let (_, apps) = world.get("900000000/subscribed_apps").await;
    assert_eq!(apps["data"][0]["override_callback_uri"], platform.url);
    world.sim.write(&Inbound::text(CUSTOMER, NUMBER, "Oi")).unwrap();
    assert_eq!(platform.changes(1).await.len(), 1);
    assert_eq!(world.delete("900000000/subscribed_apps").await.1, json!({"success": true}));
    world.sim.write(&Inbound::text(CUSTOMER, NUMBER, "Oi?")).unwrap();
    world.sim.until(|stats| stats.webhooks["unsubscribed"] == 1).await;
}
