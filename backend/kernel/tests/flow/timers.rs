//! Timers (D15).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::{Duration, NaiveDate};
use futures::future::BoxFuture;
use kernel::{
    clock::Clock as _,
    commit::{Commit, Expected, Timer, TimerChange},
    error::Result,
    gate::{Gate, Reason},
    ids::{Ids as _, SystemIds},
    ledger::Ledger,
    timers::{Due, ExpiredTimers, TimerHandler, Timers, resolve},
};
use uuid::Uuid;

use crate::support::*;

pub(crate) const KIND: &str = "demo.reminder";

/// Writes an event of the timer's kind for each that goes off.
#[derive(Default)]
pub(crate) struct Remind {
    fails: AtomicUsize,
}

impl TimerHandler for Remind {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn fire<'a>(&'a self, timer: &'a Due) -> BoxFuture<'a, Result<Commit>> {
        Box::pin(async move {
            if self.fails.load(Ordering::Relaxed) > 0 {
                self.fails.fetch_sub(1, Ordering::Relaxed);
                return Err(kernel::error::Error::Row { what: "a bug".to_owned() });
            }
            Ok(one(timer.company, timer.id, Expected::Any))
        })
    }
}

pub(crate) fn timers(ledger: &Ledger, gate: &Gate) -> Timers {
    Timers::new(ledger.clone(), vec![Arc::new(Remind::default())], gate.clone())
}

pub(crate) fn reminder(db: &Db, due: Duration, latest: Duration) -> Timer {
    let now = db.clock.now();
    Timer {
        company: company(1),
        kind: KIND,
        id: SystemIds.v7(),
        due: now + due,
        latest: now + latest,
        local: None,
        payload: "{}".to_owned(),
    }
}

