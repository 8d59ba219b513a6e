//! One child: started in a group of its own, asked until it is ready, told to stop.

use std::{
    env,
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// How often a child that ends by itself is started again before we give up.
const ATTEMPTS: u32 = 12;

/// A running program that stops when this is dropped.
pub(crate) struct Service {
    name: &'static str,
    command: Command,
    child: Child,
    stop: Signal,
    log: PathBuf,
}

impl Service {
    /// Starts a program whose words go to `<folder>/<name>.log`, in a group of its own, so that
    /// Ctrl-C reaches only us.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        stop: Signal,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = append(&log)?;
        command.stdout(file.try_clone()?).stderr(file).process_group(0);
        let child = command.spawn().with_context(|| format!("failed to start {name}"))?;
        Ok(Self { name, command, child, stop, log })
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks until the answer is yes.
    pub(crate) fn until(&mut self, ready: impl Fn() -> bool) -> anyhow::Result<()> {
        self.ask(ready, 1)
    }

    /// The same after a crash: what is left of the process before may be in the way for a moment.
    pub(crate) fn until_after_crash(&mut self, ready: impl Fn() -> bool) -> anyhow::Result<()> {
        self.ask(ready, ATTEMPTS)
    }

    fn ask(&mut self, ready: impl Fn() -> bool, mut attempts: u32) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                attempts -= 1;
                if attempts > 0 {
                    sleep(Duration::from_millis(500));
                    self.child = self.command.spawn()?;
                    continue;
                }
                bail!("{} ended with {status}\n{}", self.name, self.last_words());
            }
            ensure!(
                Instant::now() < deadline,
                "{} is not ready after a minute\n{}",
                self.name,
                self.last_words()
            );
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Starts it again when it has ended by itself.
    pub(crate) fn revive(&mut self) -> anyhow::Result<()> {
        let Some(mut status) = self.child.try_wait()? else { return Ok(()) };
        for attempt in 1..=ATTEMPTS {
            eprintln!("xtask: {} ended with {status}; it is started again", self.name);
            self.child = self.command.spawn()?;
            // A server that was killed may have left children that first have to notice.
            sleep(Duration::from_millis(100) * attempt);
            match self.child.try_wait()? {
                None => return Ok(()),
                Some(again) => status = again,
            }
        }
        bail!("{} does not stay up: {status}\n{}", self.name, self.last_words())
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let mut lines: Vec<_> = text.lines().rev().take(12).collect();
        lines.reverse();
        lines.join("\n")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, self.stop);
        }
        for _ in 0..1000 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that is told to stop when we die.
pub(crate) fn bound(program: &Path, signal: &str, privileges: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(privileges).arg(format!("--pdeathsig={signal}")).arg("--").arg(program);
    command
}

/// A foreign server, which is told nothing of our environment: it may hold keys.
pub(crate) fn bare(program: &Path, signal: &str, privileges: &[&str]) -> Command {
    let mut command = bound(program, signal, privileges);
    command.env_clear();
    if let Some(path) = env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// A file to which words are added.
pub(crate) fn append(path: &Path) -> anyhow::Result<File> {
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("failed to write {}", path.display()))
}
