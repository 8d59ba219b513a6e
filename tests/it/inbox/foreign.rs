//! AD01: what another company has is answered as what nobody has, byte for byte.

use kernel::ids::{Ids as _, SystemIds};
use reqwest::StatusCode;
use serde_json::json;

use super::support::Desk;

#[tokio::test]
async fn ad01_deliveries_channels_and_people_of_another_company_are_not_there() {
    let desk = Desk::open().await;
    let stranger = desk.stranger().await;
    assert_eq!(desk.deliver("{ not json").await, StatusCode::OK);
    desk.ana_writes("Oi").await;
    let item = |page: &serde_json::Value| {
        page.pointer("/items/0/id").and_then(|id| id.as_str()).map(str::to_owned)
    };
    let delivery =
        desk.until("a delivery", async |desk| item(&desk.get("/api/v1/quarantine").await)).await;
    let contact = item(&desk.get("/api/v1/contacts").await).unwrap();
    let thread = item(&desk.get("/api/v1/conversations").await).unwrap();
    let channel = desk.channel_id().to_owned();
    let random = |id: &str| {
        let kind = id.split('_').next().unwrap();
        format!("{kind}_{}", SystemIds.v7().simple())
    };
    let read = desk.try_get(&stranger, "/api/v1/quarantine").await;
    assert_eq!(read.1["items"].as_array().unwrap().len(), 0);
    for (id, path, body) in [
        (&delivery, "/api/v1/quarantine/{}/open", json!({})),
        (&delivery, "/api/v1/quarantine/{}/replay", json!({})),
        (&channel, "/api/v1/channels/{}/release", json!({})),
        (&channel, "/api/v1/channels/{}/credentials", json!({ "access_token": "good-token" })),
        (&contact, "/api/v1/contacts/{}/name", json!({ "name": "X" })),
    ] {
        let foreign = desk.post_as(&stranger, &path.replace("{}", id), body.clone()).await;
        let unknown = desk.post_as(&stranger, &path.replace("{}", &random(id)), body).await;
        assert_eq!(foreign, unknown, "{path}");
        assert_eq!(foreign.0, StatusCode::NOT_FOUND, "{path}: {}", foreign.1);
    }
    for (id, path) in [
        (&contact, "/api/v1/contacts/{}"),
        (&thread, "/api/v1/conversations/{}"),
        (&thread, "/api/v1/conversations/{}/messages"),
        (&channel, "/api/v1/quarantine?channel={}"),
        (&contact, "/api/v1/conversations?contact={}"),
    ] {
        let foreign = desk.try_get(&stranger, &path.replace("{}", id)).await;
        let unknown = desk.try_get(&stranger, &path.replace("{}", &random(id))).await;
        assert_eq!(foreign, unknown, "{path}");
    }
    let types = desk.types(desk.company()).await;
    for word in ["intake.delivery.opened", "channels.channel.released", "contacts.contact.erased"] {
        assert!(!types.iter().any(|known| known == word), "{word}");
    }
}
