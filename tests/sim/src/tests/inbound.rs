//! Messages of customers.

use serde_json::{Value, json};

use super::{CUSTOMER, NUMBER, World};
use crate::Inbound;

fn message(change: &Value) -> &Value {
    &change["value"]["messages"][0]
}

#[tokio::test]
async fn a_customer_writes_and_the_company_hears_it_as_from_meta() {
    let (world, platform) = World::subscribed().await;
    let body = json!({"from": "+55 11 98765-4321", "to": NUMBER, "name": "Ana", "text": "Preço?"});
    let url = format!("{}/_sim/inbound", world.sim.url());
    let (status, answer) = super::answer(world.http.post(url).json(&body)).await;
    assert_eq!(status, 200);
    let changes = platform.changes(1).await;
    assert_eq!(changes[0]["field"], "messages");
    let value = &changes[0]["value"];
    assert_eq!(value["metadata"]["phone_number_id"], NUMBER);
    assert_eq!(value["contacts"][0]["profile"]["name"], "Ana");
    assert_eq!(value["contacts"][0]["wa_id"], CUSTOMER);
    let message = message(&changes[0]);
    assert_eq!(message["id"], answer["id"]);
    assert_eq!(message["text"], json!({"body": "Preço?"}));
    let (_, raw) = platform.deliveries().remove(0);
    assert!(raw.is_ascii(), "everything beyond ASCII is escaped");
}

#[tokio::test]
async fn one_who_hides_the_number_is_known_by_the_user_id_only() {
    let (world, platform) = World::subscribed().await;
    let inbound = Inbound {
        user_id: Some("BR.777".into()),
        to: Some(NUMBER.into()),
        text: Some("Oi".into()),
        ..Inbound::default()
    };
    world.sim.write(&inbound).unwrap();
    let changes = platform.changes(1).await;
    assert_eq!(message(&changes[0])["from_user_id"], "BR.777");
    assert_eq!(message(&changes[0]).get("from"), None);
    assert_eq!(changes[0]["value"]["contacts"][0].get("wa_id"), None);
}

#[tokio::test]
async fn any_message_passes_as_it_is_and_replies_name_what_they_answer() {
    let (world, platform) = World::subscribed().await;
    let (_, sent) = world.send_text("Onde fica?").await;
    let place = json!({
        "type": "location",
        "location": {"latitude": -19.9, "longitude": -43.9, "name": "Praça"},
    });
    let mut inbound = Inbound::message(CUSTOMER, NUMBER, place);
    let id = sent["messages"][0]["id"].as_str().unwrap();
    inbound.reply_to = Some(id.to_owned());
    world.sim.write(&inbound).unwrap();
    let changes = platform.changes(1).await;
    let message = message(&changes[0]);
    assert_eq!(message["location"]["name"], "Praça");
    assert_eq!(message["context"], json!({"from": "551130000000", "id": id}));
}

#[tokio::test]
async fn what_cannot_be_a_message_is_refused_with_a_reason() {
    let world = World::start().await;
    let url = format!("{}/_sim/inbound", world.sim.url());
    for body in [json!({"text": "de ninguém"}), json!({"from": CUSTOMER, "to": NUMBER}), json!([])]
    {
        let (status, answer) = super::answer(world.http.post(&url).json(&body)).await;
        assert_eq!(status, 400);
        assert!(answer["error"].is_string());
    }
}
