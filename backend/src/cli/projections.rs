//! `rebuild` and `projections`: the read models are looked at and built anew.

use std::{collections::BTreeSet, io::Write as _};

use serde_json::json;
use shared::ids::CompanyId;

use super::Done;
use crate::{app::App, config::Config};

/// Builds read models anew beside live traffic, or lets a paused company catch up.
pub(super) async fn rebuild(
    config: Config,
    name: &str,
    company: Option<CompanyId>,
) -> anyhow::Result<Done> {
    let app = App::open(config, BTreeSet::new()).await?;
    let models = &app.engine.models;
    let all: Vec<&'static str> = models.names();
    let names: Vec<&str> = match name {
        "all" => all,
        one if all.contains(&one) => vec![one],
        other => anyhow::bail!("there is no read model {other}; there are: {}", all.join(", ")),
    };
    let mut out = std::io::stdout().lock();
    if let Some(company) = company {
        let mut is_well = true;
        for name in names {
            let is_level = models.resume(name, company.into_uuid()).await?;
            writeln!(out, "{name}: {}", if is_level { "level again" } else { "still paused" })?;
            is_well &= is_level;
        }
        return Ok(if is_well { Done::Well } else { Done::Failed });
    }
    let rebuilt = models.rebuild(&names).await?;
    writeln!(out, "{rebuilt:?}")?;
    Ok(Done::Well)
}

/// Where each read model stands, and which companies are paused in it.
pub(super) async fn list(config: Config, as_json: bool) -> anyhow::Result<Done> {
    let app = App::open(config, BTreeSet::new()).await?;
    let models = &app.engine.models;
    let rows = models.standings().await?;
    let paused = models.paused().await?;
    let mut out = std::io::stdout().lock();
    if as_json {
        let models: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "name": row.name,
                    "version": row.version,
                    "position": row.position,
                    "lag": row.lag,
                })
            })
            .collect();
        let paused: Vec<_> = paused
            .iter()
            .map(|paused| {
                json!({
                    "name": paused.name,
                    "company": CompanyId::from_uuid(paused.company),
                    "company_seq": paused.company_seq,
                    "event_type": paused.event_type,
                    "error": paused.error,
                    "since": paused.since,
                })
            })
            .collect();
        writeln!(out, "{}", json!({ "projections": models, "paused": paused }))?;
    } else {
        for row in &rows {
            writeln!(
                out,
                "{:<28} v{:<3} at {:>10}  lag {:>8}",
                row.name, row.version, row.position, row.lag
            )?;
        }
        for paused in &paused {
            writeln!(
                out,
                "paused: {} for {} at its event {} ({}): {}",
                paused.name,
                CompanyId::from_uuid(paused.company),
                paused.company_seq,
                paused.event_type,
                paused.error
            )?;
        }
    }
    Ok(if paused.is_empty() { Done::Well } else { Done::Failed })
}
