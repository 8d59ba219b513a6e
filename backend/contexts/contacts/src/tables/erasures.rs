//! Erasures: what was asked for and how far it has come.
//!
//! **Invariants.** A row is there before anything is erased, so that what breaks off goes on. It holds
//! ids, times and what only the person's own keys open.

use chrono::{DateTime, Utc};
use kernel::db;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

/// An erasure.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Erasure {
    /// Whose person it is.
    pub company_id: Uuid,
    /// Which; also the id of the shred's record.
    pub id: Uuid,
    /// The contacts that are one person.
    pub contacts: Vec<Uuid>,
    /// Her files: id and place, the place sealed under her own key.
    pub places: Vec<String>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// By whom: a user or a program; nobody, where a restore brought it up again.
    pub requested_by: Option<Uuid>,
    /// Up to where raw deliveries were looked through.
    pub looked_at: i64,
    /// When the keys were destroyed.
    pub shredded_at: Option<DateTime<Utc>>,
    /// When nothing was left to do.
    pub done_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "company_id, id, contacts, places, requested_at, requested_by, looked_at, \
                       shredded_at, done_at";

/// Notes that a person is to be erased; the same id again changes nothing.
///
/// # Errors
/// If Postgres fails.
pub async fn begin(
    pool: &PgPool,
    company: Uuid,
    id: Uuid,
    contacts: &[Uuid],
    (at, by): (DateTime<Utc>, Option<Uuid>),
) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, company).await?;
    sqlx::query(
        "insert into contacts.erasures (company_id, id, contacts, requested_at, requested_by)
         values ($1, $2, $3, $4, $5)
         on conflict do nothing",
    )
    .bind(company)
    .bind(id)
    .bind(contacts)
    .bind(at)
    .bind(by)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// The latest erasure that a contact is part of.
///
/// # Errors
/// If Postgres fails.
pub async fn of(pool: &PgPool, company: Uuid, contact: Uuid) -> sqlx::Result<Option<Erasure>> {
    let mut tx = db::writing_as(pool, company).await?;
    let query = format!(
        "select {COLUMNS}
         from contacts.erasures
         where company_id = $1 and contacts @> array[$2]
         order by requested_at desc
         limit 1"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(company)
        .bind(contact)
        .fetch_optional(&mut *tx)
        .await
}

/// One erasure.
///
/// # Errors
/// If Postgres fails.
pub async fn one(pool: &PgPool, company: Uuid, id: Uuid) -> sqlx::Result<Option<Erasure>> {
    let mut tx = db::writing_as(pool, company).await?;
    let query =
        format!("select {COLUMNS} from contacts.erasures where company_id = $1 and id = $2");
    sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(company).bind(id).fetch_optional(&mut *tx).await
}

/// What has not come to its end, of all companies, the oldest first.
///
/// # Errors
/// If Postgres fails.
pub async fn open(pool: &PgPool) -> sqlx::Result<Vec<Erasure>> {
    let mut tx = db::working(pool).await?;
    let query = format!(
        "select {COLUMNS}
         from contacts.erasures
         where done_at is null
         order by requested_at
         limit 100"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_all(&mut *tx).await
}

/// Keeps where her files are, once.
///
/// # Errors
/// If Postgres fails.
pub async fn saw(pool: &PgPool, erasure: &Erasure, places: &[String]) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, erasure.company_id).await?;
    sqlx::query("update contacts.erasures set places = $3 where company_id = $1 and id = $2")
        .bind(erasure.company_id)
        .bind(erasure.id)
        .bind(places)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Keeps up to where raw deliveries were looked through.
///
/// # Errors
/// If Postgres fails.
pub async fn looked(pool: &PgPool, erasure: &Erasure, at: i64) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, erasure.company_id).await?;
    sqlx::query("update contacts.erasures set looked_at = $3 where company_id = $1 and id = $2")
        .bind(erasure.company_id)
        .bind(erasure.id)
        .bind(at)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Notes that the keys are gone.
///
/// # Errors
/// If Postgres fails.
pub async fn shredded(pool: &PgPool, erasure: &Erasure, at: DateTime<Utc>) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, erasure.company_id).await?;
    sqlx::query(
        "update contacts.erasures
         set shredded_at = coalesce(shredded_at, $3)
         where company_id = $1 and id = $2",
    )
    .bind(erasure.company_id)
    .bind(erasure.id)
    .bind(at)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Notes that nothing is left to do.
///
/// # Errors
/// If Postgres fails.
pub async fn done(pool: &PgPool, erasure: &Erasure, at: DateTime<Utc>) -> sqlx::Result<()> {
    let mut tx = db::writing_as(pool, erasure.company_id).await?;
    sqlx::query(
        "update contacts.erasures
         set done_at = coalesce(done_at, $3), places = '{}'
         where company_id = $1 and id = $2",
    )
    .bind(erasure.company_id)
    .bind(erasure.id)
    .bind(at)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
