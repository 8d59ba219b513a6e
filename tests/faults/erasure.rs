//! ES14: a person is erased. What was hers is nowhere, what was counted stays, a kill at any moment
//! leaves it finished, and a backup from before does not bring her back.

use std::{collections::BTreeMap, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use reqwest::{Method, StatusCode, multipart};
use serde_json::{Value, json};
use sqlx::{PgPool, Row as _};

use crate::{
    desk::Desk,
    house::{House, Node, eventually, eventually_or},
};

/// Who is erased: her name, and her number in the form with and without the ninth digit.
const NAME: &str = "Zulmira Quaresma";
const PHONE: &str = "5541987650123";
const SHORT: &str = "554187650123";
const SAID: &str = "quero o vestido magenta";
const ANSWER: &str = "temos no tamanho pequeno";
const WAITS: &str = "chega na quinta-feira";
/// Her other number, known as somebody else before the two were merged.
const OTHER: (&str, &str) = ("Zulmira Trabalho", "5541987659876");
const SAID_THERE: &str = "escrevo do trabalho";
/// Somebody who stays.
const STAYS: (&str, &str) = ("Otto Lacerda", "5541999990002");
const INSIDE: &str = "CONTRATO-DA-ZULMIRA-7431";

/// Moments at which an erasure is killed.
const POINTS: &[&str] = &[
    "erasure_begun",
    "erasure_let_go",
    "erasure_removed",
    "after_shred_kept",
    "erasure_shredded",
    "erasure_told",
    "erasure_level",
];

impl Desk<'_> {
    /// She writes, sends a file, is answered with a text and a file; one answer waits in a paused
    /// channel. Her contact and her thread.
    async fn all_is_said(&mut self) -> (String, String) {
        self.she_says(json!({ "text": SAID })).await;
        let media = self.at_provider(INSIDE).await;
        let document = json!({ "type": "document", "document": { "id": media } });
        self.she_says(json!({ "message": document })).await;
        let mut found = (String::new(), String::new());
        let house = self.house;
        eventually_or(
            "her file is here",
            async || {
                let Some(contact) = self.contact("Zulmira").await else { return false };
                let Some(thread) = contact["conversations"][0].as_str() else { return false };
                found = (contact["id"].as_str().unwrap().to_owned(), thread.to_owned());
                let messages = self.messages(&found.1).await;
                messages.iter().any(|message| message["content"]["file"].is_string())
            },
            || house.last_words(),
        )
        .await;
        let answer = self.answers(&found.1, ANSWER).await;
        self.until_state(&found.1, &answer, "delivered").await;
        let part = multipart::Part::bytes(format!("{INSIDE}\n").into_bytes()).file_name("a.txt");
        let form = multipart::Form::new().text("contact", found.0.clone()).part("file", part);
        let request = self.request(Method::POST, "/api/v1/files").multipart(form);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED, "{}", answer.text().await.unwrap());
        self.channel_is("pause").await;
        self.answers(&found.1, WAITS).await;
        eventually("the answer waits", async || self.messages(&found.1).await.len() == 4).await;
        found
    }

    /// She writes.
    async fn she_says(&self, message: Value) {
        self.writes((NAME, PHONE), message).await;
    }
}

/// What she could be known by, wherever it stands.
fn traces() -> Vec<String> {
    let texts = [NAME, "Zulmira", "zulmira", PHONE, SHORT, SAID, ANSWER, WAITS, INSIDE];
    let texts = texts.into_iter().chain([OTHER.0, OTHER.1, SAID_THERE]);
    let mut traces: Vec<String> = texts.map(str::to_owned).collect();
    // Her number as people write it, and inside a provider's message id.
    traces.extend([PHONE, SHORT].map(|number| number.chars().skip(2).collect()));
    for before in 0..3 {
        let bytes = [vec![0; before], PHONE.as_bytes().to_vec()].concat();
        let coded = STANDARD_NO_PAD.encode(bytes);
        // What stands beside it shows in the first and the last sign.
        let inner = coded.len() - before - 2;
        traces.push(coded.chars().skip(before + 1).take(inner).collect());
    }
    traces
}

/// Where a trace of her stands in clear: every row of every table, and every file of the installation
/// but the database's own, which are those rows.
async fn scan(house: &House) -> Vec<String> {
    let traces = traces();
    let mut found = vec![];
    for (place, text) in rows(house.superuser()).await {
        // Bytes print as hexadecimal digits.
        let shows = |trace: &String| text.contains(trace) || text.contains(&hex::encode(trace));
        found.extend(traces.iter().filter(|trace| shows(trace)).map(|it| format!("{place}: {it}")));
    }
    scan_files(house.folder(), &traces, &mut found);
    found.sort();
    found.dedup();
    found
}

fn scan_files(folder: &Path, traces: &[String], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // The database is looked at row by row; the simulated provider is the outside.
            if !path.ends_with("postgres") && !path.ends_with("backup") {
                scan_files(&path, traces, found);
            }
            continue;
        }
        if path.ends_with("sim.log") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for trace in traces {
            if bytes.windows(trace.len()).any(|window| window == trace.as_bytes()) {
                found.push(format!("{}: {trace}", path.display()));
            }
        }
    }
}

