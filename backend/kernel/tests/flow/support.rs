//! A database of its own for each test, and short ways to say what a test needs.

use std::{
    collections::HashMap,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use kernel::{
    bus::{Addresses, Bus},
    clock::{Clock, SystemClock},
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    db::{self, Pools, Sizes, Urls},
    ids::{Ground, Ids, SystemIds},
    intake::{Intake, Route},
    ledger::{Ledger, Options},
    projection::{Projection, ReadModels},
    record::chain,
    vault::Vault,
};
use shared::stored::Actor;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::watch;
use uuid::Uuid;

pub(crate) fn given(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name}: run the tests with cargo xtask test"))
}

/// The machine's clock, moved by hand.
#[derive(Default)]
pub(crate) struct Moved {
    pub(crate) wall: Mutex<chrono::Duration>,
    pub(crate) boot: Mutex<Duration>,
}

impl Moved {
    pub(crate) fn wall(&self, by: chrono::Duration) {
        *self.wall.lock().unwrap() += by;
    }

    pub(crate) fn both(&self, by: Duration) {
        self.wall(chrono::Duration::from_std(by).unwrap());
        *self.boot.lock().unwrap() += by;
    }
}

impl Clock for Moved {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + *self.wall.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic() + *self.boot.lock().unwrap()
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
    /// A fresh database with the whole schema, on the server of this run.
    pub(crate) async fn new(name: &str) -> Self {
        Self::on(&given("DATABASE_URL"), name).await
    }

    /// The same, on a server of the test's own.
    pub(crate) async fn on(server: &str, name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let name = format!("flow_{name}");
        let root = PgPool::connect(&with_name(server, "postgres")).await.unwrap();
        // A worker of the server's own may look at the old one just now, and we may not end it.
        let drop = format!("drop database if exists {name} with (force)");
        until("the old database is gone", async || {
            sqlx::raw_sql(AssertSqlSafe(drop.clone())).execute(&root).await.is_ok()
        })
        .await;
        let create = AssertSqlSafe(format!("create database {name}"));
        sqlx::raw_sql(create).execute(&root).await.unwrap();
        root.close().await;
        let url = with_name(server, &name);
        let admin = db::connect(&url).await.unwrap();
        db::migrate(&admin).await.unwrap();
        let clock = Arc::new(Moved::default());
        let ground = Ground { clock: clock.clone(), ids: Arc::new(SystemIds) };
        let pools = Self::pools_of(&url).await;
        // A ring is taken while there is no data.
        vault(&pools, &ground).await;
        Self { url, admin, pools, clock, ground }
    }

    async fn pools_of(url: &str) -> Pools {
        let sizes = Sizes { app: 6, direct: 4, reader: 3, forgetful: true };
        Pools::connect(&Urls::same(url), sizes).await.unwrap()
    }

    pub(crate) async fn another_pools(&self) -> Pools {
        Self::pools_of(&self.url).await
    }

    pub(crate) async fn ledger(&self) -> Ledger {
        self.ledger_on(&self.pools).await
    }

    pub(crate) async fn ledger_on(&self, pools: &Pools) -> Ledger {
        open_ledger(pools, &self.ground).await
    }

    pub(crate) async fn vault(&self) -> Vault {
        vault(&self.pools, &self.ground).await
    }

    pub(crate) async fn intake(&self) -> Intake {
        self.intake_on(&self.pools).await
    }

    pub(crate) async fn intake_on(&self, pools: &Pools) -> Intake {
        let vault = vault(pools, &self.ground).await;
        Intake::open(pools.clone(), vault, self.ground.clone(), 0).await.unwrap()
    }

    pub(crate) async fn models(
        &self,
        ledger: &Ledger,
        models: Vec<Arc<dyn Projection>>,
    ) -> ReadModels {
        let vault = self.vault().await;
        ReadModels::open(self.pools.clone(), ledger.clone(), vault, self.ground.clone(), models)
            .await
            .unwrap()
    }

