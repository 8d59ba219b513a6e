//! Acknowledged and stored webhooks a second at 256 connections, beside the peers.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use crate::{
    Plan,
    figures::{median, rate, real, written},
    load::{Load, Sent, send},
    peers::{self, PEERS, Peer},
    platform::{Platform, Size},
    processes::{Cpu, load},
    report::Section,
    surroundings::Surroundings,
    verify::{Verdict, until_stored},
};

pub(super) const CONNECTIONS: u64 = 256;
const COMPANIES: u64 = 100;
const OURS: &str = "Master IA";
/// A read model may lag this far behind at the end.
const PATIENCE: Duration = Duration::from_secs(5);
/// A peer is given longer: its slowness is its figure.
const PEERS_PATIENCE: Duration = Duration::from_mins(2);

/// One round of one contender.
#[derive(Debug, Clone)]
struct Round {
    acknowledged: f64,
    stored: f64,
    p50: f64,
    p99: f64,
    cpu_us: f64,
    by_stage: String,
    load: String,
}

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let size = Size { companies: COMPANIES, numbers: 1, people: 100 };
    let mut platform = None;
    if plan.with_platform {
        platform = Some(Platform::start(around, size).await?);
    }
    let code = peers_code(around, plan)?;
    let mut rounds: BTreeMap<String, Vec<Round>> = BTreeMap::new();
    let mut order = Vec::new();
    for round in 1..=plan.rounds {
        // The platform is idle while a peer is measured, and a peer is down while it is not.
        if let Some(running) = platform.take() {
            let ours = of_platform(&running, plan, round).await?;
            keep(OURS, round, ours, &mut order, &mut rounds);
            platform = Some(running.restart().await?);
        }
        for peer in code.iter().flat_map(|_| PEERS) {
            let code = code.as_deref().context("no peers")?;
            let theirs = of_peer(peer, around, code, plan, round).await?;
            keep(peer.name, round, theirs, &mut order, &mut rounds);
        }
    }
    if let Some(platform) = platform {
        platform.end().await?;
    }
    Ok(section(&order, &rounds, plan))
}

fn peers_code(around: &Surroundings, plan: &Plan) -> anyhow::Result<Option<PathBuf>> {
    if !plan.with_peers {
        return Ok(None);
    }
    if let Some(missing) = peers::missing() {
        eprintln!("bench: without the peers, for there is no {missing}");
        return Ok(None);
    }
    peers::install(around).map(Some)
}

pub(super) fn load_of(address: &str, targets: &Arc<Vec<crate::load::Target>>, run: String) -> Load {
    Load {
        address: address.to_owned(),
        targets: Arc::clone(targets),
        people: 10_000,
        connections: CONNECTIONS,
        rate: None,
        lasts: Duration::from_secs(1),
        at_most: None,
        repeated: 0.01,
        forged: 0.005,
        run,
    }
}

/// A short run that nobody counts, so that caches and plans are there.
pub(super) async fn warm(platform: &Platform, run: &str) -> anyhow::Result<()> {
    let base = platform.n_stored().await?;
    let mut load = load_of(&platform.address, &platform.targets, format!("w{run}"));
    load.connections = 32;
    let sent = send(&load, Arc::default()).await?;
    let wanted = u64::try_from(sent.acknowledged.len())?;
    ensure!(wanted > 0, "the platform acknowledged nothing: {:?}", sent.codes);
    until_stored(base + wanted, Duration::from_mins(1), || platform.n_stored()).await?;
    Ok(())
}

async fn of_platform(platform: &Platform, plan: &Plan, round: u32) -> anyhow::Result<Round> {
    let run = format!("p{round}x{:x}", std::process::id());
    warm(platform, &run).await?;
    let base = platform.n_stored().await?;
    let before = platform.cpu();
    let began = Instant::now();
    let mut load = load_of(&platform.address, &platform.targets, run.clone());
    load.lasts = plan.lasts;
    let sent = send(&load, Arc::new(AtomicU64::new(0))).await?;
    let wanted = base + u64::try_from(sent.acknowledged.len())?;
    until_stored(wanted, PATIENCE + plan.lasts, || platform.n_stored()).await?;
    let all = began.elapsed();
    let used = platform.cpu().since(&before);
    hold(OURS, &sent, &platform.stored(&run).await?)?;
    Ok(figures(sent, all, &used))
}

