//! `export`, `replay`, `restored` and `rewrap`: history leaves, comes back, and lives on.

use std::{collections::BTreeSet, io::Write as _, path::Path};

use chrono::{DateTime, Utc};
use kernel::{
    db::Sizes,
    incarnation::{Purpose, Standing, command_line, restored as begin_again},
};
use serde_json::{Map, Value, json};
use shared::ids::CompanyId;

use super::{Done, Export};
use crate::{app::App, config::Config, ground, ground::Base};

pub(super) async fn export(config: Config, asked: Export) -> anyhow::Result<Done> {
    let base = Base::open(&config, Sizes::default()).await?;
    let mut to = tokio::io::BufWriter::new(tokio::fs::File::create(&asked.out).await?);
    let exported =
        kernel::export::export(&base.ledger, &base.vault, asked.company.into_uuid(), &mut to)
            .await?;
    to.into_inner().sync_all().await?;
    let company = CompanyId::from_uuid(exported.company);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} events of {company} in {}", exported.events, asked.out.display())?;
    Ok(Done::Well)
}

pub(super) async fn replay(config: Config, file: &Path, as_json: bool) -> anyhow::Result<Done> {
    // An empty database becomes one for looking only; nothing acts in it.
    let base = Base::open_for(&config, Sizes::default(), Purpose::Audit).await?;
    let mut from = tokio::io::BufReader::new(tokio::fs::File::open(file).await?);
    let exported = kernel::export::replay(&base.pools, 0, &mut from).await?;
    drop(base);
    let app = App::open(config, BTreeSet::new()).await?;
    app.engine.models.catch_up().await?;
    let mut hashes = Map::new();
    for name in app.engine.models.names() {
        let hash = app.engine.models.state_hash_of(name, exported.company).await?;
        hashes.insert(name.to_owned(), Value::String(hash));
    }
    let mut out = std::io::stdout().lock();
    if as_json {
        let company = CompanyId::from_uuid(exported.company);
        let report = json!({ "company": company, "events": exported.events, "states": hashes });
        writeln!(out, "{report}")?;
    } else {
        writeln!(out, "{} events", exported.events)?;
        for (name, hash) in &hashes {
            writeln!(out, "{name} {}", hash.as_str().unwrap_or_default())?;
        }
    }
    Ok(Done::Well)
}

pub(super) async fn restored(config: Config, lost_from: DateTime<Utc>) -> anyhow::Result<Done> {
    let base = Base::open(&config, Sizes::default()).await?;
    let mut out = std::io::stdout().lock();
    if matches!(base.standing, Standing::Same(_)) {
        writeln!(out, "this is the installation it was: nothing was changed")?;
        return Ok(Done::Well);
    }
    // What was published knows things that were lost: the streams are made anew from the ledger.
    ground::bus(&config).await?.wipe(0).await?;
    let life = begin_again(&base.ledger, &base.vault, command_line(), lost_from).await?;
    writeln!(
        out,
        "a new life began ({}). What was not final at {lost_from} is unknown and is not sent again; \
         start the platform when you have looked",
        life.incarnation.simple()
    )?;
    Ok(Done::Well)
}

pub(super) async fn rewrap(config: Config) -> anyhow::Result<Done> {
    let app = App::open(config, BTreeSet::new()).await?;
    let mut n_keys = 0;
    loop {
        let n = app.base.vault.rewrap(1_000).await?;
        n_keys += n;
        if n == 0 {
            break;
        }
    }
    n_keys += app.under.intake.rewrap().await?;
    writeln!(std::io::stdout(), "{n_keys} keys were wrapped anew")?;
    Ok(Done::Well)
}
