//! The page of the customers.

use serde_json::{Value, json};

use super::{NUMBER, World, answer};

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere_and_says_so() {
    let world = World::start().await;
    for path in ["/phone", "/phone/phone.css", "/phone/phone.js", "/phone/bubble.js"] {
        let page = world.http.get(format!("{}{path}", world.sim.url())).send().await.unwrap();
        assert_eq!(page.status(), 200, "{path}");
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let text = page.text().await.unwrap();
        for foreign in ["src=\"http", "href=\"http", "url(http", "innerHTML", "@import", "eval("] {
            assert!(!text.contains(foreign), "{path} has {foreign}");
        }
    }
}

#[tokio::test]
async fn other_sites_are_refused() {
    let world = World::start().await;
    let url = format!("{}/_sim/reset", world.sim.url());
    let sent = world.http.post(&url).header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(sent.status(), 403);
    let sent = world.http.post(&url).header("origin", world.sim.url()).send().await.unwrap();
    assert_eq!(sent.status(), 200);
}

#[tokio::test]
async fn a_customer_of_the_page_writes_reads_edits_and_deletes() {
    let (world, platform) = World::subscribed().await;
    let api = |path: &str| format!("{}/phone/api/{path}", world.sim.url());
    let post = async |path: &str, body: Value| answer(world.http.post(api(path)).json(&body)).await;
    let (_, customer) =
        post("customers", json!({"name": "Ana", "phone": "+55 31 97777-1111"})).await;
    let id = &customer["id"];
    let text = json!({"number": NUMBER, "message": {"type": "text", "text": {"body": "Oi"}}});
    let (_, written) = post(&format!("customers/{id}/send"), text).await;
    world.send(json!({"to": "5531977771111", "type": "text", "text": {"body": "Olá"}})).await;
    post(&format!("customers/{id}/read"), json!({"number": NUMBER})).await;
    let edit = json!({"id": written["id"], "text": "Oi!"});
    post(&format!("customers/{id}/edit"), edit).await;
    post(&format!("customers/{id}/delete"), json!({"id": written["id"]})).await;
    let changes = platform.changes(4).await;
    let told: Vec<&str> = changes
        .iter()
        .map(|change| {
            let value = &change["value"];
            value["messages"][0]["type"].as_str().or(value["statuses"][0]["status"].as_str())
        })
        .map(|name| name.unwrap())
        .collect();
    for name in ["text", "read", "edit", "revoke"] {
        assert!(told.contains(&name), "{told:?}");
    }
    let thread = world.http.get(api(&format!("customers/{id}/thread?number={NUMBER}")));
    let (_, thread) = answer(thread).await;
    assert_eq!(thread["items"][0]["deleted"], true);
    assert_eq!(thread["items"][1]["progress"], "read");
    let path = format!("customers/{id}/edit");
    let strange = post(&path, json!({"id": "wamid.none", "text": "x"})).await;
    assert_eq!(strange.0, 400);
}
