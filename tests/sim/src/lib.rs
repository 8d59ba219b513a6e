//! The simulated providers: what the platform talks to in tests, on a developer's machine and in
//! benchmarks, in place of Meta.
//!
//! Invariants: it answers as the provider does, also when it says no; it counts every accepted
//! call by recipient and by our id, so that duplicates and losses are proved from outside; chance
//! follows from a seed; it goes on when the platform dies. It knows nothing of the platform's code.
//!
//! In a test:
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use sim::{Answer, Config, Inbound, NumberSpec, Sim};
//!
//! let sim = Sim::start(Config::default()).await?;
//! // META_GRAPH_URL = sim.url()
//! sim.register(NumberSpec { phone_number_id: "100000000".into(), ..NumberSpec::default() });
//! sim.configure(|config| config.answers.push_back(Answer::Refuse(131_056)));
//! let id = sim.write(&Inbound::text("5511987654321", "100000000", "Oi, quanto custa?"))?;
//! sim.until(|stats| stats.webhooks_delivered() == 1).await;
//! assert_eq!(sim.accepted().get("5511987654321"), None);
//! # let _ = id;
//! # Ok(())
//! # }
//! ```

#![expect(clippy::similar_names, reason = "call and code, content and context are Meta's words")]

mod chance;
mod clock;
mod config;
mod control;
mod errors;
mod graph;
mod hooks;
mod inbound;
mod phone;
mod saved;
mod server;
mod stats;
mod world;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt::{Display, Formatter},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use serde_json::Value;
use tokio::net::TcpListener;

pub use crate::{
    config::{Answer, Config, Told, Window},
    inbound::Inbound,
    stats::Stats,
    world::{
        Request,
        counts::Attempt,
        numbers::{Callback, NumberSpec},
    },
};
use crate::{
    server::{Lines, Wire},
    world::Core,
};

/// A running simulator; it stops when this is dropped.
#[derive(Debug)]
pub struct Sim {
    core: Arc<Core>,
    address: SocketAddr,
}

/// Why a customer's message was not taken.
#[derive(Debug)]
pub struct NotTaken(&'static str);

impl Display for NotTaken {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for NotTaken {}

impl Sim {
    /// Starts on a free port of this machine.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        Self::listen("127.0.0.1:0", config, None).await
    }

    /// Starts on an address; what exists is kept in a file, if one is given.
    pub async fn listen(
        address: &str,
        config: Config,
        kept_in: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        // Whoever was first in this process has chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("failed to listen on {address}"))?;
        let address = listener.local_addr()?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .user_agent("facebookexternalua")
            .build()?;
        let core = Core::new(config, format!("http://{address}"), http, rand::random());
        let core = Arc::new(core);
        phone::seed(&mut core.world());
        if let Some(path) = kept_in {
            saved::load(&mut core.world(), &path)?;
            core.tasks.spawn(saved::keep(Arc::clone(&core), path));
        }
        let router = Router::new()
            .merge(control::router())
            .merge(phone::router())
            .fallback(graph::handle)
            .layer(axum::middleware::from_fn(phone::same_origin))
            .with_state(Arc::clone(&core));
        let stop = core.stop.clone();
        core.tasks.spawn(hooks::runner::run(Arc::clone(&core)));
        core.tasks.spawn(async move {
            let service = router.into_make_service_with_connect_info::<Wire>();
            tokio::select! {
                served = axum::serve(Lines(listener), service) => {
                    if let Err(error) = served {
                        tracing::error!(%error, "the simulator stopped serving");
                    }
                }
                () = stop.cancelled() => {}
            }
        });
        Ok(Self { core, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL without a path: the platform's `META_GRAPH_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        self.core.base.clone()
    }

    /// Changes how it behaves.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        let mut world = self.core.world();
        change(&mut world.config);
        self.core.clock.shift(world.config.clock_offset_s);
    }

    /// Lets a number exist, or changes it.
    pub fn register(&self, number: NumberSpec) {
        let world = &mut *self.core.world();
        world.numbers.register(number, &world.config);
    }

    /// Registers every number that a document names, such as the platform's seed report.
    pub fn register_all(&self, document: &Value) -> anyhow::Result<usize> {
        control::register_all(&mut self.core.world(), document).map_err(anyhow::Error::msg)
    }

    /// Sets where an account's webhooks go, without a handshake.
    pub fn subscribe(&self, waba: &str, callback: Callback) {
        let mut world = self.core.world();
        let account = world.numbers.waba(waba);
        account.subscribed = true;
        account.callback = Some(callback);
    }

    /// A customer writes. Answers the message's id; the webhook goes out by itself.
    pub fn write(&self, message: &Inbound) -> Result<String, NotTaken> {
        inbound::write(&self.core, &mut self.core.world(), message)
            .map_err(|refusal| NotTaken(refusal.sentence()))
    }

    /// Sends a webhook of any field.
    pub fn webhook(&self, waba: &str, number: Option<&str>, field: &str, value: &Value) {
        hooks::send(&self.core, &mut self.core.world(), waba, number, field, value, None);
    }

    /// The figures.
    #[must_use]
    pub fn stats(&self) -> Stats {
        stats::stats(&self.core)
    }

    /// Accepted messages by recipient.
    #[must_use]
    pub fn accepted(&self) -> BTreeMap<String, u64> {
        stats::accepted(&self.core)
    }

    /// Calls and acceptances by `biz_opaque_callback_data`.
    #[must_use]
    pub fn attempts(&self) -> BTreeMap<String, Attempt> {
        let world = self.core.world();
        world.counts.attempts.iter().map(|(id, attempt)| (id.clone(), *attempt)).collect()
    }

    /// What came in, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.core.world().log.iter().cloned().collect()
    }

    /// Forgets what happened.
    pub fn reset(&self) {
        self.core.agenda.clear();
        self.core.world().forget();
    }

    /// Waits for a state of the figures; looks again whenever something happened.
    pub async fn until(&self, mut reached: impl FnMut(&Stats) -> bool) -> Stats {
        let mut changed = self.core.changed.subscribe();
        loop {
            let stats = self.stats();
            if reached(&stats) {
                return stats;
            }
            if changed.changed().await.is_err() {
                return stats;
            }
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.core.stop.cancel();
    }
}
