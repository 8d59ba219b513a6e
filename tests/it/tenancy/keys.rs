//! Keys of a company's own programs.

use std::time::Duration;

use kernel::clock::Clock as _;
use serde_json::{Value, json};
use shared::permission::Role;

use super::support::{House, Reply};

async fn make(house: &House, cookie: &str, body: &Value) -> Reply {
    house.post("/api/v1/api-keys").cookie(cookie).json(body).send().await
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_until_it_is_revoked() {
    let house = House::start("key").await;
    let owner = house.session(Role::Owner).await;
    let made = make(&house, &owner, &json!({ "name": "CRM", "scopes": ["read_team"] })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("mia_") && secret.len() == 47, "256 bits");
    let members = house.get("/api/v1/members").bearer(&secret).send().await;
    assert_eq!(members.status, 200);
    assert_eq!(house.get("/api/v1/api-keys").bearer(&secret).send().await.code(), "forbidden");
    assert_eq!(house.get("/api/v1/me").bearer(&secret).send().await.code(), "session_required");

    let list = house.get("/api/v1/api-keys").cookie(&owner).send().await;
    assert!(!list.text().contains(&secret));
    let items = list.json()["items"].as_array().unwrap().clone();
    let listed = items.iter().find(|item| item["name"] == "CRM").unwrap();
    assert!(listed["used_at"].is_string());
    let path = format!("/api/v1/api-keys/{}", listed["id"].as_str().unwrap());
    assert_eq!(house.delete(&path).cookie(&owner).send().await.status, 204);
    assert_eq!(house.get("/api/v1/members").bearer(&secret).send().await.status, 401, "at once");
    assert_eq!(house.delete(&path).cookie(&owner).send().await.status, 204, "it is so already");
}

#[tokio::test]
async fn a_key_runs_out() {
    let house = House::start("key_runs_out").await;
    let owner = house.session(Role::Owner).await;
    let end = (house.clock.now() + Duration::from_hours(1)).to_rfc3339();
    let body = json!({ "name": "CRM", "scopes": ["read_team"], "expires_at": end });
    let made = make(&house, &owner, &body).await.json();
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(house.get("/api/v1/members").bearer(secret).send().await.status, 200);
    house.clock.forward(Duration::from_hours(1));
    assert_eq!(house.get("/api/v1/members").bearer(secret).send().await.status, 401);
    assert_eq!(make(&house, &owner, &body).await.code(), "tenancy.key_expired");
}

#[tokio::test]
async fn a_key_that_may_too_much_is_refused() {
    let house = House::start("key_scopes").await;
    let admin = house.session(Role::Admin).await;
    for scope in ["manage_team", "manage_api_keys", "manage_company"] {
        let refused = make(&house, &admin, &json!({ "name": "CRM", "scopes": [scope] })).await;
        assert_eq!(refused.code(), "tenancy.scope_refused", "{scope}");
    }
    let unknown = make(&house, &admin, &json!({ "name": "CRM", "scopes": ["everything"] })).await;
    assert_eq!(unknown.json()["fields"]["/scopes/0"], "unknown_value");
    let empty = make(&house, &admin, &json!({ "name": "CRM", "scopes": [] })).await;
    assert_eq!(empty.code(), "tenancy.scopes_missing");
}

#[tokio::test]
async fn ad03_a_feature_that_is_switched_off_acts_at_once() {
    let house = House::start("feature").await;
    let (admin, owner) = (house.session(None).await, house.session(Role::Owner).await);
    let key = house.aurora.api_key.clone();
    let path = format!("/api/v1/platform/companies/{}/features/api", house.aurora.company);
    let set = |is_on: bool| house.post(&path).cookie(&admin).json(&json!({ "is_on": is_on }));
    assert_eq!(house.get("/api/v1/members").bearer(&key).send().await.status, 200);
    assert_eq!(set(false).send().await.status, 204);
    let off = house.get("/api/v1/members").bearer(&key).send().await;
    assert_eq!((off.status.as_u16(), off.code().as_str()), (403, "feature_off"));
    assert_eq!(house.get("/api/v1/api-keys").cookie(&owner).send().await.code(), "feature_off");
    let me = house.get("/api/v1/me").cookie(&owner).send().await.json();
    assert!(!me["companies"][0]["features"].as_array().unwrap().contains(&json!("api")));
    assert_eq!(set(true).send().await.status, 204);
    assert_eq!(house.get("/api/v1/members").bearer(&key).send().await.status, 200);
}
