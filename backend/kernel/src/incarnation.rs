//! Which life of the installation this is (D12).
//!
//! A database that was restored is another one: what happened after the backup is lost here and known
//! elsewhere. Postgres tells by its system identifier and its timeline; they are kept in the ledger's
//! database and compared at every start. On a difference everything that acts is held, until a
//! person says from when on history was lost, and after that until she has looked and releases it.
//!
//! The words of the stream `installation` are catalogued in `events::platform`; a test compares.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use shared::stored::{Actor, ConfigText};
use uuid::Uuid;

use crate::{
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    db::Pools,
    error::{Error, Result},
    gate::{Gate, Reason},
    ids::{Ground, PLATFORM},
    ledger::Ledger,
    vault::Vault,
};

/// What a database is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It acts.
    Live,
    /// History to look at; nothing acts.
    Audit,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Audit => "audit",
        }
    }
}

/// The installation as its database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// This life.
    pub incarnation: Uuid,
    /// Postgres' own identity then.
    pub postgres: Postgres,
    /// What the database is for.
    pub purpose: Purpose,
    /// When this life began.
    pub began_at: DateTime<Utc>,
    /// From when on history was lost when this life began; what was not final then is unknown.
    pub lost_from: Option<DateTime<Utc>>,
    /// Since when what acts waits for a person's release.
    pub held_since: Option<DateTime<Utc>>,
}

/// Postgres' own identity: another one means that the database was restored or copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postgres {
    /// Of the cluster.
    pub system_identifier: String,
    /// Which history of the cluster.
    pub timeline: i32,
}

/// Whether this process may act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is the installation it was.
    Same(Installation),
    /// It is another one now: everything that acts is held until `restored`.
    Moved(Installation, Postgres),
}

impl Standing {
    /// The installation.
    #[must_use]
    pub const fn installation(&self) -> &Installation {
        let (Self::Same(installation) | Self::Moved(installation, _)) = self;
        installation
    }

    /// Whether anything may act here.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.held_for().is_none()
    }

    /// Why nothing may act here.
    #[must_use]
    pub fn held_for(&self) -> Option<Reason> {
        match self {
            _ if self.installation().purpose == Purpose::Audit => Some(Reason::Audit),
            Self::Moved(..) => Some(Reason::Incarnation),
            Self::Same(installation) => installation.held_since.map(|_| Reason::Restored),
        }
    }
}

/// What Postgres says of itself.
pub async fn postgres(pools: &Pools) -> Result<Postgres> {
    // The timeline stands in the first eight digits of the name of the log file being written.
    let (system_identifier, timeline): (String, i32) = sqlx::query_as(
        "select (select system_identifier::text from pg_control_system()),
           ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int",
    )
    .fetch_one(&pools.direct)
    .await?;
    Ok(Postgres { system_identifier, timeline })
}

/// Where this database stands; a fresh one begins its first life, for `purpose`.
pub async fn standing(pools: &Pools, ground: &Ground, purpose: Purpose) -> Result<Standing> {
    let found = postgres(pools).await?;
    sqlx::query(
        "insert into ledger.installation
           (incarnation, system_identifier, timeline, purpose, began_at)
         values ($1, $2, $3, $4, clock_timestamp()) on conflict (id) do nothing",
    )
    .bind(ground.ids.v7())
    .bind(&found.system_identifier)
    .bind(found.timeline)
    .bind(purpose.as_str())
    .execute(&pools.direct)
    .await?;
    let known = installation(pools).await?;
    Ok(if known.postgres == found { Standing::Same(known) } else { Standing::Moved(known, found) })
}

