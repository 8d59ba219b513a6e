//! Read models, fed from the ledger by one reader (D36).
//!
//! Invariants:
//! - the rows of a batch and the checkpoint behind it are stored together: an event counts once,
//!   whatever is delivered (K18, K19);
//! - events come by position without a hole;
//! - an event that a read model cannot take pauses its company in that read model only; all others
//!   go on (K20);
//! - one read model's fault does not hold the others: it falls out of the common transaction and joins
//!   again when it is level;
//! - a read model owns its tables. Names are unqualified: the same code fills the live schema and, in a
//!   rebuild, its shadow (K21).
//!
//! Deliberately absent: a second copy of the ledger, triggers, read models inside the writer's
//! transaction.

mod batch;
mod failures;
mod hash;
mod progress;
mod reader;
mod rebuild;
mod state;
mod wait;

use std::fmt::Write as _;

use futures::future::BoxFuture;
use sqlx::{AssertSqlSafe, PgConnection};

pub use failures::Paused;
pub use progress::{Progress, Standing};
pub use reader::{Applied, ReadModels};
pub use rebuild::Rebuilt;
pub use state::Stands;
pub use wait::{Stale, Waited};

use crate::{
    db::ROW_POLICIES,
    error::is_transient,
    plant::{Plant, planted},
    record::Recorded,
    vault::Vault,
};

/// Why a read model did not take an event.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The event does not decode, or makes no sense here. The text is ours and holds no value.
    #[error("{0}")]
    Event(String),
    /// The database said no; whether it is the event's fault is found out by trying.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// Something below said no.
    #[error("kernel")]
    Kernel(#[from] crate::error::Error),
}

impl ProjectionError {
    /// Whether it says nothing about the event: the ground is missing, and the pass is repeated.
    fn is_ground(&self) -> bool {
        match self {
            Self::Event(_) => false,
            Self::Database(error) => is_transient(error),
            Self::Kernel(error) => error.is_transient(),
        }
    }

    /// What may be written down: our own words, and of the database's only its code.
    fn told(&self) -> String {
        match self {
            Self::Event(text) => text.clone(),
            Self::Database(error) | Self::Kernel(crate::error::Error::Database(error)) => {
                let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
                format!("the database refused it: {}", code.as_deref().unwrap_or("no code"))
            }
            Self::Kernel(error) => error.to_string(),
        }
    }
}

impl From<crate::codec::CodecError> for ProjectionError {
    fn from(error: crate::codec::CodecError) -> Self {
        Self::Kernel(error.into())
    }
}

/// A read model.
pub trait Projection: Send + Sync + 'static {
    /// Its name; also the name of its schema.
    fn name(&self) -> &'static str;

    /// Raised whenever the tables or their content change: a rebuild follows.
    fn version(&self) -> i32;

    /// Its tables, each with `company_id` first in its key; they get row-level security.
    fn tables(&self) -> &'static [&'static str];

    /// `create table …`, unqualified.
    fn ddl(&self) -> &'static str;

    /// Whether it has any use for events of a type.
    fn wants(&self, event_type: &str) -> bool;

    /// Applies events in order, all of them or none. Only SQL on its own tables, unqualified; values
    /// are opened by the batch.
    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>>;
}

/// Creates a read model's tables in `schema`, with their row-level policies.
async fn create(
    projection: &dyn Projection,
    connection: &mut PgConnection,
    schema: &str,
) -> sqlx::Result<()> {
    let mut script = format!(
        "create schema {schema}; grant usage on schema {schema} to kernel_reader; \
         set local search_path = {schema}, public;"
    );
    script.push_str(projection.ddl());
    for table in projection.tables() {
        let policies = if planted(Plant::NoRowPolicy) {
            "grant select on {table} to kernel_reader;"
        } else {
            ROW_POLICIES
        };
        let _ = write!(script, "{}", policies.replace("{table}", table));
    }
    sqlx::raw_sql(AssertSqlSafe(script)).execute(connection).await?;
    Ok(())
}
