//! The age of deliveries: a new key a day, and an end for the old ones.

use std::time::Duration;

use uuid::Uuid;

use super::Intake;
use crate::{
    db,
    error::{Error, Result},
};

/// How often a new key is used.
const A_DAY: Duration = Duration::from_hours(24);
/// How often the old is looked for.
const LOOK: Duration = Duration::from_hours(1);
/// The most rows deleted at once.
const PAGE: i64 = 5000;

impl Intake {
    /// Uses a new key for bodies from now on.
    ///
    /// # Errors
    /// If the key cannot be made.
    pub async fn rotate(&self) -> Result<()> {
        self.keys().rotate(self.ground()).await
    }

    /// Wraps the keys anew that still use an older key-encryption key; returns how many.
    ///
    /// # Errors
    /// If a key does not open or the database fails.
    pub async fn rewrap(&self) -> Result<usize> {
        self.keys().rewrap().await
    }

    /// Drops the keys of bodies that are older than `age`, and with them every body of that time; then
    /// the rows. The key in use stays. Returns how many deliveries went.
    ///
    /// # Errors
    /// If the database fails; calling again goes on.
    pub async fn expire(&self, age: Duration) -> Result<u64> {
        let age = chrono::Duration::from_std(age)
            .map_err(|_too_long| Error::Row { what: "the age of deliveries".to_owned() })?;
        let before = self.ground().clock.now() - age;
        let mut tx = db::working(&self.pools().app).await?;
        // A key was in use until the next one was made.
        let dropped: Vec<Uuid> = sqlx::query_scalar(
            "delete from intake.keys k
             where k.purpose = 'body' and k.id <> $2 and exists (
               select from intake.keys n
               where n.purpose = 'body' and n.id > k.id and n.created_at < $1)
             returning k.id",
        )
        .bind(before)
        .bind(self.keys().current_id())
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        self.keys().forget(&dropped);
        let mut gone = 0;
        loop {
            let mut tx = db::working(&self.pools().app).await?;
            let deleted = sqlx::query(
                "delete from intake.deliveries d
                 using (
                   select position from intake.deliveries
                   where shard = $1
                   order by position
                   limit $3
                 ) oldest
                 where d.shard = $1 and d.position = oldest.position and d.received_at < $2
                   and not exists (select from intake.keys k where k.id = d.key_id)",
            )
            .bind(self.shard())
            .bind(before)
            .bind(PAGE)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            gone += deleted.rows_affected();
            if deleted.rows_affected() == 0 {
                return Ok(gone);
            }
        }
    }

    /// Rotates once a day and expires once an hour, for as long as the process lives.
    pub async fn keep(self, age: Duration) {
        let mut rotated = self.ground().clock.monotonic();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.ground().clock.monotonic();
            if now.saturating_sub(rotated) >= A_DAY {
                match self.rotate().await {
                    Ok(()) => rotated = now,
                    Err(error) => tracing::warn!(%error, "no new key for deliveries"),
                }
            }
            match self.expire(age).await {
                Ok(0) => {}
                Ok(gone) => tracing::info!(intake.n_gone = gone, "old deliveries are gone"),
                Err(error) => tracing::warn!(%error, "old deliveries could not be deleted"),
            }
        }
    }
}
