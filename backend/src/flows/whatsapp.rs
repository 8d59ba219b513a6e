//! Everything around the Cloud API, put together: channels, sending, files, the address that Meta
//! delivers to.

use std::{collections::HashMap, sync::Arc};

use axum::Router;
use channels::{
    channel::{Channel, Command, Connect},
    directory::Directory,
    hooks::Hooks,
    proof::Prover,
    routes::{Channels, Load, Loads},
    tables::{
        hooks::{self, HookKey},
        secrets::{self, Secrets, SecretsError},
    },
};
use contacts::readers::Readers;
use files::{cabinet::Cabinet, routes::Files};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    commit::Context,
    db,
    error::Error,
    execute::{Failure, Request},
    gate::Gate,
    http::{Budget, Routes},
    ids::Ground,
    intake::Intake,
    ledger::Ledger,
    module::Module,
    nodes::Nodes,
    tasks::Tasks,
    vault::Vault,
};
use messaging::{queries, routes::Messages};
use ports::{blobs::Blobs, secret::Secret};
use providers::meta::graph::Graph;
use shared::stored::{Actor, ConfigText};
use uuid::Uuid;

use super::{
    media_fetch::MediaFetch,
    sending::{Seen, Sending},
    shelf::{FileReaders, FilesShelf},
    threads::Book,
};
use crate::http::hooks::{MetaHooks, router};

/// What it stands on.
pub struct Parts {
    /// The ledger.
    pub ledger: Ledger,
    /// Keys.
    pub vault: Vault,
    /// Clock and ids.
    pub ground: Ground,
    /// Raw deliveries.
    pub intake: Intake,
    /// Who owns what.
    pub nodes: Nodes,
    /// Holds what acts.
    pub gate: Gate,
    /// Work in the background.
    pub tasks: Tasks,
    /// Meta's API.
    pub graph: Graph,
    /// Where files lie.
    pub blobs: Arc<dyn Blobs>,
    /// Where the world reaches us.
    pub public_url: String,
}

/// See the module. Clones share it.
#[derive(Clone)]
pub struct Whatsapp {
    prover: Prover,
    cabinet: Cabinet,
    sending: Sending,
    fetch: MediaFetch,
    hooks: Hooks,
    intake: Intake,
    /// Numbers and secrets, for those who digest deliveries.
    pub directory: Directory,
}

/// A channel of the demo or of a load test.
#[derive(Clone, Debug)]
pub struct Seed {
    /// What it is called.
    pub name: String,
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the account.
    pub waba_id: String,
    /// As people write it.
    pub display_number: String,
    /// The access token.
    pub token: String,
    /// The app secret.
    pub app_secret: String,
    /// Messages a second.
    pub mps: u32,
}

