//! From the commit to the read model at 3,300 webhooks a second.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    paced::RATE,
    webhooks::{load_of, warm},
};
use crate::{
    Plan,
    figures::{Latencies, median, written},
    load::send,
    platform::Platform,
    processes::load,
    report::{Goal, Section},
    surroundings::Surroundings,
};

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let platform = Platform::start(around, 100).await?;
    let note = "The head of the ledger and the read model's place are looked at every few \
                milliseconds: how long until the place reaches what was the head.";
    let columns = ["round", "p50 ms", "p99 ms", "greatest ms", "looks", "load"];
    let mut section = Section::new("From the commit to the read model, 3,300/s", note, &columns);
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for round in 1..=plan.rounds {
        let run = format!("m{round}x{:x}", std::process::id());
        warm(&platform, &run).await?;
        let mut load_ = load_of(&platform.address, &platform.targets, run);
        (load_.rate, load_.lasts) = (Some(RATE), plan.lasts);
        let (sent, lags) = tokio::join!(send(&load_, Arc::default()), look(&platform, plan.lasts));
        sent?;
        let mut lags = lags?;
        p50.push(lags.at(500));
        p99.push(lags.at(990));
        section.row(&[
            round.to_string(),
            written(lags.at(500)),
            written(lags.at(990)),
            written(lags.at(1_000)),
            lags.len().to_string(),
            load(),
        ]);
    }
    let p99 = median(p99);
    let mut last = vec!["median".to_owned(), written(median(p50)), written(p99)];
    last.resize(columns.len(), String::new());
    section.row(&last);
    section.goal("commit to read model at 3,300/s, p99 ms", p99, Goal::AtMost(100.0, 30.0));
    platform.end().await?;
    Ok(section)
}

async fn look(platform: &Platform, lasts: Duration) -> anyhow::Result<Latencies> {
    let began = Instant::now();
    let mut waiting: Vec<(Instant, i64)> = Vec::new();
    let mut lags = Latencies::default();
    while began.elapsed() < lasts + Duration::from_secs(1) {
        let (head, place) = platform.positions().await?;
        let now = Instant::now();
        waiting.retain(|(since, wanted)| {
            let is_reached = place >= *wanted;
            if is_reached {
                lags.add(now.duration_since(*since));
            }
            !is_reached
        });
        if waiting.last().is_none_or(|(_, last)| head > *last) && began.elapsed() < lasts {
            waiting.push((now, head));
        }
        sleep(Duration::from_millis(2)).await;
    }
    anyhow::ensure!(waiting.is_empty(), "the read model did not catch up");
    Ok(lags)
}
