//! From a screen to a phone and back: a message queued by the API leaves through the lane to the
//! simulated provider, and its ticks turn.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::Sha256;
use sim::{Answer, Config, Inbound, Sim};
use tests::{Person, Platform, fresh, logs};

pub(crate) const ANA: &str = "5511987654321";
const QUESTION: &str = "Oi, quanto custa?";

/// The demo company beside a provider of its own.
pub(crate) struct Shop {
    pub(crate) platform: Platform,
    pub(crate) sim: Sim,
    pub(crate) seeded: Value,
    pub(crate) owner: Person,
}

impl Shop {
    pub(crate) async fn open(config: Config) -> Self {
        Self::open_behind(config, async |provider| ((), provider)).await.0
    }

    /// The same, with something in front of the provider.
    pub(crate) async fn open_behind<T>(
        config: Config,
        front: impl AsyncFnOnce(String) -> (T, String),
    ) -> (Self, T) {
        let sim = Sim::start(config).await.unwrap();
        let (front, address) = front(sim.url()).await;
        let platform = Platform::start_beside(&address).await;
        let seeded = platform.app.seed_demo().await.unwrap();
        sim.register_all(&seeded).unwrap();
        logs::plant_all(&seeded);
        logs::plant("phone", ANA);
        logs::plant("words", QUESTION);
        let user = &seeded["users"][0];
        let (email, password) =
            (user["email"].as_str().unwrap(), user["password"].as_str().unwrap());
        let owner = platform.sign_in(email, password).await;
        (Self { platform, sim, seeded, owner }, front)
    }

    pub(crate) fn channel(&self) -> &Value {
        &self.seeded["channels"][0]
    }

