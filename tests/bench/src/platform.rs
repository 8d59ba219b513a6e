//! The platform, as it is shipped: its own program with all roles, and the simulated providers.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand::RngExt as _;
use serde_json::Value;
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection,
    postgres::{PgPool, PgPoolOptions},
};

use crate::{
    child::{Program, free_port, read, succeed, until_up},
    load::{Target, identify},
    processes::{Cpu, beside},
    surroundings::Surroundings,
};

const SECRET: &str = "bench-app-secret";
const TOKEN: &str = "EAAbench";

/// A running installation with a database of its own.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) address: String,
    pub(crate) targets: Arc<Vec<Target>>,
    /// What `masteria seed` reported.
    pub(crate) report: Value,
    pub(crate) database: PgPool,
    pub(crate) program: Program,
    around: Surroundings,
    environment: BTreeMap<&'static str, String>,
    simulator: Program,
    nats: Nats,
}

impl Platform {
    /// Prepares a database with so many companies of one number each, and starts.
    pub(crate) async fn start(around: &Surroundings, companies: u64) -> anyhow::Result<Self> {
        let name = format!("bench_{}", std::process::id());
        recreate(around, &name).await?;
        let url = around.database(&name);
        let (http, sim) = (free_port()?, free_port()?);
        let key = around.folder.join("kek");
        let ring: [u8; 32] = rand::rng().random();
        fs::write(&key, format!("1 {}\n", STANDARD.encode(ring)))?;
        fs::set_permissions(&key, Permissions::from_mode(0o600))?;
        let nats = Nats::start(around)?;
        let environment = BTreeMap::from([
            ("NATS_URL", nats.url.clone()),
            ("NATS_RELAY_URL", nats.relay.clone()),
            ("DATABASE_URL", url.clone()),
            ("DATABASE_DIRECT_URL", url.clone()),
            ("MASTERIA_HTTP_ADDR", format!("127.0.0.1:{http}")),
            ("MASTERIA_PUBLIC_URL", format!("http://127.0.0.1:{http}")),
            ("MASTERIA_SIM_ADDR", format!("127.0.0.1:{sim}")),
            ("META_GRAPH_URL", format!("http://127.0.0.1:{sim}")),
            ("MASTERIA_NODE_ID", "bench".to_owned()),
            ("MASTERIA_KEK_FILE", key.display().to_string()),
            ("MASTERIA_BLOBS", format!("file:{}", around.folder.join("blobs").display())),
            ("MASTERIA_DIST", around.dist.display().to_string()),
            ("RUST_LOG", "warn".to_owned()),
        ]);
        let masteria = |arguments: &[&str]| {
            let mut command = Command::new(&around.masteria);
            command.args(arguments).envs(&environment);
            command
        };
        succeed(&mut masteria(&["migrate"]))?;
        succeed(&mut masteria(&["nats", "apply"]))?;
        let report = read(&mut masteria(&[
            "seed",
            "--companies",
            &companies.to_string(),
            "--numbers",
            &companies.to_string(),
            "--secret",
            SECRET,
            "--token",
            TOKEN,
        ]))?;
        let report: Value =
            serde_json::from_str(&report).context("the seed's report is no JSON")?;
        let targets = targets(&report);
        ensure!(!targets.is_empty(), "the seed's report names no number with a hook key");
        let mut simulator = Program::start(
            "simulator",
            Command::new(&around.simulator).envs(&environment),
            &around.folder,
            "sim",
        )?;
        let url_of_sim = format!("http://127.0.0.1:{sim}/_sim/health");
        until_up(&mut simulator, &url_of_sim, Duration::from_secs(10)).await?;
        let database = PgPoolOptions::new().max_connections(2).connect(&url).await?;
        let address = format!("127.0.0.1:{http}");
        let program = serve(around, &environment, &address).await?;
        Ok(Self {
            address,
            targets: Arc::new(targets),
            report,
            database,
            program,
            around: around.clone(),
            environment,
            simulator,
            nats,
        })
    }

