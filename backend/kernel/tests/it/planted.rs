//! The guards are there: with each of them switched off, the test that guards it turns red.

use kernel::plant::{Plant, with};

use crate::{append, cache, clock, support::*, timers, vault, verify};

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_asserts() {
    let db = Db::new("planted_asserts").await;
    assert!(!with(Plant::SkipAssert, append::asserts_are_kept(&db)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_replies() {
    let db = Db::new("planted_replies").await;
    assert!(with(Plant::ForgetReply, append::times_done(&db)).await > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_steps() {
    let db = Db::new("planted_steps").await;
    assert!(with(Plant::IgnoreCheckpoint, append::steps_taken(&db)).await > 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_loops() {
    let db = Db::new("planted_loops").await;
    let deepest = with(Plant::EndlessLoop, async { append::deepest(&db.ledger()).await }).await;
    assert!(deepest > 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_lost_answers() {
    let db = Db::new("planted_witness").await;
    assert_eq!(with(Plant::ForgetWitness, append::events_after_a_lost_answer(&db)).await, 3);
}

/// With a memory that is kept despite a rival, commits are refused that are well.
#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_memory() {
    let db = Db::new("planted_memory").await;
    let n_refused = with(Plant::KeepMemory, async {
        let ledgers = db.ledgers(2).await;
        // One after the other: each writer's second commit stands on what it remembers.
        let mut n_refused = 0;
        for ledger in in_turn(&ledgers, 6) {
            let commit = one(company(1), new_id(), kernel::commit::Expected::Any);
            n_refused += usize::from(ledger.commit(commit).await.is_err());
        }
        n_refused
    })
    .await;
    assert!(n_refused > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_claims() {
    let db = Db::new("planted_claims").await;
    let n_winners = with(Plant::StealClaim, append::winners_of_one_claim(&db)).await;
    assert!(n_winners > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_stale_states() {
    let db = Db::new("planted_stale").await;
    assert!(!with(Plant::TrustStaleCache, cache::stale_states_are_looked_at(&db)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_clamped_time() {
    let db = Db::new("planted_clock").await;
    let (by, _) = with(Plant::ClampTime, clock::steps_when_the_clock_goes_back(&db)).await;
    assert!(by >= 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_timers() {
    let db = Db::new("planted_timers").await;
    assert!(with(Plant::FireTwice, timers::effects_of_one_timer(&db)).await > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_places() {
    let db = Db::new("planted_places").await;
    assert!(with(Plant::AnyPlace, vault::opens_elsewhere(&db)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_second_keys() {
    let db = Db::new("planted_second").await;
    assert!(!with(Plant::SecondKey, vault::erased_stays_erased(&db)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_rings() {
    let db = Db::new("planted_rings").await;
    db.vault().await.index(company(1)).await.unwrap();
    assert!(!with(Plant::AnyRing, vault::wrong_rings_are_refused(&db)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_forgotten_shreds() {
    let db = Db::new("planted_shreds").await;
    assert!(with(Plant::ForgetShreds, vault::shows_after_a_restore(&db)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_bugs_are_caught_hashes() {
    let db = Db::new("planted_hashes").await;
    assert!(!with(Plant::TrustHash, verify::alterations_are_found(&db)).await);
}
