//! Section 7 of the first issue, on every route of the list: whatever is sent is answered with a problem
//! that has a stable code and a sentence in both languages, never with a fault of ours.

use std::collections::BTreeSet;

use kernel::http::{Access, Route};
use reqwest::Method;
use serde_json::{Value, json};
use shared::permission::Role;
use tests::fresh;

use super::{
    rights::{call, name, samples},
    support::{Call, House, Reply},
};

const JSON: &str = "application/json";

/// Every answer is looked at: no fault of ours, and what is refused is explained.
struct Judge<'a> {
    house: &'a House,
    owner: String,
    admin: String,
    explained: BTreeSet<String>,
}

impl<'a> Judge<'a> {
    async fn of(house: &'a House) -> Self {
        let (owner, admin) = (house.session(Role::Owner).await, house.session(None).await);
        Self { house, owner, admin, explained: BTreeSet::new() }
    }

    /// A request that would be in order, of somebody who may.
    fn call(&self, route: &Route) -> Call<'a> {
        let call = call(self.house, route);
        match route.access {
            Access::Public => call,
            Access::SuperAdmin => call.cookie(&self.admin),
            Access::SignedIn | Access::Company { .. } => call.cookie(&self.owner),
        }
    }

    async fn judge(&mut self, what: &str, route: &Route, call: Call<'a>) -> Reply {
        // Under a key of its own, as an answer is kept in the language it was given in.
        let english = call.clone().header("accept-language", "en").under(&fresh("english"));
        let reply = call.header("accept-language", "pt-BR").send().await;
        let where_ = format!("{what} at {}: {}", name(route), reply.text());
        assert!(reply.status.as_u16() < 500, "{where_}");
        if reply.status.as_u16() < 400 {
            return reply;
        }
        assert_eq!(reply.headers["content-type"], "application/problem+json", "{where_}");
        let problem = reply.json();
        let code = reply.code();
        assert!(!code.is_empty(), "{where_}");
        assert_eq!(problem["status"], reply.status.as_u16(), "{where_}");
        if self.explained.insert(code.clone()) {
            let english = english.send().await.json();
            assert_eq!(english["code"], code.as_str(), "{where_}");
            for part in ["title", "detail"] {
                let (ours, theirs) = (problem[part].as_str(), english[part].as_str());
                let (ours, theirs) = (ours.unwrap_or_default(), theirs.unwrap_or_default());
                assert!(!ours.is_empty() && !theirs.is_empty(), "{code} has no {part}");
                assert_ne!(ours, theirs, "{code} is not translated");
                assert!(!ours.contains(&code), "{code} has no sentence: {ours}");
            }
        }
        reply
    }
}

fn bodies() -> Vec<(&'static str, &'static str, Vec<u8>, u16, &'static str)> {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_inside = format!(r#"{{"x":{deep}}}"#);
    let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(3 << 20));
    vec![
        ("nothing", JSON, vec![], 400, "request.json_invalid"),
        ("broken", JSON, b"{\"name\":".to_vec(), 400, "request.json_invalid"),
        ("not UTF-8", JSON, b"{\"x\":\"\xff\xfe\"}".to_vec(), 400, "request.not_utf8"),
        ("deep", JSON, deep.into_bytes(), 400, "request.json_too_deep"),
        ("deep inside", JSON, deep_inside.into_bytes(), 400, "request.json_too_deep"),
        ("a list", JSON, b"[]".to_vec(), 422, "request.invalid"),
        ("null", JSON, b"null".to_vec(), 422, "request.invalid"),
        ("a number", JSON, b"7".to_vec(), 422, "request.invalid"),
        ("a form", "application/x-www-form-urlencoded", b"x=1".to_vec(), 415, "request.media_type"),
        ("text", "text/plain", b"{}".to_vec(), 415, "request.media_type"),
        ("too large", JSON, large.into_bytes(), 413, "request.too_large"),
    ]
}

#[tokio::test]
async fn wb13_bad_bodies_are_told_apart_on_every_route_that_takes_one() {
    let house = House::whole().await;
    let mut judge = Judge::of(&house).await;
    let events = house.events(house.aurora.company.into_uuid()).await.len();
    let mut n_routes = 0;
    for route in house.routes.iter().filter(|route| route.request.is_some()) {
        n_routes += 1;
        for (what, kind, body, status, code) in bodies() {
            let sent = judge.call(route).body(kind, body);
            let reply = judge.judge(what, route, sent).await;
            let seen = (reply.status.as_u16(), reply.code());
            assert_eq!(seen, (status, code.to_owned()), "{what} at {}", name(route));
        }
    }
    let document = house.get("/api/openapi.json").send().await.json();
    let listed = document["paths"].as_object().unwrap().values();
    let listed = listed.flat_map(|path| path.as_object().unwrap().values());
    let takes_json = |route: &&Value| route["requestBody"]["content"][JSON].is_object();
    assert_eq!(listed.filter(takes_json).count(), n_routes, "the document has other routes");
    assert_eq!(house.events(house.aurora.company.into_uuid()).await.len(), events);
}

