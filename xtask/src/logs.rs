//! The scan of a run's logs for what may stand in none of them (AU08, D33): secrets, words, phone
//! numbers and addresses that the tests have planted.
//!
//! Invariants: it reads our logs, Postgres' and NATS'; a log that is not there is a failure, not a pass;
//! what it finds it names by kind and place, and never repeats.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose};
use serde_json::Value;

/// Where tests leave their logs and what they planted.
pub(crate) const FOLDER: &str = "logs";
/// What was planted: a kind and a secret on each line.
const PLANTS: &str = "plants";
/// What is shorter could be there by chance.
const SHORTEST: usize = 8;
/// What is secret of a company's description.
const SECRET: [&str; 7] =
    ["password", "api_key", "hook_key", "verify_token", "app_secret", "access_token", "email"];
/// Whose logs there must be.
const SPEAKERS: [&str; 3] = ["masteria", "postgres", "nats"];

/// Reads every log below `folder`. `is_whole` if all tests have run, so that everybody has spoken.
pub(crate) fn scan(folder: &Path, is_whole: bool) -> anyhow::Result<()> {
    let plants = Plants::read(folder)?;
    let mut logs: Vec<PathBuf> = Vec::new();
    gather(folder, &mut logs)?;
    logs.sort();
    let mut found = BTreeSet::new();
    let mut spoken: BTreeSet<&str> = BTreeSet::new();
    for log in &logs {
        let bytes = fs::read(log).with_context(|| format!("failed to read {}", log.display()))?;
        let name = log.file_name().unwrap_or_default().to_string_lossy();
        let speaker = SPEAKERS.iter().find(|speaker| name.contains(**speaker));
        spoken.extend(speaker.copied().filter(|_| !bytes.is_empty()));
        for (kind, at) in plants.within(&bytes) {
            let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
            found.insert(format!("{name}:{line}: {kind}"));
        }
    }
    eprintln!("xtask: looked for {} planted secrets in {} logs", plants.n_secrets, logs.len());
    if is_whole {
        let silent: Vec<_> = SPEAKERS.iter().filter(|speaker| !spoken.contains(*speaker)).collect();
        ensure!(silent.is_empty(), "there are no logs of {silent:?} to look through");
        ensure!(plants.n_secrets > 0, "nothing was planted, so nothing is proved");
    }
    let found: Vec<_> = found.into_iter().take(40).collect();
    ensure!(found.is_empty(), "logs hold what was planted in them:\n  {}", found.join("\n  "));
    Ok(())
}

/// Logs, but for those of the simulated providers, which are told everything.
fn gather(folder: &Path, into: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            // The servers' data is not their log.
            if !["postgres", "nats", "blobs"].contains(&name.as_str()) {
                gather(&path, into)?;
            }
        } else if path.extension().is_some_and(|it| it == "log") && !name.contains("sim") {
            into.push(path);
        }
    }
    Ok(())
}

/// What was planted, in every spelling that a log could hold it in.
#[derive(Default)]
struct Plants {
    n_secrets: usize,
    /// By the first bytes.
    spellings: HashMap<[u8; SHORTEST], Vec<(String, Vec<u8>)>>,
}

