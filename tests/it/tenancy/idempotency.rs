//! One key, one effect, one answer.

use serde_json::json;
use shared::permission::Role;

use super::support::House;

#[tokio::test]
async fn wb13_a_write_without_a_key_changes_nothing() {
    let house = House::start("no_key").await;
    let owner = house.session(Role::Owner).await;
    let body = json!({ "name": "CRM", "scopes": ["read_team"] });
    let create = || house.post("/api/v1/api-keys").cookie(&owner).json(&body);
    let missing = create().without("idempotency-key").send().await;
    assert_eq!(
        (missing.status.as_u16(), missing.code().as_str()),
        (428, "idempotency_key_missing")
    );
    for key in ["", &"x".repeat(256), "two words"] {
        let unfit = create().header("idempotency-key", key).send().await;
        assert_eq!(unfit.code(), "idempotency_key_invalid", "{key}");
    }
    let list = house.get("/api/v1/api-keys").cookie(&owner).send().await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "only the seed's");
}

#[tokio::test]
async fn wb13_a_repeat_is_answered_the_same_and_has_no_effect() {
    let house = House::start("repeat").await;
    let owner = house.session(Role::Owner).await;
    let body = json!({ "name": "CRM", "scopes": ["read_team"] });
    let create = || {
        let call = house.post("/api/v1/api-keys").cookie(&owner).json(&body);
        call.header("idempotency-key", "the-same")
    };
    let first = create().send().await;
    let again = create().send().await;
    assert_eq!(first.status, 201);
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(first.headers["ledger-position"], again.headers["ledger-position"]);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = create().json(&json!({ "name": "ERP", "scopes": ["read_team"] })).send().await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (409, "idempotency_key_reused"));
    // Another person's key of the same text is another key.
    let admin = house.session(Role::Admin).await;
    let hers = create().cookie(&admin).json(&json!({ "name": "ERP", "scopes": ["read_team"] }));
    assert_eq!(hers.send().await.status, 201);
    let list = house.get("/api/v1/api-keys").cookie(&owner).send().await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_refusal_is_repeated_too() {
    let house = House::start("refusal").await;
    let owner = house.session(Role::Owner).await;
    let create = || {
        let body = json!({ "name": "CRM", "scopes": [] });
        let call = house.post("/api/v1/api-keys").cookie(&owner).json(&body);
        call.header("idempotency-key", "the-same")
    };
    let (first, again) = (create().send().await, create().send().await);
    assert_eq!(first.status, 422);
    assert_eq!(first.headers["content-type"], "application/problem+json");
    assert_eq!((first.status, first.body), (again.status, again.body));
    assert_eq!(again.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn twenty_repeats_at_once_have_one_effect() {
    let house = House::start("twenty").await;
    let owner = house.session(Role::Owner).await;
    let body = json!({ "name": "CRM", "scopes": ["read_team"] });
    let create = || {
        let call = house.post("/api/v1/api-keys").cookie(&owner).json(&body);
        call.header("idempotency-key", "the-same").send()
    };
    let all = futures::future::join_all((0..20).map(|_| create())).await;
    assert!(all.iter().all(|reply| reply.status == 201 && reply.body == all[0].body));
    let types = house.types(house.aurora.company.into_uuid()).await;
    let made = types.iter().filter(|word| *word == "tenancy.api_key.created").count();
    assert_eq!(made, 2, "the seed's and one");
}

#[tokio::test]
async fn an_answer_is_kept_for_two_days_and_tells_nothing_by_itself() {
    let house = House::start("kept").await;
    let owner = house.session(Role::Owner).await;
    let body = json!({ "name": "CRM", "scopes": ["read_team"] });
    let made = house.post("/api/v1/api-keys").cookie(&owner).json(&body).send().await.json();
    let secret = made["secret"].as_str().unwrap();
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as("select fingerprint, sealed from http.answers")
            .fetch_all(&house.admin)
            .await
            .unwrap();
    assert!(!rows.is_empty());
    let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
    assert!(rows.iter().all(|(fingerprint, sealed)| !holds(fingerprint) && !holds(sealed)));

    let sweep = async || kernel::http::sweep(&house.api.pools().app).await.unwrap();
    assert_eq!(sweep().await, 0);
    sqlx::query("alter table http.answers no force row level security")
        .execute(&house.admin)
        .await
        .unwrap();
    sqlx::query("update http.answers set at = at - interval '49 hours'")
        .execute(&house.admin)
        .await
        .unwrap();
    assert_eq!(usize::try_from(sweep().await).unwrap(), rows.len());
}
