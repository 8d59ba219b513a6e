//! Waiting for one's own write, with an end (D13).

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{progress::least, reader::ReadModels};
use crate::{db, error::Result};

/// How waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The read models show it.
    Reached,
    /// They do not; what they show is older.
    Stale(Stale),
    /// The company's history does not reach that far: 400 `position_unknown`.
    Ahead,
}

/// What is old, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The time of what is shown, or of the event that stopped it.
    pub since: DateTime<Utc>,
    /// Whether an event stopped it; then waiting does not help.
    pub paused: bool,
}

impl ReadModels {
    /// Waits until all of `names` show a company's event `company_seq` (0: whatever there is). No
    /// connection is held meanwhile.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn wait_for(
        &self,
        names: &[&str],
        company: Uuid,
        company_seq: i64,
        most: Duration,
    ) -> Result<Waited> {
        let mut watch = self.progress().watch();
        if least(&watch.borrow_and_update(), names, company).is_none() {
            return self.stale(names, company).await;
        }
        if company_seq == 0 {
            return Ok(Waited::Reached);
        }
        let position = match self.ledger().recent().newest_of(company) {
            Some((newest, position)) if newest == company_seq => position,
            Some((newest, position))
                if newest > company_seq
                    && least(&watch.borrow(), names, company) >= Some(position) =>
            {
                return Ok(Waited::Reached);
            }
            _ => match self.ledger().read_company(company, company_seq, 1).await?.first() {
                Some(event) => event.position,
                None => return Ok(Waited::Ahead),
            },
        };
        let reached = watch.wait_for(|standings| {
            least(standings, names, company).is_none_or(|least| least >= position)
        });
        // The standings' lock is given back before the next wait.
        let is_there = {
            let waited = tokio::time::timeout(most, reached).await;
            matches!(&waited, Ok(Ok(now)) if least(now, names, company).is_some())
        };
        if is_there { Ok(Waited::Reached) } else { self.stale(names, company).await }
    }

    async fn stale(&self, names: &[&str], company: Uuid) -> Result<Waited> {
        let mut tx = db::working(&self.pools().app).await?;
        let paused: Option<DateTime<Utc>> = sqlx::query_scalar(
            "select min(failed_at) from projection.failures
             where name = any($1) and company_id = $2",
        )
        .bind(names)
        .bind(company)
        .fetch_one(&mut *tx)
        .await?;
        if let Some(since) = paused {
            return Ok(Waited::Stale(Stale { since, paused: true }));
        }
        let since: Option<DateTime<Utc>> = sqlx::query_scalar(
            "select min(moved_at) from projection.checkpoints
             where name = any($1) and shard = $2",
        )
        .bind(names)
        .bind(self.shard())
        .fetch_one(&mut *tx)
        .await?;
        Ok(Waited::Stale(Stale { since: since.unwrap_or_default(), paused: false }))
    }
}
