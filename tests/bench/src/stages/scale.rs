//! From one company to a thousand, from 10,000 people to a million: does it stay as fast?

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;

use super::{webhooks::load_of, webhooks::warm};
use crate::{
    Plan,
    figures::{Latencies, median, real, written},
    load::send,
    platform::{Platform, Size},
    processes::load,
    report::Section,
    surroundings::Surroundings,
    verify::until_stored,
};

const ASKED: &str = "/api/v1/conversations";
const QUESTIONS: u32 = 300;

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let small = Size { companies: 1, numbers: 1, people: 10_000 };
    let large = if plan.is_short {
        Size { companies: 20, numbers: 1, people: 500 }
    } else {
        Size { companies: 1_000, numbers: 1, people: 1_000 }
    };
    let note = format!(
        "Open loop, 1,000 webhooks/s; the list of conversations asked for {QUESTIONS} times, one \
         question at a time."
    );
    let columns = ["companies", "people", "CPU each, µs", "API p50 ms", "API p99 ms", "load"];
    let mut section = Section::new("Growing", &note, &columns);
    for size in [small, large] {
        let platform = Platform::start(around, size).await?;
        let (mut cpu, mut p50, mut p99) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=plan.rounds {
            let run = format!("g{round}x{:x}", std::process::id());
            warm(&platform, &run).await?;
            let base = platform.n_stored().await?;
            let before = platform.cpu();
            let mut load_ = load_of(&platform.address, &platform.targets, run);
            (load_.rate, load_.lasts, load_.connections) = (Some(1_000.0), plan.lasts, 64);
            let sent = send(&load_, Arc::default()).await?;
            let n = u64::try_from(sent.acknowledged.len())?;
            until_stored(base + n, Duration::from_secs(30), || platform.n_stored()).await?;
            cpu.push(platform.cpu().since(&before).total() / real(n) * 1e6);
            let mut latencies = ask(&platform).await?;
            p50.push(latencies.at(500));
            p99.push(latencies.at(990));
        }
        section.row(&[
            written(real(size.companies)),
            written(real(size.companies * size.people)),
            written(median(cpu)),
            written(median(p50)),
            written(median(p99)),
            load(),
        ]);
        platform.end().await?;
    }
    Ok(section)
}

async fn ask(platform: &Platform) -> anyhow::Result<Latencies> {
    let cookie = platform.sign_in().await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("http://{}{ASKED}", platform.address);
    let mut latencies = Latencies::default();
    for _ in 0..QUESTIONS {
        let began = Instant::now();
        let answer = http.get(&url).header("cookie", &cookie).send().await?;
        let status = answer.status();
        answer.bytes().await?;
        ensure!(status.is_success(), "{ASKED} answered {status}");
        latencies.add(began.elapsed());
    }
    Ok(latencies)
}
