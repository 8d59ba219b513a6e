//! One `Idempotency-Key`, one effect, one answer.
//!
//! Invariants: the command's id, the request's digest and the key that seals the stored answer are
//! all made from the company's index key and the client's key, so the table tells nothing without
//! both; a repeat that arrives while the first is being answered waits for it; what the handler did
//! in the ledger is refused a second time by the ledger itself, under the same command id.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE},
    },
    response::Response,
};
use hmac::{Hmac, Mac as _};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use shared::problem::Kind;
use sqlx::PgPool;
use uuid::Uuid;

use super::problem::Problem;
use crate::{db, vault::IndexKey};

/// How long an answer is kept.
pub(super) const KEPT: Duration = Duration::from_hours(48);
/// The largest answer that is kept.
const LARGEST: usize = 1 << 20;
/// The header that carries the key.
const HEADER: &str = "idempotency-key";
/// What of an answer's head is kept with it.
const HEADERS: [HeaderName; 4] = [
    CONTENT_TYPE,
    SET_COOKIE,
    HeaderName::from_static("ledger-position"),
    HeaderName::from_static("location"),
];

/// The client's key, if one was sent.
pub(super) fn client_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let is_fit =
        (1..=255).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    match value.to_str() {
        Ok(text) if is_fit => Ok(Some(text.to_owned())),
        _ => Err(Problem::new(Kind::Malformed, "idempotency_key_invalid")),
    }
}

/// What a key is worth in a company, for a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keyed {
    pub(super) company: Uuid,
    pub(super) command_id: Uuid,
    pub(super) fingerprint: [u8; 32],
    seal: [u8; 32],
}

impl Keyed {
    pub(super) fn of(
        index: &IndexKey,
        company: Uuid,
        principal: &str,
        client_key: &str,
        request: &[&[u8]],
    ) -> Self {
        let scope = format!("{principal}\n{client_key}");
        let derived = |purpose: &str| index.blind(purpose, &scope);
        Self {
            company,
            command_id: index.id(0, "http.command", &[principal.as_bytes(), client_key.as_bytes()]),
            fingerprint: digest(&derived("http.fingerprint"), request),
            seal: digest(&derived("http.answer"), &[]),
        }
    }
}

/// HMAC-SHA-256 over parts, each after its length.
fn digest(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The requests that are being answered by this process.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<()>>>>>);

/// The turn of one request; the next of the same key waits until it is dropped.
pub(super) struct Turn {
    all: UnderWay,
    id: Uuid,
    _held: tokio::sync::OwnedMutexGuard<()>,
}

impl UnderWay {
    pub(super) async fn turn(&self, id: Uuid) -> Turn {
        let mutex = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(id).or_default())
        };
        Turn { all: self.clone(), id, _held: mutex.lock_owned().await }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The table's own and the guard's: nobody waits.
        if all.get(&self.id).is_some_and(|mutex| Arc::strong_count(mutex) <= 2) {
            all.remove(&self.id);
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// The answer that the same request was given earlier.
pub(super) async fn earlier(pool: &PgPool, keyed: &Keyed) -> Result<Option<Response>, Problem> {
    let mut tx = db::writing_as(pool, keyed.company).await?;
    let row: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        r"
        select fingerprint, sealed
        from http.answers
        where company_id = $1 and command_id = $2
        ",
    )
    .bind(keyed.company)
    .bind(keyed.command_id)
    .fetch_optional(&mut *tx)
    .await?;
    tx.rollback().await?;
    let Some((fingerprint, sealed)) = row else { return Ok(None) };
    if fingerprint != keyed.fingerprint {
        return Err(Problem::new(Kind::Conflict, "idempotency_key_reused"));
    }
    open(keyed, &sealed).map(Some).ok_or_else(|| Problem::new(Kind::Internal, "internal"))
}

/// Keeps an answer for repeats, and hands it on.
pub(super) async fn keep(
    pool: &PgPool,
    keyed: &Keyed,
    response: Response,
) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    // The body comes from a handler's memory; it does not fail.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if is_final(parts.status) && body.len() <= LARGEST {
        let sealed = seal(keyed, parts.status, &parts.headers, &body);
        let mut tx = db::writing_as(pool, keyed.company).await?;
        sqlx::query(
            r"
            insert into http.answers (company_id, command_id, fingerprint, sealed)
            values ($1, $2, $3, $4)
            on conflict (company_id, command_id) do nothing
            ",
        )
        .bind(keyed.company)
        .bind(keyed.command_id)
        .bind(keyed.fingerprint.as_slice())
        .bind(sealed)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Whether a repeat gets the same: not where another try may end otherwise.
fn is_final(status: StatusCode) -> bool {
    !status.is_server_error()
        && !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS)
}

fn seal(keyed: &Keyed, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let headers = headers
        .iter()
        .filter(|(name, _)| HEADERS.contains(name))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let kept =
        Kept { status: status.as_u16(), headers: headers.collect(), body: STANDARD.encode(body) };
    let plain = serde_json::to_vec(&kept).unwrap_or_default();
    let nonce: [u8; 12] = rand::random();
    let payload = Payload { msg: &plain, aad: keyed.command_id.as_bytes() };
    let cipher = Aes256Gcm::new(&keyed.seal.into());
    let sealed = cipher.encrypt(&nonce.into(), payload).unwrap_or_default();
    [nonce.as_slice(), &sealed].concat()
}

fn open(keyed: &Keyed, sealed: &[u8]) -> Option<Response> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let (nonce, sealed) = sealed.split_first_chunk::<12>()?;
    let payload = Payload { msg: sealed, aad: keyed.command_id.as_bytes() };
    let plain = Aes256Gcm::new(&keyed.seal.into()).decrypt(&(*nonce).into(), payload).ok()?;
    let kept: Kept = serde_json::from_slice(&plain).ok()?;
    let body = STANDARD.decode(kept.body).ok()?;
    let mut response = Response::new(Body::from(body.clone()));
    *response.status_mut() = StatusCode::from_u16(kept.status).ok()?;
    for (name, value) in kept.headers {
        let name: HeaderName = name.parse().ok()?;
        response.headers_mut().append(name, HeaderValue::from_str(&value).ok()?);
    }
    if response.status() != StatusCode::NO_CONTENT {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Some(response)
}

/// Drops answers that are too old to be repeated. Runs now and then.
pub async fn sweep(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let mut tx = db::working(pool).await?;
    let done = sqlx::query(
        r"
        delete from http.answers
        where at < now() - make_interval(secs => $1)
        ",
    )
    .bind(KEPT.as_secs_f64())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}
