//! D36: a company's history by date.

use kernel::commit::{Commit, Expected};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn d36_history_is_found_by_date_and_an_event_with_its_indexes_stays_small() {
    let db = Db::new("dates").await;
    let ledger = db.ledger();
    for _ in 0..40 {
        let appends = (0..100).map(|n| append(company(n % 20), new_id(), Expected::Empty, 1));
        let commit = Commit { appends: appends.collect(), ..Commit::default() };
        ledger.commit(commit).await.unwrap();
    }
    db.run("analyze ledger.events").await;
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select position from ledger.events
         where company_id = $1 and recorded_at >= now() - interval '1 second'
           and recorded_at < now() + interval '1 day'",
    )
    .bind(company(7))
    .fetch_all(&db.admin)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("events_company_time_idx"), "{plan}");
    let bytes = "select (pg_total_relation_size('ledger.events') / count(*))::bigint \
                 from ledger.events";
    let bytes = db.number(bytes).await;
    assert!(bytes <= 700, "{bytes} bytes an event");
    let index = "select (pg_relation_size('ledger.events_company_time_idx') / count(*))::bigint \
                 from ledger.events";
    let index = db.number(index).await;
    assert!(index <= 60, "{index} bytes an event");
}
