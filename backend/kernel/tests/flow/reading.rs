//! Row-level security: a reader sees one company, or nothing.

use std::sync::Arc;

use kernel::{
    commit::Expected,
    db::reading_as,
    ids::{Ids as _, SystemIds},
};
use sqlx::AssertSqlSafe;

use crate::{activity::Activity, support::*};

#[tokio::test(flavor = "multi_thread")]
async fn k24_d29_a_reader_sees_its_company_only_and_without_one_nothing() {
    let db = Db::new("rls").await;
    let ledger = db.ledger().await;
    for n in 0..30 {
        ledger.commit(one(company(n % 3), SystemIds.v7(), Expected::Empty)).await.unwrap();
    }
    let models = db.models(&ledger, vec![Arc::new(Activity::default())]).await;
    models.catch_up().await.unwrap();
    models.rebuild(&["activity"]).await.unwrap();
    // Twice, so that the second round meets connections that were used before.
    for _ in 0..2 {
        for table in ["companies", "totals", "streams"] {
            let count = format!("select count(*) from activity.{table}");
            let mut blind =
                db.pools.reader.begin_with("begin; set local role kernel_reader").await.unwrap();
            let seen: i64 = sqlx::query_scalar(AssertSqlSafe(count.clone()))
                .fetch_one(&mut *blind)
                .await
                .unwrap();
            assert_eq!(seen, 0, "{table} without a company");
            drop(blind);
            for n in 0..4 {
                let mut tx = reading_as(&db.pools.reader, company(n)).await.unwrap();
                let owners = format!(
                    "select count(*) filter (where company_id = $1), count(*) from activity.{table}"
                );
                let (own, all): (i64, i64) = sqlx::query_as(AssertSqlSafe(owners))
                    .bind(company(n))
                    .fetch_one(&mut *tx)
                    .await
                    .unwrap();
                assert_eq!(own, all);
                assert_eq!(own > 0, n < 3);
                tx.commit().await.unwrap();
            }
        }
    }
    for statement in [
        "select count(*) from ledger.claims",
        "select count(*) from ledger.timers",
        "select count(*) from vault.keys",
        "select count(*) from intake.deliveries",
        "select count(*) from node.nodes",
        "delete from activity.totals",
        "alter table activity.totals disable row level security",
    ] {
        let mut tx = reading_as(&db.pools.reader, company(1)).await.unwrap();
        let done = sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await;
        assert!(done.is_err(), "{statement}");
    }
}

/// The tables come from the catalogue: one with a company and no policy fails here.
#[tokio::test(flavor = "multi_thread")]
async fn d29_every_table_with_a_company_that_a_reader_reaches_has_a_policy() {
    let db = Db::new("policies_all").await;
    let ledger = db.ledger().await;
    db.models(&ledger, vec![Arc::new(Activity::default())]).await;
    let bare = "select coalesce(string_agg(c.oid::regclass::text, ', '), '')
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'company_id'
        where c.relkind in ('r', 'p') and has_table_privilege('kernel_reader', c.oid, 'select')
          and not (c.relrowsecurity and c.relforcerowsecurity and exists (
            select from pg_policy p where p.polrelid = c.oid))";
    assert_eq!(db.text(bare).await, "");
    let reached = "select count(*) from pg_class c
        where c.relkind in ('r', 'p') and has_table_privilege('kernel_reader', c.oid, 'select')
          and c.relnamespace = 'activity'::regnamespace";
    assert_eq!(db.number(reached).await, 3);
}
