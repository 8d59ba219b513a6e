//! The hand behind the scenes: `/_sim/…`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    inbound::{self, Inbound},
    stats,
    world::{Core, World, numbers::NumberSpec, people::Person},
};

type Shared = State<Arc<Core>>;

pub(crate) fn router() -> Router<Arc<Core>> {
    Router::new()
        .route("/_sim", get(about))
        .route("/_sim/health", get(|| async { "ok" }))
        .route(
            "/_sim/stats",
            get(|State(core): Shared| async move { axum::Json(stats::stats(&core)) }),
        )
        .route("/_sim/accepted", get(accepted))
        .route("/_sim/attempts", get(attempts))
        .route("/_sim/requests", get(requests))
        .route("/_sim/messages", get(messages))
        .route("/_sim/config", get(config).post(configure))
        .route("/_sim/reset", post(reset))
        .route("/_sim/numbers", get(numbers).post(register))
        .route("/_sim/inbound", post(write))
        .route("/_sim/webhook", post(webhook))
        .route("/_sim/templates", post(template))
}

async fn about() -> &'static str {
    "masteria-sim: the simulated providers\n\n\
     GET  /phone                the page of the customers\n\
     GET  /_sim/stats           what happened so far\n\
     GET  /_sim/accepted        recipient TAB accepted messages\n\
     GET  /_sim/attempts        our id TAB accepted TAB calls; ?by=message sums the attempts\n\
     GET  /_sim/requests        what came in, the last first; ?path= ?limit=\n\
     GET  /_sim/messages        what was said; ?from=company|customer ?number= ?limit=\n\
     GET  /_sim/config          how the simulator behaves\n\
     POST /_sim/config          changes it: JSON of the keys above; {\"reset\": true} first goes back\n\
     POST /_sim/reset           forgets what happened\n\
     GET  /_sim/numbers         numbers, accounts and their subscriptions\n\
     POST /_sim/numbers         registers numbers: [{phone_number_id, waba_id, access_token, app_secret, hook_key | callback_url}]\n\
     POST /_sim/inbound         a customer writes: {from, to, name, text | message}\n\
     POST /_sim/webhook         any change: {waba_id, phone_number_id, field, value}\n\
     POST /_sim/templates       moves a template: {name, waba_id, event, reason}\n"
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    by: Option<String>,
    path: Option<String>,
    from: Option<String>,
    number: Option<String>,
    limit: Option<usize>,
}

async fn accepted(State(core): Shared) -> String {
    let lines = stats::accepted(&core).into_iter();
    lines.map(|(recipient, count)| format!("{recipient}\t{count}\n")).collect::<Vec<_>>().concat()
}

async fn attempts(State(core): Shared, Query(asked): Query<Asked>) -> String {
    let world = core.world();
    let counts = &world.counts;
    if asked.by.as_deref() == Some("message") {
        let lines = counts.by_message().into_iter();
        return lines
            .map(|(id, a)| format!("{id}\t{}\t{}\n", a.accepted, a.calls))
            .collect::<Vec<_>>()
            .concat();
    }
    let mut lines: Vec<String> = counts
        .attempts
        .iter()
        .map(|(id, a)| format!("{id}\t{}\t{}\n", a.accepted, a.calls))
        .collect();
    lines.sort();
    lines.concat()
}

async fn requests(State(core): Shared, Query(asked): Query<Asked>) -> Response {
    let world = core.world();
    let wanted = asked.path.unwrap_or_default();
    let found: Vec<Value> = world
        .log
        .iter()
        .rev()
        .filter(|request| request.path.contains(&wanted))
        .take(asked.limit.unwrap_or(100))
        .map(|request| json!(request))
        .collect();
    axum::Json(json!({ "items": found })).into_response()
}

async fn messages(State(core): Shared, Query(asked): Query<Asked>) -> Response {
    let world = core.world();
    let is_wanted = |from_company: bool| match asked.from.as_deref() {
        Some("company") => from_company,
        Some("customer") => !from_company,
        _ => true,
    };
    let mut found: Vec<Value> = world
        .messages
        .iter()
        .filter(|message| is_wanted(message.from_company))
        .filter(|message| asked.number.as_ref().is_none_or(|number| *number == message.number))
        .map(|message| {
            let mut shown = json!(message);
            if let Some(fields) = shown.as_object_mut() {
                let person = world.people.get(message.person);
                fields.insert("person".to_owned(), json!(person.map(Person::address)));
                fields.insert("biz_opaque_callback_data".to_owned(), json!(message.opaque));
            }
            shown
        })
        .collect();
    let skip = found.len().saturating_sub(asked.limit.unwrap_or(1_000));
    axum::Json(json!({ "items": found.split_off(skip) })).into_response()
}

async fn config(State(core): Shared) -> Response {
    axum::Json(&core.world().config).into_response()
}

async fn configure(State(core): Shared, body: Bytes) -> Response {
    let Ok(Value::Object(mut patch)) = serde_json::from_slice(&body) else {
        return refused("the body must be a JSON object of configuration keys");
    };
    let changed = {
        let mut world = core.world();
        if patch.remove("reset") == Some(Value::Bool(true)) {
            let old = std::mem::take(&mut world.config);
            world.config.platform = old.platform;
            world.config.callback_url = old.callback_url;
            world.config.app_secret = old.app_secret;
            world.config.token = old.token;
        }
        let changed = world.config.merge(&patch);
        core.clock.shift(world.config.clock_offset_s);
        changed
    };
    match changed {
        Ok(ignored) => {
            axum::Json(json!({"config": core.world().config, "ignored": ignored})).into_response()
        }
        Err(error) => refused(&error),
    }
}

