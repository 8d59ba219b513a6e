//! Postgres 18 with pgvector, on the loopback, with passwords; as nobody when we are root.
//!
//! Invariants: the application is no superuser; fsync, `synchronous_commit` and
//! `full_page_writes` are on, always; the log holds no statement and no value.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use rustix::process::{Signal, getuid};

use super::{
    Lifetime,
    child::{Service, append, bare},
    credentials::{Credentials, write_secret},
};
use crate::{
    shell::{exists, succeed},
    tools,
};

/// Who Postgres runs as when we are root, as which it refuses to run: nobody, with the right to
/// pass through folders that only root may enter.
const NOBODY: u32 = 65534;
const AS_NOBODY: [&str; 6] = [
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=-all,+dac_override",
    "--securebits=+no_setuid_fixup",
];

/// Errors go to the log with their code; what people wrote does not.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "max_wal_size=4GB",
    "checkpoint_timeout=15min",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_statement=none",
    "log_line_prefix=%m [%p] %e ",
];

/// A server and the address of the application's database.
pub(crate) struct Postgres {
    pub(crate) service: Service,
    pub(crate) url: String,
    /// For tests that look at all rows, and make backups.
    pub(crate) superuser_url: String,
}

impl Postgres {
    /// Starts it with its data in `<folder>/postgres`, made when it is missing.
    pub(crate) fn start(folder: &Path, lifetime: Lifetime, port: u16) -> anyhow::Result<Self> {
        let bin = tools::programs()?.postgres;
        fs::create_dir_all(folder)?;
        let credentials = Credentials::of(folder)?;
        let privileges: &[&str] = if getuid().is_root() { &AS_NOBODY } else { &[] };
        let home = folder.join("postgres");
        let data = home.join("data");
        let ready = home.join("ready");
        let fresh = !ready.exists();
        if fresh {
            make(&bin, folder, &home, lifetime, privileges, &credentials)?;
        }
        let mut server = bare(&bin.join("postgres"), "INT", privileges);
        server.arg("-D").arg(&data).args(["-c", &format!("port={port}")]);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        server.args(["-c", &format!("shared_buffers={}", lifetime.buffers())]);
        let mut service = Service::start("postgres", server, Signal::INT, folder)?;
        let ask = bin.join("pg_isready").display().to_string();
        let place = ["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "postgres", "-t", "5"];
        service.until_after_crash(|| exists(&ask, &place))?;
        if fresh {
            let url =
                format!("postgres://postgres:{}@127.0.0.1:{port}/template1", credentials.superuser);
            prepare(&url, &credentials)?;
            File::create(ready)?.sync_all()?;
        }
        let url = format!("postgres://masteria:{}@127.0.0.1:{port}/masteria", credentials.owner);
        let superuser_url =
            format!("postgres://postgres:{}@127.0.0.1:{port}/masteria", credentials.superuser);
        Ok(Self { service, url, superuser_url })
    }
}

fn make(
    bin: &Path,
    folder: &Path,
    home: &Path,
    lifetime: Lifetime,
    privileges: &[&str],
    credentials: &Credentials,
) -> anyhow::Result<()> {
    if home.exists() {
        fs::remove_dir_all(home)?;
    }
    fs::DirBuilder::new().mode(0o700).create(home)?;
    let password: PathBuf = home.join("superuser");
    write_secret(&password, credentials.superuser.as_bytes())?;
    if getuid().is_root() {
        chown(home, Some(NOBODY), Some(NOBODY))?;
        chown(&password, Some(NOBODY), Some(NOBODY))?;
    }
    let mut initdb = bare(&bin.join("initdb"), "INT", privileges);
    initdb.arg("-D").arg(home.join("data")).args(["-U", "postgres", "--auth=scram-sha-256"]);
    initdb.arg("--pwfile").arg(&password);
    initdb.args(["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]);
    if lifetime == Lifetime::Run {
        initdb.arg("--no-sync");
    }
    succeed(initdb.stdout(append(&folder.join("initdb.log"))?))?;
    fs::remove_file(password)?;
    Ok(())
}

/// The application is no superuser, so that row-level security binds it; therefore the one
/// extension that only a superuser may create is in the template. It may make the roles that its
/// migrations name, and become them.
fn prepare(url: &str, credentials: &Credentials) -> anyhow::Result<()> {
    let owner = &credentials.owner;
    psql(
        url,
        &format!(
            "create extension vector;
             create role masteria login createdb createrole password '{owner}';
             alter role masteria set createrole_self_grant = 'set, inherit';
             create database masteria owner masteria;"
        ),
    )?;
    Ok(())
}

/// Runs statements and answers with what they say, one row a line. They and the address do not
/// show in the list of processes.
pub(crate) fn psql(url: &str, statements: &str) -> anyhow::Result<String> {
    let mut client = Command::new(tools::programs()?.postgres.join("psql"));
    client.args(["--quiet", "--no-psqlrc", "--tuples-only", "--no-align"]);
    client.args(["-v", "ON_ERROR_STOP=1"]).env("PGCONNECT_TIMEOUT", "10");
    let (password, database) = split(url)?;
    client.args(["-d", &database]);
    if let Some(password) = password {
        client.env("PGPASSWORD", password);
    }
    let mut child = client.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(statements.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "psql ended with {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The password of an address, and the address without it.
fn split(url: &str) -> anyhow::Result<(Option<String>, String)> {
    let (scheme, rest) = url.split_once("://").context("DATABASE_URL is not an address")?;
    let (before, after) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Some((account, host)) = before.rsplit_once('@') else { return Ok((None, url.to_owned())) };
    let Some((user, password)) = account.split_once(':') else { return Ok((None, url.to_owned())) };
    Ok((Some(decoded(password)), format!("{scheme}://{user}@{host}{after}")))
}

/// `%40` and the like, which an address must use for some letters of a password.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let pair = [ahead.next(), ahead.next()].map(|digit| {
            digit.and_then(|it| {
                char::from(it).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
            })
        });
        match (byte, pair) {
            (b'%', [Some(high), Some(low)]) => {
                bytes.push(high * 16 + low);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_password_leaves_the_address_and_is_decoded() {
        let (password, url) = split("postgres://ana:p%40s@db.example:5432/x?a=b").unwrap();
        assert_eq!(password, Some("p@s".to_owned()));
        assert_eq!(url, "postgres://ana@db.example:5432/x?a=b");
        let (password, url) = split("postgres://db.example/x").unwrap();
        assert_eq!((password, url.as_str()), (None, "postgres://db.example/x"));
    }
}
