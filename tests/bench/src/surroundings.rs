//! What `cargo xtask bench` tells: where the services and the built programs are.

use std::{
    env, fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context as _;

use crate::figures::{Latencies, written};

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

/// What was measured on: a sentence for the report.
pub(crate) fn machine(folder: &Path) -> anyhow::Result<String> {
    let of = |path: &str, name: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
        line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned())).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism()?;
    let memory = of("/proc/meminfo", "MemTotal");
    let memory = memory.split(' ').next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut synced = synced(folder)?;
    Ok(format!(
        "Measured on {cores} virtual cores ({}), {:.0} GB of memory, Linux {}; a synced write of 8 kB \
         takes {} ms in the middle and {} ms at p99.\n",
        of("/proc/cpuinfo", "model name"),
        memory / 1_048_576.0,
        kernel.trim(),
        written(synced.at(500)),
        written(synced.at(990)),
    ))
}

/// How long the disk takes to keep a page.
fn synced(folder: &Path) -> anyhow::Result<Latencies> {
    let path = folder.join("synced");
    let mut file = fs::File::create(&path)?;
    file.write_all(&[0; 8_192])?;
    file.sync_all()?;
    let mut latencies = Latencies::default();
    for _ in 0..500 {
        let since = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[1; 8_192])?;
        file.sync_data()?;
        latencies.add(since.elapsed());
    }
    drop(file);
    fs::remove_file(path)?;
    Ok(latencies)
}
