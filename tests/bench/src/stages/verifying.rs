//! A company's history read, folded and verified.

use std::time::Instant;

use anyhow::Context as _;
use serde_json::Value;

use super::rebuild::fill;
use crate::{
    Plan, child,
    figures::{median, rate, written},
    platform::Platform,
    processes::load,
    report::{Goal, Section},
    surroundings::Surroundings,
};

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let platform = Platform::start(around, 1).await?;
    fill(&platform, if plan.is_short { 5_000 } else { 80_000 }, "v").await?;
    let company: String = sqlx::query_scalar(
        "select company_id::text from ledger.events group by company_id order by count(*) desc limit 1",
    )
    .fetch_one(&platform.database)
    .await?;
    let n: i64 =
        sqlx::query_scalar("select count(*) from ledger.events where company_id::text = $1")
            .bind(&company)
            .fetch_one(&platform.database)
            .await?;
    let n = u64::try_from(n).context("a negative count")?;
    let id = format!("company_{}", company.replace('-', ""));
    let mut speeds = Vec::new();
    for _ in 0..plan.rounds {
        let command = platform.command(&["verify", "--company", &id, "--json"]);
        let began = Instant::now();
        let said = child::read_beside(command).await?;
        // The program starts and connects in this time, too, unless it tells its own.
        let own = serde_json::from_str::<Value>(&said).ok();
        let own = own.as_ref().and_then(|said| said.get("seconds")).and_then(Value::as_f64);
        let took = own.map_or_else(|| began.elapsed(), std::time::Duration::from_secs_f64);
        speeds.push(rate(n, took));
    }
    let note = "`masteria verify --company`: reading, hashing, the chain, the continuity.";
    let mut section =
        Section::new("Verifying a company's history", note, &["events", "events/s", "load"]);
    let speed = median(speeds);
    section.row(&[n.to_string(), written(speed), load()]);
    section.goal("a company verified, events/s", speed, Goal::AtLeast(200_000.0, 300_000.0));
    platform.end().await?;
    Ok(section)
}