    /// Ends the program and starts it again, on the same data.
    pub(crate) async fn restart(self) -> anyhow::Result<Self> {
        let Self { program, .. } = self;
        program.end().await?;
        let program = serve(&self.around, &self.environment, &self.address).await?;
        Ok(Self { program, ..self })
    }

    /// Runs another command of the program beside it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.around.masteria);
        command.args(arguments).envs(&self.environment);
        command
    }

    /// CPU of each stage so far.
    pub(crate) fn cpu(&self) -> Cpu {
        let mut roots = vec![("masteria", self.program.id())];
        roots.extend(beside("postgres").map(|pid| ("postgres", pid)));
        roots.push(("nats", self.nats.pid));
        Cpu::of(&roots)
    }

    /// Customers' messages in the read model.
    pub(crate) async fn n_stored(&self) -> anyhow::Result<u64> {
        let mut tx = self.database.begin_with("begin; set local role kernel_writer").await?;
        let n: i64 = sqlx::query_scalar(
            "select count(*) from conversations_threads.messages where not is_outbound",
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.rollback().await?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    /// The same by Postgres' own counters: it costs nothing and is up to a second late.
    pub(crate) async fn n_stored_about(&self) -> anyhow::Result<u64> {
        let n: Option<i64> = sqlx::query_scalar(
            "select sum(n_tup_ins)::bigint from pg_stat_user_tables
             where schemaname = 'conversations_threads' and relname = 'messages'",
        )
        .fetch_one(&self.database)
        .await?;
        Ok(n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
    }

    /// The ledger's last position, and where the read model of threads stands.
    pub(crate) async fn positions(&self) -> anyhow::Result<(i64, i64)> {
        Ok(sqlx::query_as(
            "select coalesce((select max(position) from ledger.events), 0),
                    coalesce((select min(position) from projection.checkpoints
                              where name = 'conversations_threads'), 0)",
        )
        .fetch_one(&self.database)
        .await?)
    }

    /// The deliveries of a run that are in the read model, each as often as it is there.
    pub(crate) async fn stored(&self, run: &str) -> anyhow::Result<Vec<u64>> {
        let mut tx = self.database.begin_with("begin; set local role kernel_writer").await?;
        let docs: Vec<String> = sqlx::query_scalar(
            "select substring(doc from $1) from conversations_threads.messages where doc ~ $1",
        )
        .bind(format!(" n={run}\\.[0-9a-f]{{16}}"))
        .fetch_all(&mut *tx)
        .await?;
        tx.rollback().await?;
        Ok(docs.iter().filter_map(|doc| identify(doc, run)).collect())
    }

    /// A session of the first person in the report who can sign in: the cookie.
    pub(crate) async fn sign_in(&self) -> anyhow::Result<String> {
        self.sign_in_in_turn(0).await
    }

    /// The same for one after the other of those who can.
    pub(crate) async fn sign_in_in_turn(&self, nth: usize) -> anyhow::Result<String> {
        let users = find_all(&self.report, "password");
        let user = users.get(nth.checked_rem(users.len()).unwrap_or(0));
        let (email, password) = user
            .and_then(|user| Some((user.get("email")?.as_str()?, user.get("password")?.as_str()?)))
            .context("nobody in the seed's report can sign in")?;
        self.sign_in_as(email, password).await
    }

    /// A session of somebody: the cookie.
    pub(crate) async fn sign_in_as(&self, email: &str, password: &str) -> anyhow::Result<String> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let base = format!("http://{}", self.address);
        let answer = http
            .post(format!("{base}/api/v1/sessions"))
            .header("origin", &base)
            .header("idempotency-key", format!("bench-{}", rand::random::<u64>()))
            .json(&serde_json::json!({"email": email, "password": password}))
            .send()
            .await?
            .error_for_status()?;
        let cookie = answer.headers().get("set-cookie").context("the sign-in set no cookie")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        Ok(cookie.to_owned())
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.database.close().await;
        self.program.end().await?;
        self.simulator.end().await
    }
}

/// A NATS server: an installation's streams are its own. It ends with its keeper's input.
#[derive(Debug)]
struct Nats {
    url: String,
    relay: String,
    pid: u32,
    keeper: std::process::Child,
}

impl Nats {
    fn start(around: &Surroundings) -> anyhow::Result<Self> {
        let folder = around.folder.join(format!("nats-{}", free_port()?));
        fs::create_dir_all(&folder)?;
        let mut keeper = Command::new(&around.xtask);
        keeper.args(["service", "nats"]).arg(&folder);
        let mut keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let out = keeper.stdout.take().context("the keeper of NATS has no output")?;
        BufReader::new(out).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line).context("NATS did not start")?;
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        let pid = said.get("pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
        Ok(Self {
            url: text("url").context("NATS told no address")?,
            relay: text("relay").context("NATS told no address for the relay")?,
            pid: pid.context("NATS told no process")?,
            keeper,
        })
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // Without its input, the keeper stops the server and ends.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

async fn serve(
    around: &Surroundings,
    environment: &BTreeMap<&'static str, String>,
    address: &str,
) -> anyhow::Result<Program> {
    let mut command = Command::new(&around.masteria);
    command.arg("serve").envs(environment);
    let mut program = Program::start("masteria", &mut command, &around.folder, "masteria")?;
    until_up(&mut program, &format!("http://{address}/readyz"), Duration::from_mins(1)).await?;
    Ok(program)
}

/// An empty database.
pub(crate) async fn recreate(around: &Surroundings, name: &str) -> anyhow::Result<()> {
    let mut admin = PgConnection::connect(&around.database_url).await?;
    for statement in
        [format!("drop database if exists {name} with (force)"), format!("create database {name}")]
    {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await?;
    }
    admin.close().await?;
    Ok(())
}

/// Every number of the report with the address its deliveries go to.
fn targets(report: &Value) -> Vec<Target> {
    fn look(value: &Value, around: &BTreeMap<String, String>, found: &mut Vec<Target>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| look(item, around, found)),
            Value::Object(fields) => {
                let mut own = around.clone();
                for (key, value) in fields {
                    match value {
                        Value::String(text) => drop(own.insert(key.clone(), text.clone())),
                        Value::Number(number) => drop(own.insert(key.clone(), number.to_string())),
                        _ => {}
                    }
                }
                if fields.contains_key("phone_number_id") {
                    let text = |name: &str| own.get(name).cloned();
                    found.extend(text("hook_key").zip(text("waba_id")).map(|(key, waba)| Target {
                        path: format!("/hooks/meta/{key}"),
                        secret: text("app_secret").unwrap_or_else(|| SECRET.to_owned()),
                        waba,
                        number: text("phone_number_id").unwrap_or_default(),
                    }));
                    return;
                }
                fields.values().for_each(|value| look(value, &own, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    look(report, &BTreeMap::new(), &mut found);
    found
}

/// Every object of a document that has a field.
fn find_all<'a>(document: &'a Value, field: &str) -> Vec<&'a Value> {
    match document {
        Value::Array(items) => items.iter().flat_map(|item| find_all(item, field)).collect(),
        Value::Object(fields) if fields.contains_key(field) => vec![document],
        Value::Object(fields) => fields.values().flat_map(|item| find_all(item, field)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_take_what_they_stand_in() {
        let report = json!({"companies": [{
            "id": "company_1", "waba_id": "900000000", "hook_key": "k1",
            "channels": [{"phone_number_id": "100000000"}, {"phone_number_id": 100_000_001}],
        }]});
        let found = targets(&report);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].number, "100000001");
        assert_eq!(found[1].path, "/hooks/meta/k1");
        assert_eq!(found[0].secret, SECRET);
    }
}
