//! Every route × whoever may not: another company, a lower role, nobody, a session that has run out,
//! a disabled user, a key, an impersonator. The list of routes is the router's own; one that has no
//! line here fails.

use std::collections::BTreeMap;

use kernel::http::{Access, Route};
use reqwest::Method;
use serde_json::{Value, json};
use shared::permission::{Permission, Role};

use super::support::{Call, House, Reply, until};

/// A request that is well-formed for each route, so that what refuses it is the right and nothing
/// else. Ids are of nothing that exists, so that what is allowed has no effect either.
pub(crate) fn samples() -> BTreeMap<&'static str, Value> {
    let user = "user_00000000000000000000000000000001";
    let company = "company_00000000000000000000000000000001";
    let contact = "contact_00000000000000000000000000000001";
    let message = "message_00000000000000000000000000000001";
    let label = "label_00000000000000000000000000000001";
    let channel = "channel_00000000000000000000000000000001";
    let text = json!({ "kind": "text", "body": "x" });
    let member = json!({ "name": "Nina", "email": "no address", "role": "operator" });
    BTreeMap::from([
        ("GET /api/v1/live", Value::Null),
        ("POST /api/v1/sessions", json!({ "email": "nobody@x.example", "password": "x" })),
        ("GET /api/v1/sessions", Value::Null),
        ("DELETE /api/v1/sessions/{session}", Value::Null),
        ("GET /api/v1/me", Value::Null),
        ("POST /api/v1/me/password", json!({ "password": "x", "new_password": "x" })),
        ("GET /api/v1/members", Value::Null),
        ("POST /api/v1/members", member.clone()),
        ("POST /api/v1/members/{user}/role", json!({ "role": "operator" })),
        ("DELETE /api/v1/members/{user}", Value::Null),
        ("GET /api/v1/api-keys", Value::Null),
        ("POST /api/v1/api-keys", json!({ "name": "CRM", "scopes": [] })),
        ("DELETE /api/v1/api-keys/{key}", Value::Null),
        ("GET /api/v1/platform/companies", Value::Null),
        (
            "POST /api/v1/platform/companies",
            json!({ "name": "X", "zone": "Mars", "owner": member }),
        ),
        ("POST /api/v1/platform/companies/{company}/suspend", json!({ "reason": "x" })),
        ("POST /api/v1/platform/companies/{company}/resume", Value::Null),
        ("POST /api/v1/platform/companies/{company}/features/{feature}", json!({ "is_on": true })),
        (
            "POST /api/v1/platform/companies/{company}/quotas/{quota}",
            json!({ "limit": 1, "is_hard": false }),
        ),
        ("POST /api/v1/platform/users/{user}/disable", Value::Null),
        ("POST /api/v1/platform/users/{user}/enable", Value::Null),
        (
            "POST /api/v1/platform/impersonations",
            json!({ "company": company, "reason": "x", "minutes": 5 }),
        ),
        ("DELETE /api/v1/platform/impersonations/current", json!({ "unused": user })),
        ("GET /api/v1/contacts", Value::Null),
        ("GET /api/v1/contacts/{id}", Value::Null),
        ("POST /api/v1/contacts/{id}/name", json!({ "name": "Nina" })),
        ("POST /api/v1/contacts/{id}/merge", json!({ "into": contact })),
        ("POST /api/v1/contacts/{id}/unmerge", Value::Null),
        ("POST /api/v1/contacts/{id}/erase", json!({ "confirm": "nobody" })),
        ("GET /api/v1/contacts/{id}/erasure", Value::Null),
        ("GET /api/v1/contacts/{id}/readers", Value::Null),
        ("GET /api/v1/conversations", Value::Null),
        ("GET /api/v1/conversations/{id}", Value::Null),
        ("GET /api/v1/conversations/{id}/messages", Value::Null),
        ("POST /api/v1/conversations/{id}/read", json!({ "through": message })),
        ("POST /api/v1/conversations/{id}/messages", json!({ "content": text })),
        ("POST /api/v1/conversations/{id}/typing", Value::Null),
        ("GET /api/v1/conversations/counts", Value::Null),
        ("GET /api/v1/conversations/assignees", Value::Null),
        ("POST /api/v1/conversations/{id}/assign", json!({ "to": user })),
        ("POST /api/v1/conversations/{id}/resolve", Value::Null),
        ("POST /api/v1/conversations/{id}/reopen", Value::Null),
        ("POST /api/v1/conversations/{id}/snooze", json!({ "until": "2000-01-01T00:00:00Z" })),
        ("POST /api/v1/conversations/{id}/prioritise", json!({ "priority": "high" })),
        ("POST /api/v1/conversations/{id}/label", json!({ "label": label })),
        ("POST /api/v1/conversations/{id}/unlabel", json!({ "label": label })),
        ("GET /api/v1/labels", Value::Null),
        ("POST /api/v1/labels", json!({ "name": "", "colour": "grey" })),
        ("POST /api/v1/labels/{id}/change", json!({ "name": "x", "colour": "grey" })),
        ("POST /api/v1/labels/{id}/remove", Value::Null),
        ("POST /api/v1/messages", json!({ "channel": channel, "to": "nobody", "content": text })),
        ("POST /api/v1/messages/{id}/reaction", json!({ "emoji": "x" })),
        ("POST /api/v1/messages/{id}/retry", Value::Null),
        ("POST /api/v1/messages/{id}/confirm", Value::Null),
        ("GET /api/v1/channels", Value::Null),
        ("GET /api/v1/channels/{id}", Value::Null),
        ("POST /api/v1/channels", json!({ "name": "" })),
        ("POST /api/v1/channels/{id}/test", Value::Null),
        ("POST /api/v1/channels/{id}/pause", Value::Null),
        ("POST /api/v1/channels/{id}/resume", Value::Null),
        ("POST /api/v1/channels/{id}/release", Value::Null),
        ("POST /api/v1/platform/numbers/{number}/release", json!({ "reason": "x" })),
        ("POST /api/v1/channels/{id}/rename", json!({ "name": "x" })),
        ("POST /api/v1/channels/{id}/disconnect", Value::Null),
        ("POST /api/v1/channels/{id}/credentials", json!({})),
        ("POST /api/v1/channels/{id}/hook-key", Value::Null),
        ("GET /api/v1/quarantine", Value::Null),
        ("POST /api/v1/quarantine/{delivery}/open", Value::Null),
        ("POST /api/v1/quarantine/{delivery}/replay", Value::Null),
        ("GET /api/v1/platform/quarantine", Value::Null),
        ("POST /api/v1/platform/quarantine/{delivery}/open", json!({ "reason": "x" })),
        ("POST /api/v1/platform/quarantine/{delivery}/replay", Value::Null),
        // Not multipart: let in, and then refused for its form.
        ("POST /api/v1/files", Value::Null),
        ("GET /api/v1/files/{id}", Value::Null),
        ("GET /api/v1/files/{id}/content", Value::Null),
        ("GET /api/v1/files/{id}/download", Value::Null),
    ])
}

