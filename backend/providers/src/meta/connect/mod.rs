//! Connecting a number: does the token work, does the number belong to the account, do webhooks come.

use ports::{
    Answer,
    connect::{Callback, Connection, Connector, NumberInfo, Trouble},
    outcome::Fault,
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    errors,
    graph::{Graph, call},
};

const FIELDS: &str = "id,display_phone_number,verified_name,quality_rating,throughput,\
                      messaging_limit_tier,status,is_on_biz_app";

#[derive(Deserialize)]
struct NumberNode {
    id: String,
    #[serde(default)]
    display_phone_number: String,
    verified_name: Option<String>,
    quality_rating: Option<String>,
    throughput: Option<Throughput>,
    messaging_limit_tier: Option<String>,
    status: Option<String>,
    #[serde(default)]
    is_on_biz_app: bool,
}

#[derive(Deserialize)]
struct Throughput {
    level: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Value>,
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    next: Option<String>,
    cursors: Option<Cursors>,
}

#[derive(Deserialize)]
struct Cursors {
    after: Option<String>,
}

/// An account has few numbers; this many pages of 100 are enough for all of them.
const MOST_PAGES: usize = 100;

impl Connector for Graph {
    fn verify<'a>(&'a self, new: &'a Connection) -> Answer<'a, Result<NumberInfo, Trouble>> {
        Box::pin(async move {
            let request = self
                .request(Method::GET, self.url(&[&new.number_id]), &new.token)
                .query(&[("fields", FIELDS)]);
            let body = call(request).await.success()?;
            let number: NumberNode =
                serde_json::from_slice(&body).map_err(|_error| Trouble::NotUnderstood)?;
            if number.id != new.number_id {
                return Err(Trouble::NotUnderstood);
            }
            self.belongs(new).await?;
            Ok(NumberInfo {
                display_phone_number: number.display_phone_number,
                verified_name: number.verified_name,
                quality_rating: number.quality_rating,
                throughput: number.throughput.and_then(|throughput| throughput.level),
                messaging_limit: number.messaging_limit_tier,
                business_id: self.owner(new).await,
                status: number.status,
                is_on_biz_app: number.is_on_biz_app,
            })
        })
    }

    fn subscribe<'a>(
        &'a self,
        new: &'a Connection,
        callback: Option<&'a Callback>,
    ) -> Answer<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let body = callback.map_or_else(
                || json!({}),
                |callback| {
                    json!({
                        "override_callback_uri": callback.url,
                        "verify_token": callback.verify_token.reveal(),
                    })
                },
            );
            let reply = self.post(&[&new.account_id, "subscribed_apps"], &new.token, &body).await;
            done(&reply.success()?)
        })
    }

    fn is_subscribed<'a>(&'a self, new: &'a Connection) -> Answer<'a, Result<bool, Trouble>> {
        Box::pin(async move {
            let url = self.url(&[&new.account_id, "subscribed_apps"]);
            let body = call(self.request(Method::GET, url, &new.token)).await.success()?;
            let page: Page =
                serde_json::from_slice(&body).map_err(|_error| Trouble::NotUnderstood)?;
            Ok(!page.data.is_empty())
        })
    }

    fn unsubscribe<'a>(&'a self, old: &'a Connection) -> Answer<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let url = self.url(&[&old.account_id, "subscribed_apps"]);
            let body = call(self.request(Method::DELETE, url, &old.token)).await.success()?;
            done(&body)
        })
    }

    fn register<'a>(
        &'a self,
        new: &'a Connection,
        pin: &'a str,
    ) -> Answer<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let body = json!({ "messaging_product": "whatsapp", "pin": pin });
            let reply = self.post(&[&new.number_id, "register"], &new.token, &body).await;
            done(&reply.success()?)
        })
    }
}

impl Graph {
    /// The business that owns the account. A token that may not see it is none the worse for sending.
    async fn owner(&self, new: &Connection) -> Option<String> {
        let request = self
            .request(Method::GET, self.url(&[&new.account_id]), &new.token)
            .query(&[("fields", "owner_business_info")]);
        let body = call(request).await.success().ok()?;
        let node: Value = serde_json::from_slice(&body).ok()?;
        node.pointer("/owner_business_info/id")?.as_str().map(str::to_owned)
    }

    /// Whether the number is one of the account's.
    async fn belongs(&self, new: &Connection) -> Result<(), Trouble> {
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let url = self.url(&[&new.account_id, "phone_numbers"]);
            let mut request = self
                .request(Method::GET, url, &new.token)
                .query(&[("fields", "id"), ("limit", "100")]);
            if let Some(after) = &after {
                request = request.query(&[("after", after)]);
            }
            let body = call(request).await.success()?;
            let page: Page =
                serde_json::from_slice(&body).map_err(|_error| Trouble::NotUnderstood)?;
            let ids = page.data.iter().filter_map(|number| number.get("id")?.as_str());
            if ids.into_iter().any(|id| id == new.number_id) {
                return Ok(());
            }
            // The address of the next page is not followed: only its cursor is taken.
            after = page
                .paging
                .filter(|paging| paging.next.is_some())
                .and_then(|paging| paging.cursors)
                .and_then(|cursors| cursors.after);
            if after.is_none() {
                break;
            }
        }
        Err(Trouble::Refused(Box::new(Fault {
            code: 100,
            subcode: None,
            verdict: errors::verdict(100),
            message: "The phone number does not belong to this WhatsApp Business Account."
                .to_owned(),
            details: None,
        })))
    }
}

fn done(body: &[u8]) -> Result<(), Trouble> {
    let answer: Value = serde_json::from_slice(body).map_err(|_error| Trouble::NotUnderstood)?;
    match answer.get("success") {
        Some(Value::Bool(true)) => Ok(()),
        Some(Value::String(word)) if word == "true" => Ok(()),
        _ => Err(Trouble::NotUnderstood),
    }
}

#[cfg(test)]
mod tests;
