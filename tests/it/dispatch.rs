//! Dispatch groups from outside (D19): two companies whose numbers are of one business share its limits,
//! and one owner sends for both.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sim::{Answer, Config};
use tests::{Person, Platform, fresh};

use crate::sending::Shop;

const BUSINESS: &str = "7000000042";
const TOKEN: &str = "token-of-both";

/// One of the two companies, with a number of the business.
struct Side {
    owner: Person,
    channel: String,
    waba: &'static str,
    number: &'static str,
}

async fn post(shop: &Shop, person: &Person, path: &str, body: Value) -> (StatusCode, Value) {
    let mut request = shop
        .platform
        .request(Method::POST, path)
        .header(header::COOKIE, &person.cookie)
        .header(header::ORIGIN, &shop.platform.base)
        .header("Idempotency-Key", fresh("key"));
    // Somebody of the platform acts for no company.
    if !person.company().is_empty() {
        request = request.header("X-Company-Id", person.company());
    }
    let answer = request.json(&body).send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or_default())
}

async fn get(shop: &Shop, person: &Person, path: &str) -> Value {
    shop.platform.get_as(person, path).send().await.unwrap().json().await.unwrap()
}

/// A number of the business at the provider, connected by a company.
async fn connect(shop: &Shop, owner: Person, number: &'static str, waba: &'static str) -> Side {
    shop.sim
        .register_all(&json!({ "channels": [{
            "phone_number_id": number, "waba_id": waba, "business_id": BUSINESS,
            "access_token": TOKEN, "app_secret": "shh",
        }]}))
        .unwrap();
    let body = json!({
        "name": "Loja", "phone_number_id": number, "waba_id": waba,
        "access_token": TOKEN, "app_secret": "shh",
    });
    let (status, connected) = post(shop, &owner, "/api/v1/channels", body).await;
    assert_eq!(status, StatusCode::CREATED, "{connected}");
    let channel = connected["channel"]["id"].as_str().unwrap().to_owned();
    // Meta knows the address when the proof has subscribed it.
    shop.until("a subscription", async |shop| {
        let channel = get(shop, &owner, &format!("/api/v1/channels/{channel}")).await;
        let passed = channel.pointer("/proof/passed")?.as_array()?.clone();
        passed.contains(&json!("subscription")).then_some(())
    })
    .await;
    Side { owner, channel, waba, number }
}

/// The demo company and another one, each with a number of the same business.
async fn two(shop: &Shop) -> [Side; 2] {
    let admin = shop.seeded["users"].as_array().unwrap().iter().find(|user| user["role"].is_null());
    let admin = admin.expect("somebody of the platform");
    let (email, password) = (admin["email"].as_str().unwrap(), admin["password"].as_str().unwrap());
    let admin = shop.platform.sign_in(email, password).await;
    let body = json!({ "name": "Padaria Sol", "zone": "America/Sao_Paulo", "owner": {
        "name": "Olga Reis", "email": "olga@sol.example", "role": "owner",
        "password": "uma senha bem longa" } });
    let (status, created) = post(shop, &admin, "/api/v1/platform/companies", body).await;
    assert_eq!(status, StatusCode::CREATED, "{created}");
    let olga = shop.platform.sign_in("olga@sol.example", "uma senha bem longa").await;
    [
        connect(shop, shop.owner.clone(), "100000701", "900000701").await,
        connect(shop, olga, "100000702", "900000702").await,
    ]
}

async fn template(shop: &Shop, side: &Side, to: &str) -> (StatusCode, Value) {
    let content = json!({ "kind": "template", "name": "promo", "language": "pt_BR" });
    let body = json!({ "channel": side.channel, "to": to, "content": content });
    post(shop, &side.owner, "/api/v1/messages", body).await
}

async fn state(shop: &Shop, side: &Side) -> Value {
    get(shop, &side.owner, &format!("/api/v1/channels/{}", side.channel)).await["state"].clone()
}