/// Every row of every table, as text, with the name of its table.
pub(crate) async fn rows(url: &str) -> Vec<(String, String)> {
    let pool = PgPool::connect(url).await.unwrap();
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select schemaname, tablename from pg_tables
         where schemaname not in ('pg_catalog', 'information_schema')
         order by 1, 2",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut all = vec![];
    for (schema, table) in tables {
        let query = format!("select t::text as row from {schema}.{table} t order by 1");
        for row in sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(&pool).await.unwrap() {
            all.push((format!("{schema}.{table}"), row.get("row")));
        }
    }
    pool.close().await;
    all
}

/// The rows of the read models.
async fn read_models(house: &House) -> Vec<(String, String)> {
    let models = ["contacts_", "conversations_", "messaging_", "files_", "tenancy_", "channels_"];
    let all = rows(house.superuser()).await.into_iter();
    all.filter(|(place, _)| models.iter().any(|model| place.starts_with(model))).collect()
}

/// How many rows each table has that counts something.
async fn counts(house: &House) -> BTreeMap<String, usize> {
    let counted = [
        "conversations_threads.messages",
        "conversations_threads.threads",
        "contacts_people.people",
    ];
    let mut counts = BTreeMap::new();
    for (place, _) in rows(house.superuser()).await {
        if counted.contains(&place.as_str()) {
            *counts.entry(place).or_default() += 1;
        }
    }
    counts
}

/// How many raw deliveries are empty, and how many are not.
async fn bodies(house: &House) -> (i64, i64) {
    let pool = PgPool::connect(house.superuser()).await.unwrap();
    let query = "select count(*) filter (where octet_length(sealed) = 0),
                        count(*) filter (where octet_length(sealed) > 0)
                 from intake.deliveries";
    let bodies = sqlx::query_as(query).fetch_one(&pool).await.unwrap();
    pool.close().await;
    bodies
}

fn n_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { n_files(&path) } else { 1 }).sum()
}

/// Asks for the erasure; `None` if the platform died meanwhile.
async fn erase(desk: &mut Desk<'_>, contact: &str) -> Option<(StatusCode, Value)> {
    let path = format!("/api/v1/contacts/{contact}/erase");
    let asked = desk.request(Method::POST, &path).json(&json!({ "confirm": NAME }));
    let answer = asked.send().await.ok()?;
    Some((answer.status(), answer.json().await.unwrap_or_default()))
}

async fn is_over(house: &House) -> bool {
    let pool = PgPool::connect(house.superuser()).await.unwrap();
    let query = "select bool_and(done_at is not null) from contacts.erasures";
    let is_over: Option<bool> = sqlx::query_scalar(query).fetch_one(&pool).await.unwrap();
    pool.close().await;
    is_over == Some(true)
}

