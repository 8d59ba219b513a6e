//! D15: timers live in the commit.

use chrono::{TimeDelta, Utc};
use kernel::{
    commit::{Commit, Expected, Refused, Timer, TimerChange},
    error::Error,
    execute::Request,
    ledger::Ledger,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    contact::{Contact, ContactCommand},
    support::*,
};

pub(crate) fn timer(company: Uuid, kind: &'static str, id: Uuid, seconds: i64) -> Timer {
    let day = chrono::DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
    Timer {
        company,
        kind,
        id,
        due: day + TimeDelta::seconds(seconds),
        latest: day + TimeDelta::seconds(seconds) + TimeDelta::hours(1),
        local: Some((day.naive_utc(), "America/Sao_Paulo".into())),
        payload: "{}".into(),
    }
}

fn with(change: TimerChange) -> Commit {
    Commit { timers: vec![change], ..one(company(1), new_id(), Expected::Empty) }
}

async fn set(ledger: &Ledger, id: Uuid, seconds: i64) -> Timer {
    let timer = timer(company(1), "demo", id, seconds);
    ledger.commit(with(TimerChange::Set(timer.clone()))).await.unwrap();
    timer
}

fn fire(timer: &Timer) -> TimerChange {
    TimerChange::Fire { company: timer.company, kind: timer.kind, id: timer.id, due: timer.due }
}

/// Of ten that saw one timer due, how many had an effect.
pub(crate) async fn effects_of_one_timer(db: &Db) -> usize {
    let ledgers = db.ledgers(2).await;
    let timer = set(&ledgers[0], new_id(), 10).await;
    let mut tasks = JoinSet::new();
    for ledger in in_turn(&ledgers, 10) {
        let commit = with(fire(&timer));
        tasks.spawn(async move { ledger.commit(commit).await });
    }
    tasks.join_all().await.into_iter().flatten().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn d15_a_timer_goes_off_once() {
    let db = Db::new("timer_once").await;
    assert_eq!(effects_of_one_timer(&db).await, 1);
    assert_eq!(db.number("select count(*) from ledger.timers").await, 0);
    assert_eq!(db.sound().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn d15_a_timer_that_was_set_anew_or_taken_back_does_not_go_off() {
    let db = Db::new("timer_anew").await;
    let ledger = db.ledger();
    let old = set(&ledger, new_id(), 10).await;
    let new = set(&ledger, old.id, 99).await;
    let answer = ledger.commit(with(fire(&old))).await;
    assert!(matches!(answer, Err(Error::Refused(Refused::TimerGone { kind: "demo", .. }))));
    let cancel = TimerChange::Cancel { company: company(1), kind: "demo", id: old.id };
    ledger.commit(with(cancel.clone())).await.unwrap();
    ledger.commit(with(cancel)).await.unwrap();
    assert!(ledger.commit(with(fire(&new))).await.is_err());
    // Going off and being set again is one commit; so is a handler that sets the next one.
    let first = set(&ledger, new_id(), 10).await;
    let next = timer(company(1), "demo", first.id, 20);
    let again = Commit {
        timers: vec![fire(&first), TimerChange::Set(next.clone())],
        ..one(company(1), new_id(), Expected::Empty)
    };
    ledger.commit(again.clone()).await.unwrap();
    assert!(ledger.commit(again).await.is_err());
    ledger.commit(with(fire(&next))).await.unwrap();
    assert_eq!(db.number("select count(*) from ledger.timers").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn d15_a_decider_sets_and_takes_back_timers_with_its_events() {
    let db = Db::new("timer_decider").await;
    let ledger = db.ledger();
    let id = new_id();
    let register = ContactCommand::Register { phone: "1".into() };
    let request = Request::<Contact>::new(company(1), id, register, (), context());
    ledger.execute(&request).await.unwrap();
    let kept = "select count(*) from ledger.timers where kind = 'demo.greet'
        and zone = 'America/Sao_Paulo' and latest > due";
    assert_eq!(db.number(kept).await, 1);
    let rename = ContactCommand::Rename { name: "x".into() };
    let request = Request::<Contact>::new(company(1), id, rename, (), context());
    ledger.execute(&request).await.unwrap();
    assert_eq!(db.number(kept).await, 0);
}