#[tokio::test]
async fn d19_a_dead_token_stops_the_numbers_of_both_companies_and_their_queues_are_kept() {
    let shop = Shop::open(Config::default()).await;
    let sides = two(&shop).await;
    // Both are one group, so that one process owns both.
    let pool = kernel::db::connect(&shop.platform.app.config.database_url).await.unwrap();
    shop.until("one owner for both", async |_| {
        let units: Vec<String> = sqlx::query_scalar(
            "select unit from node.assignments where unit like 'lanes:%' and session is not null",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        (units.len() == 1).then_some(())
    })
    .await;
    shop.sim.configure(|config| config.answers.push_back(Answer::Refuse(190)));
    let (status, queued) = template(&shop, &sides[0], "+5511911110001").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{queued}");
    for side in &sides {
        shop.until("a paused channel", async |shop| {
            (state(shop, side).await["reason"] == "token_expired").then_some(())
        })
        .await;
    }
    let (status, queued) = template(&shop, &sides[1], "+5511911110002").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{queued}");
    assert!(shop.sim.accepted().is_empty());
    for side in &sides {
        let path = format!("/api/v1/channels/{}/credentials", side.channel);
        let fresh = json!({ "access_token": TOKEN });
        let (status, problem) = post(&shop, &side.owner, &path, fresh).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    }
    shop.until("both messages", async |shop| (shop.sim.accepted().len() == 2).then_some(())).await;
    assert!(shop.sim.accepted().values().all(|n| *n == 1), "{:?}", shop.sim.accepted());
}

#[tokio::test]
async fn ca10_two_companies_of_one_business_share_the_people_of_its_day() {
    let shop = Shop::open(Config::default()).await;
    let sides = two(&shop).await;
    let small = json!({
        "display_phone_number": "551130000701", "event": "ONBOARDING",
        "max_daily_conversations_per_business": "TIER_50",
    });
    for side in &sides {
        let field = "phone_number_quality_update";
        shop.sim.webhook(side.waba, Some(side.number), field, &small);
        shop.until("the small tier", async |shop| {
            let path = format!("/api/v1/channels/{}", side.channel);
            let channel = get(shop, &side.owner, &path).await;
            (channel["health"]["tier"] == "TIER_50").then_some(())
        })
        .await;
    }
    for n in 0..30 {
        for (at, side) in sides.iter().enumerate() {
            let to = format!("+55119{at}{n:07}");
            let (status, queued) = template(&shop, side, &to).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{queued}");
        }
    }
    let n_queued = async |shop: &Shop| {
        let mut n = 0;
        for side in &sides {
            let channels = get(shop, &side.owner, "/api/v1/channels").await;
            let items = channels["items"].as_array().unwrap().clone();
            let ours = items.iter().find(|channel| channel["id"] == side.channel.as_str()).unwrap();
            n += ours["n_queued"].as_i64().unwrap();
        }
        n
    };
    shop.until("fifty that left", async |shop| {
        (shop.sim.accepted().len() == 50 && n_queued(shop).await == 10).then_some(())
    })
    .await;
    // A restart forgets nobody; and whoever was reached may be told more.
    let Shop { platform, sim, seeded, owner } = shop;
    let url = platform.app.config.database_url.clone();
    platform.stop().await;
    let platform = Platform::start_again(&url, &fresh("again"), &sim.url()).await;
    let shop = Shop { platform, sim, seeded, owner };
    let reached: BTreeSet<String> = shop.sim.accepted().into_keys().collect();
    let (first, side) = reached
        .iter()
        .map(|to| (to.clone(), &sides[usize::from(to.starts_with("551191"))]))
        .next()
        .unwrap();
    let (status, queued) = template(&shop, side, &format!("+{first}")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{queued}");
    shop.until("a second one to her", async |shop| {
        (shop.sim.accepted().get(&first) == Some(&2)).then_some(())
    })
    .await;
    assert_eq!(shop.sim.accepted().len(), 50);
}
