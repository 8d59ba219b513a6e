//! Companies that a policy could not take further: noting, listing, resuming.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use uuid::Uuid;

use super::{
    register::Policies,
    runner::{At, Runner, Step},
};
use crate::{
    commit::{Commit, Move, Refused},
    db,
    error::{Error, Result},
    record::Recorded,
};

/// A company that stands still in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PausedPolicy {
    /// The policy.
    pub policy: i16,
    /// The company.
    pub company: Uuid,
    /// The event that could not be taken.
    pub company_seq: i64,
    /// Its type.
    pub event_type: String,
    /// Why.
    pub error: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Policies {
    /// The companies that stand still, in any policy.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn paused(&self) -> Result<Vec<PausedPolicy>> {
        let mut tx = db::working(&self.ledger.pools().app).await?;
        let rows = sqlx::query(
            "select policy, company_id, company_seq, event_type, error, failed_at
             from policy.failures
             order by failed_at, policy, company_id",
        )
        .fetch_all(&mut *tx)
        .await?;
        let read = |row: sqlx::postgres::PgRow| {
            Ok(PausedPolicy {
                policy: row.try_get("policy")?,
                company: row.try_get("company_id")?,
                company_seq: row.try_get("company_seq")?,
                event_type: row.try_get("event_type")?,
                error: row.try_get("error")?,
                since: row.try_get("failed_at")?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Asks a policy to go on for a company; its runner does so within a second or two, from the event
    /// that stopped it. Facts that are too old by now are recorded as skipped.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn resume(&self, policy: i16, company: Uuid) -> Result<()> {
        let mut tx = db::working(&self.ledger.pools().app).await?;
        sqlx::query(
            "update policy.failures set resume_at = now() where policy = $1 and company_id = $2",
        )
        .bind(policy)
        .bind(company)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Runner {
    pub(super) async fn paused(&self) -> Result<HashMap<Uuid, i64>> {
        let mut tx = db::working(&self.ledger.pools().app).await?;
        let rows: Vec<(Uuid, i64)> =
            sqlx::query_as("select company_id, company_seq from policy.failures where policy = $1")
                .bind(self.policy.id())
                .fetch_all(&mut *tx)
                .await?;
        Ok(rows.into_iter().collect())
    }

    /// Notes the event that a company cannot get past, and raises the alarm.
    pub(super) async fn pause(&self, at: &mut At, event: &Recorded, reason: &str) -> Result<()> {
        metrics::counter!("kernel_policy_paused_total", "policy" => self.policy.name())
            .increment(1);
        tracing::error!(
            policy.name = self.policy.name(),
            company.id = %event.company,
            event.position = event.position,
            event.type_ = %event.event_type,
            error = reason,
            "the policy {} is paused for a company",
            self.policy.name()
        );
        let mut tx = db::working(&self.ledger.pools().app).await?;
        sqlx::query(
            "insert into policy.failures (policy, company_id, company_seq, event_type, error)
             values ($1, $2, $3, $4, $5)
             on conflict (policy, company_id) do update
             set company_seq = excluded.company_seq, event_type = excluded.event_type,
                 error = excluded.error, resume_at = null",
        )
        .bind(self.policy.id())
        .bind(event.company)
        .bind(event.company_seq)
        .bind(&*event.event_type)
        .bind(reason)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        at.paused.insert(event.company, event.company_seq);
        Ok(())
    }

    /// Lets companies go on for which that was asked.
    pub(super) async fn resume_asked(&self, at: &mut At) -> Result<()> {
        let mut tx = db::working(&self.ledger.pools().app).await?;
        let asked: Vec<(Uuid, i64)> = sqlx::query_as(
            "select company_id, company_seq from policy.failures
             where policy = $1 and resume_at is not null",
        )
        .bind(self.policy.id())
        .fetch_all(&mut *tx)
        .await?;
        drop(tx);
        for (company, from) in asked {
            self.catch_up(at, company, from).await?;
        }
        Ok(())
    }

    /// Takes a company's events from the one that stopped it up to where the policy stands, each with a
    /// step of the company's own checkpoint.
    async fn catch_up(&self, at: &mut At, company: Uuid, from: i64) -> Result<()> {
        const PAGE: i64 = 200;
        let consumer = format!("{}:{}", self.consumer(), company.simple());
        let stored: Option<i64> = sqlx::query_scalar(
            "select position from ledger.checkpoints where shard = $1 and consumer = $2",
        )
        .bind(self.ledger.shard())
        .bind(&consumer)
        .fetch_optional(&self.ledger.pools().direct)
        .await?;
        let mut stored = stored.unwrap_or(0);
        let mut next = from.max(stored + 1);
        loop {
            let events = self.ledger.read_company(company, next, PAGE).await?;
            let full = events.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
            for event in &events {
                if event.position > at.position {
                    return self.go_on(at, company).await;
                }
                next = event.company_seq + 1;
                if !self.concerns(event) {
                    continue;
                }
                let mut commit = match self.step(event).await? {
                    Step::Nothing => Commit::default(),
                    Step::Do(commit) => *commit,
                    Step::Poison(reason) => return self.pause(at, event, &reason).await,
                };
                let to = event.company_seq;
                commit.checkpoints.push(Move { consumer: consumer.clone(), from: stored, to });
                match self.ledger.commit(commit).await {
                    Ok(_) => stored = to,
                    Err(Error::Refused(Refused::CheckpointMoved { .. })) => return Ok(()),
                    Err(Error::Refused(_)) => {
                        return self.pause(at, event, "its reaction is refused").await;
                    }
                    Err(error) => return Err(error),
                }
            }
            if !full {
                return self.go_on(at, company).await;
            }
        }
    }

    async fn go_on(&self, at: &mut At, company: Uuid) -> Result<()> {
        let mut tx = db::working(&self.ledger.pools().app).await?;
        sqlx::query("delete from policy.failures where policy = $1 and company_id = $2")
            .bind(self.policy.id())
            .bind(company)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        at.paused.remove(&company);
        Ok(())
    }
}
