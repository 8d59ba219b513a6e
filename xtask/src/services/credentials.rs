//! Passwords and keys of the servers we start: made once, kept where only their owner reads.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The passwords of one folder's servers.
pub(crate) struct Credentials {
    /// `postgres`, Postgres' superuser.
    pub(crate) superuser: String,
    /// `masteria`, who owns the database and is no superuser.
    pub(crate) owner: String,
    /// `relay`, who alone publishes events on NATS.
    pub(crate) relay: String,
    /// `masteria` on NATS.
    pub(crate) reader: String,
}

impl Credentials {
    /// Reads them, or makes them.
    pub(crate) fn of(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("credentials");
        if !path.exists() {
            let lines: Vec<String> = ["superuser", "owner", "relay", "reader"]
                .into_iter()
                .map(|name| Ok(format!("{name}={}\n", password()?)))
                .collect::<anyhow::Result<_>>()?;
            write_secret(&path, lines.concat().as_bytes())?;
        }
        let text = fs::read_to_string(&path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        let of = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .map(str::to_owned)
                .with_context(|| format!("{} has no {name}", path.display()))
        };
        Ok(Self {
            superuser: of("superuser")?,
            owner: of("owner")?,
            relay: of("relay")?,
            reader: of("reader")?,
        })
    }
}

/// Writes a file that only its owner reads, whole or not at all.
pub(crate) fn write_secret(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let half = path.with_extension("half");
    let mut file =
        File::options().create(true).write(true).truncate(true).mode(0o600).open(&half)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(half, path).with_context(|| format!("failed to write {}", path.display()))
}

/// Bytes that nobody guesses.
pub(crate) fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Some 190 random bits. It begins with a letter, as NATS takes `12e3` for a number.
fn password() -> anyhow::Result<String> {
    Ok(format!("p{}", URL_SAFE_NO_PAD.encode(random::<24>()?).replace(['-', '_'], "x")))
}
