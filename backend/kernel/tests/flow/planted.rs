//! The guards are there: with each of them switched off, what it guards goes wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use kernel::{
    db::reading_as,
    plant::{Plant, with},
    projection::{Projection, ProjectionError, ReadModels},
    record::Recorded,
    vault::Vault,
};
use sqlx::PgConnection;

use crate::{activity::Activity, digest, nodes, policies, relay, support::*};

fn model() -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(Activity::default())]
}

const COUNTED: &str = "select coalesce(sum(n), 0)::bigint from activity.totals";
const PAUSED: &str = "select count(*) from projection.failures";

/// Two writers in turn, and a reader that has the memory of one of them.
async fn two_writers(db: &Db) -> ReadModels {
    let ledger = db.ledger().await;
    let rival = db.ledger_on(&db.another_pools().await).await;
    for _ in 0..10 {
        store(&ledger, 3, 3).await;
        store(&rival, 3, 3).await;
    }
    let trusting = Activity { trusting: true, ..Activity::default() };
    db.models(&ledger, vec![Arc::new(trusting)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_a_reader_that_reads_beyond_a_hole_misses_events() {
    let db = Db::new("planted_hole").await;
    let models = two_writers(&db).await;
    with(Plant::ReadBeyondHole, models.catch_up()).await.unwrap();
    assert!(db.number(COUNTED).await < 60, "it took all nevertheless");
    let sane = Db::new("planted_no_hole").await;
    two_writers(&sane).await.catch_up().await.unwrap();
    sane.equals_the_ledger("activity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_a_reader_that_applies_twice_is_noticed() {
    let db = Db::new("planted_twice").await;
    let ledger = db.ledger().await;
    let models = db.models(&ledger, model()).await;
    store(&ledger, 1, 5).await;
    models.catch_up().await.unwrap();
    store(&ledger, 1, 5).await;
    with(Plant::ApplyTwice, models.catch_up()).await.unwrap();
    assert_eq!(db.number(PAUSED).await, 1);
}

/// Fails once as the ground does, so that the pass is repeated.
struct Shaken {
    activity: Activity,
    shaken: AtomicBool,
}

impl Projection for Shaken {
    fn name(&self) -> &'static str {
        self.activity.name()
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [&'static str] {
        self.activity.tables()
    }

    fn ddl(&self) -> &'static str {
        self.activity.ddl()
    }

    fn wants(&self, _event_type: &str) -> bool {
        true
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        if self.shaken.swap(true, Ordering::Relaxed) {
            self.activity.apply(connection, events, vault)
        } else {
            Box::pin(async { Err(ProjectionError::Database(sqlx::Error::PoolTimedOut)) })
        }
    }
}

async fn lost_by_a_shake(db: &Db) -> i64 {
    let ledger = db.ledger().await;
    let shaken = Shaken { activity: Activity::default(), shaken: AtomicBool::new(false) };
    let models = db.models(&ledger, vec![Arc::new(shaken)]).await;
    store(&ledger, 1, 5).await;
    assert!(models.catch_up().await.is_err());
    models.catch_up().await.unwrap();
    5 - db.number(COUNTED).await
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_a_checkpoint_outside_of_its_transaction_loses_events() {
    let db = Db::new("planted_outside").await;
    assert_eq!(with(Plant::CheckpointOutside, lost_by_a_shake(&db)).await, 5);
    let sane = Db::new("planted_inside").await;
    assert_eq!(lost_by_a_shake(&sane).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_a_paused_company_that_is_fed_goes_wrong() {
    let db = Db::new("planted_pause").await;
    let ledger = db.ledger().await;
    let chokes = Activity { chokes_on: Some("demo.thing.poisoned"), ..Activity::default() };
    let models = db.models(&ledger, vec![Arc::new(chokes)]).await;
    ledger.commit(one_of("demo.thing.poisoned", company(0))).await.unwrap();
    models.catch_up().await.unwrap();
    let first = "select company_seq from projection.failures";
    assert_eq!(db.number(first).await, 1);
    store(&ledger, 1, 3).await;
    with(Plant::IgnorePause, models.catch_up()).await.unwrap();
    assert_ne!(db.number(first).await, 1, "it forgot where it stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_without_row_policies_a_reader_sees_all() {
    let db = Db::new("planted_policy").await;
    let ledger = db.ledger().await;
    let models = with(Plant::NoRowPolicy, db.models(&ledger, model())).await;
    store(&ledger, 3, 9).await;
    models.catch_up().await.unwrap();
    let mut tx = reading_as(&db.pools.reader, company(1)).await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(distinct company_id) from activity.totals")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(seen, 3);
}

/// While nothing can be stored, nothing is acknowledged.
async fn acknowledged_while_locked(db: &Db) -> bool {
    let intake = db.intake().await;
    let mut lock = db.admin.begin().await.unwrap();
    sqlx::raw_sql("lock table intake.deliveries").execute(&mut *lock).await.unwrap();
    let put = intake.put("demo", route(1), Bytes::from_static(b"{}"));
    tokio::time::timeout(Duration::from_millis(300), put).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_an_answer_before_the_disk_is_seen() {
    let db = Db::new("planted_disk").await;
    assert!(with(Plant::AnswerBeforeDisk, acknowledged_while_locked(&db)).await);
    assert!(!acknowledged_while_locked(&db).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_a_policy_that_comes_late_is_seen() {
    let db = Db::new("planted_late").await;
    assert_eq!(with(Plant::ReactLate, policies::late_answers(&db)).await, 3);
    let sane = Db::new("planted_in_time").await;
    assert_eq!(policies::late_answers(&sane).await, 0);
}

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
    let positions = with(Plant::PublishBlindly, Box::pin(relay::two_relays(&db, &bus))).await;
    assert_ne!(positions, (1..=600).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_a_step_outside_of_the_commit_loses_deliveries() {
    let db = Db::new("planted_step").await;
    assert_eq!(with(Plant::StepOutside, digest::lost_by_a_refusal(&db)).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_an_owner_that_ignores_the_epoch_keeps_what_it_lost() {
    let db = Db::new("planted_epoch").await;
    assert!(!with(Plant::IgnoreEpoch, nodes::lets_go_when_it_cannot_look(&db)).await);
}
