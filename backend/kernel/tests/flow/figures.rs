//! Figures of this side of the kernel, when they are asked for:
//! `FLOW_FIGURES=1 cargo test --release --test flow figures -- --nocapture`.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use kernel::{
    commit::{Commit, Expected},
    digest::Digest,
    gate::Gate,
    ids::{Ids as _, SystemIds},
    relay::Relay,
};
use tokio::task::JoinSet;

use crate::{
    activity::Activity,
    demo::{Demo, received},
    support::*,
};

/// CPU time in µs: of this process, of Postgres, of NATS.
fn cpu() -> [u64; 3] {
    let of = |stat: &str| {
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10_000
    };
    let mut sum = [of(&fs::read_to_string("/proc/self/stat").unwrap()), 0, 0];
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = fs::read_to_string(process.path().join("stat")) else { continue };
        if stat.contains("(postgres)") {
            sum[1] += of(&stat);
        } else if stat.contains("(nats-server)") {
            sum[2] += of(&stat);
        }
    }
    sum
}

struct Run {
    what: String,
    begun: Instant,
    cpu: [u64; 3],
}

impl Run {
    fn begin(what: impl Into<String>) -> Self {
        Self { what: what.into(), begun: Instant::now(), cpu: cpu() }
    }

    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "a figure to be read")]
    fn end(self, n: u64) {
        let (took, now) = (self.begun.elapsed(), cpu());
        let each: Vec<u64> = self.cpu.iter().zip(now).map(|(a, b)| (b - a) / n).collect();
        let rate = n as f64 / took.as_secs_f64();
        println!(
            "{:44} {rate:9.0}/s   app {:3} pg {:3} nats {:3} µs",
            self.what, each[0], each[1], each[2]
        );
    }
}

fn percentiles(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    println!("{what:44} p50 {:6.1} p99 {:6.1} max {:6.1} ms", at(50), at(99), at(100));
}

#[tokio::test(flavor = "multi_thread")]
async fn figures() {
    if std::env::var("FLOW_FIGURES").is_err() {
        return;
    }
    println!("load {}", fs::read_to_string("/proc/loadavg").unwrap().trim());
    deliveries().await;
    latency().await;
    road().await;
}

async fn deliveries() {
    let db = Db::new("figures_in").await;
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    for (senders, n) in [(32, 8_000), (256, 30_000)] {
        let run = Run::begin(format!("intake, {senders} at once"));
        let mut putting = JoinSet::new();
        for sender in 0..senders {
            let intake = intake.clone();
            putting.spawn(async move {
                for i in 0..n / senders {
                    let id = format!("{senders}-{sender}-{i}");
                    let pad = "x".repeat(600);
                    let mut body = received(company(sender % 20), &id, &format!("{}", i % 40));
                    body.push_str(&" ".repeat(pad.len()));
                    intake.put("demo", route(sender % 20), Bytes::from(body)).await.unwrap();
                }
            });
        }
        putting.join_all().await;
        run.end(u64::try_from(n).unwrap());
    }
    let mut digest = Digest::new(intake, ledger.clone(), Demo::of(&ledger));
    let run = Run::begin("digest of a backlog");
    let mut done = 0;
    loop {
        let step = digest.step().await.unwrap();
        if step.deliveries == 0 {
            break;
        }
        done += u64::try_from(step.deliveries).unwrap();
    }
    run.end(done);
}

