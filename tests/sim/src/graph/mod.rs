//! Meta's Graph API, as far as the WhatsApp Cloud API goes.
//!
//! One fallback handler takes the path apart, because Graph's own paths are ids: what a GET of an
//! id answers depends on what the id belongs to. The version prefix may be any, or absent.

mod auth;
mod blocks;
pub(crate) mod content;
pub(crate) mod media;
mod numbers;
mod send;
mod subscriptions;
mod templates;
mod tokens;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request as HttpRequest, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::{
    errors::GraphError,
    server::Wire,
    world::{Core, Request},
};

const MAX_BODY: usize = 110 << 20;

/// A call, taken apart.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: Vec<String>,
    /// The query, and the fields of a form.
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
    pub(crate) wire: Wire,
}

/// What a call comes to.
#[derive(Debug)]
pub(crate) enum Outcome {
    Json(Value),
    /// As it is, with a log entry of this status.
    Raw(Response),
    /// The connection is cut.
    Cut,
}

pub(crate) type Answered = Result<Outcome, GraphError>;

impl Call {
    pub(crate) fn json(&self) -> Map<String, Value> {
        if let Ok(Value::Object(fields)) = serde_json::from_slice(&self.raw) {
            return fields;
        }
        // Graph takes fields from the query and from forms as well.
        let field = |(key, value): (&String, &String)| {
            let parsed = serde_json::from_str::<Value>(value)
                .ok()
                .filter(|value| value.is_object() || value.is_array());
            (key.clone(), parsed.unwrap_or_else(|| Value::from(value.clone())))
        };
        self.query.iter().map(field).collect()
    }

    /// A field of the body or the query, as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        if let Some(text) = self.query.get(name) {
            return Some(text.clone());
        }
        match self.json().get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Null) | None => None,
            Some(other) => Some(other.to_string()),
        }
    }

    /// The address the caller used for us: media URLs must name the same host.
    pub(crate) fn own_address(&self, core: &Core) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        host.map_or_else(|| core.base.clone(), |host| format!("http://{host}"))
    }
}

/// Every path that is none of our own.
pub(crate) async fn handle(
    State(core): State<Arc<Core>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: HttpRequest,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(raw) = to_bytes(body, MAX_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "").into_response();
    };
    let mut path: Vec<String> = parts.uri.path().split('/').map(decoded).collect();
    path.retain(|segment| !segment.is_empty());
    if path.first().is_some_and(|segment| is_version(segment)) {
        path.remove(0);
    }
    let mut query = fields(parts.uri.query().unwrap_or_default());
    if is_form(&parts.headers) {
        query.extend(fields(std::str::from_utf8(&raw).unwrap_or_default()));
    }
    let call =
        Call { method: parts.method, path, query, headers: parts.headers, raw, wire: wire.clone() };
    // A provider goes on with a request whose caller has died: it has a task of its own.
    let task = {
        let core = Arc::clone(&core);
        core.clone().tasks.spawn(async move {
            let noted = noted(&core, &call);
            let outcome = route(&core, call).await;
            finish(&core, noted, outcome)
        })
    };
    let response = tokio::select! {
        response = task => response.ok().flatten(),
        () = core.stop.cancelled() => None,
    };
    response.unwrap_or_else(|| {
        wire.cut();
        Response::new(Body::empty())
    })
}

/// The answer, noted; none when the connection is to be cut.
fn finish(core: &Core, mut noted: Request, outcome: Answered) -> Option<Response> {
    let response = match outcome {
        Ok(Outcome::Json(body)) => {
            let id = body.pointer("/messages/0/id").and_then(Value::as_str);
            noted.message_id = id.map(str::to_owned);
            Some(axum::Json(body).into_response())
        }
        Ok(Outcome::Raw(response)) => Some(response),
        Ok(Outcome::Cut) => None,
        Err(error) => {
            noted.code = Some(error.number());
            let trace = core.trace(&mut core.world());
            Some(error.answer(&trace))
        }
    };
    noted.status = response.as_ref().map_or(0, |response| response.status().as_u16());
    core.world().note(noted);
    core.touch();
    response
}

