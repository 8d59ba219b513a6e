//! A process of a run: started, waited for, and ended with the run.

use std::{
    ffi::OsStr,
    fs::File,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use tokio::time::sleep;

/// A running program.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    child: Child,
}

impl Program {
    /// Starts it; what it says goes to `<folder>/<log>.log`.
    pub(crate) fn start(
        name: &'static str,
        command: &mut Command,
        folder: &Path,
        log: &str,
    ) -> anyhow::Result<Self> {
        let path = folder.join(format!("{log}.log"));
        let file = File::options().create(true).append(true).open(&path)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("failed to start {name}"))?;
        Ok(Self { name, child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end and waits; kills it after five seconds.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        succeed(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Fails when it has ended by itself.
    pub(crate) fn still_runs(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended by itself: {status}", self.name),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Of a process that is gone already, there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end and answers what it said.
pub(crate) fn read(command: &mut Command) -> anyhow::Result<String> {
    let name = named(command);
    let output = command.output().with_context(|| format!("failed to start {name}"))?;
    said(&name, output)
}

fn said(name: &str, output: Output) -> anyhow::Result<String> {
    ensure!(
        output.status.success(),
        "{name} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The same, while other work goes on.
pub(crate) async fn read_beside(command: Command) -> anyhow::Result<String> {
    let name = named(&command);
    let output = tokio::process::Command::from(command).output().await;
    said(&name, output.with_context(|| format!("failed to start {name}"))?)
}

pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<()> {
    read(command).map(drop)
}

fn named(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args().take(3));
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Whether a program can be found.
pub(crate) fn exists(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Waits until an address answers with 200, as long as the program runs.
pub(crate) async fn until_up(
    program: &mut Program,
    url: &str,
    patience: Duration,
) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
    let until = Instant::now() + patience;
    while Instant::now() < until {
        program.still_runs()?;
        if http.get(url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        sleep(Duration::from_millis(25)).await;
    }
    bail!("{} did not answer {url} within {patience:?}", program.name)
}