#[tokio::test]
async fn es14_faults_leave_an_erased_person_nowhere_and_what_was_counted_as_it_was() {
    let house = House::open();
    let mut node = house.serve(None).await;
    let mut desk = Desk::of(&house).await;
    let (contact, thread) = desk.all_is_said().await;
    desk.writes(OTHER, json!({ "text": SAID_THERE })).await;
    desk.writes(STAYS, json!({ "text": "bom dia" })).await;
    let other = desk.until_known("Trabalho").await["id"].as_str().unwrap().to_owned();
    let stays = desk.until_known("Lacerda").await;
    let merge = format!("/api/v1/contacts/{other}/merge");
    let (status, problem) = desk.post(&merge, &json!({ "into": contact })).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    let file = desk
        .messages(&thread)
        .await
        .into_iter()
        .find_map(|it| it["content"]["file"].as_str().map(str::to_owned));
    let file = format!("/api/v1/files/{}", file.unwrap());
    assert!(desk.get(&file).await.is_some());
    let before = scan(&house).await;
    for place in ["contacts_people.people", "conversations_threads.messages"] {
        assert!(before.iter().any(|found| found.starts_with(place)), "{place}: {before:#?}");
    }
    assert!(!before.iter().any(|found| found.contains("/blobs/")), "a file in clear: {before:#?}");
    let counted = counts(&house).await;

    let path = format!("/api/v1/contacts/{contact}/erase");
    let (status, problem) = desk.post(&path, &json!({ "confirm": "Fulano" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["code"], "erasure_not_confirmed");
    let (status, certificate) = erase(&mut desk, &contact).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{certificate}\n{}", house.last_words());
    assert!(certificate["erased_at"].is_string(), "{certificate}\n{}", house.last_words());
    let erased_at: chrono::DateTime<chrono::Utc> =
        certificate["requested_at"].as_str().unwrap().parse().unwrap();
    let until: chrono::DateTime<chrono::Utc> =
        certificate["backups_until"].as_str().unwrap().parse().unwrap();
    assert_eq!((until - erased_at).num_days(), 35);

    assert_eq!(scan(&house).await, Vec::<String>::new());
    assert_eq!(counts(&house).await, counted);
    let messages = desk.messages(&thread).await;
    assert_eq!(messages.len(), 4);
    assert!(messages.iter().all(|message| message["content"].is_null()), "{messages:#?}");
    let how_far: Vec<_> = messages.iter().map(|message| &message["delivery"]["state"]).collect();
    assert!(how_far.contains(&&json!("suppressed")), "what waited is not sent: {how_far:?}");
    assert_eq!(fs::read_dir(house.folder().join("blobs/shreds")).unwrap().count(), 1);
    assert!(desk.get(&file).await.is_none(), "her file");
    assert_eq!(n_files(&house.folder().join("blobs")), 1, "only the record of the shred is left");
    // What came of her is empty; what came of others is as it was.
    let bodies = bodies(&house).await;
    assert!(bodies.0 >= 3 && bodies.1 >= 1, "{bodies:?}");
    let shown = desk.contact("Lacerda").await.unwrap();
    assert_eq!((&shown["id"], &shown["name"]), (&stays["id"], &json!(STAYS.0)));
    let said = desk.messages(stays["conversations"][0].as_str().unwrap()).await;
    assert_eq!(said[0]["content"]["body"], "bom dia");
    let again = desk.get(&format!("/api/v1/contacts/{contact}/erasure")).await.unwrap();
    assert_eq!(again["proof"], certificate["proof"]);

    // The provider has told the last of what it knows.
    eventually("the answer was read", async || {
        let messages = desk.messages(&thread).await;
        messages.iter().any(|message| message["delivery"]["state"] == "read")
    })
    .await;
    // The same rows come of the ledger, which holds.
    let live = read_models(&house).await;
    house.masteria(&["rebuild", "all"]);
    assert_eq!(read_models(&house).await, live);
    house.masteria(&["verify"]);
    let opened = house.masteria(&["events", "--open", "--reason", "test"]);
    assert!(traces().iter().all(|trace| !opened.contains(trace)), "opened after the erasure");

    // Whoever writes from her number now is somebody new.
    desk.she_says(json!({ "text": "oi de novo" })).await;
    let mut new = Value::Null;
    eventually_or(
        "she is there again",
        async || {
            new = desk.contact("Zulmira").await.unwrap_or_default();
            new["id"].is_string()
        },
        || house.last_words(),
    )
    .await;
    assert_ne!(new["id"], json!(contact));
    assert_ne!(new["conversations"][0], json!(thread));
    assert!(!node.is_dead());
}

#[tokio::test]
async fn es14_faults_at_every_point_of_an_erasure_leave_it_finished() {
    let house = House::open();
    let mut node = house.serve(None).await;
    for point in POINTS {
        let mut desk = Desk::of(&house).await;
        let (contact, _) = desk.all_is_said().await;
        node.kill();
        node = house.serve(Some(point)).await;
        let mut desk = Desk::of(&house).await;
        let _ = erase(&mut desk, &contact).await;
        dies(&mut node, point, &house).await;
        node = house.serve(None).await;
        assert!(
            is_over(&house).await,
            "{point}: served before it was over\n{}",
            house.last_words()
        );
        assert_eq!(scan(&house).await, Vec::<String>::new(), "{point}");
        house.masteria(&["verify"]);
        Desk::of(&house).await.channel_is("resume").await;
    }
}

#[tokio::test]
async fn d34_faults_a_backup_from_before_does_not_bring_an_erased_person_back() {
    let mut house = House::open();
    let mut node = house.serve(None).await;
    let mut desk = Desk::of(&house).await;
    let (contact, thread) = desk.all_is_said().await;
    house.back_up();
    let (status, certificate) = erase(&mut desk, &contact).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{certificate}");
    node.kill();
    house.restore().await;
    assert!(!scan(&house).await.is_empty(), "the backup has her");

    let mut node = house.serve(None).await;
    assert_eq!(scan(&house).await, Vec::<String>::new());
    let mut desk = Desk::of(&house).await;
    let shown = desk.get(&format!("/api/v1/contacts/{contact}")).await.unwrap();
    assert_eq!((&shown["is_erased"], &shown["name"]), (&json!(true), &json!("")));
    let messages = desk.messages(&thread).await;
    assert!(messages.iter().all(|message| message["content"].is_null()), "{messages:#?}");
    node.kill();

    let from = certificate["requested_at"].as_str().unwrap();
    house.masteria(&["restored", "--lost-from", from]);
    let mut node = house.serve(None).await;
    assert_eq!(scan(&house).await, Vec::<String>::new());
    house.masteria(&["verify"]);
    assert!(!node.is_dead());
}

/// An armed process reaches its point.
async fn dies(node: &mut Node, fault: &str, house: &House) {
    let what = format!("{fault} was reached; the platform said last:\n{}", house.last_words());
    eventually(&what, async || node.is_dead()).await;
}