async fn route(core: &Arc<Core>, call: Call) -> Answered {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let (get, post, delete) = (&Method::GET, &Method::POST, &Method::DELETE);
    let method = &call.method;
    match path.as_slice() {
        ["oauth", "access_token"] => tokens::exchange(core, &call),
        ["debug_token"] => tokens::debug(core, &call),
        ["me"] => tokens::me(core, &call),
        ["_media", id] if method == get => media::download(core, &call, id),
        [id, "messages"] if method == post => {
            let id = (*id).to_owned();
            send::messages(core, call, id, false).await
        }
        [id, "marketing_messages"] if method == post => {
            let id = (*id).to_owned();
            send::messages(core, call, id, true).await
        }
        [id, "media"] if method == post => media::upload(core, &call, id).await,
        [id, "message_templates"] if method == get => templates::list(core, &call, id),
        [id, "message_templates"] if method == post => templates::create(core, &call, id),
        [id, "message_templates"] if method == delete => templates::delete(core, &call, id),
        [id, "subscribed_apps"] if method == get => subscriptions::list(core, &call, id),
        [id, "subscribed_apps"] if method == post => {
            subscriptions::subscribe(core, &call, id).await
        }
        [id, "subscribed_apps"] if method == delete => subscriptions::unsubscribe(core, &call, id),
        [id, "subscriptions"] if method == post => {
            subscriptions::subscribe_app(core, &call, id).await
        }
        [id, "phone_numbers"] if method == get => numbers::list(core, &call, id),
        [id, "phone_numbers"] if method == post => numbers::create(core, &call, id),
        [id, "request_code"] if method == post => numbers::request_code(core, &call, id),
        [id, "verify_code"] if method == post => numbers::verify_code(core, &call, id),
        [id, "register"] if method == post => numbers::register(core, &call, id),
        [id, "deregister"] if method == post => numbers::deregister(core, &call, id),
        [id, "whatsapp_business_profile"] => numbers::profile(core, &call, id),
        [id, "block_users"] => blocks::block_users(core, &call, id),
        [id, "uploads"] if method == post => media::begin_upload(core, &call, id),
        [id] if id.starts_with("upload:") => media::continue_upload(core, &call, id),
        [id] if method == get => look_up(core, &call, id),
        [id] if method == delete => media::delete(core, &call, id),
        [id] if method == post => change(core, &call, id).await,
        _ => Err(GraphError::no_path(&format!("/{}", path.join("/")))),
    }
}

/// What an id belongs to decides.
fn look_up(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let (is_template, is_media, is_waba) = {
        let world = core.world();
        let seeded = id.parse::<u64>().is_ok_and(|n| (900_000_000..1_000_000_000).contains(&n));
        let is_waba =
            world.numbers.wabas.contains_key(id) || (world.config.accept_unknown && seeded);
        (world.templates.get(id).is_some(), world.media.get(id).is_some(), is_waba)
    };
    if is_template {
        templates::show(core, call, id)
    } else if is_media || id.starts_with(media::FIRST) && id.len() == media::ID_LENGTH {
        media::show(core, call, id)
    } else if is_waba {
        numbers::show_waba(core, call, id)
    } else {
        numbers::show(core, call, id)
    }
}

async fn change(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let is_template = core.world().templates.get(id).is_some();
    if is_template {
        templates::edit(core, call, id)
    } else {
        subscriptions::change_number(core, call, id).await
    }
}

/// `{"success": true}`.
pub(crate) fn success() -> Outcome {
    Outcome::Json(json!({"success": true}))
}

fn noted(core: &Core, call: &Call) -> Request {
    let shown: Vec<String> = call
        .query
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "access_token" | "client_secret" | "code"))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    Request {
        n: 0,
        at_ms: core.clock.now_ms(),
        method: call.method.to_string(),
        path: format!("/{}", call.path.join("/")),
        query: shown.join("&"),
        body: serde_json::from_slice(&call.raw).unwrap_or(Value::Null),
        status: 0,
        code: None,
        message_id: None,
    }
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

fn fields(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decoded(&key.replace('+', " ")), decoded(&value.replace('+', " "))))
        .collect()
}

/// Percent signs resolved; what is no UTF-8 becomes a replacement character.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let pair: Vec<u8> = rest.clone().take(2).collect();
        let hex = std::str::from_utf8(&pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(value) if pair.len() == 2 => {
                bytes.push(value);
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let query = fields("hub.challenge=1%2B2&name=Jo%C3%A3o+P&flag&bad=%zz");
        assert_eq!(query["hub.challenge"], "1+2");
        assert_eq!(query["name"], "João P");
        assert_eq!(query["flag"], "");
        assert_eq!(query["bad"], "%zz");
    }

    #[test]
    fn versions_are_told_from_ids() {
        assert!(is_version("v25.0") && is_version("v20"));
        assert!(!is_version("v") && !is_version("106540352242922") && !is_version("video"));
    }
}
