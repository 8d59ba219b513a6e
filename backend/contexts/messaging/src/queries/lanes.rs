//! What lanes begin with.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::projections::lanes::NAME;

/// A message that waits.
#[derive(Clone, Debug, FromRow)]
pub struct Waiting {
    /// Which.
    pub id: Uuid,
    /// The number that sends it.
    pub channel_id: Uuid,
    /// The thread.
    pub conversation_id: Uuid,
    /// The person.
    pub contact_id: Uuid,
    /// Whether a person waits for it.
    pub is_operators: bool,
    /// Where it was queued.
    pub position: i64,
    /// The version of its stream.
    pub version: i64,
    /// Not before.
    pub not_before: Option<DateTime<Utc>>,
    /// Free text must leave before.
    pub window_until: Option<DateTime<Utc>>,
    /// How far it came.
    pub progress: String,
}

/// A number that sends.
#[derive(Clone, Debug, FromRow)]
pub struct Number {
    /// Its channel.
    pub id: Uuid,
    /// The provider's id of it.
    pub phone_number_id: Option<String>,
    /// The provider's id of its account.
    pub waba_id: Option<String>,
    /// Messages a second.
    pub mps: Option<i64>,
    /// The business that owns the account.
    pub portfolio: Option<String>,
    /// How many people a day that business reaches.
    pub tier: Option<String>,
    /// Whether it stands still.
    pub is_paused: bool,
    /// Whether it was taken off.
    pub is_off: bool,
}

/// The rows of one company, as of one event of it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Up to this event the rows count.
    pub company_seq: i64,
    /// Whether the company is suspended.
    pub is_suspended: bool,
    /// Its numbers.
    pub numbers: Vec<Number>,
    /// What waits.
    pub waiting: Vec<Waiting>,
    /// Who was reached outside a service window in the last day, and when.
    pub people: Vec<(Uuid, DateTime<Utc>)>,
}

/// Companies that have a number.
///
/// # Errors
/// If Postgres fails.
pub async fn companies(connection: &mut PgConnection) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("select distinct company_id from messaging_lanes.numbers where not is_off")
        .fetch_all(connection)
        .await
}

/// Up to which event of the shard the rows count.
///
/// # Errors
/// If Postgres fails, or the rows were never made.
pub async fn position(connection: &mut PgConnection, shard: i16) -> sqlx::Result<i64> {
    sqlx::query_scalar("select position from projection.checkpoints where name = $1 and shard = $2")
        .bind(NAME)
        .bind(shard)
        .fetch_one(connection)
        .await
}

/// Every company and portfolio that ever went together: companies of one share its limits for good.
///
/// # Errors
/// If Postgres fails.
pub async fn portfolios(connection: &mut PgConnection) -> sqlx::Result<Vec<(Uuid, String)>> {
    sqlx::query_as("select company_id, portfolio from messaging_lanes.portfolios")
        .fetch_all(connection)
        .await
}

/// What a company's lanes begin with. The transaction must see one state of the database.
///
/// # Errors
/// If Postgres fails.
pub async fn snapshot(connection: &mut PgConnection, company: Uuid) -> sqlx::Result<Snapshot> {
    let company_seq: Option<i64> =
        sqlx::query_scalar("select company_seq from messaging_lanes.reached where company_id = $1")
            .bind(company)
            .fetch_optional(&mut *connection)
            .await?;
    let is_suspended: Option<bool> = sqlx::query_scalar(
        "select is_suspended from messaging_lanes.companies where company_id = $1",
    )
    .bind(company)
    .fetch_optional(&mut *connection)
    .await?;
    let numbers = sqlx::query_as(
        "select id, phone_number_id, waba_id, mps, portfolio, tier, is_paused, is_off
         from messaging_lanes.numbers
         where company_id = $1
         order by id",
    )
    .bind(company)
    .fetch_all(&mut *connection)
    .await?;
    let waiting = sqlx::query_as(
        "select id, channel_id, conversation_id, contact_id, is_operators, position, version,
           not_before, window_until, progress
         from messaging_lanes.outbound
         where company_id = $1 and is_waiting
         order by position",
    )
    .bind(company)
    .fetch_all(&mut *connection)
    .await?;
    let people = sqlx::query_as(
        "select contact_id, reached_at
         from messaging_lanes.people
         where company_id = $1 and reached_at > now() - interval '25 hours'
         order by reached_at",
    )
    .bind(company)
    .fetch_all(connection)
    .await?;
    Ok(Snapshot {
        company_seq: company_seq.unwrap_or_default(),
        is_suspended: is_suspended.unwrap_or_default(),
        numbers,
        waiting,
        people,
    })
}

/// What waits to be sent in these threads.
///
/// # Errors
/// If Postgres fails.
pub async fn waiting_in(
    connection: &mut PgConnection,
    conversations: &[Uuid],
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "select id
         from messaging_lanes.outbound
         where conversation_id = any($1) and is_waiting
         order by position",
    )
    .bind(conversations)
    .fetch_all(connection)
    .await
}

/// What waits to be sent, of all companies: company and message, behind `after`.
///
/// # Errors
/// If Postgres fails.
pub async fn waiting_anywhere(
    connection: &mut PgConnection,
    after: Option<(Uuid, Uuid)>,
    most: i64,
) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    sqlx::query_as(
        "select company_id, id
         from messaging_lanes.outbound
         where is_waiting and ($1::uuid is null or (company_id, id) > ($1, $2::uuid))
         order by company_id, id
         limit $3",
    )
    .bind(after.map(|after| after.0))
    .bind(after.map(|after| after.1))
    .bind(most)
    .fetch_all(connection)
    .await
}

/// Waiting, sent and failed in the last hour, by channel.
///
/// # Errors
/// If Postgres fails.
pub async fn loads(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> sqlx::Result<HashMap<Uuid, (i64, i64, i64)>> {
    let rows: Vec<(Uuid, i64, i64, i64)> = sqlx::query_as(
        "select n.id,
           (select count(*)
            from messaging_lanes.outbound o
            where o.company_id = n.company_id and o.channel_id = n.id and o.is_waiting),
           coalesce(m.n_sent, 0)::bigint, coalesce(m.n_failed, 0)::bigint
         from messaging_lanes.numbers n
         left join lateral (
           select sum(n_sent) as n_sent, sum(n_failed) as n_failed
           from messaging_lanes.minutes
           where company_id = n.company_id and channel_id = n.id and minute > $1
         ) m on true",
    )
    .bind(now - TimeDelta::hours(1))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(id, queued, sent, failed)| (id, (queued, sent, failed))).collect())
}