pub(crate) async fn set(ledger: &Ledger, timer: Timer) -> Uuid {
    let id = timer.id;
    let commit = Commit { timers: vec![TimerChange::Set(timer)], ..Commit::default() };
    ledger.commit(commit).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn d15_a_timer_goes_off_once_when_it_is_due_and_is_gone_with_its_effect() {
    let db = Db::new("timers").await;
    let ledger = db.ledger().await;
    let gate = Gate::new();
    let mut timers = [timers(&ledger, &gate), timers(&ledger, &gate)];
    let id = set(&ledger, reminder(&db, Duration::hours(1), Duration::hours(2))).await;
    let state = timers[0].pass().await.unwrap();
    assert_eq!((state.fired, state.expired), (0, 0));
    assert!(state.next.is_some());
    db.clock.both(std::time::Duration::from_mins(61));
    let [one, two] = &mut timers;
    let (first, second) = tokio::join!(one.pass(), two.pass());
    assert_eq!(first.unwrap().fired + second.unwrap().fired, 1);
    assert_eq!(ledger.read_stream(company(1), id, 0).await.unwrap().len(), 1);
    assert_eq!(db.number("select count(*) from ledger.timers").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn d15_a_timer_that_is_cancelled_or_moved_does_not_go_off() {
    let db = Db::new("timers_moved").await;
    let ledger = db.ledger().await;
    let mut timers = timers(&ledger, &Gate::new());
    let cancelled = set(&ledger, reminder(&db, Duration::hours(1), Duration::hours(9))).await;
    let moved = reminder(&db, Duration::hours(1), Duration::hours(9));
    set(&ledger, moved.clone()).await;
    let change = TimerChange::Cancel { company: company(1), kind: KIND, id: cancelled };
    ledger.commit(Commit { timers: vec![change], ..Commit::default() }).await.unwrap();
    set(&ledger, Timer { due: moved.due + Duration::hours(2), ..moved.clone() }).await;
    db.clock.both(std::time::Duration::from_hours(2));
    assert_eq!(timers.pass().await.unwrap().fired, 0);
    db.clock.both(std::time::Duration::from_hours(2));
    assert_eq!(timers.pass().await.unwrap().fired, 1);
    assert_eq!(ledger.read_stream(company(1), moved.id, 0).await.unwrap().len(), 1);
    assert!(ledger.read_stream(company(1), cancelled, 0).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn d15_a_timer_that_is_too_late_is_expired_and_shown() {
    let db = Db::new("timers_late").await;
    let ledger = db.ledger().await;
    let models = db.models(&ledger, vec![Arc::new(ExpiredTimers)]).await;
    let mut timers = timers(&ledger, &Gate::new());
    let id = set(&ledger, reminder(&db, Duration::hours(1), Duration::hours(2))).await;
    db.clock.both(std::time::Duration::from_hours(3));
    let state = timers.pass().await.unwrap();
    assert_eq!((state.fired, state.expired), (0, 1));
    let events = ledger.read_stream(company(1), id, 0).await.unwrap();
    assert_eq!(&*events[0].event_type, "timers.timer.expired");
    models.catch_up().await.unwrap();
    assert_eq!(db.text("select kind from timers_expired.timers").await, KIND);
    assert_eq!(db.number("select count(*) from ledger.timers").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn d15_a_local_time_follows_the_rules_of_its_zone() {
    let db = Db::new("timers_local").await;
    let ledger = db.ledger().await;
    let mut timers = timers(&ledger, &Gate::new());
    let zone = "America/Sao_Paulo".to_owned();
    let tomorrow = (db.clock.now() + Duration::days(1)).date_naive();
    let local = tomorrow.and_hms_opt(9, 0, 0).unwrap();
    let right = resolve(local, &zone).unwrap();
    // The rules were others when it was set: one hour earlier.
    let due = right - Duration::hours(1);
    let timer = Timer {
        due,
        latest: due + Duration::hours(3),
        local: Some((local, zone)),
        ..reminder(&db, Duration::zero(), Duration::zero())
    };
    set(&ledger, timer).await;
    db.clock.both((due - db.clock.now() + Duration::minutes(1)).to_std().unwrap());
    assert_eq!(timers.pass().await.unwrap().fired, 0);
    let moved = format!("select count(*) from ledger.timers where due = '{}'", right.to_rfc3339());
    assert_eq!(db.number(&moved).await, 1);
    db.clock.both(std::time::Duration::from_hours(1));
    assert_eq!(timers.pass().await.unwrap().fired, 1);
    assert!(NaiveDate::MIN < tomorrow);
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_after_a_step_of_two_days_nothing_goes_off_until_somebody_says_the_time_is_right() {
    let db = Db::new("timers_step").await;
    let ledger = db.ledger().await;
    let gate = Gate::new();
    let timers = timers(&ledger, &gate);
    let id = set(&ledger, reminder(&db, Duration::hours(1), Duration::days(9))).await;
    let first = set(&ledger, reminder(&db, Duration::zero(), Duration::days(9))).await;
    let running = tokio::spawn(timers.run(owned()));
    until("the clock is known", async || {
        !ledger.read_stream(company(1), first, 0).await.unwrap().is_empty()
    })
    .await;
    db.clock.wall(Duration::days(2));
    until("the step is seen", async || gate.reasons().contains(&Reason::Clock)).await;
    assert!(ledger.read_stream(company(1), id, 0).await.unwrap().is_empty());
    gate.release(Reason::Clock);
    until("it goes off", async || !ledger.read_stream(company(1), id, 0).await.unwrap().is_empty())
        .await;
    assert!(!gate.is_shut());
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn d15_an_effect_that_fails_holds_no_other_timer_and_is_tried_again() {
    let db = Db::new("timers_fail").await;
    let ledger = db.ledger().await;
    let remind = Remind { fails: AtomicUsize::new(1) };
    let mut timers = Timers::new(ledger.clone(), vec![Arc::new(remind)], Gate::new());
    set(&ledger, reminder(&db, Duration::minutes(1), Duration::hours(9))).await;
    set(&ledger, reminder(&db, Duration::minutes(2), Duration::hours(9))).await;
    db.clock.both(std::time::Duration::from_mins(5));
    assert_eq!(timers.pass().await.unwrap().fired, 1);
    assert_eq!(timers.pass().await.unwrap().fired, 0, "it rests");
    db.clock.both(std::time::Duration::from_mins(1));
    assert_eq!(timers.pass().await.unwrap().fired, 1);
}
