//! What this process says, kept for the run's look through all logs, and what may not be in it (D33).

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process,
    sync::{Arc, OnceLock},
};

use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::given;

/// More than a server says, of our own code.
const FILTER: &str = "debug,sqlx=warn,hyper=warn,hyper_util=warn,h2=warn,reqwest=warn,rustls=warn,\
                      async_nats=warn,tungstenite=warn,tokio_tungstenite=warn,sim=off";

static LOG: OnceLock<PathBuf> = OnceLock::new();

/// The folder that the run names; a plain `cargo test` names none, and nobody looks.
fn folder() -> PathBuf {
    given("MASTERIA_TEST_LOGS").map_or_else(std::env::temp_dir, PathBuf::from)
}

/// From now on everything that this process says is kept.
pub fn keep() -> &'static Path {
    LOG.get_or_init(|| {
        let path = folder().join(format!("test-{}-masteria.log", process::id()));
        let file = File::options().create(true).append(true).open(&path).unwrap();
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(FILTER))
            .with_ansi(false)
            .with_writer(Arc::new(file))
            .init();
        path
    })
}

/// Whether this process has said something.
#[must_use]
pub fn said(words: &str) -> bool {
    fs::read_to_string(keep()).unwrap().contains(words)
}

/// From now on this may stand in no log of the run.
pub fn plant(kind: &str, secret: &str) {
    let mut plants =
        File::options().create(true).append(true).open(folder().join("plants")).unwrap();
    plants.write_all(format!("{kind}\t{secret}\n").as_bytes()).unwrap();
}

/// The same for every secret and address in a description of a company.
pub fn plant_all(described: &Value) {
    const SECRET: [&str; 7] =
        ["password", "api_key", "hook_key", "verify_token", "app_secret", "access_token", "email"];
    match described {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|_| SECRET.contains(&name.as_str())) {
                    Some(secret) => plant(name, secret),
                    None => plant_all(value),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(plant_all),
        _ => {}
    }
}
