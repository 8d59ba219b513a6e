//! A house with tenancy alone, on a database of its own, with a clock that is moved by hand.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use backend::ground::Base;
use chrono::{DateTime, Utc};
use kernel::{
    clock::{Clock, SystemClock},
    db::{self, Pools, Sizes, Urls},
    http::{self, Api, Parts, Route},
    ids::{Ground, SystemIds},
    ledger::{Ledger, Options},
    projection::ReadModels,
    record::Recorded,
    vault::{KekRing, Vault},
};
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use shared::permission::Role;
use sqlx::{AssertSqlSafe, PgPool};
use tenancy::{
    Tenancy,
    seed::{Seeded, SeededUser},
};
use tests::Platform;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use uuid::Uuid;

/// The machine's clock, moved by hand.
#[derive(Default)]
pub(super) struct Moved(Mutex<Duration>);

impl Moved {
    pub(super) fn forward(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Moved {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic() + *self.0.lock().unwrap()
    }
}

pub(super) struct House {
    pub(super) base: String,
    pub(super) admin: PgPool,
    pub(super) ledger: Ledger,
    pub(super) tenancy: Tenancy,
    pub(super) api: Api,
    pub(super) clock: Arc<Moved>,
    pub(super) routes: Vec<Arc<Route>>,
    /// The demo company.
    pub(super) aurora: Seeded,
    /// Another one.
    pub(super) other: Seeded,
    client: reqwest::Client,
    n_keys: AtomicU64,
    _serving: JoinSet<()>,
    _platform: Option<Platform>,
}

#[expect(clippy::disallowed_methods, reason = "the run's addresses are its environment")]
fn given(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name}: run the tests with cargo xtask test"))
}

fn for_ever<T: Send + Sync + 'static>(value: T) -> watch::Receiver<T> {
    let (sender, receiver) = watch::channel(value);
    std::mem::forget(sender);
    receiver
}

async fn database(name: &str) -> String {
    let url = given("DATABASE_URL");
    let (server, _) = url.rsplit_once('/').unwrap();
    let root = PgPool::connect(&format!("{server}/postgres")).await.unwrap();
    for statement in [
        format!("drop database if exists tenancy_{name} with (force)"),
        format!("create database tenancy_{name}"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&root).await.unwrap();
    }
    root.close().await;
    format!("{server}/tenancy_{name}")
}

impl House {
    /// A house of its own; `name` is the test's.
    pub(super) async fn start(name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = database(name).await;
        let admin = db::connect(&url).await.unwrap();
        db::migrate(&admin).await.unwrap();
        let sizes = Sizes { app: 8, direct: 4, reader: 4, forgetful: true };
        let pools = Pools::connect(&Urls::same(&url), sizes).await.unwrap();
        let clock = Arc::new(Moved::default());
        let ground = Ground { clock: clock.clone(), ids: Arc::new(SystemIds) };
        let ledger = Ledger::open(&pools, &Options::default(), ground.clone());
        let ring = KekRing::new("test", [("test".to_owned(), [7; 32])]).unwrap();
        let vault = Vault::unlock(&pools, ring, ground.clone()).await.unwrap();
        let tenancy = Tenancy::new(pools.clone(), ledger.clone(), vault.clone(), ground.clone());
        let read_models = ReadModels::open(
            pools.clone(),
            ledger.clone(),
            vault.clone(),
            ground.clone(),
            tenancy::module().projections,
        )
        .await
        .unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(read_models.clone().run(for_ever(Some(1)), for_ever(true)));
        let aurora = tenancy.seed_demo().await.unwrap();
        let other = tenancy.seed_bare(1).await.unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let api = Api::new(Parts {
            pools,
            incarnation: ledger.incarnation(),
            ledger: ledger.clone(),
            read_models: read_models.clone(),
            vault,
            ground,
            authority: tenancy.authority(),
            public_url: base.clone(),
            trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
            inline_scripts: vec![],
        });
        let (guarded, routes) = http::router(&api, vec![tenancy.routes()], "test");
        let service =
            http::around(api.clone(), guarded).into_make_service_with_connect_info::<SocketAddr>();
        serving.spawn(async move { axum::serve(listener, service).await.unwrap() });
        let head = *ledger.head().borrow();
        let seen = async || {
            let names = ["tenancy_directory", "tenancy_usage"];
            names.iter().all(|name| read_models.progress().of(name).position >= head)
        };
        while !seen().await {
            tokio::task::yield_now().await;
        }
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let n_keys = AtomicU64::new(0);
        Self {
            base,
            admin,
            ledger,
            tenancy,
            api,
            clock,
            routes,
            aurora,
            other,
            client,
            n_keys,
            _serving: serving,
            _platform: None,
        }
    }

