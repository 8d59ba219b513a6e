//! D9: the database's clock as it is.

use std::time::Duration;

use chrono::TimeDelta;
use kernel::commit::{Expected, Outcome};

use crate::support::*;

/// Puts a clock in front of the database's own that can be set.
async fn with_a_clock_to_set(db: &Db) {
    let name = db.url.rsplit_once('/').unwrap().1.to_owned();
    db.run(&format!(
        "create schema fake;
         create table fake.shift (by interval not null);
         insert into fake.shift values ('0');
         create function fake.clock_timestamp() returns timestamptz language sql volatile
           as 'select pg_catalog.clock_timestamp() + by from fake.shift';
         grant usage on schema fake to kernel_writer;
         grant select on fake.shift to kernel_writer;
         alter database {name} set search_path = fake, pg_catalog, public"
    ))
    .await;
}

/// The steps of `recorded_at` while the database's clock goes back by an hour, in seconds.
pub(crate) async fn steps_when_the_clock_goes_back(db: &Db) -> (i64, bool) {
    with_a_clock_to_set(db).await;
    let ledger = db.ledgers(1).await.remove(0);
    let commit = async || match ledger.commit(one(company(1), new_id(), Expected::Any)).await {
        Ok(Outcome::Committed(committed)) => committed.recorded_at,
        other => panic!("{other:?}"),
    };
    let first = commit().await;
    commit().await;
    assert_eq!(*ledger.clock_alarm().borrow(), None);
    db.run("update fake.shift set by = '-1 hour'").await;
    commit().await; // its answer brings the news
    let after = commit().await;
    let alarm = *ledger.clock_alarm().borrow();
    assert_eq!(db.sound().await, 4, "a time that goes back is no fault");
    if alarm.is_some_and(|step| (-3_700..-3_500).contains(&step.by_seconds)) {
        ledger.acknowledge_clock();
        assert_eq!(*ledger.clock_alarm().borrow(), None);
        return ((after - first).num_seconds(), true);
    }
    ((after - first).num_seconds(), false)
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_the_databases_clock_is_taken_as_it_is_and_a_step_raises_the_alarm() {
    let db = Db::new("clock").await;
    let (by, alarm) = steps_when_the_clock_goes_back(&db).await;
    assert!((-3_700..-3_500).contains(&by), "went back by {by} s");
    assert!(alarm);
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_the_clock_of_this_machine_does_not_matter() {
    let db = Db::new("own_clock").await;
    let ledger = db.ledger();
    let now = sqlx::query_scalar::<_, chrono::DateTime<chrono::Utc>>("select clock_timestamp()")
        .fetch_one(&db.admin)
        .await
        .unwrap();
    // Time that passed while the machine slept has passed for the database too; what the database
    // says next is believed.
    ledger.commit(one(company(1), new_id(), Expected::Any)).await.unwrap();
    db.clock.on(Duration::from_hours(48));
    ledger.commit(one(company(1), new_id(), Expected::Any)).await.unwrap();
    ledger.commit(one(company(1), new_id(), Expected::Any)).await.unwrap();
    assert!(ledger.clock_alarm().borrow().is_some());
    let last = ledger.read(2, 1).await.unwrap().remove(0).recorded_at;
    assert!(last - now < TimeDelta::minutes(1), "{last} {now}");
}
