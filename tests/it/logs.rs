//! D33: a company's whole day leaves nothing in a log that is a secret, a body, a phone number or an
//! address. What is planted here, `cargo xtask test` also looks for in the logs of Postgres and NATS.

use std::{collections::BTreeSet, fs};

use kernel::db;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sim::{Answer, Config, Inbound};
use sqlx::{AssertSqlSafe, PgPool};
use tests::{fresh, logs};

use crate::sending::{ANA, Shop, text};

#[tokio::test]
async fn au08_d33_what_people_write_and_what_is_secret_is_in_no_log() {
    let shop = Shop::open(Config::default()).await;
    let phone = "5511933332222";
    let secrets = [
        ("phone", phone.to_owned()),
        ("phone", "5511944445555".to_owned()),
        ("name", format!("Joana {}", fresh("planted"))),
        ("words", format!("Meu segredo é {}", fresh("planted"))),
        ("words", format!("Claro, {}", fresh("planted"))),
        ("file's name", format!("{}.pdf", fresh("planted"))),
        ("token", format!("EAAG{}", fresh("planted"))),
        ("app secret", fresh("planted_secret")),
        ("password", fresh("planted_password")),
        ("email", format!("{}@planted.example", fresh("p"))),
    ];
    for (kind, secret) in &secrets {
        logs::plant(kind, secret);
    }
    let [
        _,
        (_, other),
        (_, name),
        (_, asked),
        (_, said),
        (_, file),
        (_, token),
        (_, app),
        rest @ ..,
    ] = &secrets;
    let [(_, password), (_, email)] = rest;

    // She writes; she is answered; the provider refuses, breaks off and fails.
    shop.sim
        .write(&Inbound { name: Some(name.clone()), ..Inbound::text(phone, &shop.number(), asked) })
        .unwrap();
    let conversation = shop
        .until("her thread", async |shop| {
            let threads = shop.get("/api/v1/conversations").await;
            Some(threads.pointer("/items/0/id")?.as_str()?.to_owned())
        })
        .await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    shop.sim.configure(|config| {
        config.answers.extend([
            Answer::Refuse(131_026),
            Answer::CutAfterAccept,
            Answer::FailLater(131_026),
            Answer::Accept,
        ]);
    });
    for state in ["failed", "delivered", "failed", "delivered"] {
        let (status, queued) = shop.post(&path, text(said)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{queued}");
        shop.until_state(&conversation, queued["message"].as_str().unwrap(), state).await;
    }
    // What is refused holds what somebody typed.
    let (status, _) = shop
        .post(
            "/api/v1/messages",
            json!({ "channel": shop.channel()["channel"],
        "to": format!("+{other}"), "content": { "kind": "text", "body": said } }),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    shop.get(&format!("/api/v1/contacts?search={phone}")).await;
    let (status, _) = shop
        .post(
            "/api/v1/channels",
            json!({ "name": "x", "phone_number_id": "100000777",
        "waba_id": "900000777", "access_token": token, "app_secret": app }),
        )
        .await;
    assert!(status.is_client_error() || status.is_success());
    let (status, _) = shop
        .post(
            "/api/v1/members",
            json!({ "name": name, "email": email,
        "role": "operator", "password": password }),
        )
        .await;
    assert_eq!(status, StatusCode::CREATED);
    for password in [password.as_str(), "not hers at all"] {
        let body = json!({ "email": email, "password": password });
        let answer = shop
            .platform
            .request(Method::POST, "/api/v1/sessions")
            .header(header::ORIGIN, &shop.platform.base)
            .header("Idempotency-Key", fresh("in"))
            .json(&body);
        let _: Value = answer.send().await.unwrap().json().await.unwrap();
    }
    let broken = format!("{{\"name\": \"{said}\", \"scopes\": [\"{token}\"");
    for body in [broken, format!("{{\"name\": [\"{said}\"], \"scopes\": {{\"{token}\": 1}}}}")] {
        let answer = shop
            .platform
            .request(Method::POST, "/api/v1/api-keys")
            .header(header::COOKIE, &shop.owner.cookie)
            .header(header::ORIGIN, &shop.platform.base)
            .header(header::CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", fresh("broken"))
            .body(body);
        assert!(answer.send().await.unwrap().status().is_client_error());
    }
    let part = reqwest::multipart::Part::bytes(said.clone().into_bytes()).file_name(file.clone());
    let form = reqwest::multipart::Form::new().part("file", part);
    let upload = shop
        .platform
        .request(Method::POST, "/api/v1/files")
        .header(header::COOKIE, &shop.owner.cookie)
        .header(header::ORIGIN, &shop.platform.base)
        .header("Idempotency-Key", fresh("upload"))
        .multipart(form);
    assert_eq!(upload.send().await.unwrap().status(), StatusCode::CREATED);
    shop.platform.stop().await;

    // Our own words of this process; the run looks through everybody's.
    let log = fs::read_to_string(logs::keep()).unwrap();
    assert!(log.contains("is ours"), "nothing was said at all");
    for (kind, secret) in &secrets {
        let line = log.lines().position(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "a {kind} is in our log");
    }
}

/// The tables, of all, that hold a text in clear.
async fn tables_with(admin: &PgPool, text: &str) -> BTreeSet<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', n.nspname, c.relname) from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema)'",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    assert!(tables.len() > 30, "{tables:?}");
    let mut found = BTreeSet::new();
    for table in tables {
        let query = format!("select count(*) from {table} t where t::text ilike '%' || $1 || '%'");
        let n: i64 =
            sqlx::query_scalar(AssertSqlSafe(query)).bind(text).fetch_one(admin).await.unwrap();
        if n > 0 {
            found.insert(table);
        }
    }
    found
}

#[tokio::test]
async fn d6_names_numbers_and_words_stand_in_clear_in_their_places_only() {
    let shop = Shop::open(Config::default()).await;
    let words = "Quero o bolo de rolo com goiabada";
    let said = Inbound {
        name: Some("Quitéria Albuquerque".to_owned()),
        ..Inbound::text(ANA, &shop.number(), words)
    };
    shop.sim.write(&said).unwrap();
    let conversation = shop
        .until("her thread", async |shop| {
            let threads = shop.get("/api/v1/conversations").await;
            Some(threads.pointer("/items/0/id")?.as_str()?.to_owned())
        })
        .await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let (_, queued) = shop.post(&path, text("Guardado para a Quitéria Albuquerque")).await;
    shop.until_state(&conversation, queued["message"].as_str().unwrap(), "delivered").await;
    let admin = db::connect(&shop.platform.app.config.database_url).await.unwrap();
    let places =
        |all: &[&str]| all.iter().map(|place| (*place).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        tables_with(&admin, "11987654321").await,
        places(&["contacts_people.people", "contacts_people.words"])
    );
    let messages = places(&["conversations_threads.messages"]);
    assert_eq!(tables_with(&admin, "bolo de rolo").await, messages);
    shop.platform.stop().await;
}
