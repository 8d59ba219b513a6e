//! Plain tables: sessions, known browsers, password hashes, key hashes (D11).

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{commit::Origin, db};
use rand::Rng as _;
use shared::{
    ids::{ApiKeyId, SessionId, UserId},
    stored::Sealed,
};
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

/// How long a session lasts at most.
pub(crate) const LONGEST: TimeDelta = TimeDelta::days(30);
/// How long it lasts unused.
const IDLE: TimeDelta = TimeDelta::days(7);
/// How exactly its last use is known.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How long a browser stays known.
pub(crate) const DEVICE: TimeDelta = TimeDelta::days(365);
/// How many sessions a user may have; the oldest ends when another begins.
const MOST: i64 = 50;

/// 256 random bits, as text.
pub(crate) fn token() -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A session as the authority needs it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) session_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) seen_at: DateTime<Utc>,
    pub(crate) acting_in: Option<Uuid>,
    pub(crate) acting_until: Option<DateTime<Utc>>,
    pub(crate) acting_reason: Option<String>,
}

/// A session in a list.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Listed {
    pub(crate) session_id: Uuid,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) seen_at: DateTime<Utc>,
    pub(crate) origin: Json<Sealed<Origin>>,
}

/// The session of a token, unless it has run out.
pub(crate) async fn find(
    pool: &PgPool,
    token_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Row>, sqlx::Error> {
    let mut tx = db::working(pool).await?;
    let row: Option<Row> = sqlx::query_as(
        r"
        select session_id, user_id, seen_at, acting_in, acting_until, acting_reason
        from tenancy.sessions
        where token_hash = $1 and expires_at > $2 and seen_at > $3
        ",
    )
    .bind(token_hash.as_slice())
    .bind(now)
    .bind(now - IDLE)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = row.as_ref().filter(|row| now - row.seen_at >= SEEN_EVERY) {
        sqlx::query("update tenancy.sessions set seen_at = $2 where session_id = $1")
            .bind(row.session_id)
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(row)
}

/// A new session. The user's oldest ones end when there are too many.
pub(crate) async fn begin(
    pool: &PgPool,
    session: SessionId,
    user: UserId,
    token_hash: [u8; 32],
    origin: &Sealed<Origin>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let mut tx = db::working(pool).await?;
    sqlx::query(
        r"
        insert into tenancy.sessions
          (session_id, user_id, token_hash, created_at, seen_at, expires_at, origin)
        values ($1, $2, $3, $4, $4, $5, $6)
        ",
    )
    .bind(session.into_uuid())
    .bind(user.into_uuid())
    .bind(token_hash.as_slice())
    .bind(now)
    .bind(now + LONGEST)
    .bind(Json(origin))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        r"
        delete from tenancy.sessions
        where session_id in (
          select session_id
          from tenancy.sessions
          where user_id = $1
          order by created_at desc, session_id desc
          offset $2)
        ",
    )
    .bind(user.into_uuid())
    .bind(MOST)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Ends a session of a user; whether there was one.
pub(crate) async fn end(
    pool: &PgPool,
    user: UserId,
    session: SessionId,
) -> Result<bool, sqlx::Error> {
    let mut tx = db::working(pool).await?;
    let done = sqlx::query("delete from tenancy.sessions where user_id = $1 and session_id = $2")
        .bind(user.into_uuid())
        .bind(session.into_uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all sessions of a user, but perhaps one.
pub(crate) async fn end_all(
    pool: &PgPool,
    user: UserId,
    but: Option<SessionId>,
) -> Result<(), sqlx::Error> {
    let mut tx = db::working(pool).await?;
    sqlx::query(
        "delete from tenancy.sessions where user_id = $1 and session_id is distinct from $2",
    )
    .bind(user.into_uuid())
    .bind(but.map(SessionId::into_uuid))
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// A user's sessions that have not run out, the newest first.
pub(crate) async fn list(
    pool: &PgPool,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<Listed>, sqlx::Error> {
    let mut tx = db::working(pool).await?;
    let rows = sqlx::query_as(
        r"
        select session_id, created_at, seen_at, origin
        from tenancy.sessions
        where user_id = $1 and expires_at > $2 and seen_at > $3
        order by created_at desc, session_id desc
        ",
    )
    .bind(user.into_uuid())
    .bind(now)
    .bind(now - IDLE)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(rows)
}

/// Marks a session as acting in a company's place, or not any more.
pub(crate) async fn act(
    pool: &PgPool,
    session: SessionId,
    acting: Option<(Uuid, DateTime<Utc>, &str)>,
) -> Result<(), sqlx::Error> {
    let mut tx = db::working(pool).await?;
    sqlx::query(
        r"
        update tenancy.sessions
        set acting_in = $2, acting_until = $3, acting_reason = $4
        where session_id = $1
        ",
    )
    .bind(session.into_uuid())
    .bind(acting.map(|(company, _, _)| company))
    .bind(acting.map(|(_, until, _)| until))
    .bind(acting.map(|(_, _, reason)| reason))
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Whether a user has signed in with this browser before.
pub(crate) async fn knows_device(
    pool: &PgPool,
    user: Uuid,
    token_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let mut tx = db::working(pool).await?;
    let known = sqlx::query_scalar(
        r"
        select exists (
          select
          from tenancy.devices
          where token_hash = $1 and user_id = $2 and seen_at > $3)
        ",
    )
    .bind(token_hash.as_slice())
    .bind(user)
    .bind(now - DEVICE)
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(known)
}

/// Remembers a browser.
pub(crate) async fn remember_device(
    pool: &PgPool,
    user: UserId,
    token_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let mut tx = db::working(pool).await?;
    sqlx::query(
        r"
        insert into tenancy.devices (token_hash, user_id, seen_at)
        values ($1, $2, $3)
        on conflict (token_hash, user_id) do update set seen_at = excluded.seen_at
        ",
    )
    .bind(token_hash.as_slice())
    .bind(user.into_uuid())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// The hash of a user's password.
pub(crate) async fn password(pool: &PgPool, user: Uuid) -> Result<Option<String>, sqlx::Error> {
    let mut tx = db::working(pool).await?;
    let hash = sqlx::query_scalar("select hash from tenancy.passwords where user_id = $1")
        .bind(user)
        .fetch_optional(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(hash)
}

/// Keeps the first password of a user who is being registered; one that is there stays.
pub(crate) async fn keep_password(
    pool: &PgPool,
    user: UserId,
    hash: &str,
) -> Result<(), sqlx::Error> {
    let mut tx = db::working(pool).await?;
    sqlx::query(
        r"
        insert into tenancy.passwords (user_id, hash)
        values ($1, $2)
        on conflict (user_id) do nothing
        ",
    )
    .bind(user.into_uuid())
    .bind(hash)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Sets a user's password.
pub(crate) async fn set_password(
    pool: &PgPool,
    user: UserId,
    hash: &str,
) -> Result<(), sqlx::Error> {
    let mut tx = db::working(pool).await?;
    sqlx::query(
        r"
        insert into tenancy.passwords (user_id, hash)
        values ($1, $2)
        on conflict (user_id) do update set hash = excluded.hash, changed_at = now()
        ",
    )
    .bind(user.into_uuid())
    .bind(hash)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// The key of a token, and the company it opens. Notes that it was used.
pub(crate) async fn find_key(
    pool: &PgPool,
    token_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, Uuid)>, sqlx::Error> {
    let mut tx = db::working(pool).await?;
    let row: Option<(Uuid, Uuid, Option<DateTime<Utc>>)> = sqlx::query_as(
        r"
        select company_id, key_id, used_at
        from tenancy.api_keys
        where token_hash = $1
        ",
    )
    .bind(token_hash.as_slice())
    .fetch_optional(&mut *tx)
    .await?;
    let is_old = |used: Option<DateTime<Utc>>| used.is_none_or(|used| now - used >= SEEN_EVERY);
    if row.is_some_and(|(_, _, used_at)| is_old(used_at)) {
        sqlx::query("update tenancy.api_keys set used_at = $2 where token_hash = $1")
            .bind(token_hash.as_slice())
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(row.map(|(company, key, _)| (company, key)))
}

/// Keeps the hash of a new key.
pub(crate) async fn keep_key(
    pool: &PgPool,
    company: Uuid,
    key: ApiKeyId,
    token_hash: [u8; 32],
) -> Result<(), sqlx::Error> {
    let mut tx = db::working(pool).await?;
    sqlx::query(
        r"
        insert into tenancy.api_keys (token_hash, company_id, key_id)
        values ($1, $2, $3)
        on conflict (company_id, key_id) do update set token_hash = excluded.token_hash
        ",
    )
    .bind(token_hash.as_slice())
    .bind(company)
    .bind(key.into_uuid())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Drops the hash of a key.
pub(crate) async fn drop_key(
    pool: &PgPool,
    company: Uuid,
    key: ApiKeyId,
) -> Result<(), sqlx::Error> {
    let mut tx = db::working(pool).await?;
    sqlx::query("delete from tenancy.api_keys where company_id = $1 and key_id = $2")
        .bind(company)
        .bind(key.into_uuid())
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// When a company's keys were last used.
pub(crate) async fn keys_used(
    pool: &PgPool,
    company: Uuid,
) -> Result<Vec<(Uuid, DateTime<Utc>)>, sqlx::Error> {
    let mut tx = db::working(pool).await?;
    let rows = sqlx::query_as(
        r"
        select key_id, used_at
        from tenancy.api_keys
        where company_id = $1 and used_at is not null
        ",
    )
    .bind(company)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(rows)
}

/// Drops what has run out.
pub(crate) async fn sweep(pool: &PgPool, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let mut tx = db::working(pool).await?;
    for (delete, before) in [
        ("delete from tenancy.sessions where expires_at <= $1", now),
        ("delete from tenancy.sessions where seen_at <= $1", now - IDLE),
        ("delete from tenancy.devices where seen_at <= $1", now - DEVICE),
        ("delete from tenancy.attempts where at <= $1", now - TimeDelta::days(1)),
    ] {
        sqlx::query(delete).bind(before).execute(&mut *tx).await?;
    }
    tx.commit().await
}
