//! Rights in the signature: `Can<right::SendMessages>`.
//!
//! Invariant: the guard has asked the authority before a handler runs; these extractors only hand on
//! what it found, and a handler whose route was not guarded gets nothing.

use std::{collections::BTreeSet, fmt, marker::PhantomData, ops::Deref, sync::Arc};

use axum::{extract::FromRequestParts, http::request::Parts};
use shared::{
    ids::{CompanyId, SessionId, UserId},
    permission::{Permission, Role},
    problem::Kind,
    stored::Actor,
};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::{
    Api,
    client::Client,
    language::Language,
    principal::{Admitted, Credential, Ended, Principal, Standing},
    problem::Problem,
    right::Right,
    route::{Access, Route},
};
use crate::{commit::Context, ids::PLATFORM};

/// Who asks, where, and under which key.
#[derive(Clone)]
pub struct Caller(Arc<Inner>);

pub(super) struct Inner {
    pub(super) api: Api,
    pub(super) route: Arc<Route>,
    pub(super) credential: Credential,
    pub(super) admitted: Arc<Admitted>,
    pub(super) standing: Option<Standing>,
    pub(super) client: Client,
    pub(super) context: Arc<Context>,
    pub(super) client_key: Option<String>,
    pub(super) fingerprint: Option<[u8; 32]>,
}

impl Caller {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The company it is about; the platform's own where the route is about none.
    #[must_use]
    pub fn company(&self) -> Uuid {
        self.0.standing.as_ref().map_or(PLATFORM, |standing| standing.company)
    }

    /// The same, typed.
    #[must_use]
    pub fn company_id(&self) -> CompanyId {
        CompanyId::from_uuid(self.company())
    }

    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.admitted.principal
    }

    /// Who asks, as events name her.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.principal().actor()
    }

    /// The person, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.principal().user()
    }

    /// Where she is signed in, if it is a person.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.principal().session()
    }

    /// What the request showed.
    #[must_use]
    pub fn credential(&self) -> Credential {
        self.0.credential
    }

    /// All that the authority said.
    #[must_use]
    pub fn admitted(&self) -> &Admitted {
        &self.0.admitted
    }

    /// The role in the company; a program has none.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.0.standing.as_ref().and_then(|standing| standing.role)
    }

    /// The principal's place in the company.
    #[must_use]
    pub fn standing(&self) -> Option<&Standing> {
        self.0.standing.as_ref()
    }

    /// Where the request comes from.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// The language to answer in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.0.client.language.or(self.0.admitted.language).unwrap_or_default()
    }

    /// For commands: actor, trace, origin, and an id that is the same for a repeat of the request.
    #[must_use]
    pub fn context(&self) -> Arc<Context> {
        Arc::clone(&self.0.context)
    }

    /// The same for a command in another company's chain: acts of the platform are events there
    /// (D10), with their origin under that company's key.
    pub async fn context_in(&self, company: Uuid) -> Result<Arc<Context>, Problem> {
        let mut context = (*self.0.context).clone();
        context.origin = self.0.api.seal_origin(company, &self.0.client).await?;
        Ok(Arc::new(context))
    }

    /// What the guard works with.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.0.api
    }

    /// The command's id.
    #[must_use]
    pub fn command_id(&self) -> Uuid {
        self.0.context.command_id
    }

    /// The `Idempotency-Key`.
    #[must_use]
    pub fn client_key(&self) -> Option<&str> {
        self.0.client_key.as_deref()
    }

    /// A keyed digest of the request, which the ledger holds against a repeat.
    #[must_use]
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        self.0.fingerprint
    }

    /// The trace that this request belongs to.
    #[must_use]
    pub fn trace(&self) -> [u8; 16] {
        self.0.client.trace
    }

    /// Whether the principal may do something else as well.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.0.standing.as_ref().is_some_and(|standing| {
            permitted(&self.0.admitted.principal, standing, permission).is_ok()
        })
    }

    /// What the principal may do in the company.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<Permission> {
        Permission::ALL.into_iter().filter(|permission| self.may(*permission)).collect()
    }

    /// Asks the authority again; for what lasts longer than a request.
    pub async fn recheck(&self) -> Result<Self, Problem> {
        let Inner { api, route, credential, .. } = &*self.0;
        let admitted = api.admitted(*credential).await?;
        let company = self.0.standing.as_ref().map(|standing| standing.company);
        let standing = allow(route, &admitted, company)?;
        Ok(Self::new(Inner {
            api: api.clone(),
            route: Arc::clone(route),
            credential: *credential,
            admitted,
            standing,
            client: self.0.client.clone(),
            context: self.context(),
            client_key: self.0.client_key.clone(),
            fingerprint: self.0.fingerprint,
        }))
    }

    /// Tells when something of this principal or company ended in this process.
    #[must_use]
    pub fn ended(&self) -> Endings {
        Endings { caller: self.clone(), all: self.0.api.rights().listen() }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Caller").field(self.principal()).finish()
    }
}

/// What ended, as far as it concerns one caller.
#[derive(Debug)]
pub struct Endings {
    caller: Caller,
    all: broadcast::Receiver<Ended>,
}

