//! The platform's console.

use std::time::Duration;

use kernel::ids::PLATFORM;
use serde_json::json;
use shared::permission::Role;
use uuid::Uuid;

use super::support::House;

#[tokio::test]
async fn a_company_comes_to_be_with_its_first_owner() {
    let house = House::start("creates").await;
    let admin = house.session(None).await;
    let body = json!({ "name": "Padaria Sol", "zone": "America/Sao_Paulo", "owner": {
        "name": "Olga Reis", "email": "olga@sol.example", "role": "owner",
        "password": "uma senha bem longa" } });
    let created = house.post("/api/v1/platform/companies").cookie(&admin).json(&body).send().await;
    assert_eq!(created.status, 201, "{}", created.text());
    let olga = house.sign_in("olga@sol.example", "uma senha bem longa").await;
    let me = house.get("/api/v1/me").cookie(&olga).send().await.json();
    assert_eq!(me["companies"][0]["id"], created.json()["id"]);
    assert_eq!(me["companies"][0]["role"], "owner");

    let first = house.get("/api/v1/platform/companies?limit=2").cookie(&admin).send().await.json();
    let names = |page: &serde_json::Value| {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&first), ["Café Aurora", "Company 1"]);
    assert_eq!(first["items"][0]["n_members"], 5);
    let next = format!("/api/v1/platform/companies?after={}", first["next"].as_str().unwrap());
    let second = house.get(&next).cookie(&admin).send().await.json();
    assert_eq!(names(&second), ["Padaria Sol"]);
    assert!(second.get("next").is_none());

    let mut wrong = body.clone();
    wrong["zone"] = json!("Mars");
    wrong["owner"]["email"] = json!("somebody@else.example");
    let refused = house.post("/api/v1/platform/companies").cookie(&admin).json(&wrong).send().await;
    assert_eq!(refused.code(), "tenancy.zone_unknown");
    let left = house.try_sign_in("somebody@else.example", "uma senha bem longa").send().await;
    assert_eq!(left.status, 401, "nothing of it is left");
}

#[tokio::test]
async fn ad06_a_suspended_company_reads_and_changes_nothing() {
    let house = House::start("suspends").await;
    let (admin, owner) = (house.session(None).await, house.session(Role::Owner).await);
    let company = house.aurora.company;
    let path = format!("/api/v1/platform/companies/{company}/suspend");
    let suspend =
        |reason: &str| house.post(&path).cookie(&admin).json(&json!({ "reason": reason }));
    assert_eq!(suspend(" ").send().await.code(), "tenancy.reason_missing");
    assert_eq!(suspend("unpaid").send().await.status, 204);
    let create = json!({ "name": "CRM", "scopes": ["read_team"] });
    let write = || house.post("/api/v1/api-keys").cookie(&owner).json(&create);
    assert_eq!(write().send().await.code(), "company_suspended");
    assert_eq!(house.get("/api/v1/members").cookie(&owner).send().await.status, 200);
    let me = house.get("/api/v1/me").cookie(&owner).send().await.json();
    assert_eq!(me["companies"][0]["is_suspended"], true);
    let resume = format!("/api/v1/platform/companies/{company}/resume");
    assert_eq!(house.post(&resume).cookie(&admin).send().await.status, 204);
    assert_eq!(write().send().await.status, 201);
    // Every act on a company is an event in that company's chain (D10).
    let types = house.types(company.into_uuid()).await;
    for word in ["tenancy.company.suspended", "tenancy.company.resumed"] {
        assert_eq!(types.iter().filter(|known| *known == word).count(), 1, "{word}");
    }
    let nowhere = format!(
        "/api/v1/platform/companies/{}/resume",
        shared::ids::CompanyId::from_uuid(Uuid::from_u128(7))
    );
    assert_eq!(house.post(&nowhere).cookie(&admin).send().await.status, 404);
}

