//! Checkpoints of read models, as rows.

use std::collections::HashSet;

use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::{Projection, create, reader::ReadModels};
use crate::{db, error::Result};

/// A checkpoint, locked until the transaction ends.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) name: String,
    pub(super) version: i32,
    pub(super) position: i64,
    /// The companies that are paused in it.
    pub(super) paused: HashSet<Uuid>,
}

/// Locks checkpoints by name: one reader at a time, and none while a rebuild is being swapped in.
pub(super) async fn lock(
    connection: &mut PgConnection,
    shard: i16,
    names: &[&str],
) -> Result<Vec<Locked>> {
    let rows = sqlx::query(
        "select name, version, position, paused
         from projection.checkpoints
         where shard = $1 and name = any($2)
         order by name
         for update",
    )
    .bind(shard)
    .bind(names)
    .fetch_all(connection)
    .await?;
    let mut locked = Vec::with_capacity(rows.len());
    for row in rows {
        let paused: Vec<Uuid> = row.try_get("paused")?;
        locked.push(Locked {
            name: row.try_get("name")?,
            version: row.try_get("version")?,
            position: row.try_get("position")?,
            paused: paused.into_iter().collect(),
        });
    }
    Ok(locked)
}

/// Moves checkpoints from `from` to `to`, each only if it stands there and its tables are of the given
/// version; they are locked from here on. Returns those that moved, and the companies paused in each.
pub(super) async fn step(
    connection: &mut PgConnection,
    shard: i16,
    names: &[&str],
    versions: &[i32],
    (from, to): (i64, i64),
) -> Result<Vec<(String, Vec<Uuid>)>> {
    let moved = sqlx::query_as(
        "update projection.checkpoints c set position = $5, moved_at = clock_timestamp()
         from unnest($2::text[], $3::int[]) as w(name, version)
         where c.shard = $1 and c.name = w.name and c.version = w.version and c.position = $4
         returning c.name, c.paused",
    )
    .bind(shard)
    .bind(names)
    .bind(versions)
    .bind(from)
    .bind(to)
    .fetch_all(connection)
    .await?;
    Ok(moved)
}

/// Moves checkpoints; their rows are locked.
pub(super) async fn advance(
    connection: &mut PgConnection,
    shard: i16,
    names: &[&str],
    position: i64,
) -> Result<()> {
    sqlx::query(
        "update projection.checkpoints set position = $3, moved_at = clock_timestamp()
         where shard = $1 and name = any($2)",
    )
    .bind(shard)
    .bind(names)
    .bind(position)
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes schema, tables and checkpoint of a read model if they are not there; returns the version that
/// the tables were made for, and their position.
pub(super) async fn prepare(
    projection: &dyn Projection,
    connection: &mut PgConnection,
    shard: i16,
) -> Result<(i32, i64)> {
    let name = projection.name();
    sqlx::query("select pg_advisory_xact_lock(hashtext('projection.' || $1))")
        .bind(name)
        .execute(&mut *connection)
        .await?;
    let there: bool = sqlx::query_scalar("select to_regnamespace($1) is not null")
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    if !there {
        create(projection, &mut *connection, name).await?;
    }
    sqlx::query(
        "insert into projection.checkpoints (name, shard, version, position)
         values ($1, $2, $3, 0)
         on conflict do nothing",
    )
    .bind(name)
    .bind(shard)
    .bind(projection.version())
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query_as(
        "select version, position from projection.checkpoints where name = $1 and shard = $2",
    )
    .bind(name)
    .bind(shard)
    .fetch_one(connection)
    .await?;
    Ok(row)
}

/// Where a read model stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stands {
    /// Its name.
    pub name: String,
    /// The version its tables were made for.
    pub version: i32,
    /// Up to here all events count.
    pub position: i64,
    /// How many events are behind that.
    pub lag: i64,
}

impl ReadModels {
    /// Their names.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.projections().iter().map(|projection| projection.name()).collect()
    }

    /// Where they all stand, as the database knows it.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn standings(&self) -> Result<Vec<Stands>> {
        let mut tx = db::working(&self.pools().app).await?;
        let rows = sqlx::query(
            "select c.name, c.version, c.position,
               coalesce((select max(position) from ledger.events where shard = $1), 0) - c.position
                 as lag
             from projection.checkpoints c
             where c.shard = $1 and c.name = any($2)
             order by c.name",
        )
        .bind(self.shard())
        .bind(self.names())
        .fetch_all(&mut *tx)
        .await?;
        let mut stands = Vec::with_capacity(rows.len());
        for row in rows {
            stands.push(Stands {
                name: row.try_get("name")?,
                version: row.try_get("version")?,
                position: row.try_get("position")?,
                lag: row.try_get("lag")?,
            });
        }
        Ok(stands)
    }
}