    pub(crate) async fn number(&self, query: &str) -> i64 {
        let query = AssertSqlSafe(query.to_owned());
        sqlx::query_scalar(query).fetch_one(&self.admin).await.unwrap()
    }

    pub(crate) async fn text(&self, query: &str) -> String {
        let query = AssertSqlSafe(query.to_owned());
        let text: Option<String> = sqlx::query_scalar(query).fetch_one(&self.admin).await.unwrap();
        text.unwrap_or_default()
    }

    pub(crate) async fn run(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&self.admin).await.unwrap();
    }

    /// Nothing is missing, nothing is altered; returns the number of events.
    pub(crate) async fn sound(&self) -> i64 {
        let events = self.ledger().await.read(0, 1_000_000).await.unwrap();
        let mut heads = HashMap::new();
        for (event, position) in events.iter().zip(1..) {
            let (seq, hash) = heads.entry(event.company).or_insert((0, [0; 32]));
            *seq += 1;
            *hash = chain(hash, event);
            assert_eq!((event.position, event.company_seq, event.hash), (position, *seq, *hash));
        }
        i64::try_from(events.len()).unwrap()
    }

    pub(crate) async fn events_of(&self, event_type: &str) -> i64 {
        self.number(&format!(
            "select count(*) from ledger.events e join ledger.words w on w.id = e.event_type
             where w.word = '{event_type}'"
        ))
        .await
    }

    /// The read model `name` equals what a fresh fold of the ledger gives.
    pub(crate) async fn equals_the_ledger(&self, name: &str) {
        for (what, query) in [
            (
                "totals",
                "select count(*) from (
                   select e.company_id, w.word event_type, count(*) n from ledger.events e
                   join ledger.words w on w.id = e.event_type group by 1, 2) l
                 full join activity.totals t using (company_id, event_type)
                 where l.n is distinct from t.n",
            ),
            (
                "streams",
                "select count(*) from (
                   select company_id, stream_id, count(*) n from ledger.events group by 1, 2) l
                 full join activity.streams s using (company_id, stream_id)
                 where l.n is distinct from s.events",
            ),
            (
                "companies",
                "select count(*) from (
                   select company_id, max(company_seq) n from ledger.events group by 1) l
                 full join activity.companies c using (company_id)
                 where l.n is distinct from c.last_seq",
            ),
        ] {
            let query = query.replace("activity.", &format!("{name}."));
            assert_eq!(self.number(&query).await, 0, "{what} of {name} differ from the ledger");
        }
    }
}

/// A connection to the run's NATS, with a prefix of the test's own and nothing left from before.
pub(crate) async fn bus(test: &str) -> Bus {
    let relay_url = std::env::var("NATS_RELAY_URL").ok();
    bus_at(&Addresses { url: given("NATS_URL"), relay_url }, &format!("{test}_")).await
}

pub(crate) async fn bus_at(addresses: &Addresses, prefix: &str) -> Bus {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bus = Bus::open(addresses, prefix).await.unwrap();
    until("NATS answers", async || bus.wipe(0).await.is_ok()).await;
    bus
}

pub(crate) fn company(n: u128) -> Uuid {
    Uuid::from_u128(0xc000_0000_0000_0000_0000_0000_0000_0000 + n)
}

pub(crate) fn append(company: Uuid, stream: Uuid, expected: Expected, events: usize) -> Append {
    let event = |n| NewEvent {
        id: SystemIds.v7(),
        event_type: "demo.thing.happened",
        version: 1,
        payload: format!("{{\"n\":{n}, \"x\": \"é\"}}"),
        undoes: None,
    };
    let command = SystemIds.v7();
    let context = Context::new(Actor::System("test".into()), command, command.into_bytes());
    Append {
        company,
        stream: Stream { kind: "thing", id: stream },
        expected,
        context: Arc::new(context),
        events: (0..events).map(event).collect(),
    }
}

