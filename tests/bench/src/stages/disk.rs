//! Bytes of an event in the ledger, with its indexes.

use super::rebuild::fill;
use crate::{
    Plan,
    figures::written,
    platform::Platform,
    processes::load,
    report::{Goal, Section},
    surroundings::Surroundings,
};

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let platform = Platform::start(around, 100).await?;
    fill(&platform, if plan.is_short { 5_000 } else { 40_000 }, "d").await?;
    let (all, rows, n): (f64, f64, i64) = sqlx::query_as(
        "select sum(pg_total_relation_size(relid))::float8, sum(pg_relation_size(relid))::float8,
                (select count(*) from ledger.events)
         from pg_partition_tree('ledger.events') where isleaf",
    )
    .fetch_one(&platform.database)
    .await?;
    let each = |bytes: f64| bytes / f64::from(i32::try_from(n).unwrap_or(i32::MAX)).max(1.0);
    let note = "`ledger.events` after webhooks of texts; its rows, and all with indexes and TOAST.";
    let columns = ["events", "bytes an event", "of which rows", "of which indexes", "load"];
    let mut section = Section::new("Disk", note, &columns);
    section.row(&[
        n.to_string(),
        written(each(all)),
        written(each(rows)),
        written(each(all - rows)),
        load(),
    ]);
    section.goal("bytes of an event with its indexes", each(all), Goal::AtMost(700.0, 400.0));
    platform.end().await?;
    Ok(section)
}
