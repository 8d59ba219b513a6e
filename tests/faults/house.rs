//! An installation that a test may break: its own PostgreSQL, NATS, simulator and platform.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tests::logs;

use crate::chance::given;

/// How long anything may take to come.
const PATIENCE: Duration = Duration::from_mins(1);

fn program(name: &str) -> PathBuf {
    given(name).unwrap_or_else(|| panic!("{name} is not set: cargo xtask test does")).into()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that is killed and started again on its data and port.
pub(crate) struct Server {
    name: &'static str,
    folder: PathBuf,
    port: u16,
    keeper: Option<(Child, ChildStdin)>,
    pub(crate) description: Value,
}

impl Server {
    fn start(name: &'static str, folder: &Path) -> Self {
        let mut server = Self {
            name,
            folder: folder.to_owned(),
            port: free_port(),
            keeper: None,
            description: Value::Null,
        };
        server.again();
        server
    }

    /// Starts it, after it was killed.
    pub(crate) fn again(&mut self) {
        let mut keeper = Command::new(program("MASTERIA_XTASK"))
            .args(["service", self.name])
            .arg(&self.folder)
            .arg(self.port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.description = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{} did not start: {error}", self.name));
        let input = keeper.stdin.take().unwrap();
        self.keeper = Some((keeper, input));
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        let pid = i32::try_from(self.description["pid"].as_i64().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
        self.release();
    }

    /// Removes what NATS had stored, after it was killed.
    pub(crate) fn wipe(&self) {
        fs::remove_dir_all(self.folder.join(self.name)).unwrap();
    }

    fn release(&mut self) {
        if let Some((mut keeper, input)) = self.keeper.take() {
            drop(input);
            keeper.wait().unwrap();
        }
    }

    pub(crate) fn url(&self) -> &str {
        self.description["url"].as_str().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.release();
    }
}

/// A process of ours.
pub(crate) struct Node(Child);

impl Node {
    /// Whether it has ended; a process that killed itself at a point ends by `SIGKILL`.
    pub(crate) fn is_dead(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Whether it stopped itself at a point and stands there.
    pub(crate) fn stands_still(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
        state == Some("T")
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(pid, Signal::CONT).unwrap();
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The installation.
pub(crate) struct House {
    pub(crate) postgres: Server,
    pub(crate) nats: Server,
    pub(crate) demo: Value,
    pub(crate) url: String,
    pub(crate) sim: String,
    /// What runs beside the platform, as long as the house stands.
    beside: Vec<Node>,
    http: u16,
    folder: TempDir,
}

impl House {
    /// Opens it with the demo company in it; nothing serves yet.
    pub(crate) fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let postgres = Server::start("postgres", folder.path());
        let nats = Server::start("nats", folder.path());
        let (http, sim_port) = (free_port(), free_port());
        let key = folder.path().join("kek");
        write_secret(&key, "1 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n");
        let mut house = Self {
            postgres,
            nats,
            demo: Value::Null,
            url: format!("http://127.0.0.1:{http}"),
            sim: format!("http://127.0.0.1:{sim_port}"),
            beside: vec![],
            http,
            folder,
        };
        house.masteria(&["migrate"]);
        house.masteria(&["nats", "apply"]);
        let demo = house.masteria(&["seed", "--demo"]);
        house.demo = serde_json::from_str(&demo).unwrap();
        logs::plant_all(&house.demo);
        let described = house.folder.path().join("demo.json");
        fs::write(&described, demo).unwrap();
        let provider = Node(
            Command::new(program("MASTERIA_SIM_BIN"))
                .args(["--listen", &format!("127.0.0.1:{sim_port}"), "--platform", &house.url])
                .arg("--numbers")
                .arg(described)
                .stderr(house.log("sim"))
                .spawn()
                .unwrap(),
        );
        house.beside.push(provider);
        house
    }

    /// Runs a command of the program to its end.
    pub(crate) fn masteria(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "masteria {arguments:?}: {}\n{words}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// A command of the program, told where everything is.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("MASTERIA_BIN"));
        command
            .args(arguments)
            .env("DATABASE_URL", self.postgres.url())
            .env("NATS_URL", self.nats.url())
            .env("NATS_RELAY_URL", self.nats.description["relay"].as_str().unwrap())
            .env("MASTERIA_HTTP_ADDR", format!("127.0.0.1:{}", self.http))
            .env("MASTERIA_PUBLIC_URL", &self.url)
            .env("MASTERIA_NODE_ID", "fault")
            .env("MASTERIA_KEK_FILE", self.folder.path().join("kek"))
            .env("MASTERIA_BLOBS", format!("file:{}", self.folder.path().join("blobs").display()))
            .env("META_GRAPH_URL", &self.sim);
        command
    }

    /// Serves, armed or not; answers as soon as it is ready, or dead already.
    pub(crate) async fn serve(&self, fault: Option<&str>) -> Node {
        let mut node = self.spawn(&["serve"], fault);
        self.is_ready(&mut node, &self.url).await;
        node
    }

    /// Serves some of the roles under a name of its own.
    pub(crate) async fn serve_as(
        &self,
        (name, roles): (&str, &str),
        at: &str,
        fault: Option<&str>,
    ) -> Node {
        let mut command = self.command(&["serve", "--roles", roles]);
        command.env("MASTERIA_NODE_ID", name);
        command.env("MASTERIA_HTTP_ADDR", at.trim_start_matches("http://"));
        if let Some(fault) = fault {
            command.env("MASTERIA_FAULT", fault);
        }
        let mut node = self.start(command);
        self.is_ready(&mut node, at).await;
        node
    }

    /// An address that nobody listens on yet.
    pub(crate) fn free_url() -> String {
        format!("http://127.0.0.1:{}", free_port())
    }

    async fn is_ready(&self, node: &mut Node, url: &str) {
        let client = tests::http().no_proxy().build().unwrap();
        let ready = format!("{url}/readyz");
        eventually("the platform is ready", async || {
            node.is_dead()
                || client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// Starts a command, armed or not.
    pub(crate) fn spawn(&self, arguments: &[&str], fault: Option<&str>) -> Node {
        let mut command = self.command(arguments);
        if let Some(fault) = fault {
            command.env("MASTERIA_FAULT", fault);
        }
        self.start(command)
    }

    fn start(&self, mut command: Command) -> Node {
        let log = self.log("masteria");
        Node(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
    }

    fn log(&self, name: &str) -> File {
        let path = self.folder.path().join(format!("{name}.log"));
        File::options().create(true).append(true).open(path).unwrap()
    }

    /// Where everything of the installation lies.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database, as somebody who sees all rows.
    pub(crate) fn superuser(&self) -> &str {
        self.postgres.description["superuser"].as_str().unwrap()
    }

    /// What the platform said last, for a failure's message.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read_to_string(self.folder.path().join("masteria.log")).unwrap_or_default();
        let mut lines: Vec<_> = text.lines().rev().take(20).collect();
        lines.reverse();
        lines.join("\n")
    }
}

impl House {
    /// A backup as an operator makes one, with the log that belongs to it.
    pub(crate) fn back_up(&self) {
        let programs = Path::new(self.postgres.description["programs"].as_str().unwrap());
        let done = Command::new(programs.join("pg_basebackup"))
            .arg("--dbname")
            .arg(self.superuser())
            .arg("--pgdata")
            .arg(self.folder().join("backup"))
            .args(["--checkpoint=fast", "--wal-method=stream"])
            .status()
            .unwrap();
        assert!(done.success(), "pg_basebackup: {done}");
    }

    /// The database is again what it was at the backup: another history of the same cluster begins.
    pub(crate) async fn restore(&mut self) {
        self.postgres.kill();
        let (backup, home) = (self.folder().join("backup"), self.folder().join("postgres"));
        fs::remove_dir_all(home.join("data")).unwrap();
        fs::write(backup.join("recovery.signal"), "").unwrap();
        let settings = backup.join("postgresql.auto.conf");
        let mut text = fs::read_to_string(&settings).unwrap_or_default();
        text.push_str("\nrestore_command = 'false'\n");
        fs::write(settings, text).unwrap();
        let moved = Command::new("mv").arg(&backup).arg(home.join("data")).status().unwrap();
        assert!(moved.success());
        // It belongs to whom the server runs as.
        let mut owner = Command::new("chown");
        owner.arg("-R").arg(format!("--reference={}", home.display())).arg(home.join("data"));
        assert!(owner.status().unwrap().success());
        self.postgres.again();
        // It answers before it takes writes.
        eventually("the other history has begun", async || {
            let pool = sqlx::PgPool::connect(self.superuser()).await.unwrap();
            let asked = sqlx::query_scalar("select not pg_is_in_recovery()").fetch_one(&pool).await;
            pool.close().await;
            asked.unwrap()
        })
        .await;
    }
}

impl Drop for House {
    /// The folder goes; what the platform said is kept for the run's look through all logs.
    fn drop(&mut self) {
        let said = self.folder.path().join("masteria.log");
        if let Some(logs) = given("MASTERIA_TEST_LOGS") {
            let kept = format!("fault-{}-{}-masteria.log", std::process::id(), self.http);
            let _ = fs::copy(said, Path::new(&logs).join(kept));
        }
    }
}

/// Asks until the answer is yes.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFnMut() -> bool) {
    eventually_or(what, holds, String::new).await;
}

/// Asks until the answer is yes; a failure tells more.
pub(crate) async fn eventually_or(
    what: &str,
    mut holds: impl AsyncFnMut() -> bool,
    more: impl Fn() -> String,
) {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = tokio::time::interval(Duration::from_millis(25));
    while !holds().await {
        assert!(Instant::now() < deadline, "after a minute it is not so that {what}: {}", more());
        pause.tick().await;
    }
}

pub(crate) fn write_secret(path: &Path, content: &str) {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut file =
        File::options().create(true).write(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(content.as_bytes()).unwrap();
}
