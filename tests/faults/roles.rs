//! The work of one installation, split over processes of the real program.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::messages::MessageState;

use crate::{
    company::Company,
    house::{House, Node, eventually, eventually_or},
};

/// One takes deliveries, one answers and sends, one does all that lies between.
const INTAKE: (&str, &str) = ("intake", "intake");
const DESK: (&str, &str) = ("desk", "api,lanes");
const BACK: (&str, &str) = ("back", "digest,relay,projector,worker");

async fn get(url: &str) -> (u16, Value) {
    let client = tests::http().no_proxy().build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Who has which work, as the rows say.
async fn owners(house: &House) -> Vec<(String, Option<String>)> {
    let pool = kernel::db::connect(house.postgres.url()).await.unwrap();
    let rows: Vec<(String, Option<String>)> = sqlx::query_as(
        "select a.unit, n.node from node.assignments a
         left join node.nodes n on n.node = a.node and n.session = a.session
         order by a.unit",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    pool.close().await;
    rows
}

fn kind(unit: &str) -> &str {
    unit.split(':').next().unwrap()
}

#[tokio::test]
async fn d16_three_processes_of_different_roles_carry_a_message_from_the_webhook_to_its_ticks() {
    let house = House::open();
    let (desk_url, back_url) = (House::free_url(), House::free_url());
    let _intake = house.serve_as(INTAKE, &house.url, None).await;
    let _desk = house.serve_as(DESK, &desk_url, None).await;
    let mut back = house.serve_as(BACK, &back_url, None).await;

    // Each answers for its own roles, and does nothing of the others'.
    for (url, (_, roles)) in [(&house.url, INTAKE), (&desk_url, DESK), (&back_url, BACK)] {
        let (status, ready) = get(&format!("{url}/readyz")).await;
        let expected: serde_json::Map<String, Value> =
            roles.split(',').map(|role| (role.to_owned(), json!(true))).collect();
        assert_eq!((status, &ready["roles"]), (200, &Value::Object(expected)));
    }
    for url in [&house.url, &back_url] {
        assert_eq!(get(&format!("{url}/api/v1/me")).await.0, 404, "{url} answers people");
    }
    let hook = house.demo["channels"][0]["hook_key"].as_str().unwrap();
    for url in [&desk_url, &back_url] {
        assert_eq!(get(&format!("{url}/hooks/meta/{hook}")).await.0, 404, "{url} takes deliveries");
    }

    let mut company = Company::at(&house, &desk_url);
    company.write(&mut back, 1, "Oi, quanto custa?").await;
    company.answer(&mut back, "Trinta reais.").await;
    company.check(&house).await;
    let states = async || company.states().await.unwrap_or_default();
    eventually_or(
        "the answer's ticks turn",
        async || states().await.iter().any(|state| *state >= MessageState::Delivered),
        || house.last_words(),
    )
    .await;
    for (unit, owner) in owners(&house).await {
        let expected = if kind(&unit) == "lanes" { "desk" } else { "back" };
        assert_eq!(owner.as_deref(), Some(expected), "{unit}");
    }
}

/// The work moves to whoever comes, away from whoever dies, and the message goes on.
#[tokio::test]
async fn d16_faults_of_a_process_move_its_work_to_another() {
    let house = House::open();
    let all = "api,intake,digest,relay,projector,worker,lanes";
    let mut first = house.serve_as(("one", all), &house.url, None).await;
    let mut company = Company::of(&house);
    company.write(&mut first, 1, "Oi, quanto custa?").await;
    company.answer(&mut first, "um").await;

    let second_url = House::free_url();
    let mut second = house.serve_as(("two", all), &second_url, None).await;
    let both = async || {
        let owners = owners(&house).await;
        ["one", "two"]
            .iter()
            .all(|node| owners.iter().any(|(_, owner)| owner.as_deref() == Some(*node)))
            && owners.iter().all(|(_, owner)| owner.is_some())
    };
    eventually("both have work", both).await;
    company.answer(&mut first, "dois").await;
    company.check(&house).await;

    first.kill();
    let begun = Instant::now();
    let taken = async |node: &str| {
        let owners = owners(&house).await;
        owners.iter().all(|(_, owner)| owner.as_deref() == Some(node))
    };
    eventually("the other has all of it", async || taken("two").await).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    let mut company = Company::at(&house, &second_url);
    company.answer(&mut second, "outra vez").await;
    goes_on(&house, &mut company, &mut second).await;
}

/// What was written is answered, and nothing was sent twice.
async fn goes_on(house: &House, company: &mut Company, node: &mut Node) {
    company.check(house).await;
    assert!(!node.is_dead(), "{}", house.last_words());
}
