//! `SIGKILL` at every named point of the program.
//!
//! One test a kind of work, all its points in it, each hit as often as the run says.

use crate::{
    chance::{Chance, rounds},
    company::Company,
    house::{House, Node, eventually},
};

/// Points that a customer's message passes.
const INBOUND: &[&str] = &[
    "after_intake_commit",
    "before_digest_commit",
    "after_digest_commit",
    "before_relay",
    "after_publish",
    "in_projection_tx",
    "after_projection_tx",
];

/// Points that an answer passes.
const OUTBOUND: &[&str] = &["after_pick", "after_call", "after_outcome"];

/// Points that a rebuild passes, in a process of its own.
const REBUILD: &[&str] = &["in_rebuild", "in_swap", "after_swap"];

#[tokio::test]
async fn k14_faults_at_every_point_of_receiving_lose_nothing_and_repeat_nothing() {
    let mut chance = Chance::of("receiving");
    let house = House::open();
    let mut company = Company::of(&house);
    for point in INBOUND {
        for round in 0..rounds() {
            // Behind the intake, what came together goes on together: only the first passage is sure.
            let most = if *point == "after_intake_commit" { 4 } else { 1 };
            let fault = format!("{point}:{}", chance.upto(most));
            let mut node = house.serve(Some(&fault)).await;
            for at in 0..8 {
                let customer = u32::try_from(chance.upto(5)).unwrap();
                company.write(&mut node, customer, &format!("{point} {round} {at}")).await;
            }
            dies(&mut node, &fault, &house).await;
        }
    }
    // After the 200: the provider has no reason to deliver it again.
    for round in 0..rounds() {
        let mut node = house.serve(None).await;
        company.write(&mut node, 1, &format!("after the 200 {round}")).await;
        node.kill();
    }
    let mut node = house.serve(None).await;
    company.check(&house).await;
    company.settle(&mut node).await;
    company.check(&house).await;
}

#[tokio::test]
async fn k14_faults_at_every_point_of_sending_send_nothing_twice() {
    let mut chance = Chance::of("sending");
    let house = House::open();
    let mut company = Company::of(&house);
    let mut node = house.serve(None).await;
    company.write(&mut node, 1, "Oi, quanto custa?").await;
    node.kill();
    for point in OUTBOUND {
        for round in 0..rounds() {
            let fault = format!("{point}:{}", chance.upto(3));
            let mut node = house.serve(Some(&fault)).await;
            for at in 0..4 {
                company.answer(&mut node, &format!("{point} {round} {at}")).await;
            }
            dies(&mut node, &fault, &house).await;
        }
    }
    let mut node = house.serve(None).await;
    company.settle(&mut node).await;
    company.check(&house).await;
}

#[tokio::test]
async fn k21_faults_of_a_rebuild_leave_the_read_models_whole() {
    let house = House::open();
    let mut company = Company::of(&house);
    let mut node = house.serve(None).await;
    for at in 0..20 {
        company.write(&mut node, at % 4 + 1, &format!("before {at}")).await;
    }
    for point in REBUILD {
        for round in 0..rounds() {
            let mut rebuild = house.spawn(&["rebuild", "all"], Some(point));
            company.write(&mut node, 1, &format!("beside {point} {round}")).await;
            dies(&mut rebuild, point, &house).await;
            house.masteria(&["rebuild", "all"]);
        }
    }
    company.settle(&mut node).await;
    company.check(&house).await;
}

/// An armed process reaches its point.
async fn dies(node: &mut Node, fault: &str, house: &House) {
    let what = format!("{fault} was reached; the platform said last:\n{}", house.last_words());
    eventually(&what, async || node.is_dead()).await;
}
