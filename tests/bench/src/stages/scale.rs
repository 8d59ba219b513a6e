//! From one company to a thousand, from 10,000 people to a million: does it stay as fast?

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;

use super::webhooks::load_of;
use crate::{
    Plan,
    figures::{Latencies, median, real, written},
    load::send,
    platform::Platform,
    processes::load,
    report::{Goal, Section},
    surroundings::Surroundings,
    verify::until_stored,
};

const ASKED: &str = "/api/v1/conversations";
const QUESTIONS: u32 = 300;
/// People who write in one delivery, while an installation is filled.
const A_DELIVERY: u64 = 50;

/// An installation's size.
#[derive(Clone, Copy)]
struct Size {
    companies: u64,
    /// Of each company.
    people: u64,
}

/// What it costs at that size.
struct Cost {
    cpu_us: f64,
    p50: f64,
    p99: f64,
    load: String,
}

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let small = Size { companies: 1, people: if plan.is_short { 1_000 } else { 10_000 } };
    let large = if plan.is_short {
        Size { companies: 20, people: 500 }
    } else {
        Size { companies: 1_000, people: 1_000 }
    };
    let note = format!(
        "Everybody has written once before. Open loop, 1,000 webhooks/s of people who are known; \
         then the list of conversations, asked for {QUESTIONS} times, one question at a time."
    );
    let columns = ["companies", "people", "CPU each, µs", "API p50 ms", "API p99 ms", "load"];
    let mut section = Section::new("Growing", &note, &columns);
    let mut costs = Vec::new();
    for size in [small, large] {
        let cost = cost(around, plan, size).await?;
        section.row(&[
            written(real(size.companies)),
            written(real(size.companies * size.people)),
            written(cost.cpu_us),
            written(cost.p50),
            written(cost.p99),
            cost.load.clone(),
        ]);
        costs.push(cost);
    }
    if let [one, many] = costs.as_slice() {
        let goal = Goal::AtMost(1.5, 1.2);
        section.goal("a thousand times as large, CPU each, times", many.cpu_us / one.cpu_us, goal);
        section.goal("a thousand times as large, API p99, times", many.p99 / one.p99, goal);
    }
    Ok(section)
}

async fn cost(around: &Surroundings, plan: &Plan, size: Size) -> anyhow::Result<Cost> {
    let platform = Platform::start(around, size.companies).await?;
    fill(&platform, size).await?;
    let (mut cpu, mut p50, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=plan.rounds {
        let run = format!("g{round}x{:x}", std::process::id());
        let base = platform.n_stored().await?;
        let counted = platform.n_stored_about().await?;
        let before = platform.cpu();
        let mut load_ = load_of(&platform.address, &platform.targets, run);
        (load_.rate, load_.lasts, load_.connections) = (Some(1_000.0), plan.lasts, 64);
        load_.people = size.people;
        let sent = send(&load_, Arc::default()).await?;
        let n = u64::try_from(sent.acknowledged.len())?;
        // Counting a million rows would be a part of what is measured.
        let patience = Duration::from_secs(30);
        until_stored(counted + n, patience, || platform.n_stored_about()).await?;
        cpu.push(platform.cpu().since(&before).total() / real(n) * 1e6);
        until_stored(base + n, patience, || platform.n_stored()).await?;
        let mut latencies = ask(&platform).await?;
        p50.push(latencies.at(500));
        p99.push(latencies.at(990));
    }
    let load = load();
    platform.end().await?;
    Ok(Cost { cpu_us: median(cpu), p50: median(p50), p99: median(p99), load })
}

/// Everybody writes once.
async fn fill(platform: &Platform, size: Size) -> anyhow::Result<()> {
    let mut load_ = load_of(&platform.address, &platform.targets, "e".to_owned());
    (load_.repeated, load_.forged) = (0.0, 0.0);
    (load_.at_most, load_.in_turn) =
        (Some(size.companies * size.people / A_DELIVERY), Some(A_DELIVERY));
    (load_.lasts, load_.connections) = (Duration::from_mins(10), 8);
    let sent = send(&load_, Arc::default()).await?;
    let wanted = u64::try_from(sent.acknowledged.len())? * A_DELIVERY;
    ensure!(wanted == size.companies * size.people, "only {wanted} wrote");
    until_stored(wanted, Duration::from_mins(10), || platform.n_stored()).await?;
    Ok(())
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
