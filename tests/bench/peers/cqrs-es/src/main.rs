//! cqrs-es 0.5 with postgres-es 0.5 as their documentation shows: load the aggregate's events, handle, append in a
//! transaction. Arguments: Postgres URL, commands at once, seconds, streams.

use std::{
    env,
    error::Error,
    fmt::{Display, Formatter},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use postgres_es::postgres_cqrs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;

/// A customer's message.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub enum Event {
    Received { wamid: String, from: String, text: String, tenant: i32 },
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        "MessageReceived".into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

#[derive(Default, Serialize, Deserialize)]
pub struct Conversation {
    n: u64,
}

#[derive(Debug)]
pub struct Never;

impl Display for Never {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("never")
    }
}

impl Error for Never {}

impl Aggregate for Conversation {
    const TYPE: &'static str = "conversation";
    type Command = Event;
    type Event = Event;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, event: Event, _: &(), sink: &EventSink<Self>) -> Result<(), Never> {
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, _: Event) {
        self.n += 1;
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let given: Vec<String> = env::args().collect();
    let (at_once, streams): (u64, u64) = (given[2].parse().unwrap(), given[4].parse().unwrap());
    let lasts = Duration::from_secs_f64(given[3].parse().unwrap());
    let pool = PgPoolOptions::new()
        .max_connections(at_once.min(32) as u32)
        .connect(&given[1])
        .await
        .unwrap();
    let cqrs = Arc::new(postgres_cqrs::<Conversation>(pool, vec![], ()));
    let done = Arc::new(AtomicU64::new(0));
    let failed = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|task| {
            let (cqrs, done, failed) = (cqrs.clone(), done.clone(), failed.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                let mut n = 0;
                while began.elapsed() < lasts {
                    n += 1;
                    let since = Instant::now();
                    let event = Event::Received {
                        wamid: format!("wamid.{task}.{n}"),
                        from: "5511999999999".into(),
                        text: "Ola, gostaria de saber o status do meu pedido".into(),
                        tenant: 1,
                    };
                    match cqrs.execute(&format!("conversation-{task}-{}", n % streams), event).await
                    {
                        Ok(()) => {
                            done.fetch_add(1, Relaxed);
                            latencies.push(since.elapsed().as_micros() as u64);
                        }
                        Err(_) => {
                            failed.fetch_add(1, Relaxed);
                        }
                    }
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    latencies.sort_unstable();
    let at =
        |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    let commands = done.load(Relaxed);
    println!(
        "{}",
        serde_json::json!({
            "commands_s": commands as f64 / began.elapsed().as_secs_f64(),
            "done": commands,
            "failed": failed.load(Relaxed),
            "p50_ms": at(0.5),
            "p99_ms": at(0.99),
        })
    );
}
