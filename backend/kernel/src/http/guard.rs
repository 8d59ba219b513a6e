//! What happens around every handler: origin, rights, key, body, waiting for a position.
//!
//! Invariants: nothing of the body is read before the rights are known; nothing of the handler runs
//! before all conditions hold; a request is refused for the first reason in this order: credential,
//! origin, company, right, key, body.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{
        HeaderMap,
        header::{AUTHORIZATION, COOKIE, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};
use shared::{ids::CompanyId, problem::Kind, stored::Actor};
use uuid::Uuid;

use super::{
    Api,
    body::Arrived,
    budget::Held,
    can::{Caller, Inner, allow},
    client::Client,
    idempotency::{self, Keyed},
    language::Language,
    position,
    principal::{Admitted, Credential, Principal},
    problem::{Problem, Refused},
    route::{Access, Route},
};
use crate::{commit::Context, ids::PLATFORM};

/// How many bytes of the budget an upload holds while it streams.
const UPLOAD_BUFFER: usize = 1 << 20;

/// The account's language, on its way to the edge.
#[derive(Clone, Copy)]
pub(super) struct Speaks(pub(super) Language);

pub(super) async fn guard(
    State(route): State<Arc<Route>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(api) = request.extensions().get::<Api>().cloned() else {
        return Problem::new(Kind::Internal, "internal").into_response();
    };
    let begun = api.ground().clock.monotonic();
    let span = tracing::info_span!("request", http.route = route.path, http.method = %route.method);
    let mut language = None;
    let guarding = pass(&api, &route, request, next, &mut language);
    let guarded = tracing::Instrument::instrument(guarding, span).await;
    let mut response = guarded.unwrap_or_else(Problem::into_response);
    if let Some(language) = language {
        response.extensions_mut().insert(Speaks(language));
    }
    let took = api.ground().clock.monotonic().saturating_sub(begun);
    metrics::histogram!(
        "masteria_http_seconds",
        "route" => route.path,
        "method" => route.method.to_string(),
        "status" => response.status().as_u16().to_string(),
    )
    .record(took.as_secs_f64());
    response
}

async fn pass(
    api: &Api,
    route: &Arc<Route>,
    mut request: Request,
    next: Next,
    language: &mut Option<Language>,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let shown = shown(headers, api.cookie_name());
    let credential = if route.access == Access::Public { None } else { Some(shown.credential()?) };
    check_origin(api, route, headers, &shown)?;
    let admitted = match credential {
        Some(credential) => Some(api.admitted(credential).await?),
        None => None,
    };
    let client = request.extensions().get::<Client>().cloned();
    let client = client.unwrap_or_else(|| Client::of(None, headers, &[], [0; 16]));
    let trace = client.trace;
    let account = admitted.as_ref().and_then(|admitted| admitted.language);
    *language = client.language.or(account);
    let standing = match &admitted {
        Some(admitted) => allow(route, admitted, asked_company(route, &request)?)?,
        None => None,
    };
    let client_key = idempotency::client_key(headers)?;
    let is_keyed = route.is_write() && !route.is_unkeyed;
    if is_keyed && client_key.is_none() {
        return Err(Problem::new(Kind::PreconditionRequired, "idempotency_key_missing"));
    }
    let (body, _held) = read(api, route, &mut request).await?;

    let company = standing.as_ref().map_or(PLATFORM, |standing| standing.company);
    let keyed = match &client_key {
        Some(key) if is_keyed => {
            let who = who(admitted.as_deref(), &client);
            let index = api.vault().index(company).await?;
            let target = request.uri().path_and_query().map_or("", |target| target.as_str());
            let parts = [route.method.as_str().as_bytes(), target.as_bytes(), &body[..]];
            Some(Keyed::of(&index, company, &who, key, &parts))
        }
        _ => None,
    };
    let turn = match &keyed {
        Some(keyed) => Some(api.under_way().turn(keyed.command_id).await),
        None => None,
    };
    if let Some(keyed) = &keyed
        && let Some(answer) = idempotency::earlier(&api.pools().app, keyed).await?
    {
        return Ok(answer);
    }
    let stale = match (&standing, route.is_write()) {
        (Some(standing), false) => {
            position::wait(api, route, standing.company, request.headers()).await?
        }
        _ => None,
    };
    if let (Some(admitted), Some(credential)) = (admitted, credential) {
        let context = context(api, &admitted, company, keyed.as_ref(), &client).await?;
        request.extensions_mut().insert(Caller::new(Inner {
            api: api.clone(),
            route: Arc::clone(route),
            credential,
            admitted,
            standing,
            client,
            context,
            client_key,
            fingerprint: keyed.map(|keyed| keyed.fingerprint),
        }));
    }
    request.extensions_mut().insert(Arrived(body));
    let mut response = next.run(request).await;
    if route.is_write() && response.status().is_success() && !route.is_unkeyed {
        position::stamp(api, company, &mut response).await?;
    }
    if let Some(stale) = stale {
        position::mark(&stale, &mut response);
    }
    if let Some(keyed) = &keyed {
        // The text of a refusal is written here, so that a repeat reads the same.
        if let Some(Refused(problem)) = response.extensions().get::<Refused>().cloned() {
            response = problem.response(language.unwrap_or_default(), trace);
        }
        response = idempotency::keep(&api.pools().app, keyed, response).await?;
    }
    drop(turn);
    Ok(response)
}

