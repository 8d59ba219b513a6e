//! All read models made again from the ledger: alone, and beside 500 webhooks a second.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::webhooks::load_of;
use crate::{
    Plan, child,
    figures::{counted, median, rate, written},
    load::send,
    platform::Platform,
    processes::load,
    report::{Goal, Section},
    surroundings::Surroundings,
    verify::until_stored,
};

const BESIDE: f64 = 500.0;

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let platform = Platform::start(around, 100).await?;
    fill(&platform, if plan.is_short { 5_000 } else { 60_000 }, "f").await?;
    let note = "Events of the ledger a second, `masteria rebuild all` from its start to its end.";
    let columns = ["", "events", "events/s", "load"];
    let mut section = Section::new("Rebuilding all read models", note, &columns);
    let ways = [
        ("alone", None, Goal::AtLeast(30_000.0, 60_000.0)),
        ("beside 500 webhooks/s", Some(BESIDE), Goal::AtLeast(12_000.0, 30_000.0)),
    ];
    for (title, beside, goal) in ways {
        let mut speeds = Vec::new();
        let mut events = 0;
        for round in 1..=plan.rounds {
            let (n, took) = rebuild(&platform, beside, round).await?;
            events = n;
            speeds.push(rate(u64::try_from(n).unwrap_or(0), took));
        }
        let speed = median(speeds);
        section.goal(&format!("rebuild of all read models {title}, events/s"), speed, goal);
        section.row(&[
            title.to_owned(),
            written(counted(usize::try_from(events).unwrap_or(0))),
            written(speed),
            load(),
        ]);
    }
    platform.end().await?;
    Ok(section)
}

/// Lets so many different people write.
pub(super) async fn fill(platform: &Platform, n: u64, run: &str) -> anyhow::Result<()> {
    let base = platform.n_stored().await?;
    let mut load_ = load_of(&platform.address, &platform.targets, format!("{run}x"));
    (load_.at_most, load_.lasts, load_.connections) = (Some(n), Duration::from_mins(10), 64);
    let sent = send(&load_, Arc::default()).await?;
    let wanted = base + u64::try_from(sent.acknowledged.len())?;
    until_stored(wanted, Duration::from_mins(5), || platform.n_stored()).await?;
    Ok(())
}

async fn rebuild(
    platform: &Platform,
    beside: Option<f64>,
    round: u32,
) -> anyhow::Result<(i64, Duration)> {
    let command = platform.command(&["rebuild", "all"]);
    let work = async {
        let began = Instant::now();
        child::read_beside(command).await?;
        anyhow::Ok(began.elapsed())
    };
    let took = match beside {
        None => work.await?,
        Some(rate) => {
            let run = format!("b{round}x{:x}", std::process::id());
            let mut load_ = load_of(&platform.address, &platform.targets, run);
            (load_.rate, load_.lasts) = (Some(rate), Duration::from_mins(10));
            tokio::select! {
                took = work => took?,
                sent = send(&load_, Arc::default()) => {
                    sent?;
                    anyhow::bail!("the rebuild took over ten minutes");
                }
            }
        }
    };
    Ok((platform.positions().await?.0, took))
}
