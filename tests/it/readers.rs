//! LG10: who was shown a person's data is noted, once within ten minutes, and can be asked for.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sim::{Config, Inbound};
use tests::fresh;

use crate::sending::Shop;

const BIA: &str = "5511987650000";

/// Who read what of somebody, without times.
async fn readers(shop: &Shop, contact: &str) -> Vec<(String, String, bool)> {
    let page = shop.get(&format!("/api/v1/contacts/{contact}/readers")).await;
    let items = page["items"].as_array().unwrap().iter();
    let mut readers: Vec<_> = items
        .map(|item| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            (text("reader"), text("what"), item["acting_for"].is_string())
        })
        .collect();
    readers.sort();
    readers
}

/// The contact of a thread.
async fn contact_of(shop: &Shop, name: &str) -> String {
    shop.until("the contact", async |shop| {
        let page = shop.get(&format!("/api/v1/contacts?search={name}")).await;
        Some(page.pointer("/items/0/id")?.as_str()?.to_owned())
    })
    .await
}

#[tokio::test]
async fn lg10_who_reads_a_persons_data_is_noted_once_and_lists_note_nobody() {
    let shop = Shop::open(Config::default()).await;
    let conversation = shop.ana_writes().await;
    shop.sim.write(&Inbound::text(BIA, &shop.number(), "bom dia")).unwrap();
    let (ana, bia) = (contact_of(&shop, "87654321").await, contact_of(&shop, "87650000").await);
    let me = shop.owner.me["user"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        shop.get(&format!("/api/v1/contacts/{ana}")).await;
        shop.get(&format!("/api/v1/conversations/{conversation}/messages")).await;
        shop.get("/api/v1/conversations").await;
        shop.get("/api/v1/contacts").await;
    }
    let expected =
        vec![(me.clone(), "contact".to_owned(), false), (me.clone(), "messages".to_owned(), false)];
    shop.until("both readings", async |shop| (readers(shop, &ana).await == expected).then_some(()))
        .await;
    assert_eq!(readers(&shop, &bia).await, []);

    // Somebody of the platform, in the company's place.
    let users = shop.seeded["users"].as_array().unwrap();
    let admin = users.iter().find(|user| user["role"].is_null()).unwrap();
    let (email, password) = (admin["email"].as_str().unwrap(), admin["password"].as_str().unwrap());
    let admin = shop.platform.sign_in(email, password).await;
    let request = |method: Method, path: &str| {
        shop.platform
            .request(method, path)
            .header(header::COOKIE, &admin.cookie)
            .header(header::ORIGIN, &shop.platform.base)
            .header("X-Company-Id", shop.owner.company())
            .header("Idempotency-Key", fresh("key"))
    };
    let company: Value = shop.owner.company().into();
    let body = json!({ "company": company, "reason": "ticket 7", "minutes": 5 });
    let begun = request(Method::POST, "/api/v1/platform/impersonations").json(&body).send().await;
    assert_eq!(begun.unwrap().status(), StatusCode::NO_CONTENT);
    let read = request(Method::GET, &format!("/api/v1/contacts/{bia}")).send().await.unwrap();
    assert_eq!(read.status(), StatusCode::OK);
    shop.until("the platform's reading", async |shop| {
        let found = readers(shop, &bia).await;
        let (reader, what, is_acting) = found.first()?;
        assert!(*reader != me && what == "contact", "{found:?}");
        is_acting.then_some(())
    })
    .await;
    let erase = request(Method::POST, &format!("/api/v1/contacts/{bia}/erase"));
    let refused = erase.json(&json!({ "confirm": bia })).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    shop.platform.stop().await;
}
