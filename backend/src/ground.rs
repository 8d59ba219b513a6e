//! What an installation stands on, looked at before anything is trusted to it.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use kernel::{
    bus::{Addresses, Bus},
    clock::SystemClock,
    db::{PgPool, Pools, Sizes, Urls},
    ids::{Ground, SystemIds},
    incarnation::{Purpose, Standing, standing},
    ledger::{Ledger, Options},
    vault::{KekRing, Vault},
};
use ports::blobs::Blobs;
use providers::blobs::Store;

use crate::{
    config::{Config, KekSource},
    flows::erase_subject::shred_again,
    shreds::ShredFolder,
};

/// The ledger and its keys, as every command but `migrate` needs them.
pub struct Base {
    /// Time and ids.
    pub ground: Ground,
    /// The ways to Postgres.
    pub pools: Pools,
    /// The keys.
    pub vault: Vault,
    /// The ledger.
    pub ledger: Ledger,
    /// Which life of the installation this is.
    pub standing: Standing,
    /// Where files and the records of shreds lie.
    pub blobs: Arc<dyn Blobs>,
}

impl Base {
    /// Opens an installation that was prepared with `migrate`.
    ///
    /// # Errors
    /// If Postgres is away, forgets what it acknowledges, is not migrated, or the keys do not fit.
    pub async fn open(config: &Config, sizes: Sizes) -> anyhow::Result<Self> {
        Self::open_for(config, sizes, Purpose::Live).await
    }

    /// Opens an installation; a fresh one begins its life for `purpose`.
    ///
    /// # Errors
    /// As [`Base::open`].
    pub async fn open_for(config: &Config, sizes: Sizes, purpose: Purpose) -> anyhow::Result<Self> {
        let ground = Ground { clock: Arc::new(SystemClock), ids: Arc::new(SystemIds) };
        let urls =
            Urls { app: config.database_url.clone(), direct: config.database_direct_url.clone() };
        let pools = Pools::connect(&urls, sizes).await.context("failed to reach Postgres")?;
        refuse_unsafe(&pools.direct).await?;
        schema(&pools.app).await?;
        let blobs =
            Store::open(&config.blobs).context("MASTERIA_BLOBS is not file:…, s3://… or gs://…")?;
        let blobs: Arc<dyn Blobs> = Arc::new(blobs);
        let store = Arc::new(ShredFolder(Arc::clone(&blobs)));
        let vault = Vault::unlock(&pools, ring(config)?, ground.clone()).await?.with_store(store);
        let ledger = Ledger::open(&pools, &Options::default(), ground.clone());
        // Before anything is served, or shown by any command (D34).
        shred_again(&ledger, &vault).await.context("failed to destroy again what was erased")?;
        let standing = standing(&pools, &ground, purpose).await?;
        ledger.lives_in(standing.installation().incarnation);
        Ok(Self { ground, pools, vault, ledger, standing, blobs })
    }
}

/// Connects to NATS; a server that is away is waited for in the background.
///
/// # Errors
/// If the address is missing or cannot be read.
pub async fn bus(config: &Config) -> anyhow::Result<Bus> {
    let url = config.nats_url.clone().context("NATS_URL is not set")?;
    let addresses = Addresses { url, relay_url: config.nats_relay_url.clone() };
    Ok(Bus::open(&addresses, &config.nats_prefix).await?)
}

/// A server that forgets what it acknowledged is no ground for a ledger.
///
/// # Errors
/// Names the setting and what to do.
pub async fn refuse_unsafe(pool: &PgPool) -> anyhow::Result<()> {
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        let value: String =
            sqlx::query_scalar("select current_setting($1)").bind(name).fetch_one(pool).await?;
        if value == "off" {
            bail!(
                "Postgres runs with {name} = off: what it acknowledges can be lost in a power cut. \
                 Nothing was started; set {name} = on and start again"
            );
        }
    }
    Ok(())
}

/// The version of the vector extension.
///
/// # Errors
/// If it is missing.
pub async fn vector_version(pool: &PgPool) -> anyhow::Result<String> {
    let version: Option<String> =
        sqlx::query_scalar("select extversion from pg_extension where extname = 'vector'")
            .fetch_optional(pool)
            .await?;
    version.context(
        "the extension vector is missing: a superuser creates it (create extension vector)",
    )
}

/// Whether every migration has run.
///
/// # Errors
/// If some have not.
pub async fn schema(pool: &PgPool) -> anyhow::Result<String> {
    let pending = kernel::db::pending(pool).await?;
    if pending > 0 {
        bail!("{pending} migrations have not run: masteria migrate runs them");
    }
    Ok("is current".to_owned())
}

/// The ring of key-encryption keys that this process was given.
///
/// # Errors
/// If there is none, or the file is open to others.
pub fn ring(config: &Config) -> anyhow::Result<KekRing> {
    match &config.kek {
        KekSource::File(path) => Ok(KekRing::from_file(path)?),
        KekSource::Key(key) => Ok(KekRing::new("1", [("1".to_owned(), *key)])?),
        KekSource::None => bail!(
            "no key-encryption key: set MASTERIA_KEK_FILE to a file that only this user may read"
        ),
    }
}