    pub(crate) fn number(&self) -> String {
        self.channel()["phone_number_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.platform.get_as(&self.owner, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let answer = self.platform.post_as(&self.owner, path, &body).send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }

    pub(crate) async fn upload(&self, bytes: Vec<u8>, name: &'static str) -> reqwest::Response {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name);
        let form = reqwest::multipart::Form::new().part("file", part);
        self.platform
            .request(Method::POST, "/api/v1/files")
            .header(header::COOKIE, &self.owner.cookie)
            .header(header::ORIGIN, &self.platform.base)
            .header("X-Company-Id", self.owner.company())
            .header("Idempotency-Key", fresh("upload"))
            .multipart(form)
            .send()
            .await
            .unwrap()
    }

    /// How many events the company has.
    pub(crate) async fn n_events(&self) -> usize {
        let company: shared::ids::CompanyId = self.owner.company().parse().unwrap();
        let ledger = &self.platform.app.base.ledger;
        ledger.read_company(company.into_uuid(), 0, 10_000).await.unwrap().len()
    }

    /// A thing that is there at last: looks again until it is, and says what it looked for if not.
    pub(crate) async fn until<T>(
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

    /// Ana writes; the thread that she has then.
    pub(crate) async fn ana_writes(&self) -> String {
        self.sim.write(&Inbound::text(ANA, &self.number(), QUESTION)).unwrap();
        self.until("a thread", async |shop| {
            let threads = shop.get("/api/v1/conversations").await;
            Some(threads.pointer("/items/0/id")?.as_str()?.to_owned())
        })
        .await
    }

    async fn state_of(&self, conversation: &str, message: &str) -> Option<Value> {
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let page = self.get(&path).await;
        let items = page["items"].as_array()?.clone();
        items.into_iter().find(|item| item["id"] == message)
    }

    pub(crate) async fn until_state(
        &self,
        conversation: &str,
        message: &str,
        state: &str,
    ) -> Value {
        self.until(state, async |shop| {
            let message = shop.state_of(conversation, message).await?;
            (message["delivery"]["state"] == state).then_some(message)
        })
        .await
    }
}

pub(crate) fn text(body: &str) -> Value {
    json!({ "content": { "kind": "text", "body": body } })
}

#[tokio::test]
async fn in04_an_answer_goes_out_once_however_often_it_is_asked_and_its_ticks_turn() {
    let shop = Shop::open(Config::default()).await;
    let conversation = shop.ana_writes().await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let key = fresh("double_click");
    let send = async || {
        let answer = shop
            .platform
            .request(Method::POST, &path)
            .header(header::COOKIE, &shop.owner.cookie)
            .header(header::ORIGIN, &shop.platform.base)
            .header("X-Company-Id", shop.owner.company())
            .header("Idempotency-Key", &key)
            .json(&text("Trinta reais."))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        answer.json::<Value>().await.unwrap()
    };
    let (first, second) = tokio::join!(send(), send());
    assert_eq!(first, second);
    let message = first["message"].as_str().unwrap().to_owned();
    shop.until_state(&conversation, &message, "delivered").await;
    assert_eq!(shop.sim.accepted().get(ANA), Some(&1));
}

#[tokio::test]
async fn d11_ana_sees_that_she_was_read_and_that_somebody_types_and_neither_is_an_event() {
    let shop = Shop::open(Config::default()).await;
    let conversation = shop.ana_writes().await;
    let page = shop.get(&format!("/api/v1/conversations/{conversation}/messages")).await;
    let before = shop.n_events().await;
    let through = json!({ "through": page["items"][0]["id"] });
    let (status, _) =
        shop.post(&format!("/api/v1/conversations/{conversation}/read"), through).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let path = format!("/api/v1/conversations/{conversation}/typing");
    let (status, _) = shop.post(&path, json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    shop.until("both marks", async |shop| {
        let marks = shop.sim.requests().into_iter();
        let marks: Vec<_> = marks
            .filter(|request| request.body["status"] == "read")
            .map(|mark| mark.body)
            .collect();
        let is_typing = marks.iter().any(|mark| mark["typing_indicator"]["type"] == "text");
        (marks.len() == 2 && is_typing).then_some(())
    })
    .await;
    assert_eq!(shop.n_events().await, before);
}

#[tokio::test]
async fn j2_free_text_to_somebody_who_never_wrote_is_refused_and_kept() {
    let shop = Shop::open(Config::default()).await;
    let channel = shop.channel()["channel"].clone();
    let body = json!({ "channel": channel, "to": "+5511911112222", "content": { "kind": "text", "body": "Oi" } });
    let (status, problem) = shop.post("/api/v1/messages", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["code"], "window_closed");
    let conversation = shop
        .until("the thread with the refusal", async |shop| {
            let threads = shop.get("/api/v1/conversations").await;
            Some(threads.pointer("/items/0/id")?.as_str()?.to_owned())
        })
        .await;
    let page = shop.get(&format!("/api/v1/conversations/{conversation}/messages")).await;
    assert_eq!(page["items"][0]["delivery"]["state"], "suppressed", "{page}");
    assert_eq!(page["items"][0]["content"]["body"], "Oi");
    assert!(shop.sim.accepted().is_empty());
}

#[tokio::test]
async fn ch18_an_expired_token_pauses_the_channel_and_loses_nothing() {
    let shop = Shop::open(Config::default()).await;
    let conversation = shop.ana_writes().await;
    shop.sim.configure(|config| config.answers.push_back(Answer::Refuse(190)));
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let (status, queued) = shop.post(&path, text("Trinta reais.")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let message = queued["message"].as_str().unwrap().to_owned();
    shop.until("a paused channel", async |shop| {
        let channels = shop.get("/api/v1/channels").await;
        (channels["items"][0]["state"]["reason"] == "token_expired").then_some(())
    })
    .await;
    assert!(shop.sim.accepted().is_empty());
    let channel = shop.channel()["channel"].as_str().unwrap().to_owned();
    let fresh_token = json!({ "access_token": shop.channel()["access_token"] });
    let path = format!("/api/v1/channels/{channel}/credentials");
    let (status, problem) = shop.post(&path, fresh_token).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    shop.until_state(&conversation, &message, "delivered").await;
    assert_eq!(shop.sim.accepted().get(ANA), Some(&1));
}

#[tokio::test]
async fn ca13_a_lost_answer_is_unknown_until_its_status_comes() {
    let shop = Shop::open(Config::default()).await;
    let conversation = shop.ana_writes().await;
    shop.sim.configure(|config| config.answers.push_back(Answer::CutAfterAccept));
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let (_, queued) = shop.post(&path, text("Trinta reais.")).await;
    let message = queued["message"].as_str().unwrap().to_owned();
    let told = shop.until_state(&conversation, &message, "delivered").await;
    assert!(told["delivery"]["times"]["unknown"].is_string(), "{told}");
    assert_eq!(shop.sim.accepted().get(ANA), Some(&1));
}

#[tokio::test]
async fn ch16_paused_it_waits_and_then_goes_on_in_order() {
    let shop = Shop::open(Config::default()).await;
    let conversation = shop.ana_writes().await;
    let channel = shop.channel()["channel"].as_str().unwrap().to_owned();
    let (status, _) = shop.post(&format!("/api/v1/channels/{channel}/pause"), json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let mut messages = vec![];
    for body in ["um", "dois", "três"] {
        let (_, queued) = shop.post(&path, text(body)).await;
        messages.push(queued["message"].as_str().unwrap().to_owned());
    }
    shop.until("three that wait", async |shop| {
        let channels = shop.get("/api/v1/channels").await;
        (channels["items"][0]["n_queued"] == 3).then_some(())
    })
    .await;
    assert!(shop.sim.accepted().is_empty());
    let (status, _) = shop.post(&format!("/api/v1/channels/{channel}/resume"), json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    for message in &messages {
        shop.until_state(&conversation, message, "delivered").await;
    }
    let said: Vec<Value> = shop
        .sim
        .requests()
        .into_iter()
        .filter_map(|request| request.body.pointer("/text/body").cloned())
        .collect();
    assert_eq!(said, ["um", "dois", "três"]);
}

#[tokio::test]
async fn ch02_a_bad_token_is_refused_in_metas_words_and_nothing_is_saved() {
    let shop = Shop::open(Config::default()).await;
    let body = json!({
        "name": "Outra", "phone_number_id": "100000777", "waba_id": "900000777",
        "access_token": "bad-token", "app_secret": "secret",
    });
    let (status, problem) = shop.post("/api/v1/channels", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["code"], "channel_refused");
    assert!(!problem["values"]["message"].as_str().unwrap().is_empty());
    let channels = shop.get("/api/v1/channels").await;
    assert_eq!(channels["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn ch03_a_number_is_green_by_a_delivery_that_came_through() {
    let shop = Shop::open(Config::default()).await;
    shop.sim
        .register_all(&json!({ "channels": [{
            "phone_number_id": "100000555", "waba_id": "900000555",
            "access_token": "good", "app_secret": "shh",
        }]}))
        .unwrap();
    let body = json!({
        "name": "Nova", "phone_number_id": "100000555", "waba_id": "900000555",
        "access_token": "good", "app_secret": "shh",
    });
    let (status, connected) = shop.post("/api/v1/channels", body).await;
    assert_eq!(status, StatusCode::CREATED, "{connected}");
    let id = connected["channel"]["id"].as_str().unwrap().to_owned();
    let proof = async |shop: &Shop| {
        let channel = shop.get(&format!("/api/v1/channels/{id}")).await;
        channel["proof"].clone()
    };
    shop.until("a subscription", async |shop| {
        let proof = proof(shop).await;
        let passed = proof["passed"].as_array()?.clone();
        passed.contains(&json!("subscription")).then_some(())
    })
    .await;
    shop.sim.write(&Inbound::text(ANA, "100000555", "oi")).unwrap();
    shop.until("green", async |shop| (proof(shop).await["state"] == "proven").then_some(())).await;
}

#[tokio::test]
async fn a_delivery_is_taken_by_its_signature_alone() {
    let shop = Shop::open(Config::default()).await;
    let key = shop.channel()["hook_key"].as_str().unwrap().to_owned();
    let secret = shop.channel()["app_secret"].as_str().unwrap().to_owned();
    let path = format!("/hooks/meta/{key}");
    let body = br#"{"object":"whatsapp_business_account","entry":[]}"#.to_vec();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(&body);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let post = async |path: &str, signature: Option<&str>, body: Vec<u8>| {
        let mut request = shop.platform.request(Method::POST, path).body(body);
        if let Some(signature) = signature {
            request = request.header("X-Hub-Signature-256", signature);
        }
        request.send().await.unwrap().status()
    };
    assert_eq!(post(&path, Some(&signature), body.clone()).await, StatusCode::OK);
    assert_eq!(post(&path, Some(&signature), vec![b'x']).await, StatusCode::UNAUTHORIZED);
    assert_eq!(post(&path, None, body.clone()).await, StatusCode::UNAUTHORIZED);
    let unknown = format!("/hooks/meta/{}", URL_SAFE_NO_PAD.encode([7; 32]));
    assert_eq!(post(&unknown, Some(&signature), body).await, StatusCode::NOT_FOUND);
    let large = vec![b' '; (3 << 20) + 1];
    assert_eq!(post(&path, Some(&signature), large).await, StatusCode::PAYLOAD_TOO_LARGE);

    let token = shop.channel()["verify_token"].as_str().unwrap();
    let shake = |token: &str| {
        let query =
            [("hub.mode", "subscribe"), ("hub.challenge", "42"), ("hub.verify_token", token)];
        shop.platform.get(&path).query(&query).send()
    };
    let good = shake(token).await.unwrap();
    assert_eq!(good.status(), StatusCode::OK);
    assert_eq!(good.text().await.unwrap(), "42");
    assert_eq!(shake("wrong").await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn ca07_ca08_no_limit_is_passed_and_a_restart_sends_nothing_twice() {
    const PEOPLE: usize = 120;
    let config = Config { latency_ms: 20, jitter_ms: 20, ..Config::default() };
    let shop = Shop::open(config).await;
    for n in 0..PEOPLE {
        let from = format!("55119{:08}", 10_000_000 + n);
        shop.sim.write(&Inbound::text(&from, &shop.number(), "oi")).unwrap();
    }
    let threads = shop
        .until("all threads", async |shop| {
            let page = shop.get("/api/v1/conversations?limit=200").await;
            let mut ids = vec![];
            let mut page = Some(page);
            while let Some(found) = page.take() {
                ids.extend(found["items"].as_array()?.iter().map(|item| item["id"].clone()));
                if let Some(next) = found["next"].as_str() {
                    let path = format!("/api/v1/conversations?limit=200&after={next}");
                    page = Some(shop.get(&path).await);
                }
            }
            (ids.len() == PEOPLE).then_some(ids)
        })
        .await;
    for thread in &threads {
        let path = format!("/api/v1/conversations/{}/messages", thread.as_str().unwrap());
        assert_eq!(shop.post(&path, text("olá")).await.0, StatusCode::ACCEPTED);
    }
    // A deploy in the middle of it.
    let Shop { platform, sim, .. } = shop;
    let (database_url, name) = (platform.app.config.database_url.clone(), fresh("again"));
    platform.stop().await;
    let again = Platform::start_again(&database_url, &name, &sim.url()).await;
    let all = async {
        while sim.accepted().len() < PEOPLE {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let is_over = tokio::time::timeout(Duration::from_secs(30), all).await.is_ok();
    assert!(is_over, "only {} of {PEOPLE} were written to", sim.accepted().len());
    assert!(sim.accepted().values().all(|n| *n == 1), "somebody heard it twice");
    let refused: Vec<_> =
        sim.requests().into_iter().filter(|request| request.status >= 400).collect();
    assert!(refused.is_empty(), "{refused:?}");
    again.stop().await;
}

#[tokio::test]
async fn ch19_ch20_files_go_out_by_one_upload_and_come_in_whole() {
    let shop = Shop::open(Config::default()).await;
    let conversation = shop.ana_writes().await;
    let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01".as_slice(), &[7; 64]].concat();
    let stored: Value = shop.upload(png.clone(), "praia.png").await.json().await.unwrap();
    let content = json!({ "content": {
        "kind": "media", "media": "image", "file": stored["id"], "caption": "A praia",
    }});
    let path = format!("/api/v1/conversations/{conversation}/messages");
    for _ in 0..2 {
        let queued = shop
            .until("a file that can be sent", async |shop| {
                let (status, queued) = shop.post(&path, content.clone()).await;
                (status == StatusCode::ACCEPTED).then_some(queued)
            })
            .await;
        shop.until_state(&conversation, queued["message"].as_str().unwrap(), "delivered").await;
    }
    let requests = shop.sim.requests();
    let uploads = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/media"));
    assert_eq!(uploads.count(), 1);
    let sent = requests.iter().find_map(|request| request.body.pointer("/image/id").cloned());
    let media_id = sent.unwrap();

    let picture = json!({ "type": "image", "image": { "id": media_id, "caption": "esta?" } });
    shop.sim.write(&Inbound::message(ANA, &shop.number(), picture)).unwrap();
    let file = shop
        .until("her file", async |shop| {
            let page = shop.get(&path).await;
            let items = page["items"].as_array()?.clone();
            let hers = items
                .into_iter()
                .find(|item| item["is_outbound"] == false && item["kind"] == "image")?;
            Some(hers.pointer("/content/file")?.as_str()?.to_owned())
        })
        .await;
    let link = shop.get(&format!("/api/v1/files/{file}")).await;
    assert_eq!(link["mime_type"], "image/png");
    let url = link["url"].as_str().unwrap();
    let bytes = shop.platform.get_as(&shop.owner, url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes, png);
}

#[tokio::test]
async fn d32_a_file_is_what_its_content_says_and_opens_in_its_session_only() {
    let shop = Shop::open(Config::default()).await;
    let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01".as_slice(), &[0; 64]].concat();
    let answer = shop.upload(png.clone(), "../../página.html").await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let stored: Value = answer.json().await.unwrap();
    assert_eq!(stored["mime_type"], "image/png");
    assert_eq!(stored["name"], "página.html");
    let id = stored["id"].as_str().unwrap();
    let link = shop
        .until("the file's row", async |shop| {
            let answer = shop.platform.get_as(&shop.owner, &format!("/api/v1/files/{id}"));
            let answer = answer.send().await.unwrap();
            answer.status().is_success().then_some(answer)
        })
        .await;
    let link: Value = link.json().await.unwrap();
    let url = link["url"].as_str().unwrap().to_owned();
    let answer = shop.platform.get_as(&shop.owner, &url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert!(answer.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert_eq!(answer.bytes().await.unwrap(), png);
    let passed_on = shop.platform.get(&url).send().await.unwrap();
    assert_eq!(passed_on.status(), StatusCode::UNAUTHORIZED);
    let forged = url.replace("until=", "until=9");
    let forged = shop.platform.get_as(&shop.owner, &forged).send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::NOT_FOUND);
    assert_eq!(shop.upload(vec![], "x").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
