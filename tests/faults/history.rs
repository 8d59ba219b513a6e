//! A history leaves, comes back and lives on: restores, exports, and keys that are exchanged, each with
//! the program as an operator has it.

use std::fs;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    company::Company,
    desk::Desk,
    erasure::rows,
    house::{House, eventually, write_secret},
};

const ANA: (&str, &str) = ("Ana Prudente", "5541988880001");

/// She has written; her thread.
async fn ana_writes(desk: &mut Desk<'_>, text: &str) -> String {
    desk.writes(ANA, json!({ "text": text })).await;
    desk.until_known("Prudente").await["conversations"][0].as_str().unwrap().to_owned()
}

async fn is_held(house: &House) -> bool {
    let client = tests::http().no_proxy().build().unwrap();
    let answer = client.get(format!("{}/readyz", house.url)).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["is_held"] == true
}

/// How many messages the provider took for Ana.
async fn n_accepted(house: &House) -> u32 {
    let client = tests::http().no_proxy().build().unwrap();
    let text = client.get(format!("{}/_sim/accepted", house.sim)).send().await.unwrap();
    let text = text.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(ANA.1)?.trim().parse().ok());
    line.unwrap_or(0)
}

#[tokio::test]
async fn d12_faults_a_restored_database_sends_nothing_twice_and_waits_for_a_person() {
    let mut house = House::open();
    let mut node = house.serve(None).await;
    let mut desk = Desk::of(&house).await;
    let thread = ana_writes(&mut desk, "oi").await;
    desk.channel_is("pause").await;
    let message = desk.answers(&thread, "temos").await;
    eventually("it waits", async || desk.messages(&thread).await.len() == 2).await;
    house.back_up();
    let lost_from = chrono_now();
    desk.channel_is("resume").await;
    desk.until_state(&thread, &message, "delivered").await;
    node.kill();
    house.restore().await;

    let mut node = house.serve(None).await;
    assert!(is_held(&house).await, "another history of the cluster");
    node.kill();
    let said = house.masteria(&["restored", "--lost-from", &lost_from]);
    assert!(said.contains(" 1 messages "), "{said}");
    let said = house.masteria(&["restored", "--lost-from", &lost_from]);
    assert!(said.contains("nothing was changed"), "{said}");

    let mut node = house.serve(None).await;
    assert!(is_held(&house).await, "nobody has looked");
    let mut desk = Desk::of(&house).await;
    desk.until_state(&thread, &message, "unknown").await;
    desk.channel_is("resume").await;
    let later = desk.answers(&thread, "ainda tem interesse?").await;
    house.masteria(&["restored", "--lost-from", &lost_from, "--release"]);
    // Without a restart: what waited since goes out, what was under way before does not.
    desk.until_state(&thread, &later, "delivered").await;
    assert!(!is_held(&house).await);
    assert_eq!(n_accepted(&house).await, 2);
    house.masteria(&["verify"]);
    let events = house.masteria(&["events", "--type", "platform.installation."]);
    assert_eq!(events.lines().count(), 2, "{events}");
    assert!(!node.is_dead());
}

