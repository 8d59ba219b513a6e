//! Companies that a read model could not take further: noting, listing, resuming.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::{ProjectionError, batch::Target, reader::ReadModels, state::lock};
use crate::{db, error::Result, record::Recorded};

/// A company that stands still in a read model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paused {
    /// The read model.
    pub name: String,
    /// The company.
    pub company: Uuid,
    /// The event that could not be taken.
    pub company_seq: i64,
    /// Its type; empty while the company catches up.
    pub event_type: String,
    /// Why.
    pub error: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Notes the first event that a company cannot get past, and raises the alarm.
pub(super) async fn note(
    connection: &mut PgConnection,
    name: &str,
    event: &Recorded,
    error: &ProjectionError,
) -> Result<()> {
    metrics::counter!("kernel_projection_paused_total", "projection" => name.to_owned())
        .increment(1);
    tracing::error!(
        projection.name = name,
        company.id = %event.company,
        event.position = event.position,
        event.type_ = %event.event_type,
        error = error.told(),
        "the read model {name} is paused for a company"
    );
    put(
        connection,
        name,
        event.shard,
        event.company,
        event.company_seq,
        &event.event_type,
        &error.told(),
    )
    .await
}

async fn put(
    connection: &mut PgConnection,
    name: &str,
    shard: i16,
    company: Uuid,
    company_seq: i64,
    event_type: &str,
    error: &str,
) -> Result<()> {
    sqlx::query(
        "insert into projection.failures as f
           (name, company_id, shard, company_seq, event_type, error)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (name, company_id) do update
         set company_seq = excluded.company_seq, event_type = excluded.event_type,
             error = excluded.error",
    )
    .bind(name)
    .bind(company)
    .bind(shard)
    .bind(company_seq)
    .bind(event_type)
    .bind(error)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "update projection.checkpoints set paused = array_append(paused, $3)
         where name = $1 and shard = $2 and not $3 = any(paused)",
    )
    .bind(name)
    .bind(shard)
    .bind(company)
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets a company go on; the checkpoint is locked.
async fn free(connection: &mut PgConnection, name: &str, company: Uuid) -> Result<()> {
    sqlx::query("delete from projection.failures where name = $1 and company_id = $2")
        .bind(name)
        .bind(company)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "update projection.checkpoints set paused = array_remove(paused, $2) where name = $1",
    )
    .bind(name)
    .bind(company)
    .execute(connection)
    .await?;
    Ok(())
}

impl ReadModels {
    /// The companies that stand still, in any read model.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn paused(&self) -> Result<Vec<Paused>> {
        let mut tx = db::working(&self.pools().app).await?;
        let rows = sqlx::query(
            "select name, company_id, company_seq, event_type, error, failed_at
             from projection.failures
             order by failed_at, name, company_id",
        )
        .fetch_all(&mut *tx)
        .await?;
        let read = |row: sqlx::postgres::PgRow| {
            Ok(Paused {
                name: row.try_get("name")?,
                company: row.try_get("company_id")?,
                company_seq: row.try_get("company_seq")?,
                event_type: row.try_get("event_type")?,
                error: row.try_get("error")?,
                since: row.try_get("failed_at")?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Lets a paused company catch up, a page at a time, and joins it to the others; the reader may run
    /// meanwhile. False: an event failed again, and the company stays paused there.
    ///
    /// # Errors
    /// If the database fails; calling again goes on where it stood.
    pub async fn resume(&self, name: &str, company: Uuid) -> Result<bool> {
        loop {
            match self.resume_page(name, company).await? {
                Page::More => {}
                Page::Level => return Ok(true),
                Page::Failed => return Ok(false),
            }
        }
    }

    async fn resume_page(&self, name: &str, company: Uuid) -> Result<Page> {
        const PAGE: usize = 500;
        let Some(projection) = self.by_name(name) else { return Ok(Page::Level) };
        let mut tx = db::working(&self.pools().app).await?;
        // The reader waits here, so the checkpoint cannot pass us while we catch up with it.
        let locked = lock(&mut tx, self.shard(), &[name]).await?;
        let Some(checkpoint) = locked.first() else { return Ok(Page::Level) };
        let from: Option<i64> = sqlx::query_scalar(
            "select company_seq from projection.failures where name = $1 and company_id = $2",
        )
        .bind(name)
        .bind(company)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(from) = from else { return Ok(Page::Level) };
        let page = self.ledger().read_company(company, from, 500).await?;
        let full = page.len() >= PAGE;
        let mut events = Vec::with_capacity(page.len());
        events.extend(page.into_iter().map(Arc::new));
        let read = events.len();
        events.retain(|event| event.position <= checkpoint.position);
        let level = !full || events.len() < read;
        free(&mut tx, name, company).await?;
        let target = Target { projection, vault: self.vault(), name };
        let mut paused = HashSet::new();
        target.apply(&mut tx, &mut paused, &events).await?;
        let done = if !paused.is_empty() {
            Page::Failed
        } else if level {
            Page::Level
        } else {
            // Still paused, but one page further.
            let next = events.last().map_or(from, |event| event.company_seq + 1);
            put(&mut tx, name, self.shard(), company, next, "", "catching up").await?;
            Page::More
        };
        tx.commit().await?;
        Ok(done)
    }
}

enum Page {
    More,
    Level,
    Failed,
}
