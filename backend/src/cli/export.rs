//! `export`, `replay` and `rewrap`: history leaves and comes back, and keys are wrapped anew.

use std::{collections::BTreeSet, io::Write as _};

use kernel::{
    db::Sizes,
    incarnation::{EXPORTED, Purpose, command_line, note},
};
use serde_json::{Map, Value, json};
use shared::ids::CompanyId;

use super::{Done, Export, Replay, handing, handing::Meant};
use crate::{app::App, config::Config, ground::Base};

pub(super) async fn export(config: Config, asked: Export) -> anyhow::Result<Done> {
    let base = Base::open(&config, Sizes::default()).await?;
    let meant = Meant::of(asked.recipient.as_deref(), asked.passphrase_file.as_deref())?;
    // First the fact, which the export then holds itself: whoever breaks off here has said so.
    let company = asked.company.into_uuid();
    let payload = json!({
        "events": base.ledger.company_head(company).await?,
        "with_keys": meant.is_some(),
        "recipient": meant.as_ref().and_then(Meant::name),
    });
    note(&base.ledger, command_line(), company, EXPORTED, &payload).await?;
    let mut to = tokio::io::BufWriter::new(tokio::fs::File::create(&asked.out).await?);
    let exported = kernel::export::export(&base.ledger, &base.vault, company, &mut to).await?;
    to.into_inner().sync_all().await?;
    if let Some(meant) = meant {
        meant.write(&base.vault.hand_out(company).await?, &handing::beside(&asked.out))?;
    }
    let company = CompanyId::from_uuid(exported.company);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} events of {company} in {}", exported.events, asked.out.display())?;
    Ok(Done::Well)
}

pub(super) async fn replay(config: Config, asked: Replay) -> anyhow::Result<Done> {
    // An empty database becomes one for looking only; nothing acts in it.
    let base = Base::open_for(&config, Sizes::default(), Purpose::Audit).await?;
    let mut from = tokio::io::BufReader::new(tokio::fs::File::open(&asked.file).await?);
    let exported = kernel::export::replay(&base.pools, 0, &mut from).await?;
    if let Some(keys) = &asked.keys {
        let opened =
            handing::open(keys, asked.identity.as_deref(), asked.passphrase_file.as_deref())?;
        base.vault.take_in(&opened).await?;
    }
    drop(base);
    let app = App::open(config, BTreeSet::new()).await?;
    app.engine.models.catch_up().await?;
    let mut hashes = Map::new();
    for name in app.engine.models.names() {
        let hash = app.engine.models.state_hash_of(name, exported.company).await?;
        hashes.insert(name.to_owned(), Value::String(hash));
    }
    let mut out = std::io::stdout().lock();
    if asked.json.json {
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