#[tokio::test]
async fn d12_faults_an_export_opens_elsewhere_only_with_the_keys_that_were_meant_for_it() {
    let house = House::open();
    let mut node = house.serve(None).await;
    let mut desk = Desk::of(&house).await;
    let thread = ana_writes(&mut desk, "quero um orçamento").await;
    let message = desk.answers(&thread, "cinquenta reais").await;
    desk.until_state(&thread, &message, "delivered").await;
    node.kill();
    let company = house.demo["company"].as_str().unwrap();
    let path = |name: &str| house.folder().join(name).display().to_string();
    let (out, words) = (path("history.jsonl"), path("words"));
    write_secret(words.as_ref(), "correct horse battery staple\n");
    house.masteria(&["export", "--company", company, &out, "--passphrase-file", &words]);
    let exported = fs::read_to_string(&out).unwrap();
    assert!(exported.contains("platform.installation.history_exported"), "it says so itself");
    for hers in [ANA.0, ANA.1, "orçamento"] {
        assert!(!exported.contains(hers), "{hers} in clear");
    }
    let keys = format!("{out}.keys.age");
    assert!(fs::read(&keys).unwrap().starts_with(b"age-encryption.org/"));

    let live = of_people(house.superuser()).await;
    assert!(live.iter().any(|row| row.contains("orçamento")));
    let with_keys = ["--keys", &keys, "--passphrase-file", &words];
    let opened = replayed(&house, "audit_opened", &with_keys).await;
    assert_eq!(of_people(&opened).await, live);
    let closed = of_people(&replayed(&house, "audit_closed", &[]).await).await;
    assert_eq!(closed.len(), live.len());
    for hers in [ANA.0, ANA.1, "orçamento", "cinquenta"] {
        assert!(closed.iter().all(|row| !row.contains(hers)), "{hers}: {closed:#?}");
    }
}

/// Replays the export into a database of its own; its address.
async fn replayed(house: &House, name: &str, more: &[&str]) -> String {
    let pool = PgPool::connect(house.superuser()).await.unwrap();
    let create = format!("create database {name} owner masteria");
    sqlx::query(sqlx::AssertSqlSafe(create)).execute(&pool).await.unwrap();
    pool.close().await;
    let other = |url: &str| format!("{}/{name}", url.rsplit_once('/').unwrap().0);
    let run = |arguments: &[&str]| {
        let output = house
            .command(arguments)
            .env("DATABASE_URL", other(house.postgres.url()))
            .env("MASTERIA_NATS_PREFIX", format!("{name}_"))
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {words}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["migrate"]);
    let file = house.folder().join("history.jsonl").display().to_string();
    let said = run(&[&["replay", &file, "--json"], more].concat());
    let report: Value = serde_json::from_str(&said).unwrap();
    assert!(report["states"]["contacts_people"].is_string(), "{report}");
    other(house.superuser())
}

/// What a database shows of people: names, addresses, what was said.
async fn of_people(url: &str) -> Vec<String> {
    let tables = ["contacts_people.people", "conversations_threads.messages"];
    let all = rows(url).await.into_iter();
    all.filter(|(place, _)| tables.contains(&place.as_str())).map(|(_, row)| row).collect()
}

#[tokio::test]
async fn au07_faults_keys_are_exchanged_while_everything_serves() {
    const OLD: &str = "1 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n";
    const NEW: &str = "2 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=\n";
    let house = House::open();
    let mut company = Company::of(&house);
    let mut node = house.serve(None).await;
    company.write(&mut node, 1, "under the old key").await;
    node.kill();
    let file = house.folder().join("kek");
    write_secret(&file, &format!("{NEW}{OLD}"));
    let mut node = house.serve(None).await;
    company.write(&mut node, 1, "before the exchange").await;
    let mut rewrap = house.spawn(&["rewrap"], None);
    let mut at = 0;
    while !rewrap.is_dead() {
        at += 1;
        company.write(&mut node, at % 4 + 1, &format!("meanwhile {at}")).await;
        company.answer(&mut node, &format!("answer meanwhile {at}")).await;
    }
    let said = house.masteria(&["rewrap"]);
    assert!(said.starts_with("0 keys"), "{said}");
    node.kill();
    write_secret(&file, NEW);
    let mut node = house.serve(None).await;
    company.write(&mut node, 2, "under the new key alone").await;
    company.answer(&mut node, "answer under the new key alone").await;
    company.check(&house).await;
    node.kill();
    write_secret(&file, OLD);
    let refused = house.command(&["verify"]).output().unwrap();
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && words.contains("key"), "{words}");
}

/// The operator's clock.
#[expect(clippy::disallowed_methods, reason = "an operator reads a clock of her own")]
fn chrono_now() -> String {
    chrono::Utc::now().to_rfc3339()
}
