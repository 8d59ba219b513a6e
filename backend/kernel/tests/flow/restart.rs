//! Postgres dies and comes back: no crash of ours, no manual step, nothing lost.

use std::sync::Arc;

use bytes::Bytes;
use kernel::{digest::Digest, gate::Gate};

use crate::{
    activity::Activity,
    demo::{Demo, RECEIVED, received},
    support::*,
};

#[tokio::test(flavor = "multi_thread")]
async fn d16_fault_everything_goes_on_after_postgres_was_killed_and_started_again() {
    let mut server = Server::start("postgres");
    let db = Db::on(&server.url, "restart").await;
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    let models = db.models(&ledger, vec![Arc::new(Activity::default())]).await;
    let digest = Digest::new(intake.clone(), ledger.clone(), Demo::of(&ledger));
    let running = [
        tokio::spawn(digest.run(owned(), alone(true), Gate::new())),
        tokio::spawn(models.clone().run(owned(), alone(true))),
    ];
    let mut stored = 0;
    for round in 0..3 {
        for n in 0..50u128 {
            let body = received(company(n % 3), &format!("{round}-{n}"), "a");
            if intake.put("demo", route(n % 3), Bytes::from(body)).await.is_ok() {
                stored += 1;
            }
        }
        server.kill();
        let body = received(company(1), &format!("{round}-down"), "a");
        let down = {
            let intake = intake.clone();
            tokio::spawn(async move { intake.put("demo", route(1), Bytes::from(body)).await })
        };
        server.again();
        stored += i64::from(down.await.unwrap().is_ok());
        until("all that was acknowledged is shown", async || {
            let shown = "select coalesce(sum(n), 0)::bigint from activity.totals
                where event_type = 'demo.message.received'";
            let Ok(shown) = sqlx::query_scalar::<_, i64>(shown).fetch_one(&db.admin).await else {
                return false;
            };
            shown >= stored
        })
        .await;
    }
    assert!(db.events_of(RECEIVED).await >= stored);
    db.equals_the_ledger("activity").await;
    db.sound().await;
    running.iter().for_each(tokio::task::JoinHandle::abort);
}
