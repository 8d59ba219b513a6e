//! `cargo xtask run` and `reset`: the platform on this machine, until Ctrl-C.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::bail;
use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{
    platform::{Platform, address, shown},
    services::{Lifetime, Services},
    shell::{MASTERIA, Profile, SIMULATOR, given, local},
    spa,
};

const HTTP: (&str, u16) = ("MASTERIA_HTTP_ADDR", 8080);
/// Names of the folders that belong to given databases.
const ELSEWHERE: &str = "at-";
const SIM: (&str, u16) = ("MASTERIA_SIM_ADDR", 8090);

pub(crate) fn run(profile: Profile) -> anyhow::Result<()> {
    let folder = local()?;
    let _alone = alone(&folder)?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGCHLD])?;
    let programs = profile.build(&[MASTERIA, SIMULATOR])?;
    // The page as users load it, also beside programs that are quick to build.
    spa::build(Profile::Release)?;

    let mut services = Services::start(&folder, Lifetime::Kept)?;
    let (http, sim) = (address(HTTP.0, HTTP.1)?, address(SIM.0, SIM.1)?);
    let platform = Platform { programs, folder: home(&folder), http, sim };
    let sign_in = platform.start(&mut services)?;
    fs::write(folder.join("address"), format!("http://{http}"))?;

    let mut out = io::stdout().lock();
    match sign_in {
        Some(it) => writeln!(
            out,
            "Master IA: http://{http}  sign in as {} with the password {}",
            it.email, it.password
        )?,
        None => writeln!(out, "Master IA: http://{http}")?,
    }
    out.flush()?;
    drop(out);
    eprintln!(
        "A customer's phone: http://{sim}/phone\nData and logs: {}. Ctrl-C stops everything.",
        shown(&folder)
    );

    for signal in signals.forever() {
        match signal {
            SIGCHLD => services.revive()?,
            _ => break,
        }
    }
    Ok(())
}

/// Drops what `run` keeps, but not the keys to a database of somebody else.
pub(crate) fn reset() -> anyhow::Result<()> {
    if given("DATABASE_URL").is_some() {
        bail!("DATABASE_URL names a server that is not ours: drop its database yourself");
    }
    let folder = local()?;
    let _alone = alone(&folder)?;
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(ELSEWHERE) || name == "lock" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Keys and files belong to a database: those of a given one are kept apart from our own.
fn home(folder: &Path) -> PathBuf {
    match given("DATABASE_URL") {
        None => folder.to_owned(),
        Some(url) => folder.join(format!("{ELSEWHERE}{}", place(&url))),
    }
}

/// Host, port and database of an address, as a file's name.
fn place(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or_default();
    let rest = rest.rsplit('@').next().unwrap_or_default();
    rest.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect()
}

/// One `run` at a time: the data has one owner.
fn alone(folder: &Path) -> anyhow::Result<File> {
    let address = folder.join("address");
    let lock = File::create(folder.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => {
            fs::write(&address, "not up yet")?;
            Ok(lock)
        }
        Err(TryLockError::WouldBlock) => {
            bail!("already running: {}", fs::read_to_string(address)?)
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn the_name_of_a_database_holds_no_account() {
        assert_eq!(place("postgres://ana:p@db.example:5432/x?a=b"), "db-example-5432-x");
    }
}
