//! Members and their roles.

use serde_json::json;
use shared::permission::Role;

use super::support::House;

fn newcomer(role: &str) -> serde_json::Value {
    json!({ "name": "Nina Alves", "email": "nina@aurora.example", "role": role,
        "password": "uma senha bem longa" })
}

#[tokio::test]
async fn a_new_person_joins_signs_in_and_leaves() {
    let house = House::start("joins").await;
    let admin = house.session(Role::Admin).await;
    let added =
        house.post("/api/v1/members").cookie(&admin).json(&newcomer("operator")).send().await;
    assert_eq!(added.status, 201, "{}", added.text());
    assert_eq!(added.json()["name"], "Nina Alves");
    let position = added.headers["ledger-position"].to_str().unwrap().to_owned();
    let list = house.get("/api/v1/members").cookie(&admin).header("min-position", &position);
    let list = list.send().await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 6);
    assert!(!list.headers.contains_key("stale"));

    let nina = house.sign_in("nina@aurora.example", "uma senha bem longa").await;
    assert_eq!(house.get("/api/v1/api-keys").cookie(&nina).send().await.status, 403);
    let user = added.json()["user"].as_str().unwrap().to_owned();
    let role = format!("/api/v1/members/{user}/role");
    let promoted = house.post(&role).cookie(&admin).json(&json!({ "role": "admin" })).send().await;
    assert_eq!(promoted.status, 204, "{}", promoted.text());
    assert_eq!(house.get("/api/v1/api-keys").cookie(&nina).send().await.status, 200, "at once");

    let path = format!("/api/v1/members/{user}");
    assert_eq!(house.delete(&path).cookie(&admin).send().await.status, 204);
    assert_eq!(house.get("/api/v1/api-keys").cookie(&nina).send().await.status, 403, "at once");
    assert_eq!(house.get("/api/v1/me").cookie(&nina).send().await.json()["companies"], json!([]));
    assert_eq!(house.delete(&path).cookie(&admin).send().await.status, 404);
}

#[tokio::test]
async fn an_address_belongs_to_one_person_of_the_platform() {
    let house = House::start("one_address").await;
    let owner = house.session(Role::Owner).await;
    let other = house.other.users[0].clone();
    let other = house.sign_in(&other.email, &other.password).await;
    let join =
        |cookie: &str| house.post("/api/v1/members").cookie(cookie).json(&newcomer("operator"));
    let first = join(&owner).send().await.json();
    let mut again = newcomer("operator");
    again["email"] = json!(" NINA@Aurora.example ");
    again["password"] = json!("another long password");
    let elsewhere = house.post("/api/v1/members").cookie(&other).json(&again).send().await;
    assert_eq!(elsewhere.status, 201);
    assert_eq!(elsewhere.json()["user"], first["user"]);
    assert_eq!(join(&owner).send().await.code(), "tenancy.member_exists");
    // The password stays her own.
    let nina = house.sign_in("nina@aurora.example", "uma senha bem longa").await;
    let me = house.get("/api/v1/me").cookie(&nina).send().await.json();
    assert_eq!(me["companies"].as_array().unwrap().len(), 2);
    assert_eq!(house.get("/api/v1/members").cookie(&nina).send().await.code(), "company_required");
}

#[tokio::test]
async fn nobody_is_made_or_unmade_above_ones_own_role() {
    let house = House::start("above").await;
    let admin = house.session(Role::Admin).await;
    let refused =
        house.post("/api/v1/members").cookie(&admin).json(&newcomer("owner")).send().await;
    assert_eq!(refused.code(), "tenancy.role_above_own");
    let owner = house.person(Role::Owner).user;
    let path = format!("/api/v1/members/{owner}");
    assert_eq!(house.delete(&path).cookie(&admin).send().await.code(), "tenancy.role_above_own");
    let unknown = house.try_sign_in("nina@aurora.example", "uma senha bem longa").send().await;
    assert_eq!(unknown.status, 401, "nothing of the refused person is left");
}

#[tokio::test]
async fn of_two_owners_who_remove_each_other_one_stays() {
    let house = House::start("two_owners").await;
    let owner = house.session(Role::Owner).await;
    let alone = house.person(Role::Owner).user;
    let path = |user: &str| format!("/api/v1/members/{user}");
    let last = house.delete(&path(&alone.to_string())).cookie(&owner).send().await;
    assert_eq!(last.code(), "tenancy.last_owner");

    let added = house.post("/api/v1/members").cookie(&owner).json(&newcomer("owner")).send().await;
    let nina = house.sign_in("nina@aurora.example", "uma senha bem longa").await;
    let user = added.json()["user"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        let (one, other) = tokio::join!(
            house.delete(&path(&user)).cookie(&owner).send(),
            house.delete(&path(&alone.to_string())).cookie(&nina).send(),
        );
        let done = [&one, &other].into_iter().filter(|reply| reply.status == 204).count();
        assert!(done <= 1, "{} {}", one.text(), other.text());
    }
    let company = house.aurora.company.into_uuid();
    let types = house.types(company).await;
    assert_eq!(types.iter().filter(|word| *word == "tenancy.membership.revoked").count(), 1);
}

#[tokio::test]
async fn a_stale_version_overwrites_nothing() {
    let house = House::start("stale_version").await;
    let owner = house.session(Role::Owner).await;
    let operator = house.person(Role::Operator).user;
    let path = format!("/api/v1/members/{operator}/role");
    let change = |version: &str| {
        let body = json!({ "role": "supervisor" });
        house.post(&path).cookie(&owner).json(&body).header("if-match", version)
    };
    for (version, code) in
        [("7", "stale_version"), ("0", "stale_version"), ("x", "if_match_invalid")]
    {
        assert_eq!(change(version).send().await.code(), code, "{version}");
    }
    assert_eq!(change("\"1\"").send().await.status, 204);
}

#[tokio::test]
async fn a_hard_quota_of_members_stops() {
    let house = House::start("quota").await;
    let admin = house.session(None).await;
    let path = format!("/api/v1/platform/companies/{}/quotas/members", house.aurora.company);
    let set = |limit: i64, is_hard: bool| {
        let body = json!({ "limit": limit, "is_hard": is_hard });
        house.post(&path).cookie(&admin).json(&body)
    };
    assert_eq!(set(-1, true).send().await.code(), "tenancy.limit_negative");
    assert_eq!(set(5, true).send().await.status, 204);
    let owner = house.session(Role::Owner).await;
    let join = || house.post("/api/v1/members").cookie(&owner).json(&newcomer("operator"));
    let full = join().send().await;
    assert_eq!((full.status.as_u16(), full.code().as_str()), (403, "quota_exhausted"));
    assert_eq!(full.json()["values"]["limit"], 5);

    house.tenancy.mark_quotas().await.unwrap();
    house.tenancy.mark_quotas().await.unwrap();
    let types = house.types(house.aurora.company.into_uuid()).await;
    let marks = types.iter().filter(|word| *word == "tenancy.company.quota_reached").count();
    assert_eq!(marks, 2, "80 and 100 per cent, once each");
    assert_eq!(set(5, false).send().await.status, 204);
    assert_eq!(join().send().await.status, 201);
}
