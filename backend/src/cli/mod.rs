//! What the program can be asked to do.
//!
//! Exit codes: 0 done, 1 the check failed, 2 used wrongly, 3 the installation is not reachable.
//! Errors go to standard error in one line that says what to do.

mod doctor;
mod export;
mod handing;
mod ledger;
mod projections;
mod restored;
mod seed;
mod serve;

use std::{path::PathBuf, process::ExitCode};

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
use shared::ids::CompanyId;

use crate::config::Config;

/// Master IA.
#[derive(Debug, Parser)]
#[command(name = "masteria", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the platform until told to stop.
    Serve(Serve),
    /// Bring the schema up to date.
    Migrate,
    /// Prepare NATS.
    #[command(subcommand)]
    Nats(Nats),
    /// Examine the installation and print its effective configuration, secrets redacted.
    Doctor(Json),
    /// Fill an installation with companies; prints them as JSON.
    Seed(Seed),
    /// Print the ledger, one JSON object a line.
    Events(Events),
    /// Recompute the hash chain; names the first broken event.
    Verify(Verify),
    /// Write a company's signed history to a file.
    Export(Export),
    /// Read a signed history into an empty database of purpose audit, where nothing acts.
    Replay(Replay),
    /// Tell the installation that it was restored from a backup.
    Restored {
        /// The moment of the backup: what happened later is lost.
        #[arg(long)]
        lost_from: DateTime<Utc>,
        /// You have looked: what acts shall act again.
        #[arg(long)]
        release: bool,
    },
    /// Build a read model anew beside live traffic, or let a paused company catch up.
    Rebuild {
        /// Its name; `all` for all of them.
        projection: String,
        /// Only this company, which was paused by an event that did not go in.
        #[arg(long)]
        company: Option<CompanyId>,
    },
    /// Where the read models stand, and what they could not take.
    Projections(Json),
    /// Wrap all keys anew under the current key-encryption key, while the platform runs.
    Rewrap,
}

#[derive(Debug, Args)]
struct Serve {
    /// What this process does; everything by default.
    #[arg(long, value_delimiter = ',', value_enum)]
    roles: Vec<crate::app::Role>,
}

#[derive(Debug, Subcommand)]
enum Nats {
    /// Make or change the streams.
    Apply,
}

#[derive(Clone, Copy, Debug, Args)]
struct Json {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Seed {
    /// The demo company with people and a simulated number.
    #[arg(long, conflicts_with = "companies")]
    demo: bool,
    /// This many bare companies.
    #[arg(long, required_unless_present = "demo")]
    companies: Option<u32>,
    /// This many numbers over all companies.
    #[arg(long, default_value_t = 0)]
    numbers: u32,
    /// This many people over all companies.
    #[arg(long, default_value_t = 0)]
    contacts: u64,
    /// The app secret of every number.
    #[arg(long, default_value = "app-secret")]
    secret: String,
    /// The access token of every number.
    #[arg(long, default_value = "access-token")]
    token: String,
}

#[derive(Debug, Args)]
struct Events {
    /// Only this company.
    #[arg(long)]
    company: Option<CompanyId>,
    /// From this position on.
    #[arg(long, default_value_t = 1)]
    from: i64,
    /// Only types that begin so.
    #[arg(long = "type")]
    event_type: Option<String>,
    /// Go on when the end is reached.
    #[arg(long)]
    follow: bool,
    /// Open sealed values; needs the key-encryption key and a reason, and is itself an event.
    #[arg(long, requires = "reason")]
    open: bool,
    /// Why sealed values are opened.
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, Args)]
struct Verify {
    /// An exported file; otherwise the ledger.
    file: Option<PathBuf>,
    /// Only this company.
    #[arg(long, conflicts_with = "file")]
    company: Option<CompanyId>,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
struct Export {
    /// Which company.
    #[arg(long)]
    company: CompanyId,
    /// The file to write.
    out: PathBuf,
    /// Hand out the keys, too, for this recipient (age1…), as `<OUT>.keys.age`.
    #[arg(long, conflicts_with = "passphrase_file")]
    recipient: Option<String>,
    /// Hand out the keys, too, under the passphrase in this file.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Replay {
    /// The file.
    file: PathBuf,
    /// The keys that were handed out with it; without them what is sealed stays sealed.
    #[arg(long, requires = "opening")]
    keys: Option<PathBuf>,
    /// The file with the recipient's identity (AGE-SECRET-KEY-1…).
    #[arg(long, group = "opening", requires = "keys")]
    identity: Option<PathBuf>,
    /// The file with the passphrase.
    #[arg(long, group = "opening", requires = "keys")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// How a command ended, short of an error.
pub(crate) enum Done {
    /// As asked.
    Well,
    /// A check found something.
    Failed,
}

/// The installation does not answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreachable(pub(crate) String);

impl Cli {
    /// Does what was asked and says how it ended.
    pub async fn run(self) -> ExitCode {
        match Box::pin(self.command()).await {
            Ok(Done::Well) => ExitCode::SUCCESS,
            Ok(Done::Failed) => ExitCode::from(1),
            Err(error) => {
                tracing::debug!(?error, "the command failed");
                eprintln!("masteria: {error:#}");
                let is_unreachable = error.chain().any(|cause| {
                    cause.is::<Unreachable>()
                        || cause.downcast_ref::<sqlx::Error>().is_some_and(is_unreachable)
                });
                ExitCode::from(if is_unreachable { 3 } else { 1 })
            }
        }
    }

    async fn command(self) -> anyhow::Result<Done> {
        let config = Config::load()?;
        match self.command {
            Command::Serve(serve) => Box::pin(serve::serve(config, serve.roles)).await,
            Command::Migrate => doctor::migrate(&config).await,
            Command::Nats(Nats::Apply) => doctor::nats_apply(&config).await,
            Command::Doctor(json) => doctor::doctor(&config, json.json).await,
            Command::Seed(seed) => Box::pin(seed::seed(config, seed)).await,
            Command::Events(events) => ledger::events(config, events).await,
            Command::Verify(verify) => ledger::verify(config, verify).await,
            Command::Export(export) => export::export(config, export).await,
            Command::Replay(replay) => Box::pin(export::replay(config, replay)).await,
            Command::Restored { lost_from, release: false } => {
                Box::pin(restored::restored(config, lost_from)).await
            }
            Command::Restored { release: true, .. } => restored::release(config).await,
            Command::Rebuild { projection, company } => {
                Box::pin(projections::rebuild(config, &projection, company)).await
            }
            Command::Projections(json) => Box::pin(projections::list(config, json.json)).await,
            Command::Rewrap => Box::pin(export::rewrap(config)).await,
        }
    }
}

fn is_unreachable(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
    )
}