/// From the commit to the rows, open loop, with four read models.
async fn latency() {
    for rate in [100_u64, 1000, 3300] {
        let db = Db::new("figures_latency").await;
        let (intake, ledger) = (db.intake().await, db.ledger().await);
        let named = |name| -> Arc<dyn kernel::projection::Projection> {
            Arc::new(Activity { name, ..Activity::default() })
        };
        let models = db.models(&ledger, vec![named("a"), named("b"), named("c"), named("d")]).await;
        let bus = bus("figures").await;
        let relay = Relay::new(bus, ledger.clone(), db.ground.clone(), alone(true));
        let digest = Digest::new(intake.clone(), ledger.clone(), Demo::of(&ledger));
        let running = [
            tokio::spawn(models.clone().run(owned(), alone(true))),
            tokio::spawn(relay.run(owned(), Gate::new())),
            tokio::spawn(digest.run(owned(), alone(true), Gate::new())),
        ];
        let mut applied = models.applied();
        let n = rate * 5;
        let run = Run::begin(format!("webhook to read model at {rate}/s"));
        let begun = Instant::now();
        let sending = tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(1));
            let (mut sent, mut putting) = (0, JoinSet::new());
            let mut acks = Vec::new();
            while sent < n {
                tick.tick().await;
                let due =
                    (begun.elapsed().as_micros() * u128::from(rate) / 1_000_000).min(n.into());
                while u128::from(sent) < due {
                    let (intake, k) = (intake.clone(), u128::from(sent));
                    let meant = Duration::from_micros(sent * 1_000_000 / rate);
                    putting.spawn(async move {
                        let body =
                            received(company(k % 100), &k.to_string(), &(k % 900).to_string());
                        intake.put("demo", route(k % 100), Bytes::from(body)).await.unwrap();
                        begun.elapsed().checked_sub(meant).unwrap()
                    });
                    sent += 1;
                }
                while let Some(ack) = putting.try_join_next() {
                    acks.push(ack.unwrap());
                }
            }
            acks.extend(putting.join_all().await);
            acks
        });
        let (mut shown, mut times, mut lags) = (0, Vec::new(), Vec::new());
        while shown < n {
            let batch = applied.recv().await.unwrap();
            let now = chrono::Utc::now();
            for event in batch.iter() {
                shown += 1;
                lags.push((now - event.recorded_at).to_std().unwrap_or_default());
                times.push(event.position);
            }
        }
        run.end(n);
        percentiles(&format!("  acknowledged at {rate}/s"), sending.await.unwrap());
        percentiles(&format!("  commit to read model at {rate}/s"), lags);
        running.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn road() {
    const EVENTS: u64 = 100_000;
    let db = Db::new("figures_road").await;
    let ledger = db.ledger().await;
    let run = Run::begin("append in commits of 100");
    let mut storing = JoinSet::new();
    for n in 0..EVENTS / 100 {
        let ledger = ledger.clone();
        storing.spawn(async move {
            let append = append(company(u128::from(n % 50)), SystemIds.v7(), Expected::Empty, 100);
            ledger.commit(Commit { appends: vec![append], ..Commit::default() }).await.unwrap();
        });
    }
    storing.join_all().await;
    run.end(EVENTS);
    let afar = db.ledger_on(&db.another_pools().await).await;
    let bus = bus("figures").await;
    let mut relay = Relay::new(bus, afar.clone(), db.ground.clone(), alone(true));
    let run = Run::begin("relay of a backlog");
    let mut at = 0;
    while at < i64::try_from(EVENTS).unwrap() {
        at = relay.pass().await.unwrap().position;
    }
    run.end(EVENTS);
    let models = db.models(&afar, vec![Arc::new(Activity::default())]).await;
    let run = Run::begin("read model of a backlog");
    models.catch_up().await.unwrap();
    run.end(EVENTS);
    let run = Run::begin("rebuild of one read model");
    models.rebuild(&["activity"]).await.unwrap();
    run.end(EVENTS);
    let named = |name| -> Arc<dyn kernel::projection::Projection> {
        Arc::new(Activity { name, ..Activity::default() })
    };
    let four = db.models(&afar, vec![named("a"), named("b"), named("c"), named("d")]).await;
    four.catch_up().await.unwrap();
    let run = Run::begin("rebuild of four read models at once");
    four.rebuild(&["a", "b", "c", "d"]).await.unwrap();
    run.end(EVENTS);
}