#[tokio::test]
async fn wb13_no_route_that_changes_something_goes_without_a_key() {
    let house = House::whole().await;
    let mut judge = Judge::of(&house).await;
    for route in house.routes.iter().filter(|route| route.is_write() && !route.is_unkeyed) {
        let sent = judge.call(route).without("idempotency-key");
        let reply = judge.judge("no key", route, sent).await;
        let seen = (reply.status.as_u16(), reply.code());
        assert_eq!(seen, (428, "idempotency_key_missing".to_owned()), "{}", name(route));
        for key in ["", " ", &"x".repeat(300), "a b", "\u{7f}"] {
            let Ok(_) = reqwest::header::HeaderValue::from_str(key) else { continue };
            let sent = judge.call(route).header("idempotency-key", key);
            let reply = judge.judge("a bad key", route, sent).await;
            assert!(reply.status.is_client_error(), "{key:?} at {}", name(route));
        }
    }
}

/// Every place in a value, as pointers.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let at = format!("{at}/{name}");
                into.push(at.clone());
                places(inner, &at, into);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                let at = format!("{at}/{index}");
                into.push(at.clone());
                places(inner, &at, into);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn values_of_any_kind_at_any_place_are_no_fault_of_ours() {
    let house = House::whole().await;
    let mut judge = Judge::of(&house).await;
    let samples = samples();
    let values = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!("\0"),
        json!("\u{202e}\u{feff}"),
        json!("x".repeat(100_000)),
        json!("contact_0000000000000000000000000000000g"),
        json!([]),
        json!([null, {}]),
        json!({}),
        json!({ "kind": "nothing" }),
    ];
    for route in house.routes.iter().filter(|route| route.request.is_some()) {
        let sample = &samples[name(route).as_str()];
        let mut pointers = Vec::new();
        places(sample, "", &mut pointers);
        // Each try to sign in costs a hash, and the limit is another test's.
        let some = if route.access == Access::Public { 4 } else { values.len() };
        for pointer in pointers {
            for value in values.iter().take(some) {
                let mut body = sample.clone();
                *body.pointer_mut(&pointer).unwrap() = value.clone();
                let what = format!("{pointer} = {:.40}", value.to_string());
                let sent = judge.call(route).json(&body);
                judge.judge(&what, route, sent).await;
            }
            let mut body = sample.clone();
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            if let Some(fields) = body.pointer_mut(parent).and_then(Value::as_object_mut) {
                fields.remove(field);
                let sent = judge.call(route).json(&body);
                judge.judge(&format!("without {pointer}"), route, sent).await;
            }
        }
    }
}

#[tokio::test]
async fn ids_queries_and_headers_of_any_kind_are_no_fault_of_ours() {
    let house = House::whole().await;
    let mut judge = Judge::of(&house).await;
    let long = "x".repeat(4_000);
    let queries = [
        "limit=x",
        "limit=-1",
        "limit=99999999999999999999",
        "limit=0",
        "after=x",
        "after=%00",
        "after=%ff",
        "after=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "since=%00",
        "channel=x",
        "contact=%00",
        "search=%00",
        "search=%25%27%22%5c",
        "until=-99999999999999999999&proof=%00&company=x",
        &format!("search={long}"),
        "limit=1&limit=2",
        "%00=%00",
    ];
    let ids = ["x", "%00", "%ff", "..%2f..%2f", "contact_", &"x".repeat(300), "user_%30"];
    for route in house.routes.iter().filter(|route| !route.is_upgrade) {
        let path = super::rights::path(route);
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let ask = |judge: &Judge<'_>, path: &str| {
            let call = house.write(method.clone(), path);
            let who = if route.access == Access::SuperAdmin { &judge.admin } else { &judge.owner };
            let call = if route.access == Access::Public { call } else { call.cookie(who) };
            match samples().get(name(route).as_str()) {
                Some(body) if !body.is_null() => call.json(body),
                _ => call,
            }
        };
        if route.path.contains('{') {
            for id in ids {
                let nothing = "_0000000000000000000000000000000f";
                let parts = path.split('/').map(|part| {
                    let is_id = part.split('?').next().unwrap_or(part).ends_with(nothing);
                    if is_id { id } else { part }
                });
                let sent = ask(&judge, &parts.collect::<Vec<_>>().join("/"));
                let reply = judge.judge(id, route, sent).await;
                assert!(reply.status.is_client_error(), "{id} at {}", name(route));
            }
        }
        if route.method == Method::GET {
            for query in queries {
                let bare = path.split('?').next().unwrap();
                let sent = ask(&judge, &format!("{bare}?{query}"));
                judge.judge(query, route, sent).await;
            }
        }
        for (header, value) in [
            ("x-company-id", "x"),
            ("x-company-id", "company_0000000000000000000000000000000g"),
            ("min-position", "x"),
            ("if-match", "x"),
            ("if-match", "\"99999999999999999999\""),
            ("if-match", "W/\"1\", \"2\""),
            ("traceparent", "00-x"),
            ("accept-language", ";;q=x,,"),
            ("cookie", "masteria=%00"),
            ("authorization", "Bearer"),
            ("x-forwarded-for", "x, ::1, y"),
        ] {
            // What the language is, the judge says.
            let sent = ask(&judge, &path).header(header, value);
            judge.judge(header, route, sent).await;
        }
    }
}
