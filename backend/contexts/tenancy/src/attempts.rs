//! How often somebody may try to sign in.
//!
//! Invariants: strangers' failures never shut out a browser in which the user has signed in before,
//! because it has a bucket of its own; a bucket refills, so nobody is shut out for good; the table
//! holds keyed digests, no addresses.

use chrono::{DateTime, Utc};
use kernel::{db, http::Problem};
use sqlx::PgPool;

/// How many tries a bucket holds, and in how many seconds one comes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    key: [u8; 16],
    most: f64,
    refill_s: f64,
}

impl Bucket {
    /// An account, tried from one address: 10, one more each minute.
    #[must_use]
    pub(crate) const fn account_from(key: [u8; 16]) -> Self {
        Self { key, most: 10.0, refill_s: 60.0 }
    }

    /// An account, tried by strangers from anywhere: 100, one more each 20 seconds.
    #[must_use]
    pub(crate) const fn account(key: [u8; 16]) -> Self {
        Self { key, most: 100.0, refill_s: 20.0 }
    }

    /// An address, whatever it tries: 100, one more each 5 seconds.
    #[must_use]
    pub(crate) const fn address(key: [u8; 16]) -> Self {
        Self { key, most: 100.0, refill_s: 5.0 }
    }

    /// A user in a browser that is known: 10, one more each minute.
    #[must_use]
    pub(crate) const fn device(key: [u8; 16]) -> Self {
        Self { key, most: 10.0, refill_s: 60.0 }
    }
}

/// Takes one try out of each bucket; the seconds to wait if one is empty.
pub(crate) async fn take(
    pool: &PgPool,
    buckets: &[Bucket],
    now: DateTime<Utc>,
) -> Result<Option<u32>, Problem> {
    let keys: Vec<_> = buckets.iter().map(|bucket| bucket.key.to_vec()).collect();
    let most: Vec<_> = buckets.iter().map(|bucket| bucket.most).collect();
    let refill: Vec<_> = buckets.iter().map(|bucket| bucket.refill_s).collect();
    let mut tx = db::working(pool).await?;
    let left: Vec<(Vec<u8>, f64)> = sqlx::query_as(
        r"
        insert into tenancy.attempts as known (bucket, tokens, at)
        select bucket, most - 1, $4
        from unnest($1::bytea[], $2::float8[]) as wanted (bucket, most)
        order by bucket
        on conflict (bucket) do update
        set at = greatest(known.at, excluded.at),
            tokens = -1 + least(
              excluded.tokens + 1,
              -- Below zero: it was refused, and so nothing was taken.
              known.tokens + (known.tokens < 0)::integer + greatest(
                0, extract(epoch from excluded.at - known.at)::float8) / (
                select refill from unnest($1::bytea[], $3::float8[]) as pace (bucket, refill)
                where pace.bucket = known.bucket))
        returning bucket, tokens
        ",
    )
    .bind(keys)
    .bind(most)
    .bind(refill)
    .bind(now)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let wait = left.into_iter().filter(|(_, tokens)| *tokens < 0.0).filter_map(|(key, tokens)| {
        let bucket = buckets.iter().find(|bucket| bucket.key.as_slice() == key)?;
        Some(-tokens * bucket.refill_s)
    });
    Ok(wait.reduce(f64::max).map(seconds))
}

/// Whole seconds, at least one, at most an hour.
fn seconds(wait: f64) -> u32 {
    (1..3600).find(|whole| f64::from(*whole) >= wait).unwrap_or(3600)
}

/// Fills buckets again, after a success.
pub(crate) async fn forgive(pool: &PgPool, buckets: &[Bucket]) -> Result<(), Problem> {
    let keys: Vec<_> = buckets.iter().map(|bucket| bucket.key.to_vec()).collect();
    let mut tx = db::working(pool).await?;
    sqlx::query("delete from tenancy.attempts where bucket = any($1)")
        .bind(keys)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