impl Plants {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut plants = Self::default();
        let path = folder.join(FOLDER).join(PLANTS);
        let text = if path.exists() { fs::read_to_string(&path)? } else { String::new() };
        let lines: BTreeSet<&str> = text.lines().collect();
        for (kind, secret) in lines.into_iter().filter_map(|line| line.split_once('\t')) {
            plants.add(kind, secret);
        }
        // What was made for the services and for the browser's platform.
        for folder in [folder.to_owned(), folder.join("browser")] {
            let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
            for (name, secret) in text("credentials").lines().filter_map(|it| it.split_once('=')) {
                plants.add(name, secret);
            }
            for (_, key) in text("kek").lines().filter_map(|line| line.split_once(' ')) {
                plants.add("key", key);
            }
            if let Ok(demo) = serde_json::from_str(&text("demo.json")) {
                plants.add_all(&demo);
            }
        }
        Ok(plants)
    }

    /// Every secret of the demo's description.
    fn add_all(&mut self, described: &Value) {
        match described {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str().filter(|_| SECRET.contains(&name.as_str())) {
                        Some(secret) => self.add(name, secret),
                        None => self.add_all(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_all(item)),
            _ => {}
        }
    }

    fn add(&mut self, kind: &str, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        self.n_secrets += 1;
        let escaped = Value::from(secret).to_string();
        let percent: String = secret
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect();
        let mut hex = String::new();
        for byte in secret.bytes() {
            let _ = write!(hex, "{byte:02x}");
        }
        let spellings = BTreeSet::from([
            secret.to_owned(),
            escaped.trim_matches('"').to_owned(),
            percent,
            hex,
            general_purpose::STANDARD_NO_PAD.encode(secret),
            general_purpose::URL_SAFE_NO_PAD.encode(secret),
        ]);
        for spelling in spellings {
            let bytes = spelling.into_bytes();
            if let Some(first) = bytes.first_chunk::<SHORTEST>() {
                self.spellings.entry(*first).or_default().push((kind.to_owned(), bytes));
            }
        }
    }

    /// What stands where in a log.
    fn within<'a>(&'a self, log: &'a [u8]) -> impl Iterator<Item = (&'a str, usize)> {
        log.windows(SHORTEST).enumerate().flat_map(move |(at, window)| {
            let first = <[u8; SHORTEST]>::try_from(window).ok();
            let known = first.and_then(|first| self.spellings.get(&first));
            known.into_iter().flatten().filter_map(move |(kind, secret)| {
                log.get(at..)?.starts_with(secret).then_some((kind.as_str(), at))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf, process};

    use super::scan;

    /// A run's folder with a log of everybody, gone with the test.
    struct Run(PathBuf);

    impl Run {
        fn new(name: &str) -> Self {
            let folder = env::temp_dir().join(format!("masteria-scan-{name}-{}", process::id()));
            fs::create_dir_all(folder.join("logs")).unwrap();
            fs::create_dir_all(folder.join("browser")).unwrap();
            let run = Self(folder);
            run.write(
                "logs/plants",
                "a password\tcorreta égua\nphone\t5511987654321\nshort\tabc\n",
            );
            run.write("credentials", "owner=pGeneratedForThisRun\n");
            run.write("postgres.log", "LOG: ready abc\n");
            run.write("nats.log", "[INF] ready\n");
            run.write("browser/masteria.log", "INFO answering\n");
            run.write("browser/masteria-sim.log", "to 5511987654321\n");
            run
        }

        fn write(&self, path: &str, text: &str) {
            fs::write(self.0.join(path), text).unwrap();
        }

        fn error(&self) -> String {
            scan(&self.0, true).unwrap_err().to_string()
        }
    }

    impl Drop for Run {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn au08_clean_logs_pass_and_the_simulators_may_know() {
        scan(&Run::new("clean").0, true).unwrap();
    }

    #[test]
    fn au08_a_plant_is_found_in_any_log_and_spelling_and_not_repeated() {
        let run = Run::new("found");
        for (log, text) in [
            ("postgres.log", "ERROR: invalid value \"correta égua\""),
            ("nats.log", "user pGeneratedForThisRun is not allowed"),
            ("browser/masteria.log", "to=5511987654321"),
            ("logs/test-1-masteria.log", "{\"q\":\"correta%20%C3%A9gua\"}"),
            ("logs/test-2-masteria.log", "35353131393837363534333231"),
            ("logs/fault-3-postgres.log", "Y29ycmV0YSDDqWd1YQ"),
        ] {
            let before = fs::read_to_string(run.0.join(log)).ok();
            run.write(log, &format!("fine\n{text}\n"));
            let error = run.error();
            let name = log.rsplit('/').next().unwrap();
            assert!(error.contains(&format!("{name}:2: ")), "{log}: {error}");
            for secret in ["correta", "5511987654321", "pGeneratedForThisRun"] {
                assert!(!error.contains(secret), "{error}");
            }
            match before {
                Some(before) => run.write(log, &before),
                None => fs::remove_file(run.0.join(log)).unwrap(),
            }
        }
        scan(&run.0, true).unwrap();
    }

    #[test]
    fn au08_silence_is_no_proof() {
        let run = Run::new("silent");
        run.write("nats.log", "");
        assert!(run.error().contains("nats"));
        run.write("nats.log", "[INF] ready\n");
        run.write("logs/plants", "");
        run.write("credentials", "");
        assert!(run.error().contains("nothing was planted"));
        assert!(scan(&run.0, false).is_ok(), "a filtered run plants what it plants");
    }
}
