//! Two backends on one database: each lane has one owner, and what its death leaves the other does.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use crate::{
    chance::{Chance, rounds},
    company::Company,
    house::{House, Node, eventually},
};

/// How long a company may be without an owner of its lanes.
const TAKEN_OVER: Duration = Duration::from_secs(8);

const EVERYTHING: &str = "api,intake,digest,relay,projector,worker,lanes";

/// Who owns the company's lanes.
async fn owner(database: &PgPool) -> Option<String> {
    let names: Vec<Option<String>> =
        sqlx::query_scalar("select node from node.assignments where unit like 'lanes:%'")
            .fetch_all(database)
            .await
            .unwrap();
    assert!(names.len() < 2, "one company has one unit of lanes: {names:?}");
    names.into_iter().next().flatten()
}

#[tokio::test]
async fn re02_d19_faults_of_a_lanes_owner_let_another_take_over_and_send_nothing_twice() {
    let mut chance = Chance::of("owners");
    let house = House::open();
    let mut company = Company::of(&house);
    let database = PgPool::connect(house.postgres.url()).await.unwrap();
    let places = [("north", house.url.clone()), ("south", House::free_url())];
    let mut nodes: Vec<Node> = Vec::new();
    for (name, url) in &places {
        nodes.push(house.serve_as((name, EVERYTHING), url, None).await);
    }
    company.write(&mut nodes[0], 1, "Oi, quanto custa?").await;
    for round in 0..rounds() {
        // Whoever is asked, the owner sends.
        for at in 0..6 {
            company.turn_to(&places[at % 2].1);
            company.answer(&mut nodes[at % 2], &format!("both {round} {at}")).await;
        }
        eventually("somebody owns the lanes", async || owner(&database).await.is_some()).await;
        let name = owner(&database).await.unwrap();
        let at = places.iter().position(|(known, _)| *known == name).unwrap();
        let (other, url) = &places[1 - at];
        company.turn_to(url);
        // In the middle of it: some are queued, some picked, some called.
        for n in 0..chance.upto(4) {
            company.answer(&mut nodes[1 - at], &format!("before its death {round} {n}")).await;
        }
        let killed = Instant::now();
        nodes[at].kill();
        eventually("the other takes over", async || {
            owner(&database).await.as_deref() == Some(*other)
        })
        .await;
        let took = killed.elapsed();
        assert!(took < TAKEN_OVER, "nobody sent for {took:?}\n{}", house.last_words());
        company.answer(&mut nodes[1 - at], &format!("after its death {round}")).await;
        company.check(&house).await;
        nodes[at] = house.serve_as((&name, EVERYTHING), &places[at].1, None).await;
    }
    company.settle(&mut nodes[1]).await;
    company.check(&house).await;
}
