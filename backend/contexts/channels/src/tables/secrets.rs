//! Secrets of channels, sealed by the vault for (company, channel, field).

use chrono::{DateTime, Utc};
use kernel::{db, ids::PLATFORM, vault::Vault};
use ports::secret::Secret;
use sqlx::PgPool;
use uuid::Uuid;

/// What is sealed with each field's name.
const TOKEN: &str = "access_token";
const APP_SECRET: &str = "app_secret";
const OLD_SECRET: &str = "old_app_secret";
/// The kind of the digests by which tokens are compared, keyed for the whole platform.
const SAME_TOKEN: &str = "channels.token";

/// The secrets of one channel.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Their version.
    pub version: i32,
    /// The access token.
    pub token: Secret,
    /// Signs the deliveries.
    pub app_secret: Secret,
    /// Signed them before, and is still accepted.
    pub old_secret: Option<Secret>,
}

impl Secrets {
    /// What a delivery may be signed with.
    #[must_use]
    pub fn signers(&self) -> Vec<Secret> {
        [Some(self.app_secret.clone()), self.old_secret.clone()].into_iter().flatten().collect()
    }
}

/// Why secrets could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The database failed.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// They do not open.
    #[error("the vault")]
    Vault(#[from] kernel::error::Error),
    /// They are not text.
    #[error("a secret of channel {0} is not text")]
    NotText(Uuid),
}

/// Stores a version. The event that names it comes after.
///
/// # Errors
/// If the vault or Postgres fails.
pub async fn store(
    pool: &PgPool,
    vault: &Vault,
    (company, channel): (Uuid, Uuid),
    secrets: &Secrets,
    now: DateTime<Utc>,
) -> Result<(), SecretsError> {
    let seal = async |field, secret: &Secret| {
        vault.secret_seal(company, channel, field, secret.reveal().as_bytes()).await
    };
    let token = seal(TOKEN, &secrets.token).await?;
    let token_mac = vault.index(PLATFORM).await?.blind(SAME_TOKEN, secrets.token.reveal());
    let app_secret = seal(APP_SECRET, &secrets.app_secret).await?;
    let old_secret = match &secrets.old_secret {
        Some(secret) => Some(seal(OLD_SECRET, secret).await?),
        None => None,
    };
    let mut tx = db::writing_as(pool, company).await?;
    sqlx::query(
        "insert into channels.secrets
           (company_id, channel_id, version, created_at, token, app_secret, old_secret, token_mac)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (company_id, channel_id, version) do update
         set token = excluded.token, app_secret = excluded.app_secret,
           old_secret = excluded.old_secret, created_at = excluded.created_at,
           token_mac = excluded.token_mac",
    )
    .bind(company)
    .bind(channel)
    .bind(secrets.version)
    .bind(now)
    .bind(token)
    .bind(app_secret)
    .bind(old_secret)
    .bind(token_mac.as_slice())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Version, token, app secret, old app secret.
type Row = (i32, Vec<u8>, Vec<u8>, Option<Vec<u8>>);

/// The newest secrets of a channel.
///
/// # Errors
/// If the vault or Postgres fails.
pub async fn load(
    pool: &PgPool,
    vault: &Vault,
    company: Uuid,
    channel: Uuid,
) -> Result<Option<Secrets>, SecretsError> {
    let mut tx = db::working(pool).await?;
    let row: Option<Row> = sqlx::query_as(
        "select version, token, app_secret, old_secret
         from channels.secrets
         where company_id = $1 and channel_id = $2
         order by version desc
         limit 1",
    )
    .bind(company)
    .bind(channel)
    .fetch_optional(&mut *tx)
    .await?;
    drop(tx);
    let Some((version, token, app_secret, old_secret)) = row else { return Ok(None) };
    let open = async |field, sealed: &[u8]| -> Result<Secret, SecretsError> {
        let plain = vault.secret_open(company, channel, field, sealed).await?;
        let text = String::from_utf8(plain).map_err(|_not_text| SecretsError::NotText(channel))?;
        Ok(Secret::new(text))
    };
    let old_secret = match old_secret {
        Some(sealed) => Some(open(OLD_SECRET, &sealed).await?),
        None => None,
    };
    Ok(Some(Secrets {
        version,
        token: open(TOKEN, &token).await?,
        app_secret: open(APP_SECRET, &app_secret).await?,
        old_secret,
    }))
}

/// Forgets versions older than one.
///
/// # Errors
/// If Postgres fails.
pub async fn forget_before(
    pool: &PgPool,
    company: Uuid,
    channel: Uuid,
    version: i32,
) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, company).await?;
    sqlx::query(
        "delete from channels.secrets
         where company_id = $1 and channel_id = $2 and version < $3",
    )
    .bind(company)
    .bind(channel)
    .bind(version)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// The other channels that work with the token of this one: company and channel.
///
/// # Errors
/// If Postgres fails.
pub async fn with_token_of(
    pool: &PgPool,
    company: Uuid,
    channel: Uuid,
) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    let mut tx = db::working(pool).await?;
    sqlx::query_as(
        "select o.company_id, o.channel_id
         from channels.secrets m
         join channels.secrets o on o.token_mac = m.token_mac
         where m.company_id = $1
           and m.channel_id = $2
           and (o.company_id, o.channel_id) <> ($1, $2)
           and not exists (
             select
             from channels.secrets n
             where n.company_id = m.company_id
               and n.channel_id = m.channel_id
               and n.version > m.version)
           and not exists (
             select
             from channels.secrets n
             where n.company_id = o.company_id
               and n.channel_id = o.channel_id
               and n.version > o.version)",
    )
    .bind(company)
    .bind(channel)
    .fetch_all(&mut *tx)
    .await
}
