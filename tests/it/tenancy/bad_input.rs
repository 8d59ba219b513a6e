//! Whatever is sent: a problem in the reader's language, never a fault of ours, never half an effect.

use serde_json::json;
use shared::permission::Role;

use super::support::House;

#[tokio::test]
async fn no_body_makes_a_fault_of_ours_and_none_has_an_effect() {
    let house = House::start("bad_bodies").await;
    let owner = house.session(Role::Owner).await;
    let events = house.events(house.aurora.company.into_uuid()).await.len();
    let json = "application/json";
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_inside = format!(r#"{{"name":"x","scopes":["read_team"],"x":{deep}}}"#);
    let large = format!(r#"{{"name":"{}","scopes":["read_team"]}}"#, "x".repeat(3 << 20));
    let cases: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        ("empty", json, vec![], 400, "request.json_invalid"),
        ("broken", json, b"{\"name\":".to_vec(), 400, "request.json_invalid"),
        ("not UTF-8", json, b"{\"name\":\"\xff\xfe\"}".to_vec(), 400, "request.not_utf8"),
        ("half a surrogate", json, br#"{"name":"\ud800"}"#.to_vec(), 400, "request.json_invalid"),
        ("deep", json, deep.into_bytes(), 400, "request.json_too_deep"),
        ("deep inside", json, deep_inside.into_bytes(), 400, "request.json_too_deep"),
        ("an array", json, b"[]".to_vec(), 422, "request.invalid"),
        ("null", json, b"null".to_vec(), 422, "request.invalid"),
        ("a number", json, br#"{"name":1,"scopes":[]}"#.to_vec(), 422, "request.invalid"),
        ("missing", json, br#"{"name":"x"}"#.to_vec(), 422, "request.invalid"),
        (
            "a date",
            json,
            br#"{"name":"x","scopes":["read_team"],"expires_at":"soon"}"#.to_vec(),
            422,
            "request.invalid",
        ),
        (
            "NUL",
            json,
            br#"{"name":"a\u0000b","scopes":["read_team"]}"#.to_vec(),
            422,
            "not_storable",
        ),
        (
            "a form",
            "application/x-www-form-urlencoded",
            b"name=x".to_vec(),
            415,
            "request.media_type",
        ),
        (
            "text",
            "text/plain",
            br#"{"name":"x","scopes":["read_team"]}"#.to_vec(),
            415,
            "request.media_type",
        ),
        ("too large", json, large.into_bytes(), 413, "request.too_large"),
        (
            "a line break",
            json,
            br#"{"name":"a\nb","scopes":["read_team"]}"#.to_vec(),
            422,
            "tenancy.name_unfit",
        ),
    ];
    for (what, kind, body, status, code) in cases {
        let reply = house.post("/api/v1/api-keys").cookie(&owner).body(kind, body).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{what}");
        assert_eq!(reply.headers["content-type"], "application/problem+json", "{what}");
        let problem = reply.json();
        assert_eq!(problem["status"], status, "{what}");
        assert_eq!(problem["type"], format!("/problems/{code}"), "{what}");
        assert!(!problem["title"].as_str().unwrap().is_empty(), "{what}");
        assert!(
            problem["detail"].as_str().unwrap().contains("Nada"),
            "it says what was kept: {what}"
        );
    }
    assert_eq!(house.events(house.aurora.company.into_uuid()).await.len(), events);
}

#[tokio::test]
async fn problems_speak_the_readers_language() {
    let house = House::start("languages").await;
    let ask = |language: &str| house.get("/api/v1/members").header("accept-language", language);
    let portuguese = house.get("/api/v1/members").send().await;
    let english = ask("en-US,en;q=0.9").send().await;
    let german = ask("de").send().await;
    assert_eq!(portuguese.json()["title"], "Entre primeiro");
    assert_eq!(english.json()["title"], "Sign in first");
    assert_eq!(german.body, portuguese.body);
    assert_eq!(english.headers["content-language"], "en");
}

#[tokio::test]
async fn unknown_addresses_methods_and_parameters_are_problems() {
    let house = House::start("addresses").await;
    let owner = house.session(Role::Owner).await;
    for path in ["/api/v1/nothing", "/api/v1/members/", "/api/nothing", "/hooks/nothing"] {
        let reply = house.get(path).cookie(&owner).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not_found"), "{path}");
    }
    let method = house.write(reqwest::Method::PATCH, "/api/v1/members").cookie(&owner).send().await;
    assert_eq!(method.code(), "not_found");
    for query in
        ["limit=x", "limit=-1", "limit=99999999999", "after=x", "after=%00", "after=user_1"]
    {
        let reply = house.get(&format!("/api/v1/members?{query}")).cookie(&owner).send().await;
        assert_eq!(
            (reply.status.as_u16(), reply.code().as_str()),
            (400, "request.query_invalid"),
            "{query}"
        );
    }
    for id in ["x", "user_1", "%00", "company_00000000000000000000000000000001", "..%2f"] {
        let reply = house.delete(&format!("/api/v1/members/{id}")).cookie(&owner).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "not_found"), "{id}");
    }
    for position in ["x", "", "AQ", "42"] {
        let call = house.get("/api/v1/members").cookie(&owner).header("min-position", position);
        assert_eq!(call.send().await.code(), "position_unknown", "{position}");
    }
    let ahead = kernel::head::Cursor { incarnation: house.api.incarnation(), company_seq: 1 << 40 };
    let call =
        house.get("/api/v1/members").cookie(&owner).header("min-position", &ahead.to_string());
    assert_eq!(call.send().await.code(), "position_unknown");
    let quota = format!("/api/v1/platform/companies/{}/quotas/nothing", house.aurora.company);
    let admin = house.session(None).await;
    let body = json!({ "limit": 1, "is_hard": true });
    assert_eq!(house.post(&quota).cookie(&admin).json(&body).send().await.status, 404);
}

#[tokio::test]
async fn d26_every_answer_orders_the_browser_about() {
    let house = House::start("orders").await;
    for path in ["/api/v1/me", "/api/openapi.json", "/anything"] {
        let reply = house.get(path).send().await;
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"));
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.headers["referrer-policy"], "no-referrer");
        assert_eq!(reply.headers["trace-id"].len(), 32);
    }
    let given = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{given}-b7ad6b7169203331-01");
    let reply = house.get("/api/v1/me").header("traceparent", &parent).send().await;
    assert_eq!(reply.headers["trace-id"], given);
    assert_eq!(reply.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_write_is_traced_into_its_event() {
    let house = House::start("traced").await;
    let owner = house.session(Role::Owner).await;
    let given = "0af7651916cd43dd8448eb211c80319c";
    let body = json!({ "name": "CRM", "scopes": ["read_team"] });
    let call = house.post("/api/v1/api-keys").cookie(&owner).json(&body);
    let reply = call.header("traceparent", &format!("00-{given}-b7ad6b7169203331-01")).send().await;
    assert_eq!(reply.status, 201);
    let events = house.events(house.aurora.company.into_uuid()).await;
    let last = events.last().unwrap();
    assert_eq!(hex::encode(last.trace), given);
    assert!(last.origin.is_some(), "where it came from is sealed into it");
}
