//! What `cargo xtask bench` tells: where the services and the built programs are.

use std::{env, path::PathBuf};

use anyhow::Context as _;

/// Where everything is.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) database_url: String,
    pub(crate) masteria: PathBuf,
    pub(crate) simulator: PathBuf,
    /// Starts a NATS of its own for each installation.
    pub(crate) xtask: PathBuf,
    pub(crate) dist: PathBuf,
    /// Gone after the run.
    pub(crate) folder: PathBuf,
    /// Where results stay.
    pub(crate) out: PathBuf,
}

impl Surroundings {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let given = |name: &str| {
            env::var_os(name)
                .map(PathBuf::from)
                .with_context(|| format!("{name} is not set: run it with cargo xtask bench"))
        };
        let database_url = given("DATABASE_URL")?.into_os_string().into_string();
        Ok(Self {
            database_url: database_url.ok().context("DATABASE_URL is no text")?,
            masteria: given("MASTERIA_BIN")?,
            simulator: given("MASTERIA_SIM_BIN")?,
            xtask: given("MASTERIA_XTASK")?,
            dist: given("MASTERIA_DIST")?,
            folder: given("MASTERIA_BENCH_FOLDER")?,
            out: given("MASTERIA_BENCH_OUT")?,
        })
    }

    /// The address of another database on the same server.
    pub(crate) fn database(&self, name: &str) -> String {
        let (address, options) = match self.database_url.split_once('?') {
            Some((address, options)) => (address, format!("?{options}")),
            None => (self.database_url.as_str(), String::new()),
        };
        let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
        format!("{server}/{name}{options}")
    }
}