    /// The whole platform with all contexts' routes; its clock is the machine's.
    pub(super) async fn whole() -> Self {
        let platform = Platform::start().await;
        let Base { ground, pools, vault, ledger, .. } = &*platform.app.base;
        let tenancy = Tenancy::new(pools.clone(), ledger.clone(), vault.clone(), ground.clone());
        let read_models = platform.app.engine.models.clone();
        let api = Api::new(Parts {
            pools: pools.clone(),
            incarnation: ledger.incarnation(),
            ledger: ledger.clone(),
            read_models: read_models.clone(),
            vault: vault.clone(),
            ground: ground.clone(),
            authority: tenancy.authority(),
            public_url: platform.base.clone(),
            trusted_proxies: vec![],
            inline_scripts: vec![],
        });
        let aurora = tenancy.seed_demo().await.unwrap();
        let other = tenancy.seed_bare(1).await.unwrap();
        read_models.catch_up().await.unwrap();
        let (_, routes) = platform.app.router().unwrap();
        Self {
            base: platform.base.clone(),
            admin: db::connect(&platform.app.config.database_url).await.unwrap(),
            ledger: ledger.clone(),
            tenancy,
            api,
            clock: Arc::new(Moved::default()),
            routes,
            aurora,
            other,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            n_keys: AtomicU64::new(0),
            _serving: JoinSet::new(),
            _platform: Some(platform),
        }
    }

    /// A person of the demo by her role; `None` is the one of the platform.
    pub(super) fn person(&self, role: impl Into<Option<Role>>) -> &SeededUser {
        let role = role.into();
        self.aurora.users.iter().find(|user| user.role == role).unwrap()
    }

    /// A session of a person of the demo, as a cookie.
    pub(super) async fn session(&self, role: impl Into<Option<Role>>) -> String {
        let person = self.person(role);
        self.sign_in(&person.email, &person.password).await
    }

    /// A session, as a cookie.
    pub(super) async fn sign_in(&self, email: &str, password: &str) -> String {
        let reply = self.try_sign_in(email, password).send().await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.cookie("masteria")
    }

    pub(super) fn try_sign_in(&self, email: &str, password: &str) -> Call<'_> {
        let body = serde_json::json!({ "email": email, "password": password });
        self.post("/api/v1/sessions").json(&body)
    }

    pub(super) fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call { house: self, method, path: path.to_owned(), headers: HeaderMap::new(), body: vec![] }
    }

    pub(super) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    /// With a new key and our own origin.
    pub(super) fn post(&self, path: &str) -> Call<'_> {
        self.write(Method::POST, path)
    }

    pub(super) fn delete(&self, path: &str) -> Call<'_> {
        self.write(Method::DELETE, path)
    }

    pub(super) fn write(&self, method: Method, path: &str) -> Call<'_> {
        let key = format!("key-{}", self.n_keys.fetch_add(1, Ordering::Relaxed));
        let base = self.base.clone();
        self.call(method, path).header("idempotency-key", &key).header("origin", &base)
    }

    /// The events of a company.
    pub(super) async fn events(&self, company: Uuid) -> Vec<Recorded> {
        let mut all: Vec<Recorded> = Vec::new();
        loop {
            let from = all.last().map_or(1, |event| event.company_seq + 1);
            let page = self.ledger.read_company(company, from, 500).await.unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    pub(super) async fn types(&self, company: Uuid) -> Vec<String> {
        let events = self.events(company).await;
        events.iter().map(|event| event.event_type.to_string()).collect()
    }
}

/// A request on its way.
#[derive(Clone)]
pub(super) struct Call<'a> {
    house: &'a House,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call<'_> {
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Under another key, if it has one that is good.
    pub(super) fn under(self, key: &str) -> Self {
        let own = self.headers.get("idempotency-key").map(|own| own.as_bytes().to_vec());
        let is_good = own.is_some_and(|own| own.starts_with(b"key-"));
        if is_good { self.header("idempotency-key", key) } else { self }
    }

    /// As somebody with this cookie.
    pub(super) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    /// As a program with this key.
    pub(super) fn bearer(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub(super) fn company(self, company: &str) -> Self {
        self.header("x-company-id", company)
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.body("application/json", serde_json::to_vec(body).unwrap())
    }

    pub(super) fn body(self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut call = self.header("content-type", kind);
        call.body = body.into();
        call
    }

    pub(super) async fn send(self) -> Reply {
        let url = format!("{}{}", self.house.base, self.path);
        let request = self.house.client.request(self.method, url);
        let response = request.headers(self.headers).body(self.body).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Reply { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// The code of a problem; empty if it is none.
    pub(super) fn code(&self) -> String {
        let problem: Option<Value> = serde_json::from_slice(&self.body).ok();
        let code = problem.and_then(|problem| problem["code"].as_str().map(str::to_owned));
        code.unwrap_or_default()
    }

    /// A cookie that was set, as it is sent back.
    pub(super) fn cookie(&self, name: &str) -> String {
        let all = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let mut pairs = all.filter_map(|cookie| cookie.split(';').next());
        let wanted = format!("{name}=");
        pairs.find(|pair| pair.starts_with(&wanted)).unwrap().to_owned()
    }
}

/// Waits for a state, not for a time; 30 s are a failure.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}
