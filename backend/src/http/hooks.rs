//! Where Meta delivers: `GET` and `POST /hooks/meta/{hook_key}`.
//!
//! **Invariants.** An unknown key is 404 before a byte of the body is read. The signature is checked
//! over the raw bytes, with every secret of the channel and in constant time, before anything looks at
//! what they say; a wrong one is 401 and leaves nothing but its time on the channel's card. 200 means
//! that the delivery is on disk; whatever cannot be stored is 503, and Meta comes again. Paths, which
//! hold the key, are never logged.

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse as _, Response},
    routing::get,
};
use channels::hooks::{Hook, Hooks, Sign};
use kernel::{
    http::{Budget, Problem},
    intake::{Intake, Route},
};
use ports::secret::Secret;
use providers::meta::{signature, verification};

/// The name under which Meta's deliveries stand in the intake.
const PROVIDER: &str = "meta";

/// What the address works with.
#[derive(Clone)]
pub(crate) struct MetaHooks {
    /// From keys to channels.
    pub(crate) hooks: Hooks,
    /// Where deliveries are stored.
    pub(crate) intake: Intake,
    /// The bytes of bodies in flight.
    pub(crate) budget: Budget,
}

pub(crate) fn router(state: MetaHooks) -> Router {
    let both = get(shake_hands).post(deliver);
    Router::new().route("/hooks/meta/{hook_key}", both).with_state(state)
}

/// Meta asks whether the address is ours: the challenge comes back as plain text.
async fn shake_hands(
    State(meta): State<MetaHooks>,
    Path(key): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let hook = match find(&meta, &key).await {
        Ok(hook) => hook,
        Err(refused) => return refused,
    };
    let token = Secret::new(channels::tables::hooks::verify_token(&key));
    match verification::challenge(&query, &token) {
        Some(challenge) => {
            meta.hooks.hear(&hook, Sign::Handshake);
            let plain = [("content-type", "text/plain; charset=utf-8")];
            (plain, challenge.to_owned()).into_response()
        }
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

/// A delivery.
async fn deliver(
    State(meta): State<MetaHooks>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let hook = match find(&meta, &key).await {
        Ok(hook) => hook,
        Err(refused) => return refused,
    };
    let (bytes, _held) = match meta.budget.read(&headers, body).await {
        Ok(read) => read,
        Err(problem) => return refused(&problem),
    };
    let told = headers.get(signature::HEADER).map(HeaderValue::as_bytes);
    let hook = if signature::is_signed(told, &bytes, &hook.signers) {
        hook
    } else {
        // The secret may have been replaced a moment ago.
        match meta.hooks.look_again(&key, &hook).await {
            Ok(Some(fresh)) if signature::is_signed(told, &bytes, &fresh.signers) => fresh,
            Ok(_) => {
                meta.hooks.hear(&hook, Sign::BadSignature);
                metrics::counter!("masteria_hooks_refused_total", "provider" => PROVIDER)
                    .increment(1);
                return StatusCode::UNAUTHORIZED.into_response();
            }
            Err(error) => return unavailable(&error),
        }
    };
    let route = Route { id: hook.channel, company: Some(hook.company) };
    match meta.intake.put(PROVIDER, route, bytes).await {
        Ok(_stored) => {
            meta.hooks.hear(&hook, Sign::Delivery);
            StatusCode::OK.into_response()
        }
        Err(error) => unavailable(&error),
    }
}

async fn find(meta: &MetaHooks, key: &str) -> Result<std::sync::Arc<Hook>, Response> {
    match meta.hooks.find(key).await {
        Ok(Some(hook)) => Ok(hook),
        Ok(None) => Err(StatusCode::NOT_FOUND.into_response()),
        Err(error) => Err(unavailable(&error)),
    }
}

/// Providers read the status only.
fn refused(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.kind().status());
    let mut response = status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE).into_response();
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn unavailable(error: &dyn std::error::Error) -> Response {
    tracing::warn!(http.route = "/hooks/meta/{hook_key}", "cannot store a delivery now: {error}");
    let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
