//! Signing in and out.

use std::time::Duration;

use serde_json::json;
use shared::permission::Role;

use super::support::{House, until};

#[tokio::test]
async fn a_person_signs_in_and_is_told_who_she_is() {
    let house = House::start("signs_in").await;
    let owner = house.person(Role::Owner).clone();
    let reply = house.try_sign_in(&owner.email.to_uppercase(), &owner.password).send().await;
    assert_eq!(reply.status, 201);
    let me = reply.json();
    assert_eq!(me["email"], owner.email);
    assert_eq!(me["companies"][0]["name"], "Café Aurora");
    assert_eq!(me["companies"][0]["role"], "owner");
    assert_eq!(me["is_super_admin"], false);
    let set = reply.headers.get("set-cookie").unwrap().to_str().unwrap();
    assert!(set.contains("HttpOnly; SameSite=Lax"), "{set}");

    let cookie = reply.cookie("masteria");
    let again = house.get("/api/v1/me").cookie(&cookie).send().await;
    assert_eq!(again.json()["user"], me["user"]);
    let platform = house.get("/api/v1/me").cookie(&house.session(None).await).send().await;
    assert_eq!(platform.json()["is_super_admin"], true);
    assert_eq!(platform.json()["companies"], json!([]));
}

#[tokio::test]
async fn au01_unknown_wrong_and_disabled_are_answered_the_same() {
    let house = House::start("no_enumeration").await;
    let operator = house.person(Role::Operator).clone();
    let admin = house.session(None).await;
    let wrong = house.try_sign_in(&operator.email, "not her password").send().await;
    let unknown = house.try_sign_in("nobody@aurora.example", "not her password").send().await;
    let nonsense = house.try_sign_in("no address", "not her password").send().await;
    let disable = format!("/api/v1/platform/users/{}/disable", operator.user);
    assert_eq!(house.post(&disable).cookie(&admin).send().await.status, 204);
    let disabled = house.try_sign_in(&operator.email, &operator.password).send().await;
    for reply in [&wrong, &unknown, &nonsense, &disabled] {
        assert_eq!(reply.status, 401);
        assert_eq!(reply.code(), "tenancy.sign_in_refused");
        assert_eq!(reply.body, wrong.body);
        assert!(!reply.headers.contains_key("set-cookie"));
    }
}

/// Counted, not timed: hashing is all that takes time in a sign-in, and it is done equally often.
#[tokio::test]
async fn au01_an_unknown_address_costs_what_a_wrong_password_costs() {
    let house = House::start("same_work").await;
    let operator = house.person(Role::Operator).clone();
    let mut costs = vec![];
    for email in [&operator.email, "nobody@aurora.example", "no address", &operator.email] {
        let before = house.tenancy.n_hashed();
        let reply = house.try_sign_in(email, "not her password").send().await;
        assert_eq!(reply.status, 401);
        costs.push(house.tenancy.n_hashed() - before);
    }
    // Whoever comes first pays for the hash that nobody's password fits.
    assert_eq!(costs, [2, 1, 1, 1]);
}

#[tokio::test]
async fn au06_strangers_failures_do_not_shut_the_user_out_of_a_known_browser() {
    let house = House::start("not_locked_out").await;
    let owner = house.person(Role::Owner).clone();
    let first = house.try_sign_in(&owner.email, &owner.password).send().await;
    let known = first.cookie("masteria-known");

    let mut limited = None;
    for n in 0..12 {
        let reply = house.try_sign_in(&owner.email, &format!("guess {n}")).send().await;
        if reply.status == 429 {
            limited = Some(reply);
            break;
        }
    }
    let limited = limited.expect("a stranger is limited");
    assert_eq!(limited.code(), "tenancy.sign_in_limited");
    assert!(limited.headers.contains_key("retry-after"));
    let stranger = house.try_sign_in(&owner.email, &owner.password).send().await;
    assert_eq!(stranger.status, 429, "even with the right password, from the same place");
    let elsewhere = house.try_sign_in(&owner.email, &owner.password);
    let elsewhere = elsewhere.header("x-forwarded-for", "203.0.113.9").send().await;
    assert_eq!(elsewhere.status, 201, "another address is not affected");
    let herself = house.try_sign_in(&owner.email, &owner.password).cookie(&known).send().await;
    assert_eq!(herself.status, 201, "{}", herself.text());

    house.clock.forward(Duration::from_secs(61));
    let later = house.try_sign_in(&owner.email, &owner.password).send().await;
    assert_eq!(later.status, 201, "a try comes back with time");
}

#[tokio::test]
async fn au06_unknown_accounts_are_limited_as_known_ones_are() {
    let house = House::start("limited_alike").await;
    let owner = house.person(Role::Owner).clone();
    for email in [owner.email.as_str(), "nobody@aurora.example"] {
        let mut statuses = Vec::new();
        for n in 0..11 {
            let call = house.try_sign_in(email, &format!("guess {n}"));
            let reply = call.header("x-forwarded-for", "203.0.113.7").send().await;
            statuses.push(reply.status.as_u16());
        }
        assert_eq!(statuses, [[401; 10].as_slice(), &[429]].concat(), "{email}");
    }
}

