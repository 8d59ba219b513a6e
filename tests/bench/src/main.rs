//! `masteria-bench`: the figures, run by `cargo xtask bench`.
//!
//! Invariants: what is measured is the shipped program over durable services; the load generator,
//! the peers and the platform share one machine and one Postgres; a round whose acknowledged
//! deliveries are not all in the read model once fails the run instead of being reported.

mod child;
mod figures;
mod ledger;
mod load;
mod peers;
mod platform;
mod processes;
mod report;
mod sockets;
mod stages;
mod surroundings;
mod verify;

use std::{path::Path, time::Duration};

use clap::{Parser, ValueEnum};

use crate::{stages::Stage, surroundings::Surroundings};

/// Measures. Without a stage, all of them.
#[derive(Debug, Parser)]
#[command(name = "masteria-bench")]
struct Cli {
    /// What to measure.
    #[arg(value_enum)]
    stages: Vec<Stage>,
    /// One short round each: whether it works, not how fast it is.
    #[arg(long)]
    short: bool,
    /// Rounds of which the median is taken.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds of a round, where a stage says nothing else.
    #[arg(long)]
    seconds: Option<u64>,
    /// One side only, where a stage has two.
    #[arg(long, value_enum)]
    only: Option<Side>,
    /// Writes what was measured, now and before, to docs/BENCHMARKS.md.
    #[arg(long)]
    publish: bool,
}

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    /// The shipped program.
    Platform,
    /// What a user would have instead.
    Peers,
}

/// How to measure.
#[derive(Debug, Clone)]
struct Plan {
    rounds: u32,
    lasts: Duration,
    is_short: bool,
    with_peers: bool,
    with_platform: bool,
    /// How this run was called, for the report.
    command: String,
}

fn main() -> anyhow::Result<()> {
    // Whoever was first in this process has chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let around = Surroundings::read()?;
    let seconds = cli.seconds.unwrap_or(if cli.short { 3 } else { 8 });
    let words: Vec<String> = std::env::args().skip(1).collect();
    let plan = Plan {
        rounds: if cli.short { 1 } else { cli.rounds.max(1) },
        lasts: Duration::from_secs(seconds),
        is_short: cli.short,
        with_peers: cli.only != Some(Side::Platform),
        with_platform: cli.only != Some(Side::Peers),
        command: format!("cargo xtask bench {}", words.join(" ")).trim().to_owned(),
    };
    let stages = if cli.stages.is_empty() { Stage::ALL.to_vec() } else { cli.stages };
    let mut failed = Vec::new();
    for stage in stages {
        eprintln!("bench: {} (load {})", stage.name(), processes::load());
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(stage.threads()).enable_all().build()?;
        if let Err(error) = runtime.block_on(stage.run(&around, &plan)) {
            eprintln!("bench: {} failed: {error:#}", stage.name());
            failed.push(stage.name());
        }
    }
    if cli.publish {
        let names: Vec<&str> = Stage::ALL.iter().map(|stage| stage.name()).collect();
        let machine = surroundings::machine(&around.folder)?;
        report::publish(&around.out, &names, &machine, Path::new("docs/BENCHMARKS.md"))?;
    }
    anyhow::ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}
