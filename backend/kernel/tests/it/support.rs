//! A database of its own for each test, and short ways to say what a test needs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::{
    clock::{Clock, SystemClock},
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    db::{self, Pools, Sizes, Urls},
    ids::{Ground, Ids as _, SystemIds},
    ledger::{Ledger, Options},
    vault::{KekRing, Vault},
    verify::{Scope, verify},
};
use shared::stored::Actor;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

pub(crate) fn given(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name}: run the tests with cargo xtask test"))
}

/// The machine's clock, moved by hand.
#[derive(Default)]
pub(crate) struct Moved(Mutex<Duration>);

impl Moved {
    pub(crate) fn on(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Moved {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now()
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic() + *self.0.lock().unwrap()
    }
}

pub(crate) struct Db {
    pub(crate) url: String,
    pub(crate) admin: PgPool,
    pub(crate) pools: Pools,
    pub(crate) clock: Arc<Moved>,
    pub(crate) ground: Ground,
}

fn with_name(url: &str, name: &str) -> String {
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

impl Db {
    /// A fresh database with the whole schema.
    pub(crate) async fn new(name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (server, name) = (given("DATABASE_URL"), format!("ledger_{name}"));
        let root = PgPool::connect(&with_name(&server, "postgres")).await.unwrap();
        for statement in [
            format!("drop database if exists {name} with (force)"),
            format!("create database {name}"),
        ] {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&root).await.unwrap();
        }
        root.close().await;
        let url = with_name(&server, &name);
        let admin = db::connect(&url).await.unwrap();
        db::migrate(&admin).await.unwrap();
        let clock = Arc::new(Moved::default());
        let ground = Ground { clock: clock.clone(), ids: Arc::new(SystemIds) };
        let pools = pools(&url).await;
        Self { url, admin, pools, clock, ground }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open(&self.pools, &Options::default(), self.ground.clone())
    }

    /// Ledgers as of other processes.
    pub(crate) async fn ledgers(&self, n: usize) -> Vec<Ledger> {
        let mut ledgers = Vec::new();
        for _ in 0..n {
            let pools = pools(&self.url).await;
            ledgers.push(Ledger::open(&pools, &Options::default(), self.ground.clone()));
        }
        ledgers
    }

    pub(crate) async fn vault(&self) -> Vault {
        Vault::unlock(&self.pools, ring("k1"), self.ground.clone()).await.unwrap()
    }

    pub(crate) async fn number(&self, query: &str) -> i64 {
        let query = AssertSqlSafe(query.to_owned());
        sqlx::query_scalar(query).fetch_one(&self.admin).await.unwrap()
    }

    pub(crate) async fn run(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&self.admin).await.unwrap();
    }

    /// Nothing is missing, nothing is altered; the number of events.
    pub(crate) async fn sound(&self) -> i64 {
        let audit = verify::<()>(&self.pools.direct, Scope::Shard(0)).await.unwrap();
        assert_eq!(audit.faults, [], "the audit found faults");
        audit.events
    }
}

async fn pools(url: &str) -> Pools {
    let sizes = Sizes { app: 3, direct: 4, reader: 2, forgetful: true };
    Pools::connect(&Urls::same(url), sizes).await.unwrap()
}

pub(crate) fn ring(current: &str) -> KekRing {
    KekRing::new(current, [("k1".to_owned(), [1; 32]), ("k2".to_owned(), [2; 32])]).unwrap()
}

/// Handles of `n` callers, spread over the ledgers in turn.
pub(crate) fn in_turn(ledgers: &[Ledger], n: usize) -> Vec<Ledger> {
    (0..n).map(|i| ledgers[i % ledgers.len()].clone()).collect()
}

pub(crate) fn company(n: u128) -> Uuid {
    Uuid::from_u128(0xc000_0000_0000_8000_8000_0000_0000_0000 + n)
}

pub(crate) fn new_id() -> Uuid {
    SystemIds.v7()
}

pub(crate) fn context() -> Arc<Context> {
    let actor = Actor::System("test".into());
    Arc::new(Context::new(actor, new_id(), *new_id().as_bytes()))
}

pub(crate) fn event(n: usize) -> NewEvent {
    NewEvent {
        id: new_id(),
        event_type: "demo.thing.happened",
        version: 1,
        payload: format!("{{\"n\":{n}, \"x\": \"é\"}}"),
        undoes: None,
    }
}

pub(crate) fn append(company: Uuid, stream: Uuid, expected: Expected, events: usize) -> Append {
    Append {
        company,
        stream: Stream { kind: "thing", id: stream },
        expected,
        context: context(),
        events: (0..events).map(event).collect(),
    }
}

pub(crate) fn one(company: Uuid, stream: Uuid, expected: Expected) -> Commit {
    Commit { appends: vec![append(company, stream, expected, 1)], ..Commit::default() }
}
