//! What the guard and the extractors work with, and the routers around all contexts' routes.

use std::{collections::BTreeSet, fmt, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::FromRequestParts,
    http::{HeaderValue, request::Parts as RequestParts},
    middleware,
    routing::{any, get},
};
use shared::{
    problem::Kind,
    stored::{KeyClass, Sealed},
};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    budget::Budget,
    client::Client,
    edge,
    idempotency::UnderWay,
    openapi,
    principal::{Admitted, Authority, Credential, Ended},
    problem::Problem,
    rights::Rights,
    route::{Route, Routes},
};
use crate::{
    commit::Origin,
    db::Pools,
    ids::Ground,
    ledger::Ledger,
    projection::{ReadModels, Waited},
    vault::{Place, Vault, Wanted},
};

/// Where an event's origin is sealed for.
const ORIGIN: &str = "envelope";

/// What HTTP stands on.
pub struct Parts {
    /// Postgres.
    pub pools: Pools,
    /// The ledger.
    pub ledger: Ledger,
    /// The read models that queries wait for.
    pub read_models: ReadModels,
    /// Keys.
    pub vault: Vault,
    /// Clock and ids.
    pub ground: Ground,
    /// Who knows people, programs and their rights.
    pub authority: Arc<dyn Authority>,
    /// The installation's life (D12).
    pub incarnation: Uuid,
    /// The public address, such as `https://app.example.com`.
    pub public_url: String,
    /// Whose word on a client's address is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Digests of the scripts inside the page, of [`super::inline_scripts`].
    pub inline_scripts: Vec<String>,
}

/// What the guard and the extractors work with. Clones share it.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    parts: Parts,
    rights: Rights,
    budget: Budget,
    under_way: UnderWay,
    origins: Vec<String>,
    policy: HeaderValue,
}

impl fmt::Debug for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Api")
    }
}

impl Api {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let policy = edge::content_security_policy(&parts.inline_scripts);
        Self(Arc::new(Inner {
            rights: Rights::new(Arc::clone(&parts.authority), Arc::clone(&parts.ground.clock)),
            budget: Budget::default(),
            under_way: UnderWay::default(),
            origins: origins(&parts.public_url),
            policy: HeaderValue::from_str(&policy)
                .unwrap_or(HeaderValue::from_static("default-src 'none'")),
            parts,
        }))
    }

    /// Whose the credential is; nobody's is refused, and so is what cannot be known.
    pub async fn admitted(&self, credential: Credential) -> Result<Arc<Admitted>, Problem> {
        match self.0.rights.admit(credential).await {
            Ok(Some(admitted)) => Ok(admitted),
            Ok(None) => Err(Problem::new(Kind::Unauthenticated, "unauthenticated")),
            Err(unknown) => {
                tracing::warn!("cannot tell who may do what: {unknown}");
                Err(Problem::new(Kind::Unavailable, "rights_unknown").retry_after(1))
            }
        }
    }

    /// Something ended or changed: forget what was known, tell open sockets.
    pub fn end(&self, ended: Ended) {
        self.0.rights.end(ended);
    }

    /// The cookie's name: bound to this host and to https, but on loopback.
    #[must_use]
    pub fn cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-masteria" } else { "masteria" }
    }

    /// Whether the public address is https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.parts.public_url.starts_with("https://")
    }

    /// Clock and ids.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.0.parts.ground
    }

    /// Postgres.
    #[must_use]
    pub fn pools(&self) -> &Pools {
        &self.0.parts.pools
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.0.parts.ledger
    }

    /// Keys.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.0.parts.vault
    }

    /// The pool that queries for companies use.
    #[must_use]
    pub fn reader(&self) -> &PgPool {
        &self.0.parts.pools.reader
    }

    /// The installation's life (D12).
    #[must_use]
    pub fn incarnation(&self) -> Uuid {
        self.0.parts.incarnation
    }

    /// The budget of bodies in flight; webhooks share it.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// Waits until read models show an event of a company, at most a second: for writes whose answer
    /// is read right after, such as a change of rights.
    pub async fn settled(
        &self,
        names: &[&str],
        company: Uuid,
        company_seq: i64,
    ) -> Result<(), Problem> {
        let most = Duration::from_secs(1);
        self.0.parts.read_models.wait_for(names, company, company_seq, most).await?;
        Ok(())
    }

    pub(super) fn rights(&self) -> &Rights {
        &self.0.rights
    }

    pub(super) fn under_way(&self) -> &UnderWay {
        &self.0.under_way
    }

    pub(super) fn trusted_proxies(&self) -> &[IpAddr] {
        &self.0.parts.trusted_proxies
    }

    pub(super) fn policy(&self) -> HeaderValue {
        self.0.policy.clone()
    }

    pub(super) fn is_own_origin(&self, origin: &str) -> bool {
        self.0.origins.iter().any(|own| own == origin)
    }

    /// The last number in a company's history.
    pub async fn head_of(&self, company: Uuid) -> Result<i64, Problem> {
        Ok(self.0.parts.read_models.head_of(company).await?)
    }

    pub(super) async fn wait_for(
        &self,
        names: &[&str],
        company: Uuid,
        company_seq: i64,
        most: Duration,
    ) -> Result<Waited, Problem> {
        Ok(self.0.parts.read_models.wait_for(names, company, company_seq, most).await?)
    }

    /// Where a command came from, sealed under the company's key of the month (D3).
    pub async fn seal_origin(
        &self,
        company: Uuid,
        client: &Client,
    ) -> Result<Option<Sealed<Origin>>, Problem> {
        let at = self.ground().clock.now();
        let wanted = Wanted { company, subject: company, class: KeyClass::Origin, at };
        let keys = self.vault().keys(&[wanted]).await?;
        let place = Place { company, event_type: ORIGIN, field: "origin" };
        let origin = Origin { ip: client.address.to_string(), user_agent: client.agent.clone() };
        Ok(Some(keys.seal(place, company, KeyClass::Origin, at, &origin)?))
    }
}

