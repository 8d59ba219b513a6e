//! The demo company from the screen of its owner.

use reqwest::{Method, RequestBuilder, StatusCode, header, multipart};
use serde_json::{Value, json};

use crate::house::{House, eventually};

/// The demo company from the screen of its owner.
pub(crate) struct Desk<'a> {
    pub(crate) house: &'a House,
    client: reqwest::Client,
    cookie: String,
    n_keys: u32,
}

impl<'a> Desk<'a> {
    pub(crate) async fn of(house: &'a House) -> Self {
        let client = tests::http().no_proxy().build().unwrap();
        let user = &house.demo["users"][0];
        let body = json!({ "email": user["email"], "password": user["password"] });
        let answer = client
            .post(format!("{}/api/v1/sessions", house.url))
            .header(header::ORIGIN, &house.url)
            .header("Idempotency-Key", tests::fresh("sign_in"))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
        let cookie: Vec<String> = cookies
            .filter_map(|cookie| Some(cookie.to_str().ok()?.split(';').next()?.to_owned()))
            .collect();
        Self { house, client, cookie: cookie.join("; "), n_keys: 0 }
    }

    pub(crate) fn request(&mut self, method: Method, path: &str) -> RequestBuilder {
        self.n_keys += 1;
        self.client
            .request(method, format!("{}{path}", self.house.url))
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, &self.house.url)
            .header("X-Company-Id", self.house.demo["company"].as_str().unwrap())
            .header("Idempotency-Key", format!("desk-{}-{}", tests::fresh("k"), self.n_keys))
    }

    pub(crate) async fn get(&mut self, path: &str) -> Option<Value> {
        let answer = self.request(Method::GET, path).send().await.ok()?;
        answer.status().is_success().then_some(())?;
        answer.json().await.ok()
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> (StatusCode, Value) {
        let answer = self.request(Method::POST, path).json(body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    pub(crate) fn channel(&self) -> &Value {
        &self.house.demo["channels"][0]
    }

    /// A customer writes on her phone, in the simulated provider.
    pub(crate) async fn writes(&self, (name, phone): (&str, &str), message: Value) {
        let number = &self.channel()["phone_number_id"];
        let mut body = json!({ "from": phone, "name": name, "to": number });
        body.as_object_mut().unwrap().extend(message.as_object().unwrap().clone());
        let path = format!("{}/_sim/inbound", self.house.sim);
        let answer = self.client.post(path).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// A file at the provider; its id.
    pub(crate) async fn at_provider(&self, inside: &str) -> String {
        let number = self.channel()["phone_number_id"].as_str().unwrap();
        let part = multipart::Part::bytes(format!("{inside}\n").into_bytes());
        let part = part.file_name("contrato.txt").mime_str("text/plain").unwrap();
        let form = multipart::Form::new()
            .text("messaging_product", "whatsapp")
            .text("type", "text/plain")
            .part("file", part);
        let answer = self
            .client
            .post(format!("{}/v25.0/{number}/media", self.house.sim))
            .bearer_auth(self.channel()["access_token"].as_str().unwrap())
            .multipart(form)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Somebody with this name, if she is there.
    pub(crate) async fn contact(&mut self, name: &str) -> Option<Value> {
        let page = self.get(&format!("/api/v1/contacts?search={name}")).await?;
        page["items"].as_array()?.first().cloned()
    }

    pub(crate) async fn messages(&mut self, conversation: &str) -> Vec<Value> {
        let path = format!("/api/v1/conversations/{conversation}/messages?limit=100");
        let page = self.get(&path).await.unwrap_or_default();
        page["items"].as_array().cloned().unwrap_or_default()
    }
}

impl Desk<'_> {
    /// Somebody with this name and a thread, as soon as she is there.
    pub(crate) async fn until_known(&mut self, name: &str) -> Value {
        let mut found = Value::Null;
        eventually(&format!("{name} is known"), async || {
            found = self.contact(name).await.unwrap_or_default();
            found["conversations"][0].is_string()
        })
        .await;
        found
    }

    /// The channel is paused, or goes on.
    pub(crate) async fn channel_is(&mut self, verb: &str) {
        let channel = self.channel()["channel"].as_str().unwrap().to_owned();
        let (status, _) =
            self.post(&format!("/api/v1/channels/{channel}/{verb}"), &json!({})).await;
        assert!(status.is_success(), "{verb}: {status}");
    }

    /// Answers in a thread; the message.
    pub(crate) async fn answers(&mut self, conversation: &str, body: &str) -> String {
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let body = json!({ "content": { "kind": "text", "body": body } });
        let (status, answer) = self.post(&path, &body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["message"].as_str().unwrap().to_owned()
    }

    /// Waits until a message of ours came so far.
    pub(crate) async fn until_state(&mut self, conversation: &str, message: &str, state: &str) {
        eventually(&format!("{message} is {state}"), async || {
            let messages = self.messages(conversation).await;
            messages.iter().any(|it| it["id"] == *message && it["delivery"]["state"] == state)
        })
        .await;
    }
}