pub(crate) fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// A path whose ids are of nothing that exists.
pub(crate) fn path(route: &Route) -> String {
    let kind = route.path.split('/').nth(3).unwrap_or_default().trim_end_matches('s');
    let fill = |part: &str| match part {
        "{id}" => format!("{kind}_0000000000000000000000000000000f"),
        "{user}" => "user_0000000000000000000000000000000f".to_owned(),
        "{session}" => "session_0000000000000000000000000000000f".to_owned(),
        "{key}" => "key_0000000000000000000000000000000f".to_owned(),
        "{company}" => "company_0000000000000000000000000000000f".to_owned(),
        "{feature}" => "api".to_owned(),
        "{quota}" => "members".to_owned(),
        "{contact}" => "contact_0000000000000000000000000000000f".to_owned(),
        "{conversation}" => "conversation_0000000000000000000000000000000f".to_owned(),
        "{message}" => "message_0000000000000000000000000000000f".to_owned(),
        "{channel}" => "channel_0000000000000000000000000000000f".to_owned(),
        "{file}" => "file_0000000000000000000000000000000f".to_owned(),
        "{number}" => "100000000000009".to_owned(),
        "{delivery}" => "delivery_0000000000000000000000000000000f".to_owned(),
        known if !known.contains('{') => known.to_owned(),
        other => panic!("say what stands for {other} in {}", route.path),
    };
    let path = route.path.split('/').map(fill).collect::<Vec<_>>().join("/");
    // A query that is asked for is there, and proves nothing.
    if path.ends_with("/content") {
        format!("{path}?company=00000000-0000-0000-0000-00000000000f&until=1&proof=x")
    } else {
        path
    }
}

pub(super) fn call<'a>(house: &'a House, route: &Route) -> Call<'a> {
    let samples = samples();
    let body = samples.get(name(route).as_str());
    let body = body.unwrap_or_else(|| panic!("the rights test does not know {}", name(route)));
    let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
    let call = if route.is_write() {
        house.write(method, &path(route))
    } else if route.is_upgrade {
        house.call(method, &path(route)).header("origin", &house.base)
    } else {
        house.call(method, &path(route))
    };
    if body.is_null() { call } else { call.json(body) }
}

