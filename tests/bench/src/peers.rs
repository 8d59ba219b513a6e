//! What a user would have instead: Express or Fastify with `BullMQ`, and a batched Postgres inbox.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use sqlx::postgres::{PgPool, PgPoolOptions};

use crate::{
    child::{Program, exists, free_port, succeed, until_up},
    load::{Target, identify},
    platform::recreate,
    processes::{Cpu, beside},
    surroundings::Surroundings,
};

const SECRET: &str = "app-secret";

/// How a peer is put together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// How often Redis syncs; none for a peer that keeps nothing in Redis.
    fsync: Option<&'static str>,
    api: &'static [(&'static str, &'static str)],
    worker: &'static [(&'static str, &'static str)],
}

/// The ones that are measured beside the platform. The first is what most would write; the
/// others are tuned, and the best of them counts as such.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        name: "Express + BullMQ, fsync every second",
        fsync: Some("everysec"),
        api: &[("FRAMEWORK", "express")],
        worker: &[],
    },
    Peer {
        name: "Fastify + BullMQ, fsync every second, batched writes",
        fsync: Some("everysec"),
        api: &[("FRAMEWORK", "fastify")],
        worker: &[("BATCH", "1"), ("CONC", "400")],
    },
    Peer {
        name: "Fastify + BullMQ, fsync always, batched writes",
        fsync: Some("always"),
        api: &[("FRAMEWORK", "fastify")],
        worker: &[("BATCH", "1"), ("CONC", "400")],
    },
    Peer {
        name: "Fastify + Postgres inbox, batched",
        fsync: None,
        api: &[("FRAMEWORK", "fastify"), ("MODE", "inbox")],
        worker: &[("MODE", "inbox")],
    },
];

/// A running peer.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) address: String,
    pub(crate) targets: Arc<Vec<Target>>,
    pub(crate) database: PgPool,
    api: Program,
    worker: Program,
    redis: Program,
}

/// What is missing to run them, if anything.
pub(crate) fn missing() -> Option<String> {
    let programs = ["node", "npm", "redis-server"];
    let missing: Vec<&str> = programs.into_iter().filter(|program| !exists(program)).collect();
    (!missing.is_empty()).then(|| missing.join(", "))
}

/// Installs what the lock file says, beside the sources.
pub(crate) fn install(around: &Surroundings) -> anyhow::Result<PathBuf> {
    let from = Path::new("tests/bench/peers/ingest");
    let to = around.folder.join("peers-ingest");
    fs::create_dir_all(&to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&to);
    succeed(&mut npm)?;
    Ok(to)
}

impl Peer {
    /// Starts it on an empty database.
    pub(crate) async fn start(
        &self,
        around: &Surroundings,
        code: &Path,
        companies: u64,
    ) -> anyhow::Result<Running> {
        recreate(around, "bench_peers").await?;
        let url = around.database("bench_peers");
        let database = PgPoolOptions::new().max_connections(2).connect(&url).await?;
        let schema = fs::read_to_string(code.join("schema.sql"))?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(schema)).execute(&database).await?;
        let (port, redis_port) = (free_port()?, free_port()?);
        let data = around.folder.join(format!("redis-{redis_port}"));
        fs::create_dir_all(&data)?;
        let redis = Program::start(
            "redis",
            Command::new("redis-server")
                .args(["--port", &redis_port.to_string(), "--bind", "127.0.0.1"])
                .args(["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"])
                .args(["--appendfsync", self.fsync.unwrap_or("everysec")])
                .args(["--auto-aof-rewrite-min-size", "1gb", "--dir"])
                .arg(&data),
            &around.folder,
            "redis",
        )?;
        let node = |script: &str, own: &[(&str, &str)]| {
            let mut command = Command::new("node");
            command
                .arg(script)
                .current_dir(code)
                .env("NODE_ENV", "production")
                .env("PGURL", &url)
                .env("PORT", port.to_string())
                .env("REDIS_PORT", redis_port.to_string())
                .env("APP_SECRET", SECRET)
                .envs(own.iter().copied());
            command
        };
        let mut api =
            Program::start("api", &mut node("api.js", self.api), &around.folder, "peer-api")?;
        let worker =
            Program::start("worker", &mut node("worker.js", self.worker), &around.folder, "peer")?;
        let address = format!("127.0.0.1:{port}");
        until_up(&mut api, &format!("http://{address}/health"), Duration::from_secs(20)).await?;
        let target = |n: u64| Target {
            path: "/webhooks/meta".to_owned(),
            secret: SECRET.to_owned(),
            waba: (900_000_000 + n).to_string(),
            number: (100_000_000 + n).to_string(),
        };
        let targets = Arc::new((0..companies).map(target).collect());
        Ok(Running { address, targets, database, api, worker, redis })
    }
}

impl Running {
    pub(crate) fn cpu(&self) -> Cpu {
        let mut roots =
            vec![("node", self.api.id()), ("node", self.worker.id()), ("redis", self.redis.id())];
        roots.extend(beside("postgres").map(|pid| ("postgres", pid)));
        Cpu::of(&roots)
    }

    pub(crate) async fn n_stored(&self) -> anyhow::Result<u64> {
        let n: i64 =
            sqlx::query_scalar("select count(*) from messages").fetch_one(&self.database).await?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    pub(crate) async fn stored(&self, run: &str) -> anyhow::Result<Vec<u64>> {
        let ids: Vec<String> =
            sqlx::query_scalar("select wamid from messages").fetch_all(&self.database).await?;
        Ok(ids.iter().filter_map(|id| identify(id, run)).collect())
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.database.close().await;
        self.api.end().await?;
        self.worker.end().await?;
        self.redis.end().await
    }
}
