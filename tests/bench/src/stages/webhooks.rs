//! Acknowledged and stored webhooks a second at 256 connections, beside the peers.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use super::paced::watch;
use crate::{
    Plan,
    figures::{median, rate, real, written},
    load::{Load, Sent, send},
    peers::{self, PEERS, Peer},
    platform::Platform,
    processes::{Cpu, load},
    report::{Goal, Section},
    surroundings::Surroundings,
    verify::{Verdict, until_stored},
};

pub(super) const CONNECTIONS: u64 = 256;
const COMPANIES: u64 = 100;
const OURS: &str = "Master IA";
/// A run counts if the read model never lags further behind, in seconds.
const MOST_BEHIND: f64 = 5.0;
/// How long the last one is waited for, whatever the run counts.
const PATIENCE: Duration = Duration::from_mins(2);

/// One round of one contender.
#[derive(Debug, Clone)]
struct Round {
    acknowledged: f64,
    stored: f64,
    p50: f64,
    p99: f64,
    /// How far the read model was behind, at most.
    behind_s: f64,
    cpu_us: f64,
    by_stage: String,
    load: String,
}

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let mut platform = None;
    if plan.with_platform {
        platform = Some(Platform::start(around, COMPANIES).await?);
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
    let mut section = section(&order, &rounds, plan);
    if order.iter().any(|name| name == OURS) {
        compare(&mut section, &rounds);
    }
    Ok(section)
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
        in_turn: None,
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
    let counted = platform.n_stored_about().await?;
    let acknowledged = Arc::new(AtomicU64::new(0));
    let (sent, lag) = tokio::join!(
        send(&load, Arc::clone(&acknowledged)),
        watch(platform, &acknowledged, counted, load.lasts),
    );
    let (sent, lag) = (sent?, lag?);
    let wanted = base + u64::try_from(sent.acknowledged.len())?;
    let behind = until_stored(wanted, PATIENCE, || platform.n_stored()).await?;
    let all = began.elapsed();
    let used = platform.cpu().since(&before);
    hold(OURS, &sent, &platform.stored(&run).await?)?;
    Ok(Round { behind_s: lag.max(behind).as_secs_f64(), ..figures(sent, all, &used) })
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
    until_stored(warmed, PATIENCE, || running.n_stored()).await?;
    let before = running.cpu();
    let began = Instant::now();
    let mut load = load_of(&running.address, &running.targets, run.clone());
    load.lasts = plan.lasts;
    let sent = send(&load, Arc::default()).await?;
    let wanted = warmed + u64::try_from(sent.acknowledged.len())?;
    let behind = until_stored(wanted, PATIENCE, || running.n_stored()).await?;
    let all = began.elapsed();
    let used = running.cpu().since(&before);
    hold(peer.name, &sent, &running.stored(&run).await?)?;
    running.end().await?;
    Ok(Round { behind_s: behind.as_secs_f64(), ..figures(sent, all, &used) })
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
        behind_s: 0.0,
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
        "bench: {round} {who}: {} acknowledged/s, {} stored/s, {} µs each ({}), {} s behind",
        written(figures.acknowledged),
        written(figures.stored),
        written(figures.cpu_us),
        figures.by_stage,
        written(figures.behind_s)
    );
    if !order.iter().any(|name| name == who) {
        order.push(who.to_owned());
    }
    rounds.entry(who.to_owned()).or_default().push(figures);
}

fn section(order: &[String], rounds: &BTreeMap<String, Vec<Round>>, plan: &Plan) -> Section {
    let note = format!(
        "Closed loop, {CONNECTIONS} connections, {} s a round, {COMPANIES} companies. \
         *Stored* counts until the last one is in the read model, *behind* is its greatest lag.",
        plan.lasts.as_secs()
    );
    let columns = [
        "",
        "acknowledged/s",
        "stored/s",
        "ours is",
        "p50 ms",
        "p99 ms",
        "behind s",
        "CPU each, µs",
        "of which",
        "load",
    ];
    let mut section = Section::new("Webhooks, closed loop", &note, &columns);
    let of = |name: &str, pick: fn(&Round) -> f64| middle(rounds, name, pick);
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
            written(of(name, |r| r.behind_s)),
            written(of(name, |r| r.cpu_us)),
            last.map(|round| round.by_stage.clone()).unwrap_or_default(),
            last.map(|round| round.load.clone()).unwrap_or_default(),
        ]);
    }
    section
}

fn middle(rounds: &BTreeMap<String, Vec<Round>>, name: &str, pick: fn(&Round) -> f64) -> f64 {
    median(rounds.get(name).into_iter().flatten().map(pick).collect())
}

/// What a comparison looks at.
type Figure = fn(&Round) -> f64;

/// Ours beside what most would write, and beside the best that can be made of it.
fn compare(section: &mut Section, rounds: &BTreeMap<String, Vec<Round>>) {
    let Some((usual, tuned)) = PEERS.split_first() else { return };
    let figures: [(&str, Figure, _, _); 2] = [
        ("acknowledged/s", |round| round.acknowledged, (4.0, 7.0), (2.0, 3.5)),
        ("stored/s", |round| round.stored, (4.0, 6.0), (2.0, 3.0)),
    ];
    for (what, pick, usual_goal, tuned_goal) in figures {
        let ours = middle(rounds, OURS, pick);
        let theirs = middle(rounds, usual.name, pick);
        let best =
            tuned.iter().map(|peer| middle(rounds, peer.name, pick)).fold(f64::NAN, f64::max);
        let goal = Goal::AtLeast(usual_goal.0, usual_goal.1);
        section.goal(&format!("{what}, times Express + BullMQ"), ours / theirs, goal);
        let goal = Goal::AtLeast(tuned_goal.0, tuned_goal.1);
        section.goal(&format!("{what}, times the best tuned"), ours / best, goal);
    }
    let (ours, theirs) =
        (middle(rounds, OURS, |r| r.cpu_us), middle(rounds, usual.name, |r| r.cpu_us));
    let goal = Goal::AtMost(MOST_BEHIND, MOST_BEHIND);
    section.goal("greatest lag meanwhile, s", middle(rounds, OURS, |r| r.behind_s), goal);
    let goal = Goal::AtMost(1.0 / 4.0, 1.0 / 6.0);
    section.goal("CPU per webhook, share of Express + BullMQ", ours / theirs, goal);
}