/// What a request shows of who asks.
enum Shown {
    Nothing,
    Unusable,
    Bearer(Credential),
    Cookie(Credential),
}

impl Shown {
    fn credential(&self) -> Result<Credential, Problem> {
        match self {
            Self::Bearer(credential) | Self::Cookie(credential) => Ok(*credential),
            Self::Nothing | Self::Unusable => Err(unauthenticated()),
        }
    }
}

fn unauthenticated() -> Problem {
    Problem::new(Kind::Unauthenticated, "unauthenticated")
}

/// A request with `Authorization` is a program's: its cookies are not looked at (D26).
fn shown(headers: &HeaderMap, cookie_name: &str) -> Shown {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| value.split_once(' '));
        return match token {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Shown::Bearer(Credential::ApiKey(token_hash(token.trim())))
            }
            _ => Shown::Unusable,
        };
    }
    match cookie(headers, cookie_name) {
        Some(token) => Shown::Cookie(Credential::Session(token_hash(token))),
        None => Shown::Nothing,
    }
}

/// How a token is kept and looked up. It has 256 random bits, so a plain hash gives nothing away.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A cookie of a request.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
}

/// What a browser sends by itself must come from our own pages.
fn check_origin(
    api: &Api,
    route: &Route,
    headers: &HeaderMap,
    shown: &Shown,
) -> Result<(), Problem> {
    let is_unsafe = (route.is_write() && !route.is_unkeyed) || route.is_upgrade;
    if !is_unsafe || matches!(shown, Shown::Bearer(_)) {
        return Ok(());
    }
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or_default());
    let is_ours = match origin {
        Some(origin) => api.is_own_origin(origin),
        None => route.access == Access::Public,
    };
    if is_ours { Ok(()) } else { Err(Problem::new(Kind::Forbidden, "origin_refused")) }
}

/// The company that a request names. A text that is no id names one that is not there.
fn asked_company(route: &Route, request: &Request) -> Result<Option<Uuid>, Problem> {
    let header = request.headers().get("x-company-id");
    let header = header.map(|value| value.to_str().unwrap_or_default());
    let query = request.uri().query().filter(|_| route.is_upgrade);
    let query =
        query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("company=")));
    let Some(text) = header.or(query) else { return Ok(None) };
    let company: Result<CompanyId, _> = text.parse();
    company.map(|company| Some(company.into_uuid())).map_err(|_no_id| Problem::not_found())
}

/// The body, and the part of the budget it holds until the answer is there.
async fn read(api: &Api, route: &Route, request: &mut Request) -> Result<(Bytes, Held), Problem> {
    if !route.is_write() {
        return Ok((Bytes::new(), Held::default()));
    }
    if route.upload_limit.is_some() {
        return Ok((Bytes::new(), api.budget().hold(UPLOAD_BUFFER)?));
    }
    let body = std::mem::replace(request.body_mut(), Body::empty());
    api.budget().read(request.headers(), body).await
}

/// Whose key it is: two principals never meet under one.
fn who(admitted: Option<&Admitted>, client: &Client) -> String {
    match admitted.map(|admitted| &admitted.principal) {
        Some(principal @ (Principal::User { .. } | Principal::Impersonator { .. })) => {
            format!("user {}", principal.id())
        }
        Some(principal) => format!("key {}", principal.id()),
        None => format!("nobody {}", client.address),
    }
}

async fn context(
    api: &Api,
    admitted: &Admitted,
    company: Uuid,
    keyed: Option<&Keyed>,
    client: &Client,
) -> Result<Arc<Context>, Problem> {
    let command_id = keyed.map_or_else(|| api.ground().ids.v7(), |keyed| keyed.command_id);
    let actor: Actor = admitted.principal.actor();
    let mut context = Context::new(actor, command_id, client.trace);
    if let Principal::Impersonator { company, .. } = admitted.principal {
        context.acting_for = Some(company);
    }
    // Only what is stored needs to say where it came from.
    if keyed.is_some() {
        context.origin = api.seal_origin(company, client).await?;
    }
    Ok(Arc::new(context))
}

#[cfg(test)]
mod tests {
    use super::{Credential, HeaderMap, Shown, cookie, shown, token_hash};
    use axum::http::{
        HeaderValue,
        header::{AUTHORIZATION, COOKIE},
    };

    #[test]
    fn d26_a_bearer_request_ignores_cookies_and_a_broken_one_is_nobodys() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=1; masteria=token ; b=2"));
        assert_eq!(cookie(&headers, "masteria"), Some("token"));
        assert!(matches!(shown(&headers, "masteria"), Shown::Cookie(_)));
        headers.insert(AUTHORIZATION, HeaderValue::from_static("bearer mia_1"));
        let expected = Credential::ApiKey(token_hash("mia_1"));
        assert!(matches!(shown(&headers, "masteria"), Shown::Bearer(seen) if seen == expected));
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic x"));
        assert!(matches!(shown(&headers, "masteria"), Shown::Unusable));
    }
}
