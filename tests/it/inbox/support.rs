//! The demo company beside a simulated Meta, its people, and deliveries as Meta signs them.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::{
    clock::{Clock as _, SystemClock},
    record::Recorded,
};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::Sha256;
use sim::{Config, Inbound, Sim};
use tests::{Person, Platform, fresh};

pub(super) const ANA: &str = "5511987654321";

pub(super) struct Desk {
    pub(super) platform: Platform,
    pub(super) sim: Sim,
    pub(super) seeded: Value,
    pub(super) owner: Person,
}

impl Desk {
    pub(super) async fn open() -> Self {
        let sim = Sim::start(Config::default()).await.unwrap();
        let platform = Platform::start_beside(&sim.url()).await;
        let seeded = platform.app.seed_demo().await.unwrap();
        sim.register_all(&seeded).unwrap();
        let owner = person(&platform, &seeded, "owner").await;
        Self { platform, sim, seeded, owner }
    }

    /// A person of the demo by her role; `platform` is the one of the platform.
    pub(super) async fn person(&self, role: &str) -> Person {
        person(&self.platform, &self.seeded, role).await
    }

    /// The owner of another company.
    pub(super) async fn stranger(&self) -> Person {
        let admin = self.person("platform").await;
        let owner = json!({ "name": "Olga Reis", "email": "olga@sol.example", "role": "owner",
            "password": "uma senha bem longa" });
        let body = json!({ "name": "Padaria Sol", "zone": "America/Sao_Paulo", "owner": owner });
        let (status, made) = self.platform_post(&admin, "/api/v1/platform/companies", body).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        self.platform.sign_in("olga@sol.example", "uma senha bem longa").await
    }

    pub(super) fn channel(&self) -> &Value {
        &self.seeded["channels"][0]
    }

    pub(super) fn channel_id(&self) -> &str {
        self.channel()["channel"].as_str().unwrap()
    }

    pub(super) fn number(&self) -> String {
        self.channel()["phone_number_id"].as_str().unwrap().to_owned()
    }

    /// A delivery at the channel's address, signed with its secret.
    pub(super) async fn deliver(&self, body: impl Into<Vec<u8>>) -> StatusCode {
        let (key, secret) = (&self.channel()["hook_key"], &self.channel()["app_secret"]);
        self.deliver_by(key.as_str().unwrap(), secret.as_str().unwrap(), body).await
    }

    pub(super) async fn deliver_by(
        &self,
        key: &str,
        secret: &str,
        body: impl Into<Vec<u8>>,
    ) -> StatusCode {
        let body = body.into();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(&body);
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let request = self.platform.request(Method::POST, &format!("/hooks/meta/{key}"));
        let request = request.header("X-Hub-Signature-256", signature).body(body);
        request.send().await.unwrap().status()
    }

    pub(super) async fn try_get(&self, person: &Person, path: &str) -> (StatusCode, Value) {
        answer(self.platform.get_as(person, path)).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_get(&self.owner, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(super) async fn post_as(
        &self,
        person: &Person,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        answer(self.platform.post_as(person, path, &body)).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.post_as(&self.owner, path, body).await
    }

    /// A write of somebody of the platform, about no company.
    pub(super) async fn platform_post(
        &self,
        person: &Person,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let request = self.platform.request(Method::POST, path);
        let request = request
            .header(header::COOKIE, &person.cookie)
            .header(header::ORIGIN, &self.platform.base)
            .header("Idempotency-Key", fresh("key"))
            .json(&body);
        answer(request).await
    }

    pub(super) async fn platform_get(&self, person: &Person, path: &str) -> (StatusCode, Value) {
        answer(self.platform.get(path).header(header::COOKIE, &person.cookie)).await
    }

    /// Ana writes; the thread that she has then.
    pub(super) async fn ana_writes(&self, body: &str) -> String {
        self.sim.write(&Inbound::text(ANA, &self.number(), body)).unwrap();
        self.until("a thread", async |desk| {
            let threads = desk.get("/api/v1/conversations").await;
            Some(threads.pointer("/items/0/id")?.as_str()?.to_owned())
        })
        .await
    }

    /// A thing that is there at last: looks again until it is, and says what it looked for if not.
    pub(super) async fn until<T>(
        &self,
        what: &str,
        mut look: impl AsyncFnMut(&Self) -> Option<T>,
    ) -> T {
        let looking = async {
            loop {
                if let Some(found) = look(self).await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(20), looking).await;
        found.unwrap_or_else(|_| panic!("there was never {what}"))
    }

    /// A company's whole history.
    pub(super) async fn history(&self, company: uuid::Uuid) -> Vec<Recorded> {
        let ledger = &self.platform.app.base.ledger;
        let mut all: Vec<Recorded> = Vec::new();
        loop {
            let from = all.last().map_or(1, |event| event.company_seq + 1);
            let page = ledger.read_company(company, from, 500).await.unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// Its event types.
    pub(super) async fn types(&self, company: uuid::Uuid) -> Vec<String> {
        let events = self.history(company).await;
        events.iter().map(|event| event.event_type.to_string()).collect()
    }

    pub(super) fn company(&self) -> uuid::Uuid {
        let id: shared::ids::CompanyId = self.seeded["company"].as_str().unwrap().parse().unwrap();
        id.into_uuid()
    }
}

async fn person(platform: &Platform, seeded: &Value, role: &str) -> Person {
    let users = seeded["users"].as_array().unwrap().iter();
    let found = users.into_iter().find(|user| user["role"].as_str().unwrap_or("platform") == role);
    let user = found.unwrap_or_else(|| panic!("nobody is {role}"));
    platform.sign_in(user["email"].as_str().unwrap(), user["password"].as_str().unwrap()).await
}

async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or_default())
}

/// A change of a number's traffic, as Meta wraps it.
pub(super) fn traffic(number: &str, value: &Value) -> Vec<u8> {
    traffic_of("900000001", number, value)
}

/// The same of a number of another account.
pub(super) fn traffic_of(waba: &str, number: &str, value: &Value) -> Vec<u8> {
    let mut value = value.clone();
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] =
        json!({ "display_phone_number": "551140000001", "phone_number_id": number });
    let body = json!({ "object": "whatsapp_business_account", "entry": [
        { "id": waba, "changes": [{ "field": "messages", "value": value }] }] });
    serde_json::to_vec(&body).unwrap()
}

/// A text of somebody.
pub(super) fn text(id: &str, from: &str, body: &str) -> Value {
    json!({
        "contacts": [{ "profile": { "name": "Ana" }, "wa_id": from }],
        "messages": [{ "id": id, "from": from, "timestamp": now().to_string(), "type": "text",
            "text": { "body": body } }],
    })
}

pub(super) fn now() -> i64 {
    SystemClock.now().timestamp()
}
