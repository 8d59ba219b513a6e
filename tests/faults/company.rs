//! The demo company from outside: customers who write by webhook, programs that answer by API, and
//! the account of what must be there afterwards.
//!
//! Like Meta, a webhook that was not answered 200 is delivered again; like a careful program, a
//! command without an answer is sent again under its key.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use shared::{
    conversations::Thread,
    messages::{Content, Message, MessageState},
    page::Page,
};

use crate::house::{House, Node, eventually, eventually_or};

/// What was said so far, and by whom it was acknowledged.
pub(crate) struct Company {
    client: reqwest::Client,
    /// Where people and programs are answered.
    url: String,
    /// Where deliveries go.
    hooks: String,
    sim: String,
    api_key: String,
    channel: Value,
    /// Texts, and the deliveries that carry them.
    written: BTreeMap<String, String>,
    answered: BTreeSet<String>,
    /// What the platform said yes to.
    acknowledged: BTreeSet<String>,
}

/// Whose thread is answered.
const ANSWERED: u32 = 1;

impl Company {
    pub(crate) fn of(house: &House) -> Self {
        Self::at(house, &house.url)
    }

    /// The company as answered by another process than the one that takes deliveries.
    pub(crate) fn at(house: &House, api: &str) -> Self {
        let client = tests::http().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        let api_key = house.demo["api_key"].as_str().unwrap().to_owned();
        Self {
            client,
            url: api.to_owned(),
            hooks: house.url.clone(),
            sim: house.sim.clone(),
            api_key,
            channel: house.demo["channels"][0].clone(),
            written: BTreeMap::new(),
            answered: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
        }
    }

    /// From now on another process answers people and programs.
    pub(crate) fn turn_to(&mut self, api: &str) {
        api.clone_into(&mut self.url);
    }

    fn field(&self, name: &str) -> &str {
        self.channel[name].as_str().unwrap_or_else(|| panic!("the demo's channel has no {name}"))
    }

    /// A customer writes; delivered until the platform says 200, or until it is dead.
    pub(crate) async fn write(&mut self, node: &mut Node, customer: u32, text: &str) {
        let fresh = self.delivery(customer, text).to_string();
        let body = self.written.entry(text.to_owned()).or_insert(fresh).clone();
        if self.deliver(node, &body).await {
            self.acknowledged.insert(text.to_owned());
        }
    }