pub(crate) fn one(company: Uuid, stream: Uuid, expected: Expected) -> Commit {
    Commit { appends: vec![append(company, stream, expected, 1)], ..Commit::default() }
}

pub(crate) fn one_of(event_type: &'static str, company: Uuid) -> Commit {
    let mut commit = one(company, SystemIds.v7(), Expected::Empty);
    commit.appends[0].events[0].event_type = event_type;
    commit
}

/// So many events, one a commit, in turn for the companies.
pub(crate) async fn store(ledger: &Ledger, companies: u128, events: usize) {
    for n in 0..u128::try_from(events).unwrap() {
        let commit = one(company(n % companies), Uuid::from_u128(n % 17), Expected::Any);
        ledger.commit(commit).await.unwrap();
    }
}

pub(crate) fn route(n: u128) -> Route {
    Route { id: Uuid::from_u128(0xa000 + n), company: Some(company(n)) }
}

/// Owned by this test for ever.
pub(crate) fn owned() -> watch::Receiver<Option<i64>> {
    let (sender, receiver) = watch::channel(Some(1));
    std::mem::forget(sender);
    receiver
}

/// Whether no other process lives, for ever.
pub(crate) fn alone(alone: bool) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(alone);
    std::mem::forget(sender);
    receiver
}

/// Waits for a state, not for a time; 30 s are a failure.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A server of the test's own, to be killed and started again: `postgres` or `nats`.
pub(crate) struct Server {
    kind: &'static str,
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
    pid: Option<rustix::process::Pid>,
    pub(crate) url: String,
    pub(crate) relay_url: String,
}

impl Server {
    pub(crate) fn start(kind: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self {
            kind,
            folder,
            port,
            child: None,
            pid: None,
            url: String::new(),
            relay_url: String::new(),
        };
        server.again();
        server
    }

    /// Starts it. After a kill the system may need a moment to take back what was its.
    pub(crate) fn again(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.try_again() {
            assert!(Instant::now() < deadline, "{} does not start", self.kind);
        }
    }

    fn try_again(&mut self) -> bool {
        use std::io::BufRead as _;
        // It lives until its input closes, and the server with it.
        let mut child = Command::new(given("MASTERIA_XTASK"))
            .args(["service", self.kind])
            .arg(self.folder.path())
            .arg(self.port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        std::io::BufReader::new(stdout).read_line(&mut line).unwrap();
        let Ok(said) = serde_json::from_str::<serde_json::Value>(&line) else {
            let _ = child.wait();
            return false;
        };
        said["url"].as_str().unwrap().clone_into(&mut self.url);
        said["relay"].as_str().unwrap_or_default().clone_into(&mut self.relay_url);
        let pid = said["pid"].as_i64().unwrap().try_into().unwrap();
        self.pid = rustix::process::Pid::from_raw(pid);
        self.child = Some(child);
        true
    }

    /// As the system would: without a farewell.
    pub(crate) fn kill(&mut self) {
        if let Some(pid) = self.pid.take() {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }

    pub(crate) fn wipe(&self, what: &str) {
        std::fs::remove_dir_all(self.folder.path().join(what)).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) async fn vault(pools: &Pools, ground: &Ground) -> Vault {
    let ring = kernel::vault::KekRing::new("k1", [("k1".to_owned(), [1; 32])]).unwrap();
    Vault::unlock(pools, ring, ground.clone()).await.unwrap()
}

pub(crate) async fn open_ledger(pools: &Pools, ground: &Ground) -> Ledger {
    let ledger = Ledger::open(pools, &Options::default(), ground.clone());
    let life: i32 = sqlx::query_scalar("select hashtext(current_database()::text)")
        .fetch_one(&pools.direct)
        .await
        .unwrap();
    ledger.lives_in(Uuid::from_u128(u128::from(life.unsigned_abs())));
    ledger
}
