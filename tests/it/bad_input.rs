//! What is wrong with a request that is well-formed: too many bytes at once, a version that is old.

use std::time::Duration;

use kernel::http::{Access, BODY_LIMIT, BUDGET};
use reqwest::{Body, Method, StatusCode, header};
use serde_json::{Value, json};
use sim::{Config, Inbound};
use tests::fresh;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{isolation::fill, sending::Shop, tenancy::rights};

/// A request of which the last byte never comes; it lasts as long as its line.
async fn unfinished(shop: &Shop, path: &str, headers: &str) -> TcpStream {
    let address = shop.platform.base.strip_prefix("http://").unwrap();
    let mut line = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Content-Length: {BODY_LIMIT}\r\n\r\n"
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(&vec![b' '; BODY_LIMIT - 1]).await.unwrap();
    line
}

#[tokio::test]
async fn bodies_in_flight_share_32_megabytes_and_more_is_503_until_others_have_gone() {
    let shop = Shop::open(Config::default()).await;
    let hook = format!("/hooks/meta/{}", shop.channel()["hook_key"].as_str().unwrap());
    let command = |body: Body| {
        shop.platform
            .request(Method::POST, "/api/v1/api-keys")
            .header(header::COOKIE, &shop.owner.cookie)
            .header(header::ORIGIN, &shop.platform.base)
            .header(header::CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", fresh("key"))
            .body(body)
    };
    let delivery = |body: Body| shop.platform.request(Method::POST, &hook).body(body);
    // Programs and providers alike hold what they have sent so far.
    let key = shop.seeded["api_key"].as_str().unwrap();
    let unfinish = async |at: usize| {
        let program = format!(
            "Authorization: Bearer {key}\r\nContent-Type: application/json\r\nIdempotency-Key: k{at}\r\n"
        );
        match at % 2 {
            0 => unfinished(&shop, "/api/v1/messages", &program).await,
            _ => unfinished(&shop, &hook, "").await,
        }
    };
    let mut held = Vec::new();
    for at in 0..BUDGET / BODY_LIMIT {
        held.push(unfinish(at).await);
    }
    let whole = || Body::from(vec![b' '; BODY_LIMIT]);
    let refused = shop
        .until("a full house", async |_| {
            let answer = command(whole()).send().await.unwrap();
            if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
                return Some(answer);
            }
            // It may have taken the room of one that was still arriving.
            held.push(unfinish(held.len()).await);
            None
        })
        .await;
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "overloaded");
    let refused = delivery(whole()).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "Meta comes again");
    // What is small still fits in.
    let small = command(Body::from("{}")).send().await.unwrap();
    assert_eq!(small.status(), StatusCode::UNPROCESSABLE_ENTITY);
    drop(held);
    shop.until("room again", async |_| {
        let answer = command(whole()).send().await.unwrap();
        (answer.status() != StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    let keys = shop.get("/api/v1/api-keys").await;
    assert_eq!(keys["items"].as_array().unwrap().len(), 1, "half an effect");
    shop.platform.stop().await;
}

/// A version that nobody has seen overwrites nothing, wherever a version can be named.
#[tokio::test]
async fn an_old_version_is_409_on_every_route_that_takes_one() {
    let shop = Shop::open(Config::default()).await;
    shop.ana_writes().await;
    shop.sim.write(&Inbound::text("5511955554444", &shop.number(), "oi")).unwrap();
    let contacts = shop
        .until("two people", async |shop| {
            let people = shop.get("/api/v1/contacts").await;
            let people: Vec<String> = people["items"]
                .as_array()?
                .iter()
                .map(|person| person["id"].as_str().unwrap().to_owned())
                .collect();
            (people.len() == 2).then_some(people)
        })
        .await;
    let channel = shop.channel()["channel"].as_str().unwrap().to_owned();
    let mut ids = shop.ids_of(&shop.owner, &channel).await;
    ids.insert("contact", vec![contacts[0].clone()]);
    let auditor = shop.seeded["users"][4]["user"].as_str().unwrap().to_owned();
    ids.insert("user", vec![auditor]);
    let mut others = ids.clone();
    others.insert("contact", vec![contacts[1].clone()]);
    let platform = &shop.seeded["users"][5];
    let (email, password) = (platform["email"].as_str(), platform["password"].as_str());
    let admin = shop.platform.sign_in(email.unwrap(), password.unwrap()).await;

    let (_, routes) = shop.platform.app.router().unwrap();
    let versioned: Vec<_> = routes.iter().filter(|route| route.is_versioned).collect();
    assert!(versioned.len() > 8, "{versioned:?}");
    for route in versioned {
        let name = rights::name(route);
        let mut body = rights::samples()[name.as_str()].clone();
        if name.ends_with("/credentials") {
            body = json!({ "access_token": shop.channel()["access_token"] });
        }
        let who = if route.access == Access::SuperAdmin { &admin } else { &shop.owner };
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let path = fill(&rights::path(route), &ids, None);
        let mut request = shop
            .platform
            .request(method, &path)
            .header(header::COOKIE, &who.cookie)
            .header(header::ORIGIN, &shop.platform.base)
            .header(header::IF_MATCH, "\"7777\"")
            .header("Idempotency-Key", fresh("old"))
            .timeout(Duration::from_secs(10));
        if !body.is_null() {
            let body = fill(&body.to_string(), &others, None);
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::CONFLICT, "{name}: {text}");
    }
    shop.platform.stop().await;
}
