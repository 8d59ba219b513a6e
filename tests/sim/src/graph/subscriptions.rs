//! Who gets the webhooks: subscriptions with the handshake that proves the address.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Answered, Call, Outcome, auth, success};
use crate::{
    chance::Chance,
    errors::GraphError,
    world::{Core, numbers::Callback},
};

/// `GET /{waba_id}/subscribed_apps`.
pub(crate) fn list(core: &Arc<Core>, call: &Call, waba: &str) -> Answered {
    let mut world = core.world();
    auth::for_waba(core, &world, call, waba)?;
    let waba = world.numbers.waba(waba);
    if !waba.subscribed {
        return Ok(Outcome::Json(json!({"data": []})));
    }
    let mut app = json!({"whatsapp_business_api_data": {
        "id": waba.app_id,
        "link": "https://www.facebook.com/games/?app_id=1000000000000001",
        "name": "Master IA",
    }});
    if let (Some(app), Some(callback)) = (app.as_object_mut(), &waba.callback) {
        app.insert("override_callback_uri".to_owned(), Value::from(callback.url.clone()));
    }
    Ok(Outcome::Json(json!({ "data": [app] })))
}

/// `POST /{waba_id}/subscribed_apps`, with or without an address of its own.
pub(crate) async fn subscribe(core: &Arc<Core>, call: &Call, waba: &str) -> Answered {
    auth::for_waba(core, &core.world(), call, waba)?;
    let callback = match call.text("override_callback_uri") {
        Some(url) => Some(proven(core, url, call.text("verify_token")).await?),
        None => None,
    };
    let mut world = core.world();
    let account = world.numbers.waba(waba);
    account.subscribed = true;
    account.callback = callback.or(account.callback.take());
    core.tell(&json!({"event": "numbers"}));
    Ok(success())
}

/// `DELETE /{waba_id}/subscribed_apps`.
pub(crate) fn unsubscribe(core: &Arc<Core>, call: &Call, waba: &str) -> Answered {
    let mut world = core.world();
    auth::for_waba(core, &world, call, waba)?;
    let account = world.numbers.waba(waba);
    account.subscribed = false;
    account.callback = None;
    core.tell(&json!({"event": "numbers"}));
    Ok(success())
}

/// `POST /{app_id}/subscriptions`: one address for all accounts of the app.
pub(crate) async fn subscribe_app(core: &Arc<Core>, call: &Call, _app: &str) -> Answered {
    auth::any(core, &core.world(), call)?;
    if call.text("object").as_deref() != Some("whatsapp_business_account") {
        return Err(GraphError::invalid("Param object must be whatsapp_business_account"));
    }
    let url = call.text("callback_url").ok_or_else(|| GraphError::missing("callback_url"))?;
    let callback = proven(core, url, call.text("verify_token")).await?;
    core.world().config.callback_url = Some(callback.url);
    core.tell(&json!({"event": "numbers"}));
    Ok(success())
}

/// `POST /{phone_number_id}`: a number's own address (`webhook_configuration`).
pub(crate) async fn change_number(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    auth::for_number(core, &mut core.world(), call, "post", id)?;
    let fields: Map<String, Value> = call.json();
    if let Some(configuration) = fields.get("webhook_configuration") {
        let text = |name: &str| {
            configuration.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let url = text("override_callback_uri");
        let callback = if url.is_empty() {
            None
        } else {
            Some(proven(core, url, Some(text("verify_token"))).await?)
        };
        if let Some(number) = core.world().numbers.by_id.get_mut(id) {
            number.callback = callback;
        }
        core.tell(&json!({"event": "numbers"}));
    }
    Ok(success())
}

/// The handshake: the address must know its token and give the challenge back.
async fn proven(
    core: &Arc<Core>,
    url: String,
    verify_token: Option<String>,
) -> Result<Callback, GraphError> {
    let verify_token = verify_token.ok_or_else(|| GraphError::missing("verify_token"))?;
    let challenge = {
        let n = core.world().number_next();
        Chance::of(core.nonce, "challenge", &url, n).digits(10)
    };
    let query = [
        ("hub.mode", "subscribe"),
        ("hub.challenge", &challenge),
        ("hub.verify_token", &verify_token),
    ];
    let sent = core.http.get(&url).query(&query).send().await;
    let why = match sent {
        Err(error) if error.is_builder() => "the URL is not valid".to_owned(),
        Err(error) if error.is_timeout() => "the request timed out".to_owned(),
        Err(error) if is_of_tls(&error) => {
            "curl_errno = 60; curl_error = SSL certificate problem".to_owned()
        }
        Err(_) => "the server could not be reached".to_owned(),
        Ok(answer) if !answer.status().is_success() => {
            format!(
                "HTTP Status Code = {}; HTTP Message = {}",
                answer.status().as_u16(),
                answer.status().canonical_reason().unwrap_or("-")
            )
        }
        Ok(answer) => match answer.text().await {
            Ok(text) if text.trim() == challenge => return Ok(Callback { url, verify_token }),
            _ => "Response does not match challenge, expected value is the challenge".to_owned(),
        },
    };
    Err(GraphError::code(2_200)
        .said(format!("(#2200) Callback verification failed with the following errors: {why}")))
}

/// Whether it was the handshake of TLS that failed.
fn is_of_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let words = error.to_string();
        if ["certificate", "InvalidContentType", "corrupt message"]
            .iter()
            .any(|w| words.contains(w))
        {
            return true;
        }
        cause = error.source();
    }
    false
}
