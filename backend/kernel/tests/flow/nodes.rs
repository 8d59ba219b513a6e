//! Who does which work (D16).

use std::{sync::Arc, time::Duration};

use kernel::{
    db::Pools,
    ids::{Ground, SystemIds},
    nodes::{Nodes, TO_LIVE},
    plant::inherit,
};
use tokio::task::JoinHandle;

use crate::support::*;

/// A process with a clock of its own.
struct Process {
    nodes: Nodes,
    clock: Arc<Moved>,
    pools: Pools,
    running: JoinHandle<()>,
}

async fn process(db: &Db, name: &str) -> Process {
    let clock = Arc::new(Moved::default());
    let ground = Ground { clock: clock.clone(), ids: Arc::new(SystemIds) };
    let pools = db.another_pools().await;
    let nodes = Nodes::new(pools.clone(), ground, name);
    let running = tokio::spawn(inherit(nodes.clone().run()));
    Process { nodes, clock, pools, running }
}

impl Process {
    fn owns(&self, unit: &str) -> Option<i64> {
        *self.nodes.owns(unit).borrow()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_a_unit_has_one_owner_and_the_epoch_moves_with_every_change_of_hands() {
    let db = Db::new("owner").await;
    let first = process(&db, "a").await;
    until("a owns it", async || first.owns("relay:0") == Some(1)).await;
    assert!(*first.nodes.alone().wait_for(|alone| *alone).await.unwrap());
    let second = process(&db, "b").await;
    let _ = second.nodes.owns("relay:0");
    until("b is seen", async || !*first.nodes.alone().borrow()).await;
    assert_eq!(second.owns("relay:0"), None);
    first.nodes.resign("relay:0").await.unwrap();
    until("b owns it", async || second.owns("relay:0") == Some(2)).await;
    second.nodes.leave().await.unwrap();
    second.running.abort();
    until("a is alone", async || *first.nodes.alone().borrow()).await;
    until("a owns it again", async || first.owns("relay:0") == Some(3)).await;
    first.running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_a_process_that_starts_again_under_its_name_takes_its_own_back_at_once() {
    let db = Db::new("again_node").await;
    let first = process(&db, "a").await;
    until("it owns it", async || first.owns("digest:0") == Some(1)).await;
    first.running.abort(); // killed: it gives nothing back
    let begun = std::time::Instant::now();
    let again = process(&db, "a").await;
    let _ = again.nodes.owns("digest:0");
    until("it owns it again", async || again.owns("digest:0") == Some(2)).await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    again.running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_another_process_takes_over_when_the_owner_is_silent_by_its_own_clock() {
    let db = Db::new("takeover").await;
    let first = process(&db, "a").await;
    until("a owns it", async || first.owns("relay:0") == Some(1)).await;
    let second = process(&db, "b").await;
    let _ = second.nodes.owns("relay:0");
    until("a is seen", async || !*second.nodes.alone().borrow()).await;
    first.running.abort();
    until("b has looked", async || second.owns("relay:0").is_none()).await;
    // The looker's clock decides, and a wall clock that jumps by two days decides nothing.
    second.clock.wall(chrono::Duration::days(2));
    tokio::task::yield_now().await;
    assert_eq!(second.owns("relay:0"), None);
    *second.clock.boot.lock().unwrap() += TO_LIVE;
    until("b owns it", async || second.owns("relay:0") == Some(2)).await;
    second.running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_an_owner_that_was_asleep_does_not_trust_what_it_owned() {
    let db = Db::new("asleep").await;
    let first = process(&db, "a").await;
    until("it owns it", async || first.owns("relay:0") == Some(1)).await;
    let mut owns = first.nodes.owns("relay:0");
    owns.mark_unchanged();
    // While it slept, somebody else took over.
    db.run(
        "update node.assignments set node = 'b', session = gen_random_uuid(), epoch = epoch + 1;
         insert into node.nodes (node, session, beat) select 'b', session, 1 from node.assignments",
    )
    .await;
    until("it knows", async || owns.borrow().is_none()).await;
    first.running.abort();
}

/// Whether a process that reaches its database no more lets go while nobody else may have taken over.
pub(crate) async fn lets_go_when_it_cannot_look(db: &Db) -> bool {
    let first = process(db, "a").await;
    until("it owns it", async || first.owns("relay:0") == Some(1)).await;
    let mut owns = first.nodes.owns("relay:0");
    first.pools.close().await;
    *first.clock.boot.lock().unwrap() += TO_LIVE.saturating_sub(Duration::from_secs(1));
    // It looks twice a second.
    let let_go = tokio::time::timeout(Duration::from_secs(3), owns.wait_for(Option::is_none));
    let has_let_go = let_go.await.is_ok();
    first.running.abort();
    has_let_go
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_an_owner_that_cannot_renew_lets_go_before_another_may_take_over() {
    let db = Db::new("cut_off").await;
    assert!(lets_go_when_it_cannot_look(&db).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_of_two_processes_under_one_name_the_newer_works() {
    let db = Db::new("same_name").await;
    let first = process(&db, "a").await;
    until("it owns it", async || first.owns("relay:0") == Some(1)).await;
    let second = process(&db, "a").await;
    let _ = second.nodes.owns("relay:0");
    until("the newer owns it", async || second.owns("relay:0").is_some()).await;
    until("the older knows", async || first.owns("relay:0").is_none()).await;
    first.running.abort();
    second.running.abort();
}

/// The work of a fleet: more than the machine of one process should do.
fn fleet() -> Vec<String> {
    (0..40).map(|n| format!("lanes:{n}")).collect()
}

impl Process {
    fn n_owned(&self) -> usize {
        fleet().iter().filter(|unit| self.owns(unit).is_some()).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_work_spreads_when_a_process_joins_and_comes_together_when_it_goes() {
    let db = Db::new("spread").await;
    let first = process(&db, "a").await;
    until("a owns all", async || first.n_owned() == 40).await;
    let second = process(&db, "b").await;
    until("each has a share", async || {
        let (a, b) = (first.n_owned(), second.n_owned());
        a + b == 40 && a >= 10 && b >= 10
    })
    .await;
    // What moved has an epoch more; the rest was not touched.
    for unit in fleet() {
        assert!(matches!(
            (first.owns(&unit), second.owns(&unit)),
            (Some(1), None) | (None, Some(2))
        ));
    }
    let of_b = second.n_owned();
    second.running.abort(); // killed
    let begun = std::time::Instant::now();
    let again = process(&db, "b").await;
    until("b has its share again", async || again.n_owned() == of_b).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    again.nodes.leave().await.unwrap();
    again.running.abort();
    until("a owns all again", async || first.n_owned() == 40).await;
    first.running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_only_who_stands_for_a_unit_is_given_it() {
    let db = Db::new("stands").await;
    let first = process(&db, "a").await;
    until("a owns all", async || first.n_owned() == 40).await;
    let second = process(&db, "b").await;
    until("b relays", async || second.owns("relay:1").is_some()).await;
    until("a has seen it", async || !*first.nodes.alone().borrow()).await;
    // b asks for nothing that it does not do, and a for nothing of b's.
    let asked = "select count(*) from node.assignments where wanted_by is not null";
    assert_eq!(db.number(asked).await, 0);
    assert_eq!(first.n_owned(), 40);
    first.running.abort();
    second.running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn d16_what_is_lent_changes_hands_when_it_has_come_to_an_end() {
    let db = Db::new("lent").await;
    let first = process(&db, "a").await;
    // These two are b's share.
    let (quick, slow) = (first.nodes.lends("digest:0"), first.nodes.lends("timers:0"));
    until("a owns both", async || quick.owned.borrow().is_some() && slow.owned.borrow().is_some())
        .await;
    let second = process(&db, "b").await;
    let _ = (second.nodes.owns("digest:0"), second.nodes.owns("timers:0"));
    until("a is asked", async || *quick.asked.borrow() && *slow.asked.borrow()).await;
    assert_eq!((second.owns("digest:0"), second.owns("timers:0")), (None, None));
    first.nodes.pass_on("digest:0").await.unwrap();
    until("b owns the one", async || second.owns("digest:0") == Some(2)).await;
    assert!(!*quick.asked.borrow(), "it is not asked any more");
    assert_eq!(*slow.owned.borrow(), Some(1));
    // Who does not come to an end loses it all the same.
    for _ in 0..7 {
        let beats = "select sum(beat)::bigint from node.nodes";
        let before = db.number(beats).await;
        for process in [&first, &second] {
            *process.clock.boot.lock().unwrap() += Duration::from_secs(2);
        }
        until("both have renewed", async || db.number(beats).await >= before + 2).await;
    }
    until("b owns the other", async || second.owns("timers:0") == Some(2)).await;
    assert_eq!(*slow.owned.borrow(), None);
    first.running.abort();
    second.running.abort();
}

/// Tests run on pools that forget the session at every release; here is what they forget.
#[tokio::test(flavor = "multi_thread")]
async fn d16_nothing_is_bound_to_a_session_of_a_pool() {
    let db = Db::new("forgetful").await;
    for _ in 0..20 {
        let mut connection = db.pools.app.acquire().await.unwrap();
        let left: String = sqlx::query_scalar(
            "select current_setting('enable_sort') || current_user
               || coalesce(nullif(current_setting('app.company', true), ''), '-')",
        )
        .fetch_one(&mut *connection)
        .await
        .unwrap();
        assert_eq!(left, format!("on{}-", db.text("select current_user::text").await));
        sqlx::raw_sql("set enable_sort = off; set app.company = 'x'; select pg_advisory_lock(7)")
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    // Neither do we hold a lock that outlives its transaction.
    let ledger = db.ledger().await;
    store(&ledger, 2, 20).await;
    until("no lock is left", async || {
        db.number("select count(*) from pg_locks where locktype = 'advisory'
                     and database = (select oid from pg_database where datname = current_database())")
            .await
            == 0
    })
    .await;
}
