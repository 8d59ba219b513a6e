//! AD03, AD04, AD06: what a company may use, how much of it, and that it may not for now.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sim::Inbound;
use tests::Person;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

use super::support::{ANA, Desk};

/// An open screen that hears of its own rights.
struct Screen(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Screen {
    async fn open(desk: &Desk, person: &Person) -> Self {
        let base = &desk.platform.base;
        let url =
            format!("{}/api/v1/live?company={}", base.replace("http", "ws"), person.company());
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("cookie", HeaderValue::from_str(&person.cookie).unwrap());
        headers.insert("origin", HeaderValue::from_str(base).unwrap());
        let (mut socket, _) = connect_async(request).await.unwrap();
        let hello = json!({ "type": "resume", "company": person.company(),
            "topics": [{ "kind": "team" }] });
        socket.send(Message::text(hello.to_string())).await.unwrap();
        let mut screen = Self(socket);
        assert_eq!(screen.next().await["type"], "welcome");
        screen
    }

    async fn next(&mut self) -> Value {
        loop {
            let heard = self.0.next().await.unwrap().unwrap();
            if let Message::Text(text) = heard {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// Within five seconds it is told to ask again what it may.
    async fn hears_of_its_rights(&mut self) {
        let heard = async {
            loop {
                let frame = self.next().await;
                let changes = frame["changes"].as_array().cloned().unwrap_or_default();
                if changes.iter().any(|change| change["kind"] == "rights") {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), heard).await.unwrap();
    }
}

fn said(n: usize) -> Value {
    json!({ "content": { "kind": "text", "body": format!("mensagem {n}") } })
}

async fn company(desk: &Desk, admin: &Person, what: &str, body: Value) {
    let id = desk.seeded["company"].as_str().unwrap();
    let path = format!("/api/v1/platform/companies/{id}/{what}");
    assert_eq!(desk.platform_post(admin, &path, body).await.0, StatusCode::NO_CONTENT, "{what}");
}

async fn quota(desk: &Desk) -> Value {
    desk.get("/api/v1/me").await["companies"][0]["quotas"]["messages_per_month"].clone()
}

#[tokio::test]
async fn ad04_a_quota_says_80_and_100_per_cent_once_and_stops_only_where_it_is_hard() {
    let desk = Desk::open().await;
    let admin = desk.person("platform").await;
    let thread = desk.ana_writes("Oi").await;
    let path = format!("/api/v1/conversations/{thread}/messages");
    company(&desk, &admin, "quotas/messages_per_month", json!({ "limit": 5, "is_hard": false }))
        .await;
    let mut screen = Screen::open(&desk, &desk.owner).await;
    let marks = async |desk: &Desk| {
        let types = desk.types(desk.company()).await;
        types.iter().filter(|word| *word == "tenancy.company.quota_reached").count()
    };
    for n in 0..4 {
        assert_eq!(desk.post(&path, said(n)).await.0, StatusCode::ACCEPTED);
    }
    desk.until("the mark at 80 per cent", async |desk| (marks(desk).await == 1).then_some(()))
        .await;
    screen.hears_of_its_rights().await;
    assert_eq!(quota(&desk).await, json!({ "limit": 5, "is_hard": false, "used": 4 }));
    // Where it is not hard, it goes on beyond the limit.
    for n in 4..7 {
        assert_eq!(desk.post(&path, said(n)).await.0, StatusCode::ACCEPTED);
    }
    desk.until("the mark at 100 per cent", async |desk| (marks(desk).await == 2).then_some(()))
        .await;
    desk.until("all counted", async |desk| (quota(desk).await["used"] == 7).then_some(())).await;

    company(&desk, &admin, "quotas/messages_per_month", json!({ "limit": 7, "is_hard": true }))
        .await;
    let (status, problem) = desk.post(&path, said(8)).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("quota_exhausted")));
    let api_key = desk.seeded["api_key"].as_str().unwrap();
    let program = desk.platform.request(reqwest::Method::POST, &path).json(&said(9));
    let program = program.bearer_auth(api_key).header("idempotency-key", "k").send().await.unwrap();
    assert_eq!(program.status(), StatusCode::FORBIDDEN, "programs stop too");
    desk.until("two marks of the new limit", async |desk| (marks(desk).await == 4).then_some(()))
        .await;
    // What arrives is never stopped.
    desk.sim.write(&Inbound::text(ANA, &desk.number(), "ainda estou aqui")).unwrap();
    desk.until("her message", async |desk| {
        let page = desk.get(&path).await;
        (page["items"][0]["content"]["body"] == "ainda estou aqui").then_some(())
    })
    .await;
    company(&desk, &admin, "quotas/messages_per_month", json!({ "limit": 9, "is_hard": true }))
        .await;
    assert_eq!(desk.post(&path, said(10)).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn ad03_a_feature_that_is_switched_off_is_off_at_once_for_requests_and_screens() {
    let desk = Desk::open().await;
    let admin = desk.person("platform").await;
    let mut screen = Screen::open(&desk, &desk.owner).await;
    company(&desk, &admin, "features/api", json!({ "is_on": false })).await;
    let key = desk.seeded["api_key"].as_str().unwrap();
    let program = desk.platform.get("/api/v1/conversations").bearer_auth(key).send().await.unwrap();
    assert_eq!(program.status(), StatusCode::FORBIDDEN);
    screen.hears_of_its_rights().await;
    let features = desk.get("/api/v1/me").await["companies"][0]["features"].clone();
    assert!(!features.as_array().unwrap().contains(&json!("api")), "{features}");
    company(&desk, &admin, "features/api", json!({ "is_on": true })).await;
    let program = desk.platform.get("/api/v1/conversations").bearer_auth(key).send().await.unwrap();
    assert_eq!(program.status(), StatusCode::OK);
}

/// How many messages were picked by lanes, and how many were accepted by the provider.
async fn flow(desk: &Desk) -> (usize, usize) {
    let (mut picked, mut accepted) = (0, 0);
    let n_messages = |event: &kernel::record::Recorded| {
        let payload: Value = serde_json::from_str(&event.payload).unwrap();
        payload["messages"].as_array().unwrap().len()
    };
    for event in desk.history(desk.company()).await {
        match &*event.event_type {
            "messaging.lane.picked" => picked += n_messages(&event),
            "messaging.lane.released" => picked -= n_messages(&event),
            "messaging.message.accepted" => accepted += 1,
            _ => {}
        }
    }
    (picked, accepted)
}

#[tokio::test]
async fn ad06_a_suspension_stops_requests_screens_and_lanes_and_loses_nothing_that_arrives() {
    const QUEUED: usize = 20;
    let desk = Desk::open().await;
    let admin = desk.person("platform").await;
    let thread = desk.ana_writes("Oi").await;
    let path = format!("/api/v1/conversations/{thread}/messages");
    let mut screen = Screen::open(&desk, &desk.owner).await;
    // Each call takes a while, and one person's messages go one after another.
    desk.sim.configure(|config| config.latency_ms = 300);
    for n in 0..QUEUED {
        assert_eq!(desk.post(&path, said(n)).await.0, StatusCode::ACCEPTED);
    }
    company(&desk, &admin, "suspend", json!({ "reason": "unpaid" })).await;
    let (status, problem) = desk.post(&path, said(QUEUED)).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("company_suspended")));
    screen.hears_of_its_rights().await;
    assert_eq!(desk.get("/api/v1/me").await["companies"][0]["is_suspended"], true);

    // What arrives is kept and shown, and no more is picked after what was under way has ended.
    let picks = desk
        .until("an end of the calls that were under way", async |desk| {
            let (picked, accepted) = flow(desk).await;
            (picked == accepted).then_some(picked)
        })
        .await;
    assert!(picks < QUEUED, "all had gone before");
    for body in ["uma", "duas"] {
        desk.sim.write(&Inbound::text(ANA, &desk.number(), body)).unwrap();
        desk.until("her message", async |desk| {
            let page = desk.get(&path).await;
            let items = page["items"].as_array()?.clone();
            items.iter().any(|item| item["content"]["body"] == body).then_some(())
        })
        .await;
    }
    assert_eq!(flow(&desk).await, (picks, picks), "a suspended company's lane picked something");
    company(&desk, &admin, "resume", json!({})).await;
    desk.until("all that was queued", async |desk| {
        (desk.sim.accepted().get(ANA).copied() == Some(QUEUED.try_into().unwrap())).then_some(())
    })
    .await;
}
