//! 3,300 webhooks a second in an open loop, for a minute: latency from the intended time, lag.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::time::sleep;

use super::webhooks::{CONNECTIONS, load_of, warm};
use crate::{
    Plan,
    figures::{median, real, written},
    load::send,
    platform::Platform,
    processes::load,
    report::{Goal, Section},
    surroundings::Surroundings,
    verify::{Verdict, until_stored},
};

pub(super) const RATE: f64 = 3_300.0;
const LAG: Duration = Duration::from_secs(5);

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let platform = Platform::start(around, 100).await?;
    let lasts = if plan.is_short { plan.lasts } else { Duration::from_mins(1) };
    let note = format!(
        "Open loop, {} s; latency from the intended time. The lag is up to a second less.",
        lasts.as_secs()
    );
    let columns = [
        "round",
        "sent/s",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "refused",
        "lost",
        "twice",
        "greatest lag s",
        "CPU each",
        "load",
    ];
    let mut section = Section::new("3,300 webhooks a second", &note, &columns);
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for round in 1..=plan.rounds {
        let run = format!("o{round}x{:x}", std::process::id());
        warm(&platform, &run).await?;
        let base = platform.n_stored().await?;
        let counted = platform.n_stored_about().await?;
        let before = platform.cpu();
        let mut load_ = load_of(&platform.address, &platform.targets, run.clone());
        (load_.rate, load_.lasts, load_.connections) = (Some(RATE), lasts, CONNECTIONS);
        let acknowledged = Arc::new(AtomicU64::new(0));
        let (sent, lag) = tokio::join!(
            send(&load_, Arc::clone(&acknowledged)),
            watch(&platform, &acknowledged, counted, lasts),
        );
        let (mut sent, lag) = (sent?, lag?);
        let n = u64::try_from(sent.acknowledged.len())?;
        until_stored(base + n, LAG, || platform.n_stored()).await?;
        let used = platform.cpu().since(&before);
        let verdict = Verdict::of(&sent.acknowledged, &platform.stored(&run).await?);
        verdict.hold("the platform")?;
        ensure!(lag <= LAG, "the read model lagged {lag:?} behind");
        p50.push(sent.latencies.at(500));
        p99.push(sent.latencies.at(990));
        section.row(&[
            round.to_string(),
            written(real(n) / sent.took.as_secs_f64()),
            written(sent.latencies.at(500)),
            written(sent.latencies.at(990)),
            written(sent.latencies.at(999)),
            sent.n_refused().to_string(),
            verdict.missing.to_string(),
            verdict.doubled.to_string(),
            written(lag.as_secs_f64()),
            used.per(real(n)),
            load(),
        ]);
    }
    let (p50, p99) = (median(p50), median(p99));
    let mut last = vec!["median".to_owned(), String::new(), written(p50), written(p99)];
    last.resize(columns.len(), String::new());
    section.row(&last);
    section.goal("acknowledged at 3,300/s, p50 ms", p50, Goal::AtMost(10.0, 10.0));
    section.goal("acknowledged at 3,300/s, p99 ms", p99, Goal::AtMost(100.0, 40.0));
    platform.end().await?;
    Ok(section)
}

/// How far the read model was behind the acknowledgements, at worst.
pub(super) async fn watch(
    platform: &Platform,
    acknowledged: &AtomicU64,
    base: u64,
    lasts: Duration,
) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut history: Vec<(Instant, u64)> = Vec::new();
    let mut worst = Duration::ZERO;
    while began.elapsed() < lasts {
        sleep(Duration::from_millis(500)).await;
        history.push((Instant::now(), acknowledged.load(Ordering::Relaxed)));
        let stored = platform.n_stored_about().await?.saturating_sub(base);
        // When was so much acknowledged as is stored now?
        let level = history.iter().rev().find(|(_, n)| *n <= stored).map(|(at, _)| *at);
        worst = worst.max(level.unwrap_or(began).elapsed());
    }
    Ok(worst)
}