/// Whether it was let in: whatever the handler then says.
fn is_in(reply: &Reply) -> bool {
    let stopped = [
        "unauthenticated",
        "forbidden",
        "forbidden_while_impersonating",
        "session_required",
        "feature_off",
        "company_suspended",
        "origin_refused",
        "idempotency_key_missing",
    ];
    reply.status.as_u16() < 500 && !stopped.contains(&reply.code().as_str())
}

fn stopped(reply: &Reply, status: u16, code: &str, who: &str, route: &Route) {
    let seen = (reply.status.as_u16(), reply.code());
    assert_eq!(seen, (status, code.to_owned()), "{who} at {}", name(route));
}

#[tokio::test]
async fn d35_every_route_is_known_to_this_test_and_described() {
    let house = House::whole().await;
    let known = samples();
    let listed: Vec<_> = house.routes.iter().map(|route| name(route)).collect();
    for route in &listed {
        assert!(known.contains_key(route.as_str()), "the rights test does not know {route}");
    }
    for route in known.keys() {
        assert!(listed.iter().any(|listed| listed == route), "{route} is gone");
    }
    let document = house.get("/api/openapi.json").send().await.json();
    for route in &house.routes {
        let method = route.method.as_str().to_lowercase();
        let described = &document["paths"][route.path][&method];
        assert!(!described["summary"].as_str().unwrap().is_empty(), "{} says nothing", name(route));
        let writes = route.method == Method::POST
            && (route.request.is_some() || route.upload_limit.is_some());
        assert_eq!(writes, described["requestBody"].is_object(), "{}", name(route));
    }
    // Every schema that is named is there.
    let text = document.to_string();
    for part in text.split("#/components/schemas/").skip(1) {
        let schema = part.split('"').next().unwrap();
        assert!(document["components"]["schemas"][schema].is_object(), "{schema} is missing");
    }
}

#[tokio::test]
async fn nobody_is_let_in_without_a_valid_session_or_key() {
    let house = House::whole().await;
    let disabled = house.session(Role::Operator).await;
    let user = house.person(Role::Operator).user;
    let admin = house.session(None).await;
    let disable = format!("/api/v1/platform/users/{user}/disable");
    assert_eq!(house.post(&disable).cookie(&admin).send().await.status, 204);
    let expired = house.session(Role::Owner).await;
    sqlx::query("update tenancy.sessions set expires_at = now() where user_id = $1")
        .bind(house.person(Role::Owner).user.into_uuid())
        .execute(&house.admin)
        .await
        .unwrap();
    until("what was remembered of it is old", async || {
        house.get("/api/v1/me").cookie(&expired).send().await.status == 401
    })
    .await;
    for route in house.routes.iter().filter(|route| route.access != Access::Public) {
        for (who, call) in [
            ("nobody", call(&house, route)),
            ("an invented session", call(&house, route).cookie("masteria=invented")),
            ("a session that has run out", call(&house, route).cookie(&expired)),
            ("a disabled user", call(&house, route).cookie(&disabled)),
            ("an invented key", call(&house, route).bearer("mia_invented")),
            ("a key in the wrong scheme", call(&house, route).header("authorization", "Basic x")),
            ("a session beside a bad key", call(&house, route).cookie(&admin).bearer("mia_x")),
        ] {
            stopped(&call.send().await, 401, "unauthenticated", who, route);
        }
    }
}

#[tokio::test]
async fn a_role_is_let_in_exactly_where_its_table_says() {
    let house = House::whole().await;
    for role in Role::ALL {
        let session = house.session(role).await;
        for route in &house.routes {
            let reply = call(&house, route).cookie(&session).send().await;
            let may = match route.access {
                Access::Public | Access::SignedIn => true,
                Access::SuperAdmin => false,
                Access::Company { permission, .. } => role.may(permission),
            };
            if may {
                assert!(is_in(&reply), "{role:?} at {}: {}", name(route), reply.text());
            } else {
                stopped(&reply, 403, "forbidden", role.as_str(), route);
            }
        }
    }
}

#[tokio::test]
async fn another_company_is_not_there_for_anybody() {
    let house = House::whole().await;
    let (owner, admin) = (house.session(Role::Owner).await, house.session(None).await);
    let key = house.aurora.api_key.clone();
    let foreign = house.other.company.to_string();
    let random = "company_0123456789abcdef0123456789abcdef";
    for route in &house.routes {
        if !matches!(route.access, Access::Company { .. }) {
            continue;
        }
        for asked in [foreign.as_str(), random, "company_x", "", "00000000"] {
            let mine = call(&house, route).cookie(&owner).company(asked).send().await;
            stopped(&mine, 404, "not_found", "an owner elsewhere", route);
            let program = call(&house, route).bearer(&key).company(asked).send().await;
            stopped(&program, 404, "not_found", "a key elsewhere", route);
            let platform = call(&house, route).cookie(&admin).company(asked).send().await;
            stopped(&platform, 404, "not_found", "the platform without impersonating", route);
        }
    }
}

