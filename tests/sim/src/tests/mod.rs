//! The simulator from outside: through HTTP, with a platform that records what it gets.

mod faults;
mod inbound;
mod management;
mod media;
mod phone_page;
mod send;
mod webhooks;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{Callback, Config, Sim};

const NUMBER: &str = "100000000";
const WABA: &str = "900000000";
const CUSTOMER: &str = "5511987654321";

/// A platform that takes webhooks, or refuses as many as it is told.
struct Platform {
    url: String,
    taken: Arc<Taken>,
    _serving: JoinSet<()>,
}

struct Taken {
    bodies: Mutex<Vec<(String, Bytes)>>,
    refusals: Mutex<VecDeque<u16>>,
    count: watch::Sender<usize>,
}

impl Platform {
    async fn start() -> Self {
        let taken = Arc::new(Taken {
            bodies: Mutex::default(),
            refusals: Mutex::default(),
            count: watch::channel(0).0,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router =
            Router::new().route("/hook", get(handshake).post(take)).with_state(Arc::clone(&taken));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, taken, _serving: serving }
    }

    fn refuse(&self, statuses: impl IntoIterator<Item = u16>) {
        self.taken.refusals.lock().unwrap().extend(statuses);
    }

    /// The changes of the first deliveries, once there are so many.
    async fn changes(&self, n: usize) -> Vec<Value> {
        self.taken.count.subscribe().wait_for(|count| *count >= n).await.unwrap();
        let bodies = self.taken.bodies.lock().unwrap();
        let parsed = bodies.iter().map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap());
        parsed
            .flat_map(|body| body["entry"].as_array().unwrap().clone())
            .flat_map(|entry| entry["changes"].as_array().unwrap().clone())
            .collect()
    }

    fn deliveries(&self) -> Vec<(String, Bytes)> {
        self.taken.bodies.lock().unwrap().clone()
    }
}

async fn handshake(Query(query): Query<Vec<(String, String)>>) -> (StatusCode, String) {
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, v)| v.clone());
    match value("hub.verify_token").as_deref() {
        Some("known") => (StatusCode::OK, value("hub.challenge").unwrap()),
        _ => (StatusCode::FORBIDDEN, String::new()),
    }
}

async fn take(State(taken): State<Arc<Taken>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if let Some(status) = taken.refusals.lock().unwrap().pop_front() {
        return StatusCode::from_u16(status).unwrap();
    }
    let signature = headers["x-hub-signature-256"].to_str().unwrap().to_owned();
    taken.bodies.lock().unwrap().push((signature, body));
    taken.count.send_modify(|count| *count += 1);
    StatusCode::OK
}

/// A simulator whose statuses come at once, and a client for it.
struct World {
    sim: Sim,
    http: reqwest::Client,
}

impl World {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config =
            Config { sent_ms: None, delivered_ms: None, read_ms: None, ..Config::default() };
        change(&mut config);
        let sim = Sim::start(config).await.unwrap();
        Self { sim, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn subscribed() -> (Self, Platform) {
        let world = Self::start().await;
        let platform = Platform::start().await;
        world.subscribe(&platform);
        (world, platform)
    }

    fn subscribe(&self, platform: &Platform) {
        let callback = Callback { url: platform.url.clone(), verify_token: "known".into() };
        self.sim.subscribe(WABA, callback);
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v25.0/{path}", self.sim.url())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.http.get(self.url(path)).bearer_auth("EAAtoken")).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.http.post(self.url(path)).bearer_auth("EAAtoken").json(&body)).await
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        answer(self.http.delete(self.url(path)).bearer_auth("EAAtoken")).await
    }

    async fn send(&self, fields: Value) -> (u16, Value) {
        let mut body = json!({"messaging_product": "whatsapp", "to": CUSTOMER});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.post(&format!("{NUMBER}/messages"), body).await
    }

    async fn send_text(&self, text: &str) -> (u16, Value) {
        self.send(json!({"type": "text", "text": {"body": text}})).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

fn code(answer: &(u16, Value)) -> u64 {
    answer.1["error"]["code"].as_u64().unwrap_or(0)
}
