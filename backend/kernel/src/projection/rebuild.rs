//! Rebuilds: shadows are filled from the ledger beside live traffic, and each takes the place of its
//! live tables in one step.
//!
//! A rebuild that was interrupted goes on where it stood: the shadow's checkpoint is stored with its
//! rows. Several read models are rebuilt from one reading of the ledger.

use std::{collections::HashSet, sync::Arc};

use futures::future::try_join_all;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{
    Projection,
    batch::Target,
    create,
    reader::ReadModels,
    state::{advance, lock},
};
use crate::{
    db,
    error::{Error, Result},
    faults,
    record::Recorded,
};

/// The most events of a shadow's transaction.
const PAGE: i64 = 4000;
/// How near the shadow must be to the live checkpoint before the swap may stop the reader for a moment.
const NEAR: i64 = 500;

/// What a rebuild did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events that were read.
    pub events: i64,
    /// Companies that could not be taken further, and are paused now.
    pub paused: usize,
}

struct Shadow<'a> {
    projection: &'a dyn Projection,
    name: String,
    at: i64,
    paused: HashSet<Uuid>,
}

impl ReadModels {
    /// The read models whose tables were made for an older version of the code.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn outdated(&self) -> Result<Vec<&'static str>> {
        let mut tx = db::working(&self.pools().app).await?;
        let names: Vec<&str> = self.projections().iter().map(|p| p.name()).collect();
        let rows = lock(&mut tx, self.shard(), &names).await?;
        let old = |p: &&Arc<dyn Projection>| {
            rows.iter().any(|row| row.name == p.name() && row.version < p.version())
        };
        Ok(self.projections().iter().filter(old).map(|p| p.name()).collect())
    }

    /// Builds read models anew from the first event and swaps each in. Readers see the old tables until
    /// that moment and the new ones after it; the reader waits only for the last few events.
    ///
    /// # Errors
    /// If the database fails, or there is no such read model; the live tables are as before, and calling
    /// again goes on where it stood.
    pub async fn rebuild(&self, names: &[&str]) -> Result<Rebuilt> {
        let mut shadows = Vec::with_capacity(names.len());
        for name in names {
            let unknown = || Error::Row { what: format!("the read model {name}") };
            let projection = self.by_name(name).ok_or_else(unknown)?;
            shadows.push(self.shadow(projection).await?);
        }
        let mut done = Rebuilt::default();
        while !shadows.is_empty() {
            done.events += self.fill(&mut shadows).await?;
            // All are near now; the first is swapped while the others fall behind a little.
            let first = shadows.remove(0);
            let (events, paused) = self.swap(first).await?;
            done.events += events;
            done.paused += paused;
        }
        Ok(done)
    }

    /// A shadow from an earlier attempt at the same version, or a fresh one.
    async fn shadow<'a>(&self, projection: &'a dyn Projection) -> Result<Shadow<'a>> {
        let name = format!("{}_next", projection.name());
        let mut tx = db::working(&self.pools().app).await?;
        let left = lock(&mut tx, self.shard(), &[&name]).await?.pop();
        if let Some(left) = left
            && left.version == projection.version()
        {
            return Ok(Shadow { projection, name, at: left.position, paused: left.paused });
        }
        drop_schema(&mut tx, &name).await?;
        forget(&mut tx, &name).await?;
        create(projection, &mut tx, &name).await?;
        sqlx::query(
            "insert into projection.checkpoints (name, shard, version, position)
             values ($1, $2, $3, 0)",
        )
        .bind(&name)
        .bind(self.shard())
        .bind(projection.version())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Shadow { projection, name, at: 0, paused: HashSet::new() })
    }

    /// Brings all shadows near to the end of the ledger, from one reading of it; the next page is read
    /// while the last is applied.
    async fn fill(&self, shadows: &mut [Shadow<'_>]) -> Result<i64> {
        let mut read = 0;
        let from = |shadows: &[Shadow<'_>]| shadows.iter().map(|shadow| shadow.at).min();
        let Some(mut at) = from(shadows) else { return Ok(0) };
        let mut page = self.page(at).await?;
        loop {
            let Some(last) = page.last().map(|event| event.position) else { return Ok(read) };
            read += last - at;
            at = last;
            let applied = try_join_all(shadows.iter_mut().map(|shadow| self.apply(shadow, &page)));
            if i64::try_from(page.len()).unwrap_or(PAGE) < NEAR {
                applied.await?;
                return Ok(read);
            }
            let (applied, next) = tokio::join!(applied, self.page(at));
            applied?;
            page = next?;
        }
    }

    async fn page(&self, at: i64) -> Result<Vec<Arc<Recorded>>> {
        Ok(self.ledger().read(at, PAGE).await?.into_iter().map(Arc::new).collect())
    }

    async fn apply(&self, shadow: &mut Shadow<'_>, page: &[Arc<Recorded>]) -> Result<()> {
        let from = page.partition_point(|event| event.position <= shadow.at);
        let news = page.get(from..).unwrap_or_default();
        let Some(last) = news.last() else { return Ok(()) };
        let mut tx = db::working(&self.pools().app).await?;
        let stands = lock(&mut tx, self.shard(), &[&shadow.name]).await?.pop();
        if stands.is_none_or(|row| row.position != shadow.at) {
            return Err(Error::Stream("another process rebuilds it".to_owned()));
        }
        let target =
            Target { projection: shadow.projection, vault: self.vault(), name: &shadow.name };
        target.apply(&mut tx, &mut shadow.paused, news).await?;
        advance(&mut tx, self.shard(), &[&shadow.name], last.position).await?;
        tx.commit().await?;
        faults::point("in_rebuild");
        shadow.at = last.position;
        Ok(())
    }

    /// Brings a shadow to exactly where the live read model stands, and exchanges them.
    async fn swap(&self, mut shadow: Shadow<'_>) -> Result<(i64, usize)> {
        let (name, projection) = (shadow.projection.name(), shadow.projection);
        let mut tx = db::working(&self.pools().app).await?;
        // Locked in the order of their names, as everywhere, so that nobody waits in a circle.
        let mut rows = lock(&mut tx, self.shard(), &[name, &shadow.name]).await?;
        rows.retain(|row| row.name == name);
        let Some(live) = rows.pop() else { return Ok((0, 0)) };
        // A read model that stood aside for this version may stand far behind: then the shadow leads.
        let until = live.position.max(shadow.at);
        let target = Target { projection, vault: self.vault(), name: &shadow.name };
        let mut applied = 0;
        while shadow.at < until {
            let page = self.ledger().read(shadow.at, PAGE.min(until - shadow.at)).await?;
            let page: Vec<_> = page.into_iter().map(Arc::new).collect();
            let Some(last) = page.last() else { break };
            target.apply(&mut tx, &mut shadow.paused, &page).await?;
            applied += last.position - shadow.at;
            shadow.at = last.position;
        }
        faults::point("in_swap");
        let exchange = format!(
            "alter schema {name} rename to {name}_old; alter schema {} rename to {name};",
            shadow.name
        );
        sqlx::raw_sql(AssertSqlSafe(exchange)).execute(&mut *tx).await?;
        drop_schema(&mut tx, &format!("{name}_old")).await?;
        // The live row stays, because the reader is waiting for it.
        sqlx::query(
            "update projection.checkpoints
             set version = $3, position = $4, moved_at = clock_timestamp(), paused = $5
             where name = $1 and shard = $2",
        )
        .bind(name)
        .bind(self.shard())
        .bind(projection.version())
        .bind(until)
        .bind(shadow.paused.iter().copied().collect::<Vec<Uuid>>())
        .execute(&mut *tx)
        .await?;
        sqlx::query("delete from projection.checkpoints where name = $1")
            .bind(&shadow.name)
            .execute(&mut *tx)
            .await?;
        sqlx::query("delete from projection.failures where name = $1")
            .bind(name)
            .execute(&mut *tx)
            .await?;
        sqlx::query("update projection.failures set name = $2 where name = $1")
            .bind(&shadow.name)
            .bind(name)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        faults::point("after_swap");
        Ok((applied, shadow.paused.len()))
    }
}

async fn drop_schema(connection: &mut PgConnection, name: &str) -> Result<()> {
    let drop = format!("drop schema if exists {name} cascade");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(connection).await?;
    Ok(())
}

async fn forget(connection: &mut PgConnection, name: &str) -> Result<()> {
    for table in ["checkpoints", "failures"] {
        let statement = format!("delete from projection.{table} where name = $1");
        sqlx::query(AssertSqlSafe(statement)).bind(name).execute(&mut *connection).await?;
    }
    Ok(())
}
