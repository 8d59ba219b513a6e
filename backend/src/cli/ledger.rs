//! `events` and `verify`: history is read and proved.

use std::{fs::File, io::Write as _, time::Duration};

use anyhow::bail;
use events::catalogue::FAMILIES;
use kernel::{
    db::Sizes,
    incarnation::{OPENED, command_line, note},
    record::Recorded,
    vault::{Opened, Place},
    verify::{self, Fault, Scope},
};
use serde_json::{Value, json};
use shared::{ids::CompanyId, stored::Sealed};

use super::{Done, Events, Verify};
use crate::{config::Config, ground::Base};

/// How many events are read at once.
const PAGE: i64 = 1_000;
/// How often the end is looked at.
const LOOK: Duration = Duration::from_millis(100);

pub(super) async fn events(config: Config, asked: Events) -> anyhow::Result<Done> {
    let base = Base::open(&config, Sizes::default()).await?;
    if asked.open {
        note_opening(&base, &asked).await?;
    }
    let mut position = asked.from.max(1) - 1;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    loop {
        let page = base.ledger.read(position, PAGE).await?;
        for event in &page {
            position = event.position;
            if is_wanted(event, &asked) {
                let mut line = line(event)?;
                if asked.open {
                    open(&base, event, &mut line).await?;
                }
                if let Err(error) = writeln!(out, "{line}") {
                    return broken_pipe(error);
                }
            }
        }
        if page.is_empty() {
            if let Err(error) = out.flush() {
                return broken_pipe(error);
            }
            if !asked.follow {
                return Ok(Done::Well);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Who reads a part of it only has seen enough.
fn broken_pipe(error: std::io::Error) -> anyhow::Result<Done> {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Ok(Done::Well),
        _ => Err(error.into()),
    }
}

fn is_wanted(event: &Recorded, asked: &Events) -> bool {
    let is_company = asked.company.is_none_or(|company| company.into_uuid() == event.company);
    let is_type =
        asked.event_type.as_deref().is_none_or(|wanted| event.event_type.starts_with(wanted));
    is_company && is_type
}

/// An event as one JSON object.
fn line(event: &Recorded) -> anyhow::Result<Value> {
    Ok(json!({
        "shard": event.shard,
        "position": event.position,
        "company": CompanyId::from_uuid(event.company),
        "company_seq": event.company_seq,
        "stream": { "kind": &*event.stream_kind, "id": event.stream },
        "stream_seq": event.stream_seq,
        "id": event.event_id,
        "type": &*event.event_type,
        "version": event.event_version,
        "recorded_at": event.recorded_at,
        "actor": event.actor(),
        "acting_for": event.acting_for,
        "command": event.command_id,
        "correlation": event.correlation_id,
        "causation": event.causation_id,
        "trace": hex::encode(event.trace),
        "depth": event.depth,
        "undoes": event.undoes,
        "policy": event.policy,
        "payload": serde_json::from_str::<Value>(&event.payload)?,
        "hash": hex::encode(event.hash),
    }))
}

/// Who opens sealed values leaves an event, in the company's own chain where it is one company's.
async fn note_opening(base: &Base, asked: &Events) -> anyhow::Result<()> {
    let reason = asked.reason.as_deref().map(str::trim).unwrap_or_default();
    if reason.is_empty() {
        bail!("sealed values are opened with a reason only: --reason \"…\"");
    }
    let payload = json!({ "from": asked.from, "reason": reason });
    // A company hears of it in its own chain, and the platform of what concerns all.
    let company = asked.company.map_or(kernel::PLATFORM, CompanyId::into_uuid);
    note(&base.ledger, command_line(), company, OPENED, &payload).await?;
    Ok(())
}

/// Opens the sealed values of an event in place; what was erased is shown as such.
async fn open(base: &Base, event: &Recorded, line: &mut Value) -> anyhow::Result<()> {
    let entries = FAMILIES.iter().flat_map(|family| family.entries);
    let Some(entry) = entries.into_iter().find(|entry| entry.event_type == &*event.event_type)
    else {
        return Ok(());
    };
    let Some(payload) = line.get_mut("payload").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    for (field, _, _) in entry.fields {
        let Some(value) = payload.get_mut(*field) else { continue };
        let Ok(sealed) = serde_json::from_value::<Sealed<Value>>(value.clone()) else { continue };
        let place = Place { company: event.company, event_type: entry.event_type, field };
        *value = match base.vault.open(place, &sealed).await {
            Ok(Opened::Value(value)) => value,
            Ok(Opened::Erased) => json!({ "erased": true }),
            Err(error) => json!({ "unreadable": error.to_string() }),
        };
    }
    Ok(())
}

pub(super) async fn verify(config: Config, asked: Verify) -> anyhow::Result<Done> {
    if let Some(file) = &asked.file {
        return verify_file(file, asked.json.json).await;
    }
    let base = Base::open(&config, Sizes::default()).await?;
    let scope = match asked.company {
        Some(company) => Scope::Company(0, company.into_uuid()),
        None => Scope::Shard(0),
    };
    let audit = verify::verify::<()>(&base.pools.direct, scope).await?;
    let broken = kernel::heads::broken_heads(&base.ledger, &base.vault).await?;
    let mut out = std::io::stdout().lock();
    let is_well = audit.faults.is_empty() && broken.is_empty();
    if asked.json.json {
        let faults: Vec<Value> = audit
            .faults
            .iter()
            .map(|fault| json!({ "fault": word(*fault), "at": fault.position() }))
            .collect();
        let report = json!({
            "ok": is_well,
            "events": audit.events,
            "companies": audit.heads.len(),
            "faults": faults,
            "broken_heads": broken.len(),
        });
        writeln!(out, "{report}")?;
    } else if is_well {
        writeln!(out, "ok: {} events of {} companies", audit.events, audit.heads.len())?;
    } else {
        for fault in &audit.faults {
            writeln!(out, "broken at event {}: {}", fault.position(), word(*fault))?;
        }
        for head in &broken {
            writeln!(out, "the history no longer has the head that was signed: {head:?}")?;
        }
    }
    Ok(if is_well { Done::Well } else { Done::Failed })
}

const fn word(fault: Fault) -> &'static str {
    match fault {
        Fault::Position(_) => "a position is missing before it",
        Fault::Company(_) => "the company's numbers jump",
        Fault::Stream(_) => "the stream's numbers jump",
        Fault::Hash(_) => "it is not what was recorded",
    }
}

async fn verify_file(path: &std::path::Path, as_json: bool) -> anyhow::Result<Done> {
    let file = File::open(path)?;
    let mut from = tokio::io::BufReader::new(tokio::fs::File::from_std(file));
    let mut out = std::io::stdout().lock();
    match kernel::export::check(&mut from).await {
        Ok(exported) if as_json => {
            writeln!(out, "{}", json!({ "ok": true, "events": exported.events }))?;
            Ok(Done::Well)
        }
        Ok(exported) => {
            let company = CompanyId::from_uuid(exported.company);
            writeln!(out, "ok: {} events of {company}", exported.events)?;
            Ok(Done::Well)
        }
        Err(error) => {
            if as_json {
                writeln!(out, "{}", json!({ "ok": false, "error": error.to_string() }))?;
            } else {
                writeln!(out, "{error}")?;
            }
            Ok(Done::Failed)
        }
    }
}
