//! Emptying raw deliveries about somebody: what an erasure does to the intake.
//!
//! The row and its position stay, so that positions have no holes; the body is gone. Whoever asks for
//! it finds what he finds when a key was dropped with its age.

use sqlx::Row as _;
use uuid::Uuid;

use super::Intake;
use crate::{db, error::Result};

/// How many positions are looked through at once.
const PAGE: i64 = 2_000;

/// Which deliveries may be emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those that have become events already: one that waits is of somebody who is new again.
    Digested,
    /// All: the database was restored, and what waits in it was digested and erased before.
    All,
}

impl Intake {
    /// Empties a page of deliveries behind `from`, of a company and of the platform's own routes, as far
    /// as one of `texts` stands in them. Says where to go on; nothing at the end.
    ///
    /// # Errors
    /// If Postgres fails or a key does not open; calling again with the same place goes on.
    pub async fn empty(
        &self,
        company: Uuid,
        texts: &[String],
        from: i64,
        reach: Reach,
    ) -> Result<Option<i64>> {
        let mut tx = db::working(&self.pools().app).await?;
        let head: Option<i64> =
            sqlx::query_scalar("select max(position) from intake.deliveries where shard = $1")
                .bind(self.shard())
                .fetch_one(&mut *tx)
                .await?;
        if texts.is_empty() || head.is_none_or(|head| from >= head) {
            return Ok(None);
        }
        let rows = sqlx::query(
            "select d.position, d.id, d.key_id, d.sealed
             from intake.deliveries d
             left join ledger.checkpoints low on low.shard = $1 and low.consumer = 'digest'
             left join ledger.checkpoints own
               on own.shard = $1 and own.consumer = 'digest:' || replace(d.route::text, '-', '')
             where d.shard = $1 and d.position > $2 and d.position <= $2 + $3
               and (d.company_id = $4 or d.company_id is null)
               and octet_length(d.sealed) > 0
               and ($5 or d.position <= greatest(low.position, own.position))
             order by d.position",
        )
        .bind(self.shard())
        .bind(from)
        .bind(PAGE)
        .bind(company)
        .bind(reach == Reach::All)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let mut hers: Vec<i64> = Vec::new();
        for row in rows {
            let sealed: &[u8] = row.try_get("sealed")?;
            let body = self.keys().open_body(row.try_get("key_id")?, row.try_get("id")?, sealed);
            let Some(body) = body.await? else { continue };
            let body = String::from_utf8_lossy(&body);
            if texts.iter().any(|text| body.contains(text.as_str())) {
                hers.push(row.try_get("position")?);
            }
        }
        if !hers.is_empty() {
            let mut tx = db::working(&self.pools().app).await?;
            sqlx::query(
                "update intake.deliveries set sealed = '' where shard = $1 and position = any($2)",
            )
            .bind(self.shard())
            .bind(hers)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
        }
        Ok(Some(from + PAGE))
    }
}