impl Whatsapp {
    /// Puts it together; nothing runs yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { ledger, vault, ground, intake, nodes, gate, tasks, graph, blobs, public_url } =
            parts;
        let graph = Arc::new(graph);
        let directory = Directory::new(ledger.clone(), vault.clone());
        let hooks = Hooks::new(ledger.clone(), vault.clone(), ground.clone(), tasks.clone());
        let cabinet =
            Cabinet { ledger: ledger.clone(), vault: vault.clone(), ground: ground.clone(), blobs };
        let prover = Prover {
            ledger: ledger.clone(),
            vault: vault.clone(),
            ground: ground.clone(),
            tasks: tasks.clone(),
            connector: graph.clone(),
            public_url,
        };
        let sending = Sending {
            ledger,
            vault,
            ground,
            nodes: nodes.clone(),
            gate: gate.clone(),
            tasks: tasks.clone(),
            directory: directory.clone(),
            messenger: graph.clone(),
            media: graph.clone(),
            shelf: Arc::new(FilesShelf(cabinet.clone())),
        };
        let fetch = MediaFetch {
            cabinet: cabinet.clone(),
            directory: directory.clone(),
            media: graph,
            nodes,
            gate,
            tasks,
        };
        Self { prover, cabinet, sending, fetch, hooks, intake, directory }
    }

    /// The parts of the contexts channels, messaging and files.
    #[must_use]
    pub fn modules(&self) -> Vec<Module> {
        vec![channels::module(&self.prover), messaging::module(), files::module()]
    }

    /// Their routes.
    #[must_use]
    pub fn routes(&self, readers: Readers) -> Vec<Routes> {
        let Sending { ledger, vault, ground, .. } = self.sending.clone();
        let threads = Book { ledger: ledger.clone(), vault: vault.clone(), ground: ground.clone() };
        let messages = Messages {
            ledger,
            vault,
            ground,
            threads: Arc::new(threads),
            files: Arc::new(FilesShelf(self.cabinet.clone())),
            presence: Arc::new(self.presence()),
        };
        vec![
            channels::routes::routes(self.channels()),
            messaging::routes::routes(messages),
            files::routes::routes(Files {
                cabinet: self.cabinet.clone(),
                readers: Arc::new(FileReaders(readers)),
            }),
        ]
    }

    /// The channels with their loads.
    #[must_use]
    pub fn channels(&self) -> Channels {
        Channels { prover: self.prover.clone(), loads: Arc::new(self.clone()) }
    }

    /// The address that Meta delivers to.
    pub fn hooks(&self, budget: Budget) -> Router {
        router(MetaHooks { hooks: self.hooks.clone(), intake: self.intake.clone(), budget })
    }

    /// Read marks and typing.
    #[must_use]
    pub fn presence(&self) -> Seen {
        Seen::new(self.sending.clone())
    }

    /// Sends, from now on.
    pub fn start_lanes(&self) {
        self.sending.clone().run();
    }

    /// Fetches what people sent, from now on.
    pub fn start_fetching(&self) {
        self.fetch.clone().run();
    }

    /// Connects a number without asking Meta: for demos and load.
    ///
    /// # Errors
    /// If something below fails, or the number is another company's.
    pub async fn seed(&self, company: Uuid, seed: &Seed) -> Result<(Uuid, HookKey), Error> {
        let Sending { ledger, vault, ground, .. } = &self.sending;
        let (pool, now) = (&ledger.pools().app, ground.clock.now());
        let index = vault.index(company).await?;
        let channel = index.id(0, "channel.seed", &[seed.phone_number_id.as_bytes()]);
        let kept = Secrets {
            version: 1,
            token: Secret::new(seed.token.clone()),
            app_secret: Secret::new(seed.app_secret.clone()),
            old_secret: None,
        };
        secrets::store(pool, vault, (company, channel), &kept, now).await.map_err(|error| {
            match error {
                SecretsError::Database(error) => error.into(),
                SecretsError::Vault(error) => error,
                SecretsError::NotText(_) => Error::Seal,
            }
        })?;
        let actor = Actor::System(ConfigText::from("seed"));
        let command = Command::Connect(Connect {
            name: seed.name.clone().into(),
            phone_number_id: seed.phone_number_id.clone().into(),
            waba_id: seed.waba_id.clone().into(),
            display_number: seed.display_number.clone().into(),
            verified_name: None,
            mps: seed.mps,
            secrets: 1,
            quality: Some("GREEN".into()),
            tier: Some("TIER_1K".into()),
            portfolio: None,
        });
        let request = Request::<Channel> {
            company,
            id: channel,
            command,
            facts: now,
            context: Arc::new(Context::new(actor, ground.ids.v7(), ground.ids.v7().into_bytes())),
            seen: None,
            fingerprint: None,
            also: vec![],
            more_claims: vec![],
        };
        match ledger.execute(&request).await {
            Ok(_) | Err(Failure::Rejected(_)) => {}
            Err(Failure::Kernel(error)) => return Err(error),
        }
        let key = HookKey::of(&index, channel, 1);
        hooks::add(pool, company, channel, (&key, 1), now).await?;
        Ok((channel, key))
    }
}

impl Loads for Whatsapp {
    fn of(&self, company: Uuid) -> BoxFuture<'_, Result<HashMap<Uuid, Load>, Error>> {
        async move {
            let Sending { ledger, ground, .. } = &self.sending;
            let mut tx = db::reading_as(&ledger.pools().reader, company).await?;
            let loads = queries::lanes::loads(&mut tx, ground.clock.now()).await?;
            let load = |(n_queued, n_sent_hour, n_failed_hour)| Load {
                n_queued,
                n_sent_hour,
                n_failed_hour,
            };
            Ok(loads.into_iter().map(|(channel, counts)| (channel, load(counts))).collect())
        }
        .boxed()
    }
}