impl<S: Sync> FromRequestParts<S> for Api {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut RequestParts, _: &S) -> Result<Self, Problem> {
        let outside = || Problem::new(Kind::Internal, "internal");
        parts.extensions.get::<Self>().cloned().ok_or_else(outside)
    }
}

/// The origins that stand for the public address. On loopback, its names are one.
fn origins(public_url: &str) -> Vec<String> {
    let origin = origin_of(public_url);
    let mut all = vec![origin.clone()];
    for (name, other) in [("127.0.0.1", "localhost"), ("localhost", "127.0.0.1")] {
        let host = origin.split("://").nth(1).unwrap_or_default();
        let bare = host.split(':').next().unwrap_or_default();
        if bare == name {
            all.push(origin.replacen(name, other, 1));
        }
    }
    all
}

fn origin_of(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split('/').next().unwrap_or_default();
    let default = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", host.strip_suffix(default).unwrap_or(host)).to_ascii_lowercase()
}

/// All contexts' routes, the document that describes them, and "not there" for the rest of the API.
///
/// # Panics
/// When two routes have one method and path, at start.
pub fn router(api: &Api, contexts: Vec<Routes>, version: &str) -> (Router, Vec<Arc<Route>>) {
    let mut list = Vec::new();
    let mut router = Router::new();
    for context in contexts {
        let (described, part) = context.into_parts();
        list.extend(described);
        router = router.merge(part);
    }
    let names: BTreeSet<_> = list.iter().map(|route| (route.method.as_str(), route.path)).collect();
    assert_eq!(names.len(), list.len(), "two routes have one method and path");
    let document = Arc::new(openapi::document(&list, version));
    let describe = move || {
        let document = Arc::clone(&document);
        async move { Json((*document).clone()) }
    };
    let nothing = || async { Problem::not_found() };
    let router = router
        .route("/api/openapi.json", get(describe))
        .route("/api/{*rest}", any(nothing))
        .route("/hooks/{*rest}", any(nothing));
    let _ = api;
    (router, list)
}

/// The outermost layer around everything that the house answers: traces, panics, problem texts, the
/// browser's orders. Whatever else is merged (files, pages) must be inside.
pub fn around(api: Api, router: Router) -> Router {
    router.layer(middleware::from_fn_with_state(api, edge::edge))
}

#[cfg(test)]
mod tests {
    use super::origins;

    #[test]
    fn d26_the_public_addresss_origin_is_the_only_one_but_on_loopback() {
        assert_eq!(origins("https://App.example.com:443/x"), ["https://app.example.com"]);
        assert_eq!(
            origins("http://127.0.0.1:8080"),
            ["http://127.0.0.1:8080", "http://localhost:8080"]
        );
    }
}