#[tokio::test]
async fn d31_an_impersonation_shows_itself_is_limited_and_ends() {
    let house = House::start("impersonates").await;
    let admin = house.session(None).await;
    let company = house.aurora.company;
    let start = |reason: &str, minutes: u8| {
        let body = json!({ "company": company, "reason": reason, "minutes": minutes });
        house.post("/api/v1/platform/impersonations").cookie(&admin).json(&body)
    };
    assert_eq!(house.get("/api/v1/members").cookie(&admin).send().await.status, 403);
    assert_eq!(start("", 30).send().await.code(), "tenancy.reason_missing");
    assert_eq!(start("ticket 7", 31).send().await.code(), "tenancy.impersonation_duration");
    assert_eq!(start("ticket 7", 30).send().await.status, 204);

    let me = house.get("/api/v1/me").cookie(&admin).send().await.json();
    assert_eq!(me["impersonation"]["reason"], "ticket 7");
    assert_eq!(me["companies"].as_array().unwrap().len(), 1);
    assert_eq!(me["is_super_admin"], false);
    assert_eq!(house.get("/api/v1/members").cookie(&admin).send().await.status, 200);
    let other =
        house.get("/api/v1/members").cookie(&admin).company(&house.other.company.to_string());
    assert_eq!(other.send().await.status, 404);
    for (path, body) in [
        ("/api/v1/api-keys", json!({ "name": "CRM", "scopes": ["read_team"] })),
        ("/api/v1/members", json!({ "name": "X", "email": "x@y.example", "role": "owner" })),
        (
            "/api/v1/platform/impersonations",
            json!({ "company": house.other.company, "reason": "x", "minutes": 5 }),
        ),
        ("/api/v1/me/password", json!({ "password": "x", "new_password": "uma senha longa" })),
    ] {
        let refused = house.post(path).cookie(&admin).json(&body).send().await;
        assert_eq!(refused.code(), "forbidden_while_impersonating", "{path}");
    }

    let end = || house.delete("/api/v1/platform/impersonations/current").cookie(&admin);
    assert_eq!(end().send().await.status, 204);
    assert_eq!(end().send().await.status, 204, "it is so already");
    assert_eq!(house.get("/api/v1/members").cookie(&admin).send().await.status, 403);
    let events = house.events(company.into_uuid()).await;
    let by = shared::stored::Actor::User(house.person(None).user);
    let acts: Vec<_> = events
        .iter()
        .filter(|event| event.event_type.contains("impersonation"))
        .map(|event| (event.event_type.to_string(), event.actor() == by))
        .collect();
    assert_eq!(
        acts,
        [
            ("tenancy.company.impersonation_started".to_owned(), true),
            ("tenancy.company.impersonation_ended".to_owned(), true),
        ]
    );
}

#[tokio::test]
async fn d31_an_impersonation_ends_by_itself() {
    let house = House::start("ends_itself").await;
    let admin = house.session(None).await;
    let body = json!({ "company": house.aurora.company, "reason": "ticket 7", "minutes": 30 });
    let started =
        house.post("/api/v1/platform/impersonations").cookie(&admin).json(&body).send().await;
    assert_eq!(started.status, 204);
    house.clock.forward(Duration::from_mins(30));
    assert_eq!(house.get("/api/v1/members").cookie(&admin).send().await.status, 403);
    assert!(
        house.get("/api/v1/me").cookie(&admin).send().await.json().get("impersonation").is_none()
    );
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_comes_back() {
    let house = House::start("disables").await;
    let (admin, operator) = (house.session(None).await, house.session(Role::Operator).await);
    let user = house.person(Role::Operator).user;
    let path = |verb: &str| format!("/api/v1/platform/users/{user}/{verb}");
    assert_eq!(house.post(&path("disable")).cookie(&admin).send().await.status, 204);
    assert_eq!(house.get("/api/v1/me").cookie(&operator).send().await.status, 401);
    assert_eq!(house.post(&path("enable")).cookie(&admin).send().await.status, 204);
    house.session(Role::Operator).await;
    let own = house.person(None).user;
    let oneself = format!("/api/v1/platform/users/{own}/disable");
    assert_eq!(house.post(&oneself).cookie(&admin).send().await.code(), "tenancy.not_oneself");
    let types = house.types(PLATFORM).await;
    assert!(types.iter().any(|word| word == "tenancy.user.disabled"));
}
