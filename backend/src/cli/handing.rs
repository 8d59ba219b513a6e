//! Keys beside an export: encrypted by `age` for a named recipient or a passphrase, and opened again.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    iter,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use age::{Decryptor, Encryptor, Identity, Recipient, secrecy::SecretString, x25519};
use anyhow::{Context as _, bail};

/// What every passphrase must have at least.
const SHORTEST: usize = 12;

/// For whom keys are.
pub(super) enum Meant {
    /// Whoever has the identity of this recipient.
    Recipient(x25519::Recipient),
    /// Whoever knows the passphrase.
    Passphrase(SecretString),
}

impl Meant {
    /// Reads what was asked for; nobody: no keys.
    pub(super) fn of(
        recipient: Option<&str>,
        passphrase_file: Option<&Path>,
    ) -> anyhow::Result<Option<Self>> {
        if let Some(text) = recipient {
            let recipient = x25519::Recipient::from_str(text)
                .map_err(|_not_one| anyhow::anyhow!("--recipient is no age recipient (age1…)"))?;
            return Ok(Some(Self::Recipient(recipient)));
        }
        passphrase_file.map(|file| passphrase(file).map(Self::Passphrase)).transpose()
    }

    /// The recipient, as an event names it.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Recipient(recipient) => Some(recipient.to_string()),
            Self::Passphrase(_) => None,
        }
    }

    /// Encrypts keys into a file that only its owner reads.
    pub(super) fn write(self, keys: &str, out: &Path) -> anyhow::Result<()> {
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(out);
        let file = file.with_context(|| format!("failed to write {}", out.display()))?;
        let encryptor = match &self {
            Self::Recipient(recipient) => {
                let recipient: &dyn Recipient = recipient;
                Encryptor::with_recipients(iter::once(recipient))?
            }
            Self::Passphrase(words) => Encryptor::with_user_passphrase(words.clone()),
        };
        let mut writer = encryptor.wrap_output(file)?;
        writer.write_all(keys.as_bytes())?;
        writer.finish()?.sync_all()?;
        Ok(())
    }
}

/// Opens keys that were handed out.
pub(super) fn open(
    keys: &Path,
    identity: Option<&Path>,
    passphrase_file: Option<&Path>,
) -> anyhow::Result<zeroize::Zeroizing<String>> {
    let identity: Box<dyn Identity> = match (identity, passphrase_file) {
        (Some(file), _) => Box::new(identity_in(file)?),
        (None, Some(file)) => Box::new(age::scrypt::Identity::new(passphrase(file)?)),
        (None, None) => bail!("the keys open with --identity or --passphrase-file"),
    };
    let file = File::open(keys).with_context(|| format!("failed to read {}", keys.display()))?;
    let decryptor = Decryptor::new(file).context("the keys are no age file")?;
    let mut reader = decryptor
        .decrypt(iter::once(identity.as_ref()))
        .context("the keys do not open with this identity or passphrase")?;
    let mut text = zeroize::Zeroizing::new(String::new());
    reader.read_to_string(&mut text).context("the keys are damaged")?;
    Ok(text)
}

/// Where the keys of an export lie.
pub(super) fn beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".keys.age");
    name.into()
}

fn passphrase(file: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("failed to read {}", file.display()))?;
    let words = text.trim_end_matches(['\r', '\n']);
    if words.chars().count() < SHORTEST {
        bail!("the passphrase in {} is shorter than {SHORTEST} characters", file.display());
    }
    Ok(SecretString::from(words.to_owned()))
}

fn identity_in(file: &Path) -> anyhow::Result<x25519::Identity> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("failed to read {}", file.display()))?;
    let line = text.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-"));
    let found = line.and_then(|line| x25519::Identity::from_str(line).ok());
    found.with_context(|| format!("there is no age identity in {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::{Meant, open};

    #[test]
    fn keys_open_for_whom_they_are_meant_and_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let identity = age::x25519::Identity::generate();
        let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
        let (mine, words) = (file("mine", &secret), file("words", "correct horse battery\n"));
        let other = age::x25519::Identity::generate().to_string();
        let other = file("other", age::secrecy::ExposeSecret::expose_secret(&other));
        let out = folder.path().join("keys");
        let recipient = identity.to_public().to_string();
        Meant::of(Some(&recipient), None).unwrap().unwrap().write("the keys", &out).unwrap();
        assert_eq!(*open(&out, Some(&mine), None).unwrap(), "the keys");
        assert!(open(&out, Some(&other), None).is_err());
        assert!(open(&out, None, Some(&words)).is_err());
        Meant::of(None, Some(&words)).unwrap().unwrap().write("the keys", &out).unwrap();
        assert_eq!(*open(&out, None, Some(&words)).unwrap(), "the keys");
        assert!(open(&out, Some(&mine), None).is_err());
        assert!(Meant::of(None, Some(&file("short", "secret\n"))).is_err());
        assert!(Meant::of(Some("age1nonsense"), None).is_err());
    }
}
