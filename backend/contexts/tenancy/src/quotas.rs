//! The marks of quotas: at 80 and at 100 per cent the company's chain says so, once in a period.
//!
//! Invariant: what is read here may lag, so it only marks; what stops at a limit is `Can`'s to refuse.

use std::sync::Arc;

use kernel::{
    commit::Context,
    db,
    error::Error,
    execute::{Failure, Request},
};
use shared::{permission::Quota, stored::Actor};
use uuid::Uuid;

use crate::{
    Tenancy,
    company::{CompanyCommand, CompanyStream},
    projections::usage::{FOR_EVER, month},
};

/// The percentages that are marked.
const MARKS: [u8; 2] = [80, 100];

#[derive(sqlx::FromRow)]
struct Row {
    company_id: Uuid,
    quota: String,
    most: i64,
    period: i32,
    used: i64,
    zone: String,
}

impl Tenancy {
    /// Marks quotas that passed 80 or 100 per cent. Runs every few seconds; a mark that is set is not
    /// set again.
    pub async fn mark_quotas(&self) -> Result<(), Error> {
        let now = self.ground.clock.now();
        for row in self.nearly_used().await? {
            let is_current = row.period == FOR_EVER || row.period == month(now, &row.zone);
            let Some(quota) = Quota::from_word(&row.quota).filter(|_| is_current) else { continue };
            for percent in MARKS {
                if row.used.saturating_mul(100) >= row.most.saturating_mul(i64::from(percent)) {
                    self.mark(row.company_id, quota, percent, row.period).await?;
                }
            }
        }
        Ok(())
    }

    async fn nearly_used(&self) -> Result<Vec<Row>, Error> {
        let mut tx = db::working(&self.pools.app).await?;
        let rows = sqlx::query_as(
            r"
            select q.company_id, q.quota, q.most, u.period, u.used, z.zone
            from tenancy_directory.quotas q
            join tenancy_usage.usage u on u.company_id = q.company_id and u.quota = q.quota
            join tenancy_usage.zones z on z.company_id = q.company_id
            where q.most > 0 and u.used * 100 >= q.most * 80
            ",
        )
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(rows)
    }

    async fn mark(
        &self,
        company: Uuid,
        quota: Quota,
        percent: u8,
        period: i32,
    ) -> Result<(), Error> {
        let ids = &self.ground.ids;
        let actor = Actor::System("tenancy.quotas".into());
        let context = Context::new(actor, ids.v7(), ids.v7().into_bytes());
        let marked = self
            .ledger
            .execute::<CompanyStream>(&Request {
                company,
                id: company,
                command: CompanyCommand::MarkQuota { quota, percent, period },
                facts: self.ground.clock.now(),
                context: Arc::new(context),
                seen: None,
                fingerprint: None,
                also: vec![],
                more_claims: vec![],
            })
            .await;
        match marked {
            Err(Failure::Kernel(error)) => Err(error),
            // A company that is gone has nothing to be marked.
            Ok(_) | Err(Failure::Rejected(_)) => Ok(()),
        }
    }
}
