//! What a lane asks of Postgres while Postgres is away: nothing that waits is forgotten.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use kernel::db;
use reqwest::Method;
use serde_json::{Value, json};
use sim::Config;
use tests::logs;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::sending::Shop;

/// The provider behind a door: while it is shut, an upload waits there and then fails.
#[derive(Clone)]
struct Door {
    provider: String,
    client: reqwest::Client,
    waiting: Arc<Semaphore>,
    is_shut: watch::Sender<bool>,
}

impl Door {
    async fn shut(provider: String, serving: &mut JoinSet<()>) -> (Self, String) {
        let client = tests::http().no_proxy().build().unwrap();
        let waiting = Arc::new(Semaphore::new(0));
        let door = Self { provider, client, waiting, is_shut: watch::Sender::new(true) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(door.clone());
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        (door, url)
    }

    /// An upload stands at the door.
    async fn comes(&self) {
        self.waiting.acquire().await.unwrap().forget();
    }

    /// What stands there fails; what comes later goes through.
    fn open(&self) {
        self.is_shut.send_replace(false);
    }
}

async fn pass(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let is_upload = parts.method == Method::POST && parts.uri.path().ends_with("/media");
    if is_upload && *door.is_shut.borrow() {
        door.waiting.add_permits(1);
        let mut is_shut = door.is_shut.subscribe();
        is_shut.wait_for(|is_shut| !is_shut).await.unwrap();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let target = format!("{}{}", door.provider, parts.uri);
    let mut headers = parts.headers;
    headers.remove("host");
    let sent = door.client.request(parts.method, target).headers(headers).body(body);
    let answer = sent.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(Body::from(answer.bytes().await.unwrap()));
    *response.status_mut() = status;
    for name in ["content-type", "x-business-use-case-usage"] {
        if let Some(value) = headers.get(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// A message's file cannot be uploaded, so the message is looked at anew, and just then the ledger does
/// not answer.
#[tokio::test]
async fn re02_a_message_is_not_forgotten_when_it_cannot_be_looked_at() {
    let mut serving = JoinSet::new();
    let (shop, door) = Shop::open_behind(Config::default(), async |provider| {
        Door::shut(provider, &mut serving).await
    })
    .await;
    let conversation = shop.ana_writes().await;
    let stored = shop.upload(b"%PDF-1.7 x".to_vec(), "x.pdf").await;
    let stored: Value = stored.json().await.unwrap();
    let content = json!({ "content": {
        "kind": "media", "media": "document", "file": stored["id"], "caption": "A lista",
    }});
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let queued = shop
        .until("a file that can be sent", async |shop| {
            let (status, queued) = shop.post(&path, content.clone()).await;
            (status == StatusCode::ACCEPTED).then_some(queued)
        })
        .await;

    door.comes().await;
    let admin = db::connect(&shop.platform.app.config.database_url).await.unwrap();
    let away = "alter table ledger.events rename to away";
    sqlx::query(away).execute(&admin).await.unwrap();
    door.open();
    let words = "a message cannot be looked at";
    shop.until(words, async |_| logs::said(words).then_some(())).await;
    sqlx::query("alter table ledger.away rename to events").execute(&admin).await.unwrap();

    shop.until_state(&conversation, queued["message"].as_str().unwrap(), "delivered").await;
    let sent = shop.sim.accepted().into_values().sum::<u64>();
    assert_eq!(sent, 1);
    shop.platform.stop().await;
}