#[tokio::test]
async fn a_key_is_let_in_exactly_where_its_scopes_say() {
    let house = House::whole().await;
    let owner = house.session(Role::Owner).await;
    let reading = json!({ "name": "narrow", "scopes": ["read_conversations"] });
    let made = house.post("/api/v1/api-keys").cookie(&owner).json(&reading).send().await.json();
    let narrow = made["secret"].as_str().unwrap().to_owned();
    let wide = house.aurora.api_key.clone();
    let is_for_programs = tenancy::api_key::is_for_programs;
    for route in &house.routes {
        let (all, one) = (call(&house, route).bearer(&wide), call(&house, route).bearer(&narrow));
        let (all, one) = (all.send().await, one.send().await);
        match route.access {
            Access::Public => assert!(is_in(&all), "{}", name(route)),
            Access::SignedIn => {
                stopped(&all, 403, "session_required", "a key", route);
            }
            Access::SuperAdmin => stopped(&all, 403, "forbidden", "a key", route),
            Access::Company { permission, .. } => {
                if is_for_programs(permission) {
                    assert!(is_in(&all), "a key at {}: {}", name(route), all.text());
                } else {
                    stopped(&all, 403, "forbidden", "a key", route);
                }
                if permission == Permission::ReadConversations {
                    assert!(is_in(&one), "{}", name(route));
                } else {
                    stopped(&one, 403, "forbidden", "a narrow key", route);
                }
            }
        }
    }
}

#[tokio::test]
async fn d31_an_impersonator_is_let_in_where_nothing_of_the_company_is_given_away() {
    let house = House::whole().await;
    let admin = house.session(None).await;
    let body = json!({ "company": house.aurora.company, "reason": "ticket 7", "minutes": 30 });
    let start = house.post("/api/v1/platform/impersonations").cookie(&admin).json(&body);
    assert_eq!(start.send().await.status, 204);
    let forbidden = "forbidden_while_impersonating";
    for route in &house.routes {
        if route.path.ends_with("/impersonations/current") {
            continue;
        }
        let reply = call(&house, route).cookie(&admin).send().await;
        match route.access {
            Access::Public => assert!(is_in(&reply), "{}", name(route)),
            Access::SignedIn if route.path == "/api/v1/me" => assert!(is_in(&reply)),
            // An address that was signed for somebody else's session leads nowhere.
            Access::SignedIn if route.path.ends_with("/content") => {
                stopped(&reply, 404, "not_found", "an impersonator", route);
            }
            Access::Company { permission, .. } if permission.while_impersonating() => {
                assert!(is_in(&reply), "an impersonator at {}: {}", name(route), reply.text());
            }
            Access::SignedIn | Access::SuperAdmin | Access::Company { .. } => {
                stopped(&reply, 403, forbidden, "an impersonator", route);
            }
        }
    }
}

#[tokio::test]
async fn a_switched_off_feature_and_a_suspension_stop_every_route_they_concern() {
    let house = House::whole().await;
    let (admin, owner) = (house.session(None).await, house.session(Role::Owner).await);
    let company = house.aurora.company;
    for feature in shared::permission::Feature::ALL {
        let path = format!("/api/v1/platform/companies/{company}/features/{}", feature.as_str());
        let set = |is_on: bool| house.post(&path).cookie(&admin).json(&json!({ "is_on": is_on }));
        assert_eq!(set(false).send().await.status, 204);
        for route in &house.routes {
            let Access::Company { feature: needed, .. } = route.access else { continue };
            let reply = call(&house, route).cookie(&owner).send().await;
            assert_eq!(reply.code() == "feature_off", needed == Some(feature), "{}", name(route));
        }
        assert_eq!(set(true).send().await.status, 204);
    }
    let suspend = format!("/api/v1/platform/companies/{company}/suspend");
    let suspended = house.post(&suspend).cookie(&admin).json(&json!({ "reason": "unpaid" }));
    assert_eq!(suspended.send().await.status, 204);
    for route in &house.routes {
        let Access::Company { .. } = route.access else { continue };
        let reply = call(&house, route).cookie(&owner).send().await;
        let is_stopped = reply.code() == "company_suspended";
        assert_eq!(is_stopped, route.is_write(), "{}: {}", name(route), reply.text());
    }
}
