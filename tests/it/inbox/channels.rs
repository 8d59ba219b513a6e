//! Numbers: who has them, whose token has run out, who may sign for them.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::Person;

use super::support::{ANA, Desk, text, traffic_of};

/// A number that the provider knows, ready to be connected.
fn number(desk: &Desk, id: &str, token: &str, secret: &str) -> Value {
    let known = json!({ "phone_number_id": id, "waba_id": format!("9{id}"),
        "access_token": token, "app_secret": secret });
    desk.sim.register_all(&json!({ "channels": [known] })).unwrap();
    let mut connect = known;
    connect["name"] = json!(format!("Number {id}"));
    connect
}

async fn connect(desk: &Desk, person: &Person, body: &Value) -> Value {
    let (status, made) = desk.post_as(person, "/api/v1/channels", body.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made
}

fn said(number: &str, value: &Value) -> Vec<u8> {
    traffic_of(&format!("9{number}"), number, value)
}

fn key_of(connected: &Value) -> String {
    connected["callback_url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

async fn channel(desk: &Desk, person: &Person, id: &Value) -> Value {
    let path = format!("/api/v1/channels/{}", id.as_str().unwrap());
    desk.try_get(person, &path).await.1
}

async fn until_disconnected(desk: &Desk, person: &Person, id: &Value) {
    desk.until("a channel that is off", async |desk| {
        let channel = channel(desk, person, id).await;
        (channel["state"]["state"] == "disconnected").then_some(())
    })
    .await;
}

#[tokio::test]
async fn d10_a_number_goes_to_another_company_only_after_a_release_and_both_chains_tell_it() {
    let desk = Desk::open().await;
    let stranger = desk.stranger().await;
    let id = "100000700";
    let body = number(&desk, id, "good-token", "shh");
    let mine = connect(&desk, &desk.owner, &body).await;
    let (status, problem) = desk.post_as(&stranger, "/api/v1/channels", body.clone()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("phone_number_taken")));

    let release = format!("/api/v1/channels/{}/release", mine["channel"]["id"].as_str().unwrap());
    assert_eq!(desk.post_as(&stranger, &release, json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(desk.post(&release, json!({})).await.0, StatusCode::NO_CONTENT);
    // A token that Meta does not confirm takes nothing.
    let mut bad = body.clone();
    bad["access_token"] = json!("bad-token");
    let (status, _) = desk.post_as(&stranger, "/api/v1/channels", bad).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(desk.deliver_by(&key_of(&mine), "shh", said(id, &text("w0", ANA, "a"))).await, 200);

    let theirs = connect(&desk, &stranger, &body).await;
    until_disconnected(&desk, &desk.owner, &mine["channel"]["id"]).await;
    assert_eq!(
        desk.deliver_by(&key_of(&theirs), "shh", said(id, &text("w1", ANA, "b"))).await,
        200
    );
    desk.until("a thread at the new owner", async |desk| {
        let page = desk.try_get(&stranger, "/api/v1/conversations").await.1;
        (page["items"].as_array()?.len() == 1).then_some(())
    })
    .await;
    desk.until("the old address gone", async |desk| {
        let status = desk.deliver_by(&key_of(&mine), "shh", said(id, &text("w2", ANA, "c"))).await;
        (status == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
    let types = desk.types(desk.company()).await;
    for word in ["channels.channel.released", "channels.channel.disconnected"] {
        assert!(types.iter().any(|known| known == word), "{word}");
    }

    // The platform may release in the owner's place, with a reason that stands in the owner's chain.
    assert_eq!(desk.post("/api/v1/channels", body.clone()).await.0, StatusCode::CONFLICT);
    let admin = desk.person("platform").await;
    let path = format!("/api/v1/platform/numbers/{id}/release");
    let unknown = "/api/v1/platform/numbers/100000999/release";
    let why = || json!({ "reason": "ticket 7" });
    assert_eq!(desk.platform_post(&admin, unknown, why()).await.0, StatusCode::NOT_FOUND);
    let blank = desk.platform_post(&admin, &path, json!({ "reason": " " })).await;
    assert_eq!(blank.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(desk.platform_post(&admin, &path, why()).await.0, StatusCode::NO_CONTENT);
    connect(&desk, &desk.owner, &body).await;
    until_disconnected(&desk, &stranger, &theirs["channel"]["id"]).await;
}

#[tokio::test]
async fn ch18_an_expired_token_stops_every_channel_that_works_with_it_and_a_new_one_starts_its_own()
{
    let desk = Desk::open().await;
    let stranger = desk.stranger().await;
    let (one, two, three) = ("100000801", "100000802", "100000803");
    let mine = connect(&desk, &desk.owner, &number(&desk, one, "shared-token", "s1")).await;
    let also_mine = connect(&desk, &desk.owner, &number(&desk, two, "shared-token", "s2")).await;
    let theirs = connect(&desk, &stranger, &number(&desk, three, "shared-token", "s3")).await;
    let other = connect(&desk, &stranger, &number(&desk, "100000804", "other-token", "s4")).await;
    assert_eq!(desk.deliver_by(&key_of(&mine), "s1", said(one, &text("w1", ANA, "oi"))).await, 200);
    let thread = desk
        .until("a thread", async |desk| {
            let page = desk.get("/api/v1/conversations").await;
            Some(page.pointer("/items/0/id")?.as_str()?.to_owned())
        })
        .await;
    desk.sim.configure(|config| {
        config.expired_tokens.insert("shared-token".to_owned());
    });
    let path = format!("/api/v1/conversations/{thread}/messages");
    let said = json!({ "content": { "kind": "text", "body": "Trinta reais." } });
    let (_, queued) = desk.post(&path, said).await;
    for (person, connected) in
        [(&desk.owner, &mine), (&desk.owner, &also_mine), (&stranger, &theirs)]
    {
        desk.until("a paused channel", async |desk| {
            let channel = channel(desk, person, &connected["channel"]["id"]).await;
            (channel["state"]["reason"] == "token_expired").then_some(())
        })
        .await;
    }
    let untouched = channel(&desk, &stranger, &other["channel"]["id"]).await;
    assert_eq!(untouched["state"]["state"], "active");

    // A new token on one card renews the company's channels that had the old one, and no one else's.
    for (id, secret) in [(one, "s1"), (two, "s2")] {
        number(&desk, id, "fresh-token", secret);
    }
    let id = mine["channel"]["id"].as_str().unwrap();
    let renew = format!("/api/v1/channels/{id}/credentials");
    let (status, problem) = desk.post(&renew, json!({ "access_token": "fresh-token" })).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    for connected in [&mine, &also_mine] {
        desk.until("an active channel", async |desk| {
            let channel = channel(desk, &desk.owner, &connected["channel"]["id"]).await;
            (channel["state"]["state"] == "active").then_some(())
        })
        .await;
    }
    let still = channel(&desk, &stranger, &theirs["channel"]["id"]).await;
    assert_eq!(still["state"]["reason"], "token_expired");
    desk.until("what was queued", async |desk| {
        let page = desk.get(&path).await;
        let items = page["items"].as_array()?.clone();
        let sent = items.into_iter().find(|item| item["id"] == queued["message"])?;
        (sent["delivery"]["state"] == "delivered").then_some(())
    })
    .await;
    assert_eq!(desk.sim.accepted().get(ANA), Some(&1));
}

#[tokio::test]
async fn d18_two_secrets_sign_side_by_side_and_the_first_refusal_alerts_the_card() {
    let desk = Desk::open().await;
    let (key, first) = (&desk.channel()["hook_key"], &desk.channel()["app_secret"]);
    let (key, first) = (key.as_str().unwrap(), first.as_str().unwrap());
    let path = format!("/api/v1/channels/{}/credentials", desk.channel_id());
    let body = || br#"{"object":"whatsapp_business_account","entry":[]}"#.to_vec();
    let refused = async || {
        let types = desk.types(desk.company()).await;
        types.iter().filter(|word| *word == "channels.channel.signature_refused").count()
    };
    assert_eq!(desk.deliver_by(key, first, body()).await, 200);
    assert_eq!(desk.deliver_by(key, "second", body()).await, 401);
    desk.until("an alert", async |_| (refused().await == 1).then_some(())).await;
    let card = desk.get(&format!("/api/v1/channels/{}", desk.channel_id())).await;
    assert!(card["health"]["last_bad_signature_at"].is_string(), "{card}");

    assert_eq!(desk.post(&path, json!({ "app_secret": "second" })).await.0, StatusCode::NO_CONTENT);
    desk.until("both secrets", async |desk| {
        let statuses = [
            desk.deliver_by(key, "second", body()).await.as_u16(),
            desk.deliver_by(key, first, body()).await.as_u16(),
        ];
        (statuses == [200, 200]).then_some(())
    })
    .await;
    assert_eq!(desk.post(&path, json!({ "drop_old_secret": true })).await.0, 204);
    desk.until("the old secret gone", async |desk| {
        (desk.deliver_by(key, first, body()).await == 401).then_some(())
    })
    .await;
    assert_eq!(desk.deliver_by(key, "second", body()).await, 200);
    desk.until("the alert of the new secrets", async |_| (refused().await == 2).then_some(()))
        .await;
}

#[tokio::test]
async fn ch03_a_secret_that_does_not_fit_is_the_step_that_is_named() {
    let desk = Desk::open().await;
    let id = "100000900";
    let mut body = number(&desk, id, "good-token", "metas-secret");
    body["app_secret"] = json!("mistyped");
    let connected = connect(&desk, &desk.owner, &body).await;
    let proof = async |desk: &Desk| {
        channel(desk, &desk.owner, &connected["channel"]["id"]).await["proof"].clone()
    };
    desk.until("a subscription", async |desk| {
        let passed = proof(desk).await["passed"].as_array()?.clone();
        passed.contains(&json!("subscription")).then_some(())
    })
    .await;
    desk.sim.write(&sim::Inbound::text(ANA, id, "oi")).unwrap();
    let failed = desk
        .until("a failed step", async |desk| {
            let proof = proof(desk).await;
            (proof["state"] == "failed").then_some(proof)
        })
        .await;
    assert_eq!((&failed["step"], &failed["detail"]), (&json!("signature"), &json!("401")));
    // The right secret, and what the provider sends again, make it green.
    let path = format!("/api/v1/channels/{}", connected["channel"]["id"].as_str().unwrap());
    let secret = json!({ "app_secret": "metas-secret" });
    assert_eq!(desk.post(&format!("{path}/credentials"), secret).await.0, StatusCode::NO_CONTENT);
    assert_eq!(desk.post(&format!("{path}/test"), json!({})).await.0, StatusCode::NO_CONTENT);
    desk.sim.write(&sim::Inbound::text(ANA, id, "oi de novo")).unwrap();
    desk.until("green", async |desk| (proof(desk).await["state"] == "proven").then_some(())).await;
}

/// What is named when the provider cannot come to our address.
async fn step_at(public_url: impl Fn(&str) -> String) -> Value {
    let sim = sim::Sim::start(sim::Config::default()).await.unwrap();
    let platform = tests::Platform::start_reached_at(&sim.url(), public_url).await;
    let seeded = platform.app.seed_demo().await.unwrap();
    let known = json!({ "phone_number_id": "100000950", "waba_id": "900000950",
        "access_token": "good-token", "app_secret": "shh" });
    sim.register_all(&json!({ "channels": [known] })).unwrap();
    let mut body = known;
    body["name"] = json!("Nova");
    let key = seeded["api_key"].as_str().unwrap();
    let connect = platform.request(reqwest::Method::POST, "/api/v1/channels").json(&body);
    let connect = connect.bearer_auth(key).header("idempotency-key", "k1");
    let made: Value = connect.send().await.unwrap().json().await.unwrap();
    let path = format!("/api/v1/channels/{}", made["channel"]["id"].as_str().unwrap());
    let waiting = async {
        loop {
            let card = platform.get(&path).bearer_auth(key).send().await.unwrap();
            let card: Value = card.json().await.unwrap();
            if card["proof"]["state"] == "failed" {
                return card["proof"]["step"].clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let step = tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await.unwrap();
    platform.stop().await;
    step
}

#[tokio::test]
async fn ch03_an_address_that_is_not_there_and_a_certificate_that_is_none_are_told_apart() {
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", nowhere.local_addr().unwrap());
    drop(nowhere);
    assert_eq!(Box::pin(step_at(|_| closed.clone())).await, "address");
    // A server that speaks no TLS where it should.
    assert_eq!(Box::pin(step_at(|base| base.replace("http://", "https://"))).await, "tls");
    assert_eq!(Box::pin(step_at(|_| "http://app.example.com".to_owned())).await, "tls");
}