async fn of_peer(
    peer: &Peer,
    around: &Surroundings,
    code: &std::path::Path,
    plan: &Plan,
    round: u32,
) -> anyhow::Result<Round> {
    let running = peer.start(around, code, COMPANIES).await?;
    let run = format!("r{round}x{:x}", std::process::id());
    let mut load = load_of(&running.address, &running.targets, format!("w{run}"));
    load.connections = 32;
    let warmed = u64::try_from(send(&load, Arc::default()).await?.acknowledged.len())?;
    until_stored(warmed, PEERS_PATIENCE, || running.n_stored()).await?;
    let before = running.cpu();
    let began = Instant::now();
    let mut load = load_of(&running.address, &running.targets, run.clone());
    load.lasts = plan.lasts;
    let sent = send(&load, Arc::default()).await?;
    let wanted = warmed + u64::try_from(sent.acknowledged.len())?;
    until_stored(wanted, PEERS_PATIENCE, || running.n_stored()).await?;
    let all = began.elapsed();
    let used = running.cpu().since(&before);
    hold(peer.name, &sent, &running.stored(&run).await?)?;
    running.end().await?;
    Ok(figures(sent, all, &used))
}

fn hold(who: &str, sent: &Sent, stored: &[u64]) -> anyhow::Result<()> {
    Verdict::of(&sent.acknowledged, stored).hold(who)?;
    ensure!(sent.forged_accepted == 0, "{who} accepted {} forgeries", sent.forged_accepted);
    Ok(())
}

fn figures(mut sent: Sent, all: Duration, used: &Cpu) -> Round {
    let n = u64::try_from(sent.acknowledged.len()).unwrap_or(0);
    Round {
        acknowledged: rate(n, sent.took),
        stored: rate(n, all),
        p50: sent.latencies.at(500),
        p99: sent.latencies.at(990),
        cpu_us: used.total() / real(n.max(1)) * 1e6,
        by_stage: used.per(real(n)),
        load: load(),
    }
}

/// Tells of a round, and keeps it.
fn keep(
    who: &str,
    round: u32,
    figures: Round,
    order: &mut Vec<String>,
    rounds: &mut BTreeMap<String, Vec<Round>>,
) {
    eprintln!(
        "bench: {round} {who}: {} acknowledged/s, {} stored/s, {} µs each ({})",
        written(figures.acknowledged),
        written(figures.stored),
        written(figures.cpu_us),
        figures.by_stage
    );
    if !order.iter().any(|name| name == who) {
        order.push(who.to_owned());
    }
    rounds.entry(who.to_owned()).or_default().push(figures);
}

fn section(order: &[String], rounds: &BTreeMap<String, Vec<Round>>, plan: &Plan) -> Section {
    let note = format!(
        "Closed loop, {CONNECTIONS} connections, {} s a round, {COMPANIES} companies. \
         *Stored* counts until the last one is in the read model.",
        plan.lasts.as_secs()
    );
    let columns = [
        "",
        "acknowledged/s",
        "stored/s",
        "ours is",
        "p50 ms",
        "p99 ms",
        "CPU each, µs",
        "of which",
        "load",
    ];
    let mut section = Section::new("Webhooks, closed loop", &note, &columns);
    let of = |name: &str, pick: fn(&Round) -> f64| {
        median(rounds.get(name).into_iter().flatten().map(pick).collect())
    };
    for name in order {
        let (acknowledged, stored) = (of(name, |r| r.acknowledged), of(name, |r| r.stored));
        let (ours, ours_stored) = (of(OURS, |r| r.acknowledged), of(OURS, |r| r.stored));
        let last = rounds.get(name).and_then(|rounds| rounds.last());
        section.row(&[
            name.clone(),
            written(acknowledged),
            written(stored),
            format!("{}×, {}×", written(ours / acknowledged), written(ours_stored / stored)),
            written(of(name, |r| r.p50)),
            written(of(name, |r| r.p99)),
            written(of(name, |r| r.cpu_us)),
            last.map(|round| round.by_stage.clone()).unwrap_or_default(),
            last.map(|round| round.load.clone()).unwrap_or_default(),
        ]);
    }
    section
}
