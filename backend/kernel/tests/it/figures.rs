//! Figures of the write side, when they are asked for:
//! `LEDGER_FIGURES=1 cargo test --release --test it figures -- --nocapture`.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use cqrs_es::persist::PersistedEventStore;
use kernel::{
    commit::{Append, Commit, Expected, NewEvent, Stream},
    cqrs::AggregateOf,
    execute::Request,
    ledger::{Ledger, Options},
    verify::{Fold, Raw, Scope, verify},
};
use postgres_es::PostgresEventRepository;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    cache::rename,
    contact::{Contact, ContactCommand, ContactState},
    support::*,
};

const TIME: Duration = Duration::from_secs(3);

/// CPU time in µs: of this process, of Postgres.
fn cpu() -> [u64; 2] {
    let of = |stat: &str| {
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10_000
    };
    let mut sum = [of(&fs::read_to_string("/proc/self/stat").unwrap()), 0];
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = fs::read_to_string(process.path().join("stat")) else { continue };
        if stat.contains("(postgres)") {
            sum[1] += of(&stat);
        }
    }
    sum
}

/// Runs `work` again and again, `at_once` at a time, and says how often a second.
async fn rate<F, W>(what: &str, at_once: u64, work: F) -> f64
where
    F: Fn(u64) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send,
{
    let (work, n) = (Arc::new(work), Arc::new(AtomicU64::new(0)));
    let (begun, before) = (Instant::now(), cpu());
    let mut tasks = JoinSet::new();
    for _ in 0..at_once {
        let (work, n) = (work.clone(), n.clone());
        tasks.spawn(async move {
            while begun.elapsed() < TIME {
                work(n.fetch_add(1, Ordering::Relaxed)).await;
            }
        });
    }
    tasks.join_all().await;
    said(what, n.load(Ordering::Relaxed), begun, before)
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "a figure to be read")]
fn said(what: &str, n: u64, begun: Instant, before: [u64; 2]) -> f64 {
    let (took, now) = (begun.elapsed().as_secs_f64(), cpu());
    let rate = n as f64 / took;
    let each = |i: usize| (now[i] - before[i]) / n.max(1);
    let load = fs::read_to_string("/proc/loadavg").unwrap();
    let load = load.split(' ').next().unwrap();
    println!("{what:44} {rate:9.0}/s   app {:3} pg {:3} µs   load {load}", each(0), each(1));
    rate
}

fn register(n: u64) -> Request<Contact> {
    let phone = n.to_string();
    let company = company(u128::from(n % 100));
    let id = new_id();
    Request::new(company, id, ContactCommand::Register { phone }, (), context())
}

async fn commands(db: &Db, at_once: u64) {
    let ledger = db.ledger();
    let streams: Vec<(Uuid, Uuid)> = {
        let requests: Vec<_> = (0..2_000).map(|n| register(n + at_once * 10_000)).collect();
        for part in requests.chunks(500) {
            ledger.execute_many(part).await.unwrap();
        }
        requests.iter().map(|request| (request.company, request.id)).collect()
    };
    let streams = Arc::new(streams);
    let again = |ledger: Ledger, streams: Arc<Vec<(Uuid, Uuid)>>| {
        move |n: u64| {
            let (ledger, streams) = (ledger.clone(), streams.clone());
            async move {
                let (company, id) = streams[usize::try_from(n).unwrap() % streams.len()];
                let request = Request { company, ..crate::cache::request(id, rename()) };
                // Two may meet on one stream; it is decided again by whoever sends it.
                let _ = ledger.execute(&request).await;
            }
        }
    };
    rate(&format!("commands, cached, {at_once} at once"), at_once, again(ledger, streams.clone()))
        .await;
    let cold =
        Ledger::open(&db.pools, &Options { states: 0, ..Options::default() }, db.ground.clone());
    let streams = Arc::new({
        let requests: Vec<_> = (0..20_000).map(|n| register(n + at_once * 1_000_000)).collect();
        for part in requests.chunks(500) {
            cold.execute_many(part).await.unwrap();
        }
        requests.iter().map(|request| (request.company, request.id)).collect()
    });
    rate(&format!("commands, loaded, {at_once} at once"), at_once, again(cold, streams)).await;
}

async fn appends(name: &str, writers: usize, at_once: u64) {
    let db = Db::new(name).await;
    let ledgers = Arc::new(db.ledgers(writers).await);
    let what = format!("append only, {writers} writers, {at_once} at once");
    rate(&what, at_once, move |n| {
        let ledger = ledgers[usize::try_from(n).unwrap() % ledgers.len()].clone();
        async move {
            let commit = one(company(u128::from(n % 100)), new_id(), Expected::Empty);
            ledger.commit(commit).await.unwrap();
        }
    })
    .await;
    db.sound().await;
}

