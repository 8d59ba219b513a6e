//! The ground gives way: PostgreSQL and NATS are killed, wiped and come back.

use crate::{
    chance::{Chance, rounds},
    company::Company,
    house::House,
};

#[tokio::test]
async fn k10_faults_of_postgres_are_answered_503_and_need_no_hand() {
    let mut house = House::open();
    let mut company = Company::of(&house);
    let mut node = house.serve(None).await;
    for round in 0..rounds() {
        company.write(&mut node, 1, &format!("before {round}")).await;
        house.postgres.kill();
        let refused = tests::http().no_proxy().build().unwrap();
        let refused = refused.get(format!("{}/readyz", house.url)).send().await.unwrap();
        assert_eq!(refused.status(), 503, "not ready without its database");
        house.postgres.again();
        company.write(&mut node, 2, &format!("after {round}")).await;
        company.answer(&mut node, &format!("answer {round}")).await;
        assert!(!node.is_dead(), "the platform crashed\n{}", house.last_words());
    }
    company.settle(&mut node).await;
    company.check(&house).await;
}

#[tokio::test]
async fn k18_faults_of_nats_do_not_show() {
    let mut chance = Chance::of("nats");
    let mut house = House::open();
    let mut company = Company::of(&house);
    let mut node = house.serve(None).await;
    for round in 0..rounds() {
        company.write(&mut node, 1, &format!("before {round}")).await;
        house.nats.kill();
        company.write(&mut node, 2, &format!("without {round}")).await;
        if chance.upto(2) == 1 {
            house.nats.wipe();
        }
        company.answer(&mut node, &format!("answer without {round}")).await;
        house.nats.again();
        company.write(&mut node, 3, &format!("after {round}")).await;
        assert!(!node.is_dead(), "the platform crashed\n{}", house.last_words());
    }
    company.settle(&mut node).await;
    company.check(&house).await;
}

/// RE02: while NATS is away nothing waits for it, a process may even begin without it, and afterwards
/// everybody catches up without a hand.
#[tokio::test]
async fn re02_faults_of_nats_keep_what_comes_in_and_let_sending_go_on() {
    let mut house = House::open();
    let mut company = Company::of(&house);
    let mut node = house.serve(None).await;
    company.write(&mut node, 1, "Oi, quanto custa?").await;
    for round in 0..rounds() {
        house.nats.kill();
        company.write(&mut node, 2, &format!("without {round}")).await;
        company.answer(&mut node, &format!("answer without {round}")).await;
        // All of it is on the screen, and sent.
        company.check(&house).await;
        node.kill();
        node = house.serve(None).await;
        assert!(!node.is_dead(), "it does not begin without NATS\n{}", house.last_words());
        company.write(&mut node, 3, &format!("begun without {round}")).await;
        company.answer(&mut node, &format!("answer begun without {round}")).await;
        company.check(&house).await;
        house.nats.again();
        company.write(&mut node, 1, &format!("with {round}")).await;
        company.answer(&mut node, &format!("answer with {round}")).await;
        company.check(&house).await;
        assert!(!node.is_dead(), "the platform crashed\n{}", house.last_words());
    }
    company.settle(&mut node).await;
    company.check(&house).await;
}
