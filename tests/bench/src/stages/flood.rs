//! One company floods 50,000 webhooks; what the others' screens notice.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};

use super::{
    live::{COMPANIES, watched},
    webhooks::{load_of, warm},
};
use crate::{
    Plan,
    figures::{median, written},
    load::send,
    platform::Platform,
    processes::load,
    report::{Goal, Section},
    sockets::seats,
    surroundings::Surroundings,
    verify::until_stored,
};

const OTHERS: f64 = 200.0;

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let platform = Platform::start(around, COMPANIES).await?;
    let seats = seats(&platform.report);
    let (loud, quiet) = platform.targets.split_first().context("no company")?;
    ensure!(!quiet.is_empty() && !seats.is_empty(), "there are no others to ask");
    let (loud, quiet) = (Arc::new(vec![loud.clone()]), Arc::new(quiet.to_vec()));
    let n = if plan.is_short { 3_000 } else { 50_000 };
    let note = format!(
        "The others get {OTHERS:.0} webhooks/s; one company sends {n} as fast as they are \
         acknowledged, over 64 connections."
    );
    let columns = ["round", "others' p99 ms, calm", "others' p99 ms, flooded", "times", "load"];
    let mut section = Section::new("A flood of one company", &note, &columns);
    let mut times = Vec::new();
    for round in 1..=plan.rounds {
        let run = format!("c{round}x{:x}", std::process::id());
        warm(&platform, &run).await?;
        let (_, mut calm) = watched(&platform, &seats, &quiet, OTHERS, plan.lasts, &run).await?;
        let base = platform.n_stored().await?;
        let mut flood = load_of(&platform.address, &loud, format!("f{run}"));
        (flood.at_most, flood.lasts, flood.connections) = (Some(n), Duration::from_mins(5), 64);
        let run = format!("h{round}x{:x}", std::process::id());
        let (flooded, others) = tokio::join!(
            send(&flood, Arc::default()),
            watched(&platform, &seats, &quiet, OTHERS, plan.lasts, &run)
        );
        let flooded = u64::try_from(flooded?.acknowledged.len())?;
        let (sent, mut during) = others?;
        let all = base + flooded + u64::try_from(sent.acknowledged.len())?;
        until_stored(all, Duration::from_mins(2), || platform.n_stored()).await?;
        let (calm, during) = (calm.at(990), during.at(990));
        times.push(during / calm);
        section.row(&[
            round.to_string(),
            written(calm),
            written(during),
            written(during / calm),
            load(),
        ]);
    }
    let median = median(times);
    let last = ["median".to_owned(), String::new(), String::new(), written(median), String::new()];
    section.row(&last);
    section.goal("others' p99 to the screen, times", median, Goal::AtMost(2.0, 1.2));
    platform.end().await?;
    Ok(section)
}