/// The installation as its database knows it.
pub async fn installation(pools: &Pools) -> Result<Installation> {
    let row: Row = sqlx::query_as(
        "select incarnation, system_identifier, timeline, purpose, began_at, lost_from, held_since
         from ledger.installation where id = 1",
    )
    .fetch_optional(&pools.direct)
    .await?
    .ok_or_else(|| Error::Row { what: "ledger.installation".to_owned() })?;
    let (incarnation, system_identifier, timeline, purpose, began_at, lost_from, held_since) = row;
    let purpose = if purpose == "audit" { Purpose::Audit } else { Purpose::Live };
    let postgres = Postgres { system_identifier, timeline };
    Ok(Installation { incarnation, postgres, purpose, began_at, lost_from, held_since })
}

type Row = (Uuid, String, i32, String, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// Begins a new life after a restore: applies shreds again, notes from when on history was lost, and
/// adds an event. What acts waits for [`release`]. The caller wipes the streams before anything
/// follows the ledger again.
pub async fn restored(
    ledger: &Ledger,
    vault: &Vault,
    actor: Actor,
    lost_from: DateTime<Utc>,
) -> Result<Installation> {
    vault.apply_shreds().await?;
    let (pools, ground) = (ledger.pools(), ledger.ground());
    let found = postgres(pools).await?;
    let incarnation = ground.ids.v7();
    let payload = serde_json::json!({ "incarnation": incarnation, "lost_from": lost_from });
    note(ledger, actor, PLATFORM, RESTORED, &payload).await?;
    sqlx::query(
        "update ledger.installation
         set incarnation = $1, system_identifier = $2, timeline = $3, lost_from = $4,
           began_at = clock_timestamp(), held_since = clock_timestamp()
         where id = 1",
    )
    .bind(incarnation)
    .bind(&found.system_identifier)
    .bind(found.timeline)
    .bind(lost_from)
    .execute(&pools.direct)
    .await?;
    ledger.lives_in(incarnation);
    installation(pools).await
}

/// Lets what acts act again, after a person has looked at what was restored.
pub async fn release(ledger: &Ledger, actor: Actor) -> Result<()> {
    let known = installation(ledger.pools()).await?;
    if known.held_since.is_none() {
        return Ok(());
    }
    let payload = serde_json::json!({ "incarnation": known.incarnation });
    note(ledger, actor, PLATFORM, RELEASED, &payload).await?;
    sqlx::query("update ledger.installation set held_since = null where id = 1")
        .execute(&ledger.pools().direct)
        .await?;
    Ok(())
}

/// Waits for the release, and opens the gate then.
pub(crate) async fn wait_for_release(ledger: Ledger, gate: Gate) {
    const LOOK: Duration = Duration::from_secs(2);
    while gate.reasons().contains(&Reason::Restored) {
        match installation(ledger.pools()).await {
            Ok(known) if known.held_since.is_none() => gate.release(Reason::Restored),
            _ => tokio::time::sleep(LOOK).await,
        }
    }
}

/// An installation was restored.
pub const RESTORED: &str = "platform.installation.restored";
/// What acts was released.
pub const RELEASED: &str = "platform.installation.released";
/// Sealed values of a history were opened.
pub const OPENED: &str = "platform.installation.history_opened";
/// A history was written to a file.
pub const EXPORTED: &str = "platform.installation.history_exported";

/// Adds a word to the stream `installation` of a company's chain.
pub async fn note(
    ledger: &Ledger,
    actor: Actor,
    company: Uuid,
    event_type: &'static str,
    payload: &serde_json::Value,
) -> Result<()> {
    let ids = &ledger.ground().ids;
    let command = ids.v7();
    let append = Append {
        company,
        stream: Stream { kind: "installation", id: PLATFORM },
        expected: Expected::Any,
        context: Arc::new(Context::new(actor, command, command.into_bytes())),
        events: vec![NewEvent {
            id: ids.v7(),
            event_type,
            version: 1,
            payload: payload.to_string(),
            undoes: None,
        }],
    };
    ledger.commit(Commit { appends: vec![append], ..Commit::default() }).await?;
    Ok(())
}

/// The actor of what the command line does.
#[must_use]
pub fn command_line() -> Actor {
    Actor::System(ConfigText("command_line".to_owned()))
}
