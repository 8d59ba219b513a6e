//! The load generator: signed deliveries as Meta sends them, and what became of each.
//!
//! Closed loop: every connection sends the next delivery when the last one was answered. Open
//! loop: deliveries have their times, and latency counts from the time a delivery should have been
//! sent, so a server that stalls cannot hide its queue.

mod delivery;
mod wire;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    task::JoinSet,
    time::{sleep, sleep_until, timeout},
};

pub(crate) use self::delivery::{Sighting, Target, identify, sighted};
use self::{delivery::Writer, wire::Connection};
use crate::figures::Latencies;

const PATIENCE: Duration = Duration::from_secs(20);

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// Where a server listens: `127.0.0.1:8080`.
    pub(crate) address: String,
    /// Who gets deliveries, in turn.
    pub(crate) targets: Arc<Vec<Target>>,
    /// Different people who write to each target.
    pub(crate) people: u64,
    /// Instead of anybody, everybody once: so many people a delivery, target after target.
    pub(crate) in_turn: Option<u64>,
    pub(crate) connections: u64,
    /// Deliveries a second; none for a closed loop.
    pub(crate) rate: Option<f64>,
    pub(crate) lasts: Duration,
    /// Ends after so many, if sooner.
    pub(crate) at_most: Option<u64>,
    /// Share of deliveries that come once more.
    pub(crate) repeated: f64,
    /// Share of deliveries with a wrong signature.
    pub(crate) forged: f64,
    /// Names the run in every id.
    pub(crate) run: String,
}

/// What became of it.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Different deliveries that were acknowledged, by their number.
    pub(crate) acknowledged: Vec<u64>,
    pub(crate) latencies: Latencies,
    pub(crate) codes: BTreeMap<u16, u64>,
    /// Connections that broke or gave no answer in time.
    pub(crate) broken: u64,
    pub(crate) forged_accepted: u64,
    pub(crate) took: Duration,
}

impl Sent {
    fn take(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.latencies.take(other.latencies);
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
        self.broken += other.broken;
        self.forged_accepted += other.forged_accepted;
    }

    /// Answers that should not have come.
    pub(crate) fn n_refused(&self) -> u64 {
        let bad = |(code, _): &(&u16, &u64)| !(200..300).contains(*code) && **code != 401;
        self.codes.iter().filter(bad).map(|(_, count)| count).sum::<u64>() + self.broken
    }
}

/// Sends it all. `acknowledged` counts along.
pub(crate) async fn send(load: &Load, acknowledged: Arc<AtomicU64>) -> anyhow::Result<Sent> {
    let began = Instant::now();
    let issued = Arc::new(AtomicU64::new(0));
    let mut connections = JoinSet::new();
    for index in 0..load.connections {
        let (load, issued, acknowledged) =
            (load.clone(), Arc::clone(&issued), Arc::clone(&acknowledged));
        connections
            .spawn(async move { connection(load, index, began, issued, acknowledged).await });
    }
    let mut sent = Sent::default();
    while let Some(one) = connections.join_next().await {
        sent.take(one?);
    }
    sent.took = began.elapsed();
    Ok(sent)
}

async fn connection(
    load: Load,
    index: u64,
    began: Instant,
    issued: Arc<AtomicU64>,
    acknowledged: Arc<AtomicU64>,
) -> Sent {
    let mut sent = Sent::default();
    let mut chance = Chance(0xABCD ^ (index << 20));
    let mut line: Option<Connection> = None;
    let mut writer = Writer::new(&load);
    let ends = began + load.lasts;
    let n = crate::figures::real(load.connections);
    let step = load.rate.map(|rate| Duration::from_secs_f64(n / rate.max(0.001)));
    let mut due = began + step.unwrap_or_default().mul_f64(crate::figures::real(index) / n);
    let (mut sequence, mut last) = (0_u64, None);
    loop {
        let from = match step {
            Some(step) => {
                let at = due;
                due += step;
                if at >= ends {
                    break;
                }
                sleep_until(at.into()).await;
                at
            }
            None => Instant::now(),
        };
        if from >= ends {
            break;
        }
        let nth = issued.fetch_add(1, Ordering::Relaxed);
        if load.at_most.is_some_and(|most| nth >= most) {
            break;
        }
        let repeats = last.filter(|_| chance.hits(load.repeated));
        let id = repeats.unwrap_or_else(|| {
            sequence += 1;
            (index << 40) | sequence
        });
        let is_forged = repeats.is_none() && chance.hits(load.forged);
        let request = match load.in_turn {
            Some(people) => writer.write_in_turn(nth, people),
            None => writer.write(id, is_forged, from),
        };
        let open = match line.take() {
            Some(open) => Ok(open),
            None => Connection::open(&load.address).await,
        };
        let Ok(mut open) = open else {
            sent.broken += 1;
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        match timeout(PATIENCE, open.ask(request)).await {
            Ok(Ok(code)) => {
                sent.latencies.add(from.elapsed());
                *sent.codes.entry(code).or_default() += 1;
                match (200..300).contains(&code) {
                    true if is_forged => sent.forged_accepted += 1,
                    true if repeats.is_none() => {
                        sent.acknowledged.push(id);
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                        last = Some(id);
                    }
                    _ => {}
                }
                line = open.is_open().then_some(open);
            }
            Ok(Err(_)) | Err(_) => sent.broken += 1,
        }
    }
    sent
}

/// A small generator (splitmix64): a run's repeats and forgeries are always the same ones.
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn hits(&mut self, rate: f64) -> bool {
        let share = crate::figures::real(self.next() >> 32) / 4_294_967_296.0;
        share < rate
    }
}
