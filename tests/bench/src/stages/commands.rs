//! Commands a second, decided and appended, beside cqrs-es with postgres-es.

use std::{path::Path, process::Command};

use anyhow::Context as _;
use serde_json::Value;

use crate::{
    Plan, child,
    figures::{median, rate, written},
    ledger::{self, Done},
    platform::recreate,
    processes::load,
    report::{Goal, Section},
    surroundings::Surroundings,
};

const AT_ONCE: u64 = 64;
/// Streams of each task: with so many, a stream is long enough to be worth loading.
const STREAMS: u64 = 50;
const DATABASE: &str = "bench_ledger";
const PEER: &str = "cqrs-es + postgres-es";

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let peer = if plan.with_peers { Some(build(around).await?) } else { None };
    let cases = [("streams that must be loaded", 0), ("streams in the cache", 1_000_000)];
    let mut ours: Vec<Vec<Done>> = cases.iter().map(|_| Vec::new()).collect();
    let mut theirs = Vec::new();
    for round in 1..=plan.rounds {
        for ((name, states), rounds) in cases.iter().zip(&mut ours) {
            let ledger = ledger::open(around, DATABASE, true, *states).await?;
            let done = ledger::commands(&ledger, AT_ONCE, STREAMS, plan.lasts).await?;
            eprintln!("bench: {round} {name}: {}/s", written(rate(done.n, done.took)));
            rounds.push(done);
        }
        if let Some(program) = &peer {
            let said = of_peer(around, program, plan).await?;
            eprintln!("bench: {round} {PEER}: {said}");
            theirs.push(said);
        }
    }
    let note = format!(
        "{AT_ONCE} in flight, {} streams, one event a command, no HTTP; each round on an empty \
         database.",
        AT_ONCE * STREAMS
    );
    let columns = ["", "commands/s", "times the peer", "p50 ms", "p99 ms", "load"];
    let mut section = Section::new("Commands", &note, &columns);
    let of = |name: &str| {
        let values = theirs.iter().map(|said| said.get(name).and_then(Value::as_f64));
        median(values.map(|value| value.unwrap_or(f64::NAN)).collect())
    };
    let base = of("commands_s");
    let goals = [Goal::AtLeast(3.0, 4.0), Goal::AtLeast(6.0, 10.0)];
    for (((name, _), mut rounds), goal) in cases.iter().zip(ours).zip(goals) {
        let speed = median(rounds.iter().map(|done| rate(done.n, done.took)).collect());
        let mut at =
            |share| median(rounds.iter_mut().map(|done| done.latencies.at(share)).collect());
        let (p50, p99) = (written(at(500)), written(at(990)));
        let times = format!("{}×", written(speed / base));
        section.row(&[format!("Master IA, {name}"), written(speed), times, p50, p99, load()]);
        section.goal(&format!("commands/s, times {PEER}, {name}"), speed / base, goal);
    }
    if peer.is_some() {
        let (p50, p99) = (written(of("p50_ms")), written(of("p99_ms")));
        section.row(&[PEER.to_owned(), written(base), "1×".to_owned(), p50, p99, load()]);
    }
    Ok(section)
}

/// A workspace of its own, for the stock store is built on an older sqlx.
async fn build(around: &Surroundings) -> anyhow::Result<std::path::PathBuf> {
    let manifest = Path::new("tests/bench/peers/cqrs-es/Cargo.toml");
    let target = around.out.join("peer-cqrs-es");
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--locked", "--quiet", "--manifest-path"]).arg(manifest);
    child::read_beside(build_in(build, &target)).await?;
    Ok(target.join("release/peer-cqrs-es"))
}

fn build_in(mut build: Command, target: &Path) -> Command {
    build.arg("--target-dir").arg(target);
    build
}

async fn of_peer(around: &Surroundings, program: &Path, plan: &Plan) -> anyhow::Result<Value> {
    recreate(around, DATABASE).await?;
    let url = around.database(DATABASE);
    let database = sqlx::postgres::PgPool::connect(&url).await?;
    sqlx::raw_sql(
        "create table events (
           aggregate_type text not null, aggregate_id text not null,
           sequence bigint check (sequence >= 0) not null, event_type text not null,
           event_version text not null, payload json not null, metadata json not null,
           timestamp timestamptz default current_timestamp,
           primary key (aggregate_type, aggregate_id, sequence))",
    )
    .execute(&database)
    .await?;
    database.close().await;
    let mut run = Command::new(program);
    run.arg(&url).args([AT_ONCE, plan.lasts.as_secs(), STREAMS].map(|n| n.to_string()));
    let said = child::read_beside(run).await?;
    serde_json::from_str(said.trim()).context("the peer said no JSON")
}
