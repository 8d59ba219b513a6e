//! `cargo xtask run`: the platform on this machine, until Ctrl-C.

use std::{
    fs::{self, File, TryLockError},
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::Command,
};

use anyhow::bail;
use rustix::process::Signal;
use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{
    services::{Durability, Service, Services, bound, free_port},
    shell::{cargo, local, root, succeed, target},
    spa,
};

const PORT: u16 = 8080;

pub(crate) fn run(release: bool) -> anyhow::Result<()> {
    let local = local()?;
    let address = local.join("address");
    let lock = File::create(local.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => fs::write(&address, "not up yet")?,
        Err(TryLockError::WouldBlock) => {
            bail!("already running: {}", fs::read_to_string(address)?)
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }

    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGCHLD])?;
    spa::build(release)?;
    let mut build = cargo(&["build", "--workspace", "--bin", "masteria"]);
    succeed(if release { build.arg("--release") } else { &mut build })?;

    let mut services = Services::start(&local, Durability::Full)?;
    let backend = target()?.join(if release { "release" } else { "debug" }).join("masteria");
    succeed(services.tell(Command::new(&backend).arg("migrate")))?;
    let port = free_port(PORT)?;
    let url = format!("http://127.0.0.1:{port}/");
    let mut serve = bound(&backend, "TERM", &[]);
    serve.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--dist"]);
    serve.arg(root().join(spa::DIST));
    let mut backend = Service::start("backend", services.tell(&mut serve), Signal::TERM)?;
    backend.until(|| is_ready(port))?;
    services.add(backend);
    fs::write(&address, &url)?;
    eprintln!("\n  Master IA is up: {url}\n  Data and logs are in {}.\n", shown(&local));

    for signal in signals.forever() {
        match signal {
            SIGCHLD => services.alive()?,
            _ => break,
        }
    }
    Ok(())
}

fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains(" 200 "))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