async fn reset(State(core): Shared) -> Response {
    core.agenda.clear();
    core.world().forget();
    core.tell(&json!({"event": "reset"}));
    core.touch();
    axum::Json(json!({"success": true})).into_response()
}

async fn numbers(State(core): Shared) -> Response {
    let world = core.world();
    let list: Vec<Value> = world
        .numbers
        .by_id
        .values()
        .map(|number| {
            let route = world.numbers.route(&number.waba, Some(&number.id), &world.config);
            json!({
                "phone_number_id": number.id,
                "waba_id": number.waba,
                "display_phone_number": number.display,
                "verified_name": number.name,
                "registered": number.registered,
                "callback_url": route.map(|(url, _)| url),
            })
        })
        .collect();
    axum::Json(json!({ "items": list })).into_response()
}

async fn register(State(core): Shared, body: Bytes) -> Response {
    let Ok(given) = serde_json::from_slice::<Value>(&body) else {
        return refused("the body must be JSON");
    };
    match register_all(&mut core.world(), &given) {
        Ok(0) => refused("no phone_number_id anywhere in the body"),
        Ok(n) => {
            core.tell(&json!({"event": "numbers"}));
            axum::Json(json!({ "registered": n })).into_response()
        }
        Err(error) => refused(&error),
    }
}

/// Registers every number found in a document, which may be the platform's own seed report. What
/// a number does not say itself (WABA, secret, token, hook key) is taken from what it stands in.
pub(crate) fn register_all(world: &mut World, given: &Value) -> Result<usize, String> {
    let mut found = Vec::new();
    collect(given, &Map::new(), &mut found);
    let n = found.len();
    for fields in found {
        let spec: NumberSpec = serde_json::from_value(Value::Object(fields))
            .map_err(|error| format!("a number cannot be read: {error}"))?;
        world.numbers.register(spec, &world.config);
    }
    Ok(n)
}

fn collect(value: &Value, around: &Map<String, Value>, found: &mut Vec<Map<String, Value>>) {
    const KEPT: &[(&str, &str)] = &[
        ("phone_number_id", "phone_number_id"),
        ("waba_id", "waba_id"),
        ("waba", "waba_id"),
        ("business_id", "business_id"),
        ("display_phone_number", "display_phone_number"),
        ("display_phone", "display_phone_number"),
        ("phone", "display_phone_number"),
        ("verified_name", "verified_name"),
        ("name", "verified_name"),
        ("access_token", "access_token"),
        ("token", "access_token"),
        ("app_secret", "app_secret"),
        ("callback_url", "callback_url"),
        ("webhook_url", "callback_url"),
        ("hook_key", "hook_key"),
        ("verify_token", "verify_token"),
        ("mps", "mps"),
    ];
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, around, found)),
        Value::Object(fields) => {
            let mut own = around.clone();
            for (key, name) in KEPT {
                let text = match fields.get(*key) {
                    Some(Value::String(text)) => Value::from(text.clone()),
                    Some(Value::Number(number)) if *name != "mps" => {
                        Value::from(number.to_string())
                    }
                    Some(Value::Number(number)) => Value::Number(number.clone()),
                    _ => continue,
                };
                own.insert((*name).to_owned(), text);
            }
            if fields.contains_key("phone_number_id") {
                found.push(own);
                return;
            }
            for name in ["display_phone_number", "verified_name"] {
                own.remove(name);
            }
            fields.values().for_each(|value| collect(value, &own, found));
        }
        _ => {}
    }
}

async fn write(State(core): Shared, body: Bytes) -> Response {
    let given: Result<Inbound, _> = serde_json::from_slice(&body);
    let given = match given {
        Ok(given) => given,
        Err(error) => return refused(&error.to_string()),
    };
    let mut world = core.world();
    match inbound::write(&core, &mut world, &given) {
        Ok(id) => axum::Json(json!({ "id": id })).into_response(),
        Err(refusal) => refused(refusal.sentence()),
    }
}

async fn webhook(State(core): Shared, body: Bytes) -> Response {
    #[derive(Deserialize)]
    struct Given {
        waba_id: String,
        phone_number_id: Option<String>,
        field: String,
        value: Value,
    }
    let given: Given = match serde_json::from_slice(&body) {
        Ok(given) => given,
        Err(error) => return refused(&error.to_string()),
    };
    let mut world = core.world();
    let number = given.phone_number_id.as_deref();
    crate::hooks::send(&core, &mut world, &given.waba_id, number, &given.field, &given.value, None);
    axum::Json(json!({"success": true})).into_response()
}

async fn template(State(core): Shared, body: Bytes) -> Response {
    #[derive(Deserialize)]
    struct Given {
        name: String,
        waba_id: Option<String>,
        event: String,
        #[serde(default)]
        reason: Option<String>,
    }
    let given: Given = match serde_json::from_slice(&body) {
        Ok(given) => given,
        Err(error) => return refused(&error.to_string()),
    };
    let mut world = core.world();
    let ids: Vec<String> = world
        .templates
        .0
        .values()
        .filter(|template| template.name == given.name)
        .filter(|template| given.waba_id.as_ref().is_none_or(|waba| *waba == template.waba))
        .map(|template| template.id.clone())
        .collect();
    let reason = given.reason.as_deref().unwrap_or("NONE");
    for id in &ids {
        crate::hooks::template_status(&core, &mut world, id, &given.event, reason);
    }
    axum::Json(json!({ "changed": ids.len() })).into_response()
}

fn refused(why: &str) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::BAD_REQUEST, headers, json!({ "error": why }).to_string()).into_response()
}
