//! `migrate`, `nats apply` and `doctor`: an installation is prepared and examined.

use std::{io::Write as _, time::Duration};

use anyhow::Context as _;
use kernel::{
    db::{self, Sizes},
    incarnation::Standing,
};
use serde_json::json;

use super::{Done, Unreachable};
use crate::{config::Config, ground};

pub(super) async fn migrate(config: &Config) -> anyhow::Result<Done> {
    let pool =
        db::connect(&config.database_direct_url).await.context("failed to reach Postgres")?;
    ground::refuse_unsafe(&pool).await?;
    db::migrate(&pool).await.context("failed to migrate")?;
    Ok(Done::Well)
}

pub(super) async fn nats_apply(config: &Config) -> anyhow::Result<Done> {
    let bus = ground::bus(config).await?;
    let names = bus.apply().await.map_err(|error| Unreachable(format!("NATS: {error}")))?;
    let mut out = std::io::stdout().lock();
    for name in names {
        writeln!(out, "{name}")?;
    }
    Ok(Done::Well)
}

/// Looks at every part; the first that is wrong decides the exit code, all are shown.
pub(super) async fn doctor(config: &Config, as_json: bool) -> anyhow::Result<Done> {
    let mut findings = Vec::new();
    match db::connect(&config.database_direct_url).await {
        Ok(pool) => {
            findings.push(("postgres", Ok("answers".to_owned())));
            findings.push((
                "durability",
                ground::refuse_unsafe(&pool)
                    .await
                    .map(|()| "fsync, synchronous_commit and full_page_writes are on".to_owned())
                    .map_err(|error| error.to_string()),
            ));
            findings.push((
                "vector",
                ground::vector_version(&pool).await.map_err(|error| error.to_string()),
            ));
            findings
                .push(("schema", ground::schema(&pool).await.map_err(|error| error.to_string())));
            findings.push(("keys", keys(config).await.map_err(|error| format!("{error:#}"))));
        }
        Err(error) => findings.push(("postgres", Err(format!("does not answer: {error}")))),
    }
    findings.push(("nats", nats(config).await.map_err(|error| format!("{error:#}"))));
    let is_well = findings.iter().all(|(_, found)| found.is_ok());
    let mut out = std::io::stdout().lock();
    if as_json {
        let parts: serde_json::Map<String, serde_json::Value> = findings
            .iter()
            .map(|(part, found)| {
                let (is_ok, text) = match found {
                    Ok(text) => (true, text),
                    Err(text) => (false, text),
                };
                ((*part).to_owned(), json!({ "ok": is_ok, "says": text }))
            })
            .collect();
        writeln!(out, "{}", json!({ "configuration": config.shown(), "parts": parts }))?;
    } else {
        for (key, value) in config.shown() {
            writeln!(out, "{key} = {value}")?;
        }
        for (part, found) in &findings {
            match found {
                Ok(text) => writeln!(out, "ok    {part}: {text}")?,
                Err(text) => writeln!(out, "WRONG {part}: {text}")?,
            }
        }
    }
    let is_reached = findings.iter().any(|(part, found)| *part == "postgres" && found.is_ok());
    match (is_well, is_reached) {
        (true, _) => Ok(Done::Well),
        (false, true) => Ok(Done::Failed),
        (false, false) => Err(Unreachable("Postgres does not answer".to_owned()).into()),
    }
}

/// Whether the key-encryption keys fit the database, and whether it is the installation it was.
async fn keys(config: &Config) -> anyhow::Result<String> {
    let base = ground::Base::open(config, Sizes::default()).await?;
    Ok(match base.standing {
        Standing::Same(_) => "fit".to_owned(),
        Standing::Moved(..) => {
            "fit; but this database was restored or copied: what acts is held until masteria \
             restored --lost-from <moment of the backup>"
                .to_owned()
        }
    })
}

/// Whether NATS answers and has the streams.
async fn nats(config: &Config) -> anyhow::Result<String> {
    let bus = ground::bus(config).await?;
    let ready = async {
        while !bus.is_ready().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    match tokio::time::timeout(Duration::from_secs(3), ready).await {
        Ok(()) => Ok("answers and has the streams".to_owned()),
        Err(_late) => {
            anyhow::bail!("does not answer, or has no streams yet: masteria nats apply makes them")
        }
    }
}