#[tokio::test]
async fn au04_sessions_are_listed_and_a_revoked_one_is_of_no_use() {
    let house = House::start("revoked").await;
    let (one, other) = (house.session(Role::Owner).await, house.session(Role::Owner).await);
    let list = house.get("/api/v1/sessions").cookie(&one).send().await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let mut items = list["items"].as_array().unwrap().iter();
    let id = items.find(|item| item["is_current"] == false).unwrap()["id"].clone();
    assert_eq!(list["items"][0]["address"], "127.0.0.1");

    let path = format!("/api/v1/sessions/{}", id.as_str().unwrap());
    assert_eq!(house.delete(&path).cookie(&one).send().await.status, 204);
    assert_eq!(house.get("/api/v1/me").cookie(&other).send().await.status, 401);
    assert_eq!(house.get("/api/v1/me").cookie(&one).send().await.status, 200);
    assert_eq!(house.delete(&path).cookie(&one).send().await.status, 404);
    let types = house.types(kernel::ids::PLATFORM).await;
    assert!(types.iter().any(|word| word == "tenancy.user.session_revoked"));
}

#[tokio::test]
async fn another_users_session_is_not_there() {
    let house = House::start("foreign_session").await;
    let (owner, admin) = (house.session(Role::Owner).await, house.session(Role::Admin).await);
    let list = house.get("/api/v1/sessions").cookie(&owner).send().await.json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let foreign = house.delete(&format!("/api/v1/sessions/{id}")).cookie(&admin).send().await;
    assert_eq!(foreign.status, 404);
    assert_eq!(house.get("/api/v1/me").cookie(&owner).send().await.status, 200);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie() {
    let house = House::start("signs_out").await;
    let cookie = house.session(Role::Owner).await;
    let me = house.get("/api/v1/me").cookie(&cookie).send().await.json();
    let path = format!("/api/v1/sessions/{}", me["session"].as_str().unwrap());
    let reply = house.delete(&path).cookie(&cookie).send().await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.cookie("masteria"), "masteria=");
    assert_eq!(house.get("/api/v1/me").cookie(&cookie).send().await.status, 401);
}

#[tokio::test]
async fn a_session_runs_out() {
    let house = House::start("runs_out").await;
    let cookie = house.session(Role::Owner).await;
    for _ in 0..5 {
        house.clock.forward(Duration::from_hours(24 * 5));
        assert_eq!(house.get("/api/v1/me").cookie(&cookie).send().await.status, 200);
    }
    house.clock.forward(Duration::from_hours(24 * 5 + 1));
    assert_eq!(house.get("/api/v1/me").cookie(&cookie).send().await.status, 401);

    let idle = house.session(Role::Owner).await;
    house.clock.forward(Duration::from_hours(24 * 7 + 1));
    assert_eq!(house.get("/api/v1/me").cookie(&idle).send().await.status, 401);
}

#[tokio::test]
async fn a_revocation_in_this_process_wakes_open_sockets() {
    let house = House::start("wakes").await;
    let mut sign_in = house.session(Role::Owner).await;
    let list = house.get("/api/v1/sessions").cookie(&sign_in).send().await.json();
    let ended =
        kernel::http::Ended::Session(list["items"][0]["id"].as_str().unwrap().parse().unwrap());
    house.api.end(ended);
    // What was remembered is forgotten, and asked again.
    until("the session is asked again", async || {
        house.get("/api/v1/me").cookie(&sign_in).send().await.status == 200
    })
    .await;
    sign_in.push('x');
    assert_eq!(house.get("/api/v1/me").cookie(&sign_in).send().await.status, 401);
}

#[tokio::test]
async fn d26_a_foreign_origin_changes_nothing() {
    let house = House::start("origin").await;
    let cookie = house.session(Role::Owner).await;
    let body = json!({ "name": "CRM", "scopes": ["read_contacts"] });
    let create = || house.post("/api/v1/api-keys").cookie(&cookie).json(&body);
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let reply = create().header("origin", origin).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (403, "origin_refused"));
    }
    assert_eq!(create().without("origin").send().await.code(), "origin_refused");
    assert_eq!(create().send().await.status, 201);
    let owner = house.person(Role::Owner).clone();
    let forged = house.try_sign_in(&owner.email, &owner.password);
    assert_eq!(forged.header("origin", "https://evil.example").send().await.status, 403);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let house = House::start("new_password").await;
    let owner = house.person(Role::Owner).clone();
    let (one, other) = (house.session(Role::Owner).await, house.session(Role::Owner).await);
    let change = |password: &str, new: &str| {
        let body = json!({ "password": password, "new_password": new });
        house.post("/api/v1/me/password").cookie(&one).json(&body)
    };
    let wrong = change("not hers", "uma senha bem longa").send().await;
    assert_eq!(wrong.json()["fields"]["/password"], "wrong");
    let short = change(&owner.password, "curta").send().await;
    assert_eq!(short.json()["fields"]["/new_password"], "too_short");
    assert_eq!(change(&owner.password, "uma senha bem longa").send().await.status, 204);
    assert_eq!(house.get("/api/v1/me").cookie(&one).send().await.status, 200);
    assert_eq!(house.get("/api/v1/me").cookie(&other).send().await.status, 401);
    house.sign_in(&owner.email, "uma senha bem longa").await;
    assert_eq!(house.try_sign_in(&owner.email, &owner.password).send().await.status, 401);
}

#[tokio::test]
async fn d33_no_secret_is_in_the_tables() {
    let house = House::start("no_secret").await;
    let owner = house.person(Role::Owner).clone();
    let cookie = house.session(Role::Owner).await;
    let token = cookie.split_once('=').unwrap().1;
    for secret in [token, &owner.password, &house.aurora.api_key, &owner.email] {
        for table in [
            "tenancy.sessions",
            "tenancy.passwords",
            "tenancy.api_keys",
            "tenancy.attempts",
            "tenancy.devices",
            "http.answers",
            "ledger.events",
            "ledger.replies",
            "ledger.claims",
        ] {
            let query =
                format!("select count(*) from {table} t where t::text like '%' || $1 || '%'");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(secret)
                .fetch_one(&house.admin)
                .await
                .unwrap();
            assert_eq!(found, 0, "{table}");
        }
    }
}
