//! The guards are there: with each of them switched off, what it guards goes wrong.

use kernel::plant::{Plant, with};

use crate::{digest, policies, relay, support::*};

#[tokio::test(flavor = "multi_thread")]
async fn planted_an_unfair_digest_keeps_the_others_waiting() {
    let db = Db::new("planted_fair").await;
    let rounds = with(Plant::UnfairDigest, digest::rounds_until_served(&db)).await;
    assert!(rounds > 5, "the flood came first: {rounds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_a_policy_that_reacts_to_undoing_is_seen() {
    let db = Db::new("planted_undo").await;
    assert_eq!(with(Plant::ReactToUndo, policies::answers_to_an_undo(&db)).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_a_relay_that_publishes_blindly_publishes_twice() {
    let db = Db::new("planted_relay").await;
    let bus = bus("planted").await;
    let positions = with(Plant::PublishBlindly, relay::two_relays(&db, &bus)).await;
    assert_ne!(positions, (1..=600).collect::<Vec<_>>());
}
