//! Read models: whatever happens beside them, the rows are those of the ledger.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kernel::{
    commit::{Commit, Expected, Outcome},
    ids::{Ids as _, SystemIds},
    projection::{ReadModels, Waited},
};

use crate::{activity::Activity, support::*};

const SECOND: Duration = Duration::from_secs(1);

fn model(activity: Activity) -> Vec<Arc<dyn kernel::projection::Projection>> {
    vec![Arc::new(activity)]
}

fn reading(models: &ReadModels) -> tokio::task::JoinHandle<()> {
    tokio::spawn(models.clone().run(owned(), alone(true)))
}

/// Until everything that the ledger holds is in a read model.
async fn level(db: &Db, name: &str) {
    let query = format!(
        "select (select max(position) from ledger.events) - position
         from projection.checkpoints where name = '{name}'"
    );
    until("the read model is level", async || db.number(&query).await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k19_read_models_are_the_ledger_whoever_wrote_it() {
    let db = Db::new("whoever").await;
    let ledger = db.ledger().await;
    let models = db.models(&ledger, model(Activity::default())).await;
    // Half of the events come from this process's memory, half from another writer, in between.
    let rival = db.ledger_on(&db.another_pools().await).await;
    let reader = tokio::spawn(models.clone().run(owned(), alone(false)));
    for _ in 0..20 {
        tokio::join!(store(&ledger, 5, 20), store(&rival, 5, 20));
    }
    level(&db, "activity").await;
    db.equals_the_ledger("activity").await;
    // A long way back: more than a page behind, and more than memory holds.
    reader.abort();
    let append = append(company(1), SystemIds.v7(), Expected::Empty, 3500);
    rival.commit(Commit { appends: vec![append], ..Commit::default() }).await.unwrap();
    let reader = reading(&models);
    level(&db, "activity").await;
    db.equals_the_ledger("activity").await;
    assert_eq!(db.number("select count(*) from projection.failures").await, 0);
    reader.abort();
}

/// The short cut by memory hands out what the ledger holds, to the last column.
#[tokio::test(flavor = "multi_thread")]
async fn k19_memory_is_the_ledger() {
    let db = Db::new("memory").await;
    let ledger = db.ledger().await;
    store(&ledger, 3, 50).await;
    let mut commit = one_of("demo.thing.undone", company(1));
    commit.appends[0].events[0].undoes = Some(SystemIds.v7());
    ledger.commit(commit).await.unwrap();
    let recent: Vec<_> =
        ledger.recent().after(0, 1000).iter().map(|event| (**event).clone()).collect();
    assert_eq!(recent, ledger.read(0, 1000).await.unwrap());
    assert_eq!(recent.len(), 51);
}

#[tokio::test(flavor = "multi_thread")]
async fn k18_two_readers_take_every_event_once() {
    let db = Db::new("two_readers").await;
    let ledger = db.ledger().await;
    let first = db.models(&ledger, model(Activity::default())).await;
    let second = db.models(&ledger, model(Activity::default())).await;
    let readers = [reading(&first), reading(&second)];
    store(&ledger, 5, 1000).await;
    level(&db, "activity").await;
    db.equals_the_ledger("activity").await;
    assert_eq!(db.number("select count(*) from projection.failures").await, 0);
    readers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn k20_a_poisonous_event_pauses_its_company_only_until_it_is_resumed() {
    let db = Db::new("poison").await;
    let ledger = db.ledger().await;
    let chokes = Activity { chokes_on: Some("demo.thing.poisoned"), ..Activity::default() };
    let beside = Activity { name: "beside", ..Activity::default() };
    let models = db.models(&ledger, vec![Arc::new(chokes), Arc::new(beside)]).await;
    let reader = reading(&models);
    store(&ledger, 4, 100).await;
    ledger.commit(one_of("demo.thing.poisoned", company(2))).await.unwrap();
    store(&ledger, 4, 2000).await;
    level(&db, "activity").await;
    level(&db, "beside").await;
    db.equals_the_ledger("beside").await;
    assert_eq!(db.number("select count(*) from projection.failures").await, 1);
    let behind = "select count(*) from activity.companies c join (
        select company_id, max(company_seq) n from ledger.events group by 1) l using (company_id)
        where l.n <> c.last_seq";
    assert_eq!(db.number(behind).await, 1, "only the poisoned company is behind");
    let stands = "select c.last_seq from activity.companies c
        join projection.failures f using (company_id) where c.last_seq = f.company_seq - 1";
    assert_eq!(db.number(stands).await, 25, "it stands right before the poison");
    let waited = models.wait_for(&["activity"], company(2), 1, SECOND).await.unwrap();
    assert!(matches!(waited, Waited::Stale(stale) if stale.paused), "{waited:?}");
    let waited = models.wait_for(&["beside"], company(2), 1, SECOND).await.unwrap();
    assert_eq!(waited, Waited::Reached);
    assert!(!models.resume("activity", company(2)).await.unwrap(), "it chokes again");
    assert_eq!(models.paused().await.unwrap().len(), 1);

    // The code is mended; while the company catches up, the others go on.
    reader.abort();
    let mended = db.models(&ledger, vec![Arc::new(Activity::default()), Arc::new(beside)]).await;
    let reader = reading(&mended);
    let busy = tokio::spawn({
        let ledger = ledger.clone();
        async move { store(&ledger, 4, 600).await }
    });
    assert!(mended.resume("activity", company(2)).await.unwrap());
    busy.await.unwrap();
    level(&db, "activity").await;
    db.equals_the_ledger("activity").await;
    assert_eq!(db.number("select count(*) from projection.failures").await, 0);
    reader.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn d36_one_reader_feeds_all_and_one_that_is_behind_joins_when_it_is_level() {
    let db = Db::new("joins").await;
    let ledger = db.ledger().await;
    let first = Activity { name: "first", ..Activity::default() };
    let models = db.models(&ledger, model(first)).await;
    let reader = reading(&models);
    store(&ledger, 3, 1500).await;
    level(&db, "first").await;
    reader.abort();
    let late = Activity { name: "late", ..Activity::default() };
    let models = db.models(&ledger, vec![Arc::new(first), Arc::new(late)]).await;
    let reader = reading(&models);
    store(&ledger, 3, 100).await;
    level(&db, "first").await;
    level(&db, "late").await;
    db.equals_the_ledger("first").await;
    db.equals_the_ledger("late").await;
    reader.abort();
}

fn rows(name: &str) -> String {
    format!(
        "select md5(string_agg(t::text, ',' order by t::text)) from (
           select 1 k, company_id, null::uuid stream_id, null event_type, last_seq n
           from {name}.companies
           union all select 2, company_id, null, event_type, n from {name}.totals
           union all select 3, company_id, stream_id, last_type, events from {name}.streams) t"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn k21_a_rebuild_beside_live_traffic_gives_identical_rows() {
    let db = Db::new("rebuild").await;
    let ledger = db.ledger().await;
    let other = Activity { name: "other", ..Activity::default() };
    let models = db.models(&ledger, vec![Arc::new(Activity::default()), Arc::new(other)]).await;
    store(&ledger, 6, 1500).await;
    let reader = reading(&models);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (ledger, stop) = (ledger.clone(), stop.clone());
        async move {
            while !stop.load(Ordering::Relaxed) {
                store(&ledger, 6, 20).await;
            }
        }
    });
    level(&db, "activity").await;
    for _ in 0..4 {
        let oid = "select oid::bigint from pg_namespace where nspname = 'activity'";
        let before = db.number(oid).await;
        let rebuilt = models.rebuild(&["activity", "other"]).await.unwrap();
        assert!(rebuilt.events >= 1500 && rebuilt.paused == 0, "{rebuilt:?}");
        assert_ne!(db.number(oid).await, before, "the tables were exchanged");
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    level(&db, "activity").await;
    level(&db, "other").await;
    db.equals_the_ledger("activity").await;
    db.equals_the_ledger("other").await;
    let live = db.text(&rows("activity")).await;
    models.rebuild(&["activity"]).await.unwrap();
    assert_eq!(live, db.text(&rows("activity")).await);
    assert_eq!(db.number("select count(*) from projection.checkpoints").await, 2);
    assert_eq!(
        models.state_hash("activity").await.unwrap(),
        models.state_hash("activity").await.unwrap()
    );
    reader.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn k21_old_code_stands_aside_for_new_tables_and_new_code_waits_for_them() {
    let db = Db::new("versions").await;
    let ledger = db.ledger().await;
    store(&ledger, 2, 30).await;
    let old = db.models(&ledger, model(Activity::default())).await;
    old.catch_up().await.unwrap();
    let next = db.models(&ledger, model(Activity { version: 2, ..Activity::default() })).await;
    store(&ledger, 2, 10).await;
    next.catch_up().await.unwrap();
    let at = "select position from projection.checkpoints where name = 'activity'";
    assert_eq!(db.number(at).await, 30, "its tables are not there yet");
    assert_eq!(next.outdated().await.unwrap(), ["activity"]);
    next.rebuild(&["activity"]).await.unwrap();
    store(&ledger, 2, 20).await;
    old.catch_up().await.unwrap();
    assert_eq!(db.number(at).await, 40, "the tables are no longer its own");
    next.catch_up().await.unwrap();
    assert_eq!(db.number(at).await, 60);
    db.equals_the_ledger("activity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k21_a_rebuild_that_was_interrupted_goes_on_where_it_stood() {
    let db = Db::new("interrupted").await;
    let ledger = db.ledger().await;
    let append = append(company(1), SystemIds.v7(), Expected::Empty, 9000);
    ledger.commit(Commit { appends: vec![append], ..Commit::default() }).await.unwrap();
    let models = db.models(&ledger, model(Activity::default())).await;
    models.catch_up().await.unwrap();
    let shadow = "select coalesce(max(position), 0) from projection.checkpoints
        where name = 'activity_next'";
    let rebuilding = tokio::spawn({
        let models = models.clone();
        async move { models.rebuild(&["activity"]).await }
    });
    until("a page is stored", async || db.number(shadow).await >= 4000).await;
    rebuilding.abort();
    let _ = rebuilding.await;
    let stood = db.number(shadow).await;
    let rebuilt = models.rebuild(&["activity"]).await.unwrap();
    // It may have been through already; then it began anew.
    assert!(stood == 0 || rebuilt.events <= 9000 - 4000, "{stood} {rebuilt:?}");
    db.equals_the_ledger("activity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k22_d13_one_reads_ones_own_write_or_hears_that_it_is_stale_or_unknown() {
    let db = Db::new("own_write").await;
    let ledger = db.ledger().await;
    let models = db.models(&ledger, model(Activity::default())).await;
    let reader = reading(&models);
    for n in 1..=50 {
        let commit = one(company(1), company(1), Expected::Any);
        let Outcome::Committed(done) = ledger.commit(commit).await.unwrap() else { panic!() };
        let seq = done.company_seq.unwrap();
        let waited = models.wait_for(&["activity"], company(1), seq, 10 * SECOND).await.unwrap();
        assert_eq!(waited, Waited::Reached);
        assert_eq!(db.number("select n from activity.totals").await, n);
    }
    assert_eq!(models.head_of(company(1)).await.unwrap(), 50);
    let waited = models.wait_for(&["activity"], company(1), 51, SECOND).await.unwrap();
    assert_eq!(waited, Waited::Ahead, "nobody wrote that");
    reader.abort();
    let _ = reader.await;
    store(&ledger, 2, 2).await;
    let waited = models.wait_for(&["activity"], company(1), 51, SECOND / 50).await.unwrap();
    assert!(matches!(waited, Waited::Stale(stale) if !stale.paused), "{waited:?}");
    let waited = models.wait_for(&["activity"], company(1), 50, SECOND / 50).await.unwrap();
    assert_eq!(waited, Waited::Reached, "what is shown is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn d13_what_stands_still_grows_old() {
    let db = Db::new("age").await;
    let ledger = db.ledger().await;
    let models = db.models(&ledger, model(Activity::default())).await;
    let reader = reading(&models);
    store(&ledger, 1, 1).await;
    let age = || {
        models.progress().age("activity", company(0), kernel::clock::Clock::monotonic(&*db.clock))
    };
    until("it is level", async || age() < SECOND).await;
    reader.abort();
    let _ = reader.await;
    db.clock.both(Duration::from_secs(61));
    assert!(age() > Duration::from_mins(1), "rights fail closed now");
}

/// What is told to the live feed can be read: the rows are committed.
#[tokio::test(flavor = "multi_thread")]
async fn d13_the_feed_hears_of_an_event_when_its_rows_can_be_read() {
    let db = Db::new("feed").await;
    let ledger = db.ledger().await;
    let models = db.models(&ledger, model(Activity::default())).await;
    let mut applied = models.applied();
    let reader = reading(&models);
    let writing = tokio::spawn({
        let ledger = ledger.clone();
        async move { store(&ledger, 3, 300).await }
    });
    let mut next = 1;
    while next <= 300 {
        let batch = applied.recv().await.unwrap();
        for event in batch.iter() {
            assert_eq!(event.position, next);
            next += 1;
        }
        let last = batch.last().unwrap();
        let shown = format!(
            "select coalesce(max(last_seq), 0) from activity.companies where company_id = '{}'",
            last.company
        );
        assert!(db.number(&shown).await >= last.company_seq);
        assert!(models.head_of(last.company).await.unwrap() >= last.company_seq);
    }
    writing.await.unwrap();
    reader.abort();
}

/// A process that does not read hears the same from the one that does.
#[tokio::test(flavor = "multi_thread")]
async fn d13_a_process_that_does_not_read_feeds_its_sockets_too() {
    let db = Db::new("feed_afar").await;
    let ledger = db.ledger().await;
    let here = db.models(&ledger, model(Activity::default())).await;
    let afar =
        db.models(&db.ledger_on(&db.another_pools().await).await, model(Activity::default())).await;
    store(&ledger, 3, 10).await;
    let reader = reading(&here);
    level(&db, "activity").await;
    let (_sender, never) = tokio::sync::watch::channel(None);
    let looker = tokio::spawn(afar.clone().run(never, alone(false)));
    until("it has looked", async || afar.progress().of("activity").position == 10).await;
    let mut applied = afar.applied();
    store(&ledger, 3, 300).await;
    let mut next = 11;
    while next <= 310 {
        for event in applied.recv().await.unwrap().iter() {
            assert_eq!(event.position, next);
            next += 1;
        }
    }
    let seq = afar.head_of(company(0)).await.unwrap();
    assert_eq!(
        afar.wait_for(&["activity"], company(0), seq, SECOND).await.unwrap(),
        Waited::Reached
    );
    looker.abort();
    reader.abort();
}