impl Endings {
    /// Resolves when this principal's session, user, key or company has changed: look again.
    pub async fn changed_for_me(&mut self) {
        loop {
            match self.all.recv().await {
                Ok(ended) => {
                    let company = self.caller.standing().map(|standing| standing.company);
                    if ended.concerns(self.caller.principal(), company) {
                        return;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

/// Whether a principal may use a route, and where she stands then.
pub(super) fn allow(
    route: &Route,
    admitted: &Admitted,
    asked: Option<Uuid>,
) -> Result<Option<Standing>, Problem> {
    match route.access {
        Access::Public => Ok(None),
        Access::SignedIn => match admitted.principal {
            Principal::User { .. } | Principal::Impersonator { .. } => Ok(None),
            _ => Err(Problem::new(Kind::Forbidden, "session_required")),
        },
        Access::SuperAdmin => match admitted.principal {
            Principal::User { .. } if admitted.is_super_admin => Ok(None),
            Principal::Impersonator { .. } => {
                Err(Problem::new(Kind::Forbidden, "forbidden_while_impersonating"))
            }
            _ => Err(Problem::new(Kind::Forbidden, "forbidden")),
        },
        Access::Company { permission, feature, quota } => {
            let standing = stand(admitted, asked)?;
            permitted(&admitted.principal, standing, permission)?;
            if let Some(feature) = feature.filter(|feature| !standing.features.contains(feature)) {
                return Err(feature_off(feature));
            }
            if standing.is_suspended && route.is_write() {
                return Err(Problem::new(Kind::Forbidden, "company_suspended"));
            }
            let state = quota.and_then(|quota| Some((quota, *standing.quotas.get(&quota)?)));
            if let Some((quota, state)) = state
                && state.is_hard
                && state.used >= state.limit
            {
                return Err(Problem::new(Kind::Forbidden, "quota_exhausted")
                    .value("quota", quota.as_str())
                    .value("limit", state.limit));
            }
            Ok(Some(standing.clone()))
        }
    }
}

/// The company that is asked for, or the only one. One that is not hers is not there.
fn stand(admitted: &Admitted, asked: Option<Uuid>) -> Result<&Standing, Problem> {
    if let Some(asked) = asked {
        let known = admitted.companies.iter().find(|standing| standing.company == asked);
        return known.ok_or_else(Problem::not_found);
    }
    match admitted.companies.as_slice() {
        [only] => Ok(only),
        [] => Err(Problem::new(Kind::Forbidden, "forbidden")),
        _ => Err(Problem::new(Kind::Malformed, "company_required")),
    }
}

fn permitted(
    principal: &Principal,
    standing: &Standing,
    permission: Permission,
) -> Result<(), Problem> {
    let forbidden = || Problem::new(Kind::Forbidden, "forbidden");
    match principal {
        Principal::User { .. } => {
            let may = standing.role.is_some_and(|role| role.may(permission));
            if may { Ok(()) } else { Err(forbidden()) }
        }
        Principal::Impersonator { .. } if permission.while_impersonating() => Ok(()),
        Principal::Impersonator { .. } => {
            Err(Problem::new(Kind::Forbidden, "forbidden_while_impersonating"))
        }
        Principal::ApiKey { .. }
            if !standing.features.contains(&shared::permission::Feature::Api) =>
        {
            Err(feature_off(shared::permission::Feature::Api))
        }
        Principal::ApiKey { scopes, .. } if scopes.contains(&permission) => Ok(()),
        Principal::ApiKey { .. } => Err(forbidden()),
        Principal::System(_) => Ok(()),
    }
}

fn feature_off(feature: shared::permission::Feature) -> Problem {
    Problem::new(Kind::Forbidden, "feature_off").value("feature", feature.as_str())
}

fn caller(parts: &Parts) -> Result<Caller, Problem> {
    let unguarded = || Problem::new(Kind::Internal, "internal");
    parts.extensions.get::<Caller>().cloned().ok_or_else(unguarded)
}

/// A principal that has a right in a company.
pub struct Can<P> {
    caller: Caller,
    right: PhantomData<fn() -> P>,
}

impl<P: Right> Can<P> {
    /// Asks the authority again; for what lasts longer than a request.
    pub async fn recheck(&self) -> Result<Self, Problem> {
        Ok(Self { caller: self.caller.recheck().await?, right: PhantomData })
    }
}

impl<P> Clone for Can<P> {
    fn clone(&self) -> Self {
        Self { caller: self.caller.clone(), right: PhantomData }
    }
}

impl<P> fmt::Debug for Can<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Can").field(&self.caller).finish()
    }
}

impl<P> Deref for Can<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<P: Right, S: Sync> FromRequestParts<S> for Can<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self { caller: caller(parts)?, right: PhantomData })
    }
}

/// A person who is signed in, wherever she belongs.
#[derive(Clone, Debug)]
pub struct SignedIn(Caller);

impl Deref for SignedIn {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        caller(parts).map(Self)
    }
}

/// A person of the platform, in her own name.
#[derive(Clone, Debug)]
pub struct SuperAdmin(Caller);

impl Deref for SuperAdmin {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for SuperAdmin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        caller(parts).map(Self)
    }
}
