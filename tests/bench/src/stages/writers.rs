//! Two writers on one shard, beside one.

use crate::{
    Plan,
    figures::{median, rate, written},
    ledger,
    processes::load,
    report::{Goal, Section},
    surroundings::Surroundings,
};

const AT_ONCE: u64 = 512;
const DATABASE: &str = "bench_ledger";

pub(super) async fn measure(around: &Surroundings, plan: &Plan) -> anyhow::Result<Section> {
    let mut speeds = [Vec::new(), Vec::new()];
    for round in 1..=plan.rounds {
        for (n, speeds) in (1_usize..).zip(&mut speeds) {
            let mut ledgers = vec![ledger::open(around, DATABASE, true, 0).await?];
            while ledgers.len() < n {
                ledgers.push(ledger::open(around, DATABASE, false, 0).await?);
            }
            let done = ledger::appends(&ledgers, AT_ONCE, plan.lasts).await?;
            eprintln!("bench: {round} {n} writers: {}/s", written(rate(done.n, done.took)));
            speeds.push(rate(done.n, done.took));
        }
    }
    let note = format!("Commits of one event to new streams, {AT_ONCE} in flight in all.");
    let columns = ["writers", "commits/s", "of one", "load"];
    let mut section = Section::new("Two writers on one shard", &note, &columns);
    let [one, two] = speeds.map(median);
    for (n, speed) in [(1, one), (2, two)] {
        let share = format!("{:.0} %", speed / one * 100.0);
        section.row(&[n.to_string(), written(speed), share, load()]);
    }
    section.goal("two writers, share of one", two / one, Goal::AtLeast(0.7, 1.0));
    Ok(section)
}
