//! People and threads are found by names and numbers, within a company, and as fast among many as among
//! few.

use contacts::queries::people::SEARCH;
use kernel::db;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::support::{Desk, now, traffic};

async fn writes(desk: &Desk, name: &str, from: &str) {
    let value = json!({
        "contacts": [{ "profile": { "name": name }, "wa_id": from }],
        "messages": [{ "id": format!("w{from}"), "from": from, "timestamp": now().to_string(),
            "type": "text", "text": { "body": "oi" } }],
    });
    assert_eq!(desk.deliver(traffic(&desk.number(), &value)).await, StatusCode::OK);
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

async fn names(desk: &Desk, path: &str, search: &str) -> Vec<String> {
    let page = desk.get(&format!("{path}?search={}", encoded(search))).await;
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn people_and_threads_are_found_by_names_without_accents_and_numbers_in_any_spelling() {
    let desk = Desk::open().await;
    for (name, from) in [
        ("Márcia Tavares", "554188887777"),
        ("Marco Antônio", "5511912345678"),
        ("José Araújo", "5491123456789"),
    ] {
        writes(&desk, name, from).await;
    }
    desk.until("three people", async |desk| {
        let page = desk.get("/api/v1/contacts").await;
        (page["items"].as_array()?.len() == 3).then_some(())
    })
    .await;
    let both = ["/api/v1/contacts", "/api/v1/conversations"];
    for path in both {
        for (search, expected) in [
            ("marcia", &["Márcia Tavares"][..]),
            ("TAVARES", &["Márcia Tavares"]),
            ("tav mar", &["Márcia Tavares"]),
            ("+55 (41) 98888-7777", &["Márcia Tavares"]),
            ("41 8888 7777", &["Márcia Tavares"]),
            ("7777", &["Márcia Tavares"]),
            ("11 91234", &["Marco Antônio"]),
            ("+54 11 15 2345-6789", &["José Araújo"]),
            ("arcia", &[]),
            ("marcia silva", &[]),
            ("%", &[]),
        ] {
            assert_eq!(names(&desk, path, search).await, expected, "{path} {search}");
        }
    }
    assert_eq!(names(&desk, both[0], "mar").await, ["Márcia Tavares", "Marco Antônio"]);
    // A page after the other finds the rest, and nobody twice.
    let first = desk.get("/api/v1/contacts?search=mar&limit=1").await;
    let next = encoded(first["next"].as_str().unwrap());
    let rest = desk.get(&format!("/api/v1/contacts?search=mar&limit=1&after={next}")).await;
    assert_eq!(rest["items"][0]["name"], "Marco Antônio");
    assert!(rest.get("next").is_none());

    // Whoever was merged is found by her own words, and shown where she is now.
    let id = |page: &Value| page["items"][0]["id"].as_str().unwrap().to_owned();
    let marco = id(&desk.get("/api/v1/contacts?search=marco").await);
    let marcia = id(&desk.get("/api/v1/contacts?search=marcia").await);
    let merge = format!("/api/v1/contacts/{marco}/merge");
    assert!(desk.post(&merge, json!({ "into": marcia })).await.0.is_success());
    desk.until("one person", async |desk| {
        (names(desk, both[0], "marco").await == ["Márcia Tavares"]).then_some(())
    })
    .await;
    assert_eq!(names(&desk, both[1], "tavares").await.len(), 2, "the threads of both");

    // In another company there is nobody.
    let stranger = desk.stranger().await;
    let (status, page) = desk.try_get(&stranger, "/api/v1/contacts?search=marcia").await;
    assert_eq!((status, page["items"].as_array().unwrap().len()), (StatusCode::OK, 0));
}

/// How many pages of memory a question touches among so many people.
async fn touched(desk: &Desk, company: Uuid, low: &str, others: &[&str]) -> i64 {
    let pools = &desk.platform.app.base.pools;
    let mut tx = db::reading_as(&pools.reader, company).await.unwrap();
    let explain = format!("explain (analyze, buffers, format json) {SEARCH}");
    let high = |low: &str| format!("{low}{}", char::MAX);
    let plan: Value = sqlx::query_scalar(AssertSqlSafe(explain))
        .bind(vec![low.to_owned()])
        .bind(vec![high(low)])
        .bind(company)
        .bind("")
        .bind(Uuid::nil())
        .bind(others.iter().map(|low| (*low).to_owned()).collect::<Vec<_>>())
        .bind(others.iter().map(|low| high(low)).collect::<Vec<_>>())
        .bind(50_i64)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    let blocks = |name: &str| plan[0]["Plan"][name].as_i64().unwrap();
    blocks("Shared Hit Blocks") + blocks("Shared Read Blocks")
}

#[tokio::test]
async fn d29_a_search_under_the_row_policy_reads_by_its_index_however_many_people_there_are() {
    const PEOPLE: i32 = 100_000;
    let desk = Desk::open().await;
    let company = desk.company();
    let admin = db::connect(&desk.platform.app.config.database_url).await.unwrap();
    for statement in [
        "insert into contacts_people.people (company_id, id, created_at, doc)
         select $1, md5(n::text)::uuid, now(), '{}' from generate_series(1, $2) n",
        "insert into contacts_people.words (company_id, word, contact_id)
         select $1, w.word, md5(n::text)::uuid
         from generate_series(1, $2) n
         cross join lateral (values ('maria'), ('silva' || n % 100), ('~' || n)) w(word)",
    ] {
        sqlx::query(statement).bind(company).bind(PEOPLE).execute(&admin).await.unwrap();
    }
    sqlx::raw_sql("analyze contacts_people.people; analyze contacts_people.words")
        .execute(&admin)
        .await
        .unwrap();
    for (low, others) in
        [("maria", &[][..]), ("silva42", &["maria"]), ("~99999", &[]), ("nobody", &["maria"])]
    {
        let touched = touched(&desk, company, low, others).await;
        assert!(touched < 1_000, "{low} {others:?} touched {touched} pages");
    }
}

#[tokio::test]
async fn people_for_load_are_dealt_out_to_the_companies_and_found() {
    const PEOPLE: u64 = 1_100;
    let desk = Desk::open().await;
    let load = backend::seeds::Load {
        companies: 2,
        numbers: 0,
        contacts: PEOPLE,
        secret: "app-secret".to_owned(),
        token: "access-token".to_owned(),
    };
    let seeded = desk.platform.app.seed_load(&load).await.unwrap();
    let pool = db::connect(&desk.platform.app.config.database_url).await.unwrap();
    for company in seeded["companies"].as_array().unwrap() {
        let owner = &company["users"][0];
        let (email, password) = (owner["email"].as_str().unwrap(), owner["password"].as_str());
        let owner = desk.platform.sign_in(email, password.unwrap()).await;
        let id: shared::ids::CompanyId = company["company"].as_str().unwrap().parse().unwrap();
        desk.until("her part of the people", async |desk| {
            let count = "select count(*) from contacts_people.people where company_id = $1";
            let n: i64 =
                sqlx::query_scalar(count).bind(id.into_uuid()).fetch_one(&pool).await.unwrap();
            let page = desk.try_get(&owner, "/api/v1/contacts?search=sonia").await.1;
            let is_found = page["items"].as_array().is_some_and(|items| items.len() > 10);
            (n == i64::try_from(PEOPLE / 2).unwrap() && is_found).then_some(())
        })
        .await;
    }
}
