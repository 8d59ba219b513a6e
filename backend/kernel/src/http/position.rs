//! Reading one's own writes: `Ledger-Position` out, `Min-Position` in (D13).
//!
//! Invariants: a position is opaque and of one company and one incarnation; one that cannot have
//! been given is refused; a read model that does not arrive within a second is answered as it is,
//! and the answer says so.

use std::time::Duration;

use axum::{
    http::{HeaderMap, HeaderValue},
    response::Response,
};
use chrono::SecondsFormat;
use shared::problem::Kind;
use uuid::Uuid;

use super::{Api, answer::Place, problem::Problem, route::Route};
use crate::{
    head::{Cursor, Standing},
    projection::{Stale, Waited},
};

/// How long a query waits for its read models.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until the route's read models have reached what the request has seen, if it says so; tells
/// when they stand still for the company.
pub(super) async fn wait(
    api: &Api,
    route: &Route,
    company: Uuid,
    headers: &HeaderMap,
) -> Result<Option<Stale>, Problem> {
    let seen = match headers.get("min-position") {
        Some(sent) => seen(api, route, company, sent).await?,
        None => 0,
    };
    if route.reads.is_empty() {
        return Ok(None);
    }
    match api.wait_for(route.reads, company, seen, PATIENCE).await? {
        Waited::Reached => Ok(None),
        Waited::Ahead => Err(unknown()),
        Waited::Stale(stale) => Ok(Some(stale)),
    }
}

async fn seen(api: &Api, route: &Route, company: Uuid, sent: &HeaderValue) -> Result<i64, Problem> {
    let cursor: Option<Cursor> = sent.to_str().ok().and_then(|text| text.parse().ok());
    let cursor = cursor.ok_or_else(unknown)?;
    // Who waits asks the ledger itself: right after a write the read models are behind it.
    let head = if route.reads.is_empty() { api.head_of(company).await? } else { i64::MAX };
    match cursor.standing(api.incarnation(), head) {
        Standing::Known(seen) => Ok(seen),
        Standing::OtherLife | Standing::Ahead => Err(unknown()),
    }
}

fn unknown() -> Problem {
    Problem::new(Kind::Malformed, "position_unknown")
}

/// Says that the read models stand still, and since when.
pub(super) fn mark(stale: &Stale, response: &mut Response) {
    let word = if stale.paused { "paused" } else { "behind" };
    let headers = response.headers_mut();
    headers.insert("stale", HeaderValue::from_static(word));
    let since = stale.since.to_rfc3339_opts(SecondsFormat::Millis, true);
    if let Ok(since) = HeaderValue::from_str(&since) {
        headers.insert("stale-since", since);
    }
}

/// Tells where a write stands in the company's history; one that stored no event, at its head.
pub(super) async fn stamp(
    api: &Api,
    company: Uuid,
    response: &mut Response,
) -> Result<(), Problem> {
    let company_seq = match response.extensions_mut().remove::<Place>() {
        Some(Place(company_seq)) => company_seq,
        None => api.head_of(company).await?,
    };
    let cursor = Cursor { incarnation: api.incarnation(), company_seq };
    if let Ok(value) = HeaderValue::from_str(&cursor.to_string()) {
        response.headers_mut().insert("ledger-position", value);
    }
    Ok(())
}