async fn stock(db: &Db, at_once: u64) {
    db.run(
        "create table if not exists events (aggregate_type text not null,
           aggregate_id text not null, sequence bigint not null check (sequence >= 0),
           event_type text not null, event_version text not null, payload json not null,
           metadata json not null, primary key (aggregate_type, aggregate_id, sequence))",
    )
    .await;
    let pool =
        sqlx08::postgres::PgPoolOptions::new().max_connections(10).connect(&db.url).await.unwrap();
    let repository = PostgresEventRepository::new(pool);
    let store = PersistedEventStore::<_, AggregateOf<ContactState>>::new_event_store(repository);
    let framework = Arc::new(cqrs_es::CqrsFramework::new(store, vec![], ()));
    let what = format!("commands, cqrs-es + postgres-es, {at_once} at once");
    rate(&what, at_once, move |n| {
        let framework = framework.clone();
        async move {
            let id = format!("{at_once}-{n}");
            let phone = n.to_string();
            framework.execute(&id, ContactCommand::Register { phone }).await.unwrap();
        }
    })
    .await;
}

#[derive(Default)]
struct ByType(std::collections::HashMap<String, u64>);

impl Fold for ByType {
    fn take(&mut self, event: &Raw<'_>) {
        match self.0.get_mut(event.event_type) {
            Some(n) => *n += 1,
            None => drop(self.0.insert(event.event_type.to_owned(), 1)),
        }
    }

    fn join(&mut self, next: Self) {
        for (event_type, n) in next.0 {
            *self.0.entry(event_type).or_default() += n;
        }
    }
}

/// What a message received looks like, with a sealed text.
fn received(n: usize) -> NewEvent {
    let sealed = "x".repeat(140);
    NewEvent {
        event_type: "messaging.message.received",
        payload: format!(
            "{{\"contact\":\"contact_0192abcd0192abcd0192abcd0192abcd\",\"at\":{n},\
              \"text\":{{\"s\":\"0192abcd-0192-7bcd-8192-abcd0192abcd\",\"k\":\"c\",\"p\":20264,\
              \"d\":\"{sealed}\"}}}}"
        ),
        ..event(n)
    }
}

async fn size_and_verify(db: &Db) {
    let ledger = db.ledger();
    let n = 400_000;
    let (begun, before) = (Instant::now(), cpu());
    for page in 0..n / 1_000 {
        let appends = (0..500)
            .map(|i| Append {
                company: company(u128::try_from((page * 7 + i) % 50).unwrap()),
                stream: Stream { kind: "message", id: new_id() },
                expected: Expected::Empty,
                context: context(),
                events: vec![received(i), event(i)],
            })
            .collect();
        ledger.commit(Commit { appends, ..Commit::default() }).await.unwrap();
    }
    let n = u64::try_from(n).unwrap();
    said("append in commits of 1,000", n, begun, before);
    let size = async |query: &str| db.number(&format!("select {query}")).await;
    let n_events = i64::try_from(n).unwrap();
    let (row, all) = (
        size("pg_relation_size('ledger.events')").await,
        size("pg_total_relation_size('ledger.events')").await,
    );
    let payload = size("sum(length(payload::text))::bigint from ledger.events").await;
    println!(
        "disk: {} B an event, {} row of which {} payload, {} indexes",
        all / n_events,
        row / n_events,
        payload / n_events,
        (all - row) / n_events
    );
    for index in [
        "events_pkey",
        "events_stream_key",
        "events_company_key",
        "events_company_time_idx",
        "events_recorded_at_idx",
    ] {
        let bytes = size(&format!("pg_relation_size('ledger.{index}')")).await;
        println!("  {index} {}", bytes / n_events);
    }
    for _ in 0..2 {
        let (begun, before) = (Instant::now(), cpu());
        let audit = verify::<ByType>(&db.pools.direct, Scope::Shard(0)).await.unwrap();
        assert_eq!(audit.faults, []);
        said("verify and fold, a shard", n, begun, before);
    }
    let (begun, before) = (Instant::now(), cpu());
    let scope = Scope::Company(0, company(1));
    let audit = verify::<ByType>(&db.pools.direct, scope).await.unwrap();
    said(
        "verify and fold, one of 50 companies",
        u64::try_from(audit.events).unwrap(),
        begun,
        before,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn figures() {
    if std::env::var("LEDGER_FIGURES").is_err() {
        return;
    }
    let wanted = std::env::var("LEDGER_FIGURES").unwrap_or_default();
    let is_wanted = |what: &str| wanted == "1" || wanted.contains(what);
    if is_wanted("commands") {
        let db = Db::new("figures_commands").await;
        for at_once in [64, 512] {
            commands(&db, at_once).await;
            stock(&db, at_once).await;
        }
    }
    if is_wanted("appends") {
        for at_once in [64, 512] {
            for writers in 1..=3 {
                appends(&format!("figures_appends_{writers}"), writers, at_once).await;
            }
        }
    }
    if is_wanted("size") {
        size_and_verify(&Db::new("figures_size").await).await;
    }
}