    /// Whether the platform lived to say 200.
    async fn deliver(&self, node: &mut Node, body: &str) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.field("app_secret").as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let hook = format!("{}/hooks/meta/{}", self.hooks, self.field("hook_key"));
        let mut pace = pace();
        while !node.is_dead() {
            pace.tick().await;
            let sent = self.client.post(&hook).header("x-hub-signature-256", &signature);
            let sent = sent.header("content-type", "application/json").body(body.to_owned());
            match sent.send().await {
                Ok(answer) if answer.status() == 200 => return true,
                Ok(answer) => {
                    assert!(answer.status() == 503, "a webhook was answered {}", answer.status());
                }
                Err(_) => {}
            }
        }
        false
    }

    fn delivery(&self, customer: u32, text: &str) -> Value {
        let from = format!("55119{:08}", 80_000_000 + customer);
        let id = format!("wamid.{}", hex::encode(text));
        json!({
            "object": "whatsapp_business_account",
            "entry": [{
                "id": self.field("waba_id"),
                "changes": [{
                    "field": "messages",
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": {
                            "display_phone_number": "551130000000",
                            "phone_number_id": self.field("phone_number_id"),
                        },
                        "contacts": [{ "profile": { "name": name(customer) }, "wa_id": from }],
                        "messages": [{
                            "from": from,
                            "id": id,
                            "timestamp": now().to_string(),
                            "type": "text",
                            "text": { "body": text },
                        }],
                    },
                }],
            }],
        })
    }

    /// A program answers the first customer, who must have written; sent until the platform takes
    /// it, or until it is dead.
    pub(crate) async fn answer(&mut self, node: &mut Node, text: &str) {
        self.answered.insert(text.to_owned());
        let name = name(ANSWERED);
        let mut pace = pace();
        while !node.is_dead() {
            pace.tick().await;
            let threads = self.threads().await.unwrap_or_default();
            let Some(thread) = threads.iter().find(|thread| thread.name == name) else { continue };
            let path = format!("{}/api/v1/conversations/{}/messages", self.url, thread.id);
            let sent = self.client.post(path).bearer_auth(&self.api_key);
            let sent = sent.header("idempotency-key", text.replace(' ', "-"));
            let body = json!({ "content": { "kind": "text", "body": text } });
            match sent.json(&body).send().await {
                Ok(answer) if answer.status().is_success() => {
                    self.acknowledged.insert(text.to_owned());
                    return;
                }
                Ok(answer) if answer.status() == 503 => {}
                Ok(answer) => {
                    let status = answer.status();
                    panic!("an answer was refused: {status} {:?}", answer.text().await);
                }
                Err(_) => {}
            }
        }
    }

    /// Delivers and sends again what was not acknowledged for sure, on a platform that is not armed.
    pub(crate) async fn settle(&mut self, node: &mut Node) {
        for (text, body) in &self.written {
            assert!(self.deliver(node, body).await, "{text} was not taken by a healthy platform");
            self.acknowledged.insert(text.clone());
        }
        for text in self.answered.clone() {
            self.answer(node, &text).await;
        }
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<T> {
        let answer = self
            .client
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.api_key)
            .send()
            .await
            .ok()?;
        answer.status().is_success().then_some(())?;
        Some(answer.json().await.unwrap())
    }

    async fn threads(&self) -> Option<Vec<Thread>> {
        let page: Page<Thread> = self.get("/api/v1/conversations?limit=100").await?;
        Some(page.items)
    }

    async fn messages(&self) -> Option<Vec<Message>> {
        let mut found = Vec::new();
        for thread in self.threads().await? {
            let mut after = String::new();
            loop {
                let path = format!("/api/v1/conversations/{}/messages?limit=100{after}", thread.id);
                let page: Page<Message> = self.get(&path).await?;
                found.extend(page.items);
                match page.next {
                    Some(next) => after = format!("&after={next}"),
                    None => break,
                }
            }
        }
        Some(found)
    }

    /// How far each outbound message is.
    pub(crate) async fn states(&self) -> Option<Vec<MessageState>> {
        let messages = self.messages().await?;
        Some(messages.iter().filter_map(|message| Some(message.delivery.as_ref()?.state)).collect())
    }

    /// How many were under way when their owner ended, and nobody knows more yet.
    pub(crate) async fn n_unknown(&self) -> usize {
        let states = self.states().await.unwrap_or_default();
        states.iter().filter(|state| **state == MessageState::Unknown).count()
    }

    /// Waits until an answer was sent, or is unknown.
    pub(crate) async fn reaches_an_end(&self, text: &str) {
        eventually("the answer is under way", async || {
            let messages = self.messages().await.unwrap_or_default();
            messages.iter().filter(|message| message.is_outbound).any(|message| {
                let said =
                    matches!(&message.content, Some(Content::Text { body, .. }) if body == text);
                said && is_settled(message)
            })
        })
        .await;
    }

    /// Everything acknowledged is in the read model, once; every answer reached an end, and the
    /// provider accepted none twice.
    pub(crate) async fn check(&self, house: &House) {
        let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
        for text in &self.acknowledged {
            *expected.entry(text).or_default() += 1;
        }
        let last = RefCell::new(String::new());
        let complete = async || {
            let Some(messages) = self.messages().await else { return false };
            let is_settled = messages.iter().filter(|message| message.is_outbound).all(is_settled);
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for message in &messages {
                if let Some(Content::Text { body, .. }) = &message.content {
                    *counts.entry(body).or_default() += 1;
                }
            }
            let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
            assert!(twice.is_empty(), "told twice: {twice:?}");
            let missing: Vec<_> =
                expected.keys().filter(|text| !counts.contains_key(**text)).collect();
            *last.borrow_mut() = format!("missing {missing:?}, settled: {is_settled}");
            is_settled && missing.is_empty() && counts.len() >= expected.len()
        };
        eventually_or("everything acknowledged is in the read model", complete, || {
            format!("{}\nthe platform said last:\n{}", last.borrow(), house.last_words())
        })
        .await;

        let accepted = self.client.get(format!("{}/_sim/attempts?by=message", self.sim));
        let accepted = accepted.send().await.unwrap().text().await.unwrap();
        for line in accepted.lines() {
            let mut fields = line.split('\t');
            let (id, count) = (fields.next().unwrap(), fields.next().unwrap());
            assert!(count == "0" || count == "1", "message {id} was accepted {count} times");
        }
        house.masteria(&["verify"]);
    }
}

/// It was accepted, refused or is unknown: nothing waits any more.
fn is_settled(message: &Message) -> bool {
    message.delivery.as_ref().is_some_and(|delivery| {
        !matches!(delivery.state, MessageState::Queued | MessageState::Picked)
    })
}

/// How fast somebody who is not answered asks again.
fn pace() -> tokio::time::Interval {
    tokio::time::interval(Duration::from_millis(10))
}

fn name(customer: u32) -> String {
    format!("Cliente {customer}")
}

/// The provider's clock, in seconds.
#[expect(clippy::disallowed_methods, reason = "the provider has a clock of its own")]
fn now() -> i64 {
    chrono::Utc::now().timestamp()
}
