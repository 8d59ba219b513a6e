//! The platform and the simulated providers as one installation: keys, schema, demo, processes.
//!
//! Invariants: what the environment says wins over what is made here; a key and the demo's
//! sign-in are kept as long as the data they belong to; nothing is started before the simulator
//! answers.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustix::process::Signal;
use serde_json::Value;

use crate::{
    services::{
        Services,
        child::{Service, bound},
        credentials::{random, write_secret},
    },
    shell::{given, read, root},
    spa,
};

/// Where an installation lives.
pub(crate) struct Platform {
    /// The built programs.
    pub(crate) programs: PathBuf,
    /// Keys, files of users, logs.
    pub(crate) folder: PathBuf,
    /// Where the platform answers.
    pub(crate) http: SocketAddr,
    /// Where the simulated providers answer.
    pub(crate) sim: SocketAddr,
}

/// How to get in.
pub(crate) struct SignIn {
    pub(crate) email: String,
    pub(crate) password: String,
}

impl Platform {
    /// Brings the schema up to date, makes the demo once and starts both.
    pub(crate) fn start(&self, services: &mut Services) -> anyhow::Result<Option<SignIn>> {
        fs::create_dir_all(&self.folder)?;
        read(&mut self.masteria(services, &["migrate"])?).context("failed to migrate")?;
        read(&mut self.masteria(services, &["nats", "apply"])?)
            .context("failed to prepare NATS")?;
        let sign_in = self.seed(services)?;

        let mut simulator = bound(&self.programs.join("masteria-sim"), "TERM", &[]);
        self.describe(&mut simulator, services)?;
        // It keeps what people add to it, and knows the demo's numbers.
        simulator.arg("--state").arg(self.folder.join("sim.json"));
        if self.demo().exists() {
            simulator.arg("--numbers").arg(self.demo());
        }
        let mut simulator = Service::start("masteria-sim", simulator, Signal::TERM, &self.folder)?;
        simulator.until(|| answers(self.sim, "/_sim/stats"))?;
        services.add(simulator);

        let serve = self.masteria(services, &["serve"])?;
        let mut serve = Service::start("masteria", serve, Signal::TERM, &self.folder)?;
        serve.until(|| answers(self.http, "/readyz"))?;
        services.add(serve);
        Ok(sign_in)
    }

    /// The platform's program, told where everything is.
    pub(crate) fn masteria(
        &self,
        services: &Services,
        arguments: &[&str],
    ) -> anyhow::Result<Command> {
        let mut command = bound(&self.programs.join("masteria"), "TERM", &[]);
        command.args(arguments).current_dir(root());
        self.describe(&mut command, services)?;
        Ok(command)
    }

    /// What `masteria seed --demo` printed when the database was empty.
    pub(crate) fn demo(&self) -> PathBuf {
        self.folder.join("demo.json")
    }

    fn describe(&self, command: &mut Command, services: &Services) -> anyhow::Result<()> {
        services.tell(command);
        let sim = format!("http://{}", self.sim);
        let blobs = self.folder.join("blobs");
        let defaults = [
            ("MASTERIA_PUBLIC_URL", format!("http://{}", self.http)),
            ("MASTERIA_NODE_ID", "local".to_owned()),
            ("MASTERIA_BLOBS", format!("file:{}", blobs.display())),
            ("META_GRAPH_URL", sim),
        ];
        for (name, value) in defaults {
            if given(name).is_none() {
                command.env(name, value);
            }
        }
        if given("MASTERIA_KEK").is_none() && given("MASTERIA_KEK_FILE").is_none() {
            command.env("MASTERIA_KEK_FILE", self.key()?);
        }
        command
            .env("NO_COLOR", "1")
            .env("MASTERIA_HTTP_ADDR", self.http.to_string())
            .env("MASTERIA_SIM_ADDR", self.sim.to_string())
            .env("MASTERIA_DIST", root().join(spa::DIST));
        Ok(())
    }

    /// The key that wraps all others, in a file that only its owner reads.
    fn key(&self) -> anyhow::Result<PathBuf> {
        let path = self.folder.join("kek");
        if !path.exists() {
            write_secret(&path, key_ring(&random()?).as_bytes())?;
        }
        Ok(path)
    }

    fn seed(&self, services: &Services) -> anyhow::Result<Option<SignIn>> {
        let path = self.demo();
        if !path.exists() {
            match read(&mut self.masteria(services, &["seed", "--demo"])?) {
                Ok(demo) => write_secret(&path, demo.as_bytes())?,
                Err(error) => {
                    eprintln!("xtask: no demo company was made: {error:#}");
                    return Ok(None);
                }
            }
        }
        sign_in(&fs::read_to_string(path)?).map(Some)
    }
}

/// A ring of one key.
fn key_ring(key: &[u8; 32]) -> String {
    format!("1 {}\n", STANDARD.encode(key))
}

/// The first person of the demo who has a password.
fn sign_in(demo: &str) -> anyhow::Result<SignIn> {
    let demo: Value = serde_json::from_str(demo).context("the demo's description is not JSON")?;
    let users = demo.get("users").and_then(Value::as_array).context("the demo has no users")?;
    let text = |user: &Value, name| user.get(name).and_then(Value::as_str).map(str::to_owned);
    users
        .iter()
        .find_map(|user| {
            Some(SignIn { email: text(user, "email")?, password: text(user, "password")? })
        })
        .context("nobody of the demo can sign in")
}

/// A page is there: status 200 within two seconds.
fn answers(address: SocketAddr, path: &str) -> bool {
    let patience = Duration::from_secs(2);
    let ask = || -> anyhow::Result<()> {
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        ensure!(answer.ends_with(b" 200"));
        Ok(())
    };
    ask().is_ok()
}

/// The address that the environment names, or the usual port on the loopback, or any.
pub(crate) fn address(name: &str, usual: u16) -> anyhow::Result<SocketAddr> {
    match given(name) {
        Some(text) => {
            text.parse().with_context(|| format!("{name} is no address like 127.0.0.1:{usual}"))
        }
        None => Ok(SocketAddr::from(([127, 0, 0, 1], crate::services::free_port(usual)?))),
    }
}

/// The folder of the data that `run` keeps.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::sign_in;

    #[test]
    fn the_first_who_can_sign_in_is_named() {
        let demo = r#"{"users":[{"email":"a@x"},{"email":"b@x","password":"p"}]}"#;
        let found = sign_in(demo).unwrap();
        assert_eq!((found.email.as_str(), found.password.as_str()), ("b@x", "p"));
        assert!(sign_in("{}").is_err());
    }
}
