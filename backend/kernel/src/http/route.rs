//! Routes that describe themselves: method, path, rights, request and answer.
//!
//! Invariants: what a route needs is read off its handler's signature, so the description cannot
//! differ from what is done; the router, the `OpenAPI` document and the rights test read one list.

use std::{borrow::Cow, fmt, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State, WebSocketUpgrade},
    handler::Handler,
    http::{HeaderMap, Method},
    middleware,
    routing::{MethodFilter, MethodRouter, on},
};
use serde::de::DeserializeOwned;
use shared::permission::{Feature, Permission, Quota};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    Api,
    body::{Body, IfMatch, Path, Query, Raw, Upload},
    can::{Can, SignedIn, SuperAdmin},
    client::Client,
    guard,
    right::Right,
};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody; the handler sees to it itself.
    Public,
    /// A person who is signed in.
    SignedIn,
    /// A person of the platform.
    SuperAdmin,
    /// A principal in a company.
    Company {
        /// What it must be allowed to do.
        permission: Permission,
        /// What the company must be allowed to use.
        feature: Option<Feature>,
        /// What the company must not have used up.
        quota: Option<Quota>,
    },
}

/// A type's schema, made when the document is.
#[derive(Clone, Copy)]
pub struct SchemaOf {
    pub(super) name: fn() -> Cow<'static, str>,
    pub(super) schema: fn() -> RefOr<Schema>,
    pub(super) parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl SchemaOf {
    /// The schema of a type.
    #[must_use]
    pub fn of<T: ToSchema>() -> Self {
        Self { name: T::name, schema: T::schema, parts: T::schemas }
    }
}

impl fmt::Debug for SchemaOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&(self.name)())
    }
}

/// What is known of a route.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Route {
    /// The context it belongs to.
    pub context: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with `{names}`.
    pub path: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Who may use it.
    pub access: Access,
    /// The status when all goes well, and what is answered.
    pub answer: (u16, Option<SchemaOf>),
    /// The JSON that it takes.
    pub request: Option<SchemaOf>,
    /// The parameters behind the question mark.
    pub query: Option<SchemaOf>,
    /// Whether it takes `If-Match`.
    pub is_versioned: bool,
    /// Whether it takes bytes as they are.
    pub is_raw: bool,
    /// Whether it takes no `Idempotency-Key`.
    pub is_unkeyed: bool,
    /// Whether it becomes a socket.
    pub is_upgrade: bool,
    /// How many bytes of multipart it takes.
    pub upload_limit: Option<usize>,
    /// The read models it answers from, which `Min-Position` waits for.
    pub reads: &'static [&'static str],
}

impl Route {
    /// Whether it changes something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }
}

/// A route and its handler.
pub struct Endpoint<S> {
    route: Route,
    handler: MethodRouter<S>,
}

/// A route that reads.
pub fn get<H, T, S>(path: &'static str, handler: H) -> Endpoint<S>
where
    H: Handler<T, S>,
    T: Signature + 'static,
    S: Clone + Send + Sync + 'static,
{
    Endpoint::new(Method::GET, MethodFilter::GET, path, handler)
}

/// A route that changes something.
pub fn post<H, T, S>(path: &'static str, handler: H) -> Endpoint<S>
where
    H: Handler<T, S>,
    T: Signature + 'static,
    S: Clone + Send + Sync + 'static,
{
    Endpoint::new(Method::POST, MethodFilter::POST, path, handler)
}

/// A route that replaces something.
pub fn put<H, T, S>(path: &'static str, handler: H) -> Endpoint<S>
where
    H: Handler<T, S>,
    T: Signature + 'static,
    S: Clone + Send + Sync + 'static,
{
    Endpoint::new(Method::PUT, MethodFilter::PUT, path, handler)
}

/// A route that takes something away.
pub fn delete<H, T, S>(path: &'static str, handler: H) -> Endpoint<S>
where
    H: Handler<T, S>,
    T: Signature + 'static,
    S: Clone + Send + Sync + 'static,
{
    Endpoint::new(Method::DELETE, MethodFilter::DELETE, path, handler)
}

impl<S: Clone + Send + Sync + 'static> Endpoint<S> {
    fn new<H, T>(method: Method, filter: MethodFilter, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: Signature + 'static,
    {
        let mut route = Route {
            context: "",
            method,
            path,
            summary: "",
            access: Access::Public,
            answer: (204, None),
            request: None,
            query: None,
            is_versioned: false,
            is_raw: false,
            is_unkeyed: false,
            is_upgrade: false,
            upload_limit: None,
            reads: &[],
        };
        T::describe(&mut route);
        Self { route, handler: on(filter, handler) }
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn says(mut self, summary: &'static str) -> Self {
        self.route.summary = summary;
        self
    }

    /// What it answers when all goes well.
    #[must_use]
    pub fn answers<T: ToSchema>(mut self, status: u16) -> Self {
        self.route.answer = (status, Some(SchemaOf::of::<T>()));
        self
    }

    /// It answers 204, which is also what stands without a word.
    #[must_use]
    pub fn answers_nothing(mut self) -> Self {
        self.route.answer = (204, None);
        self
    }

    /// It answers something that is not JSON.
    #[must_use]
    pub fn answers_bytes(mut self) -> Self {
        self.route.answer = (200, None);
        self
    }

    /// The read models it answers from.
    #[must_use]
    pub fn reads(mut self, read_models: &'static [&'static str]) -> Self {
        self.route.reads = read_models;
        self
    }

    /// A public write without `Idempotency-Key`, as webhooks are.
    #[must_use]
    pub fn unkeyed(mut self) -> Self {
        self.route.is_unkeyed = true;
        self
    }

    /// It becomes a socket: the company may stand in the query, and the origin is checked.
    #[must_use]
    pub fn upgrades(mut self) -> Self {
        self.route.is_upgrade = true;
        self.route.answer = (101, None);
        self
    }

    /// It takes multipart of at most so many bytes.
    #[must_use]
    pub fn takes_upload(mut self, limit: usize) -> Self {
        self.route.upload_limit = Some(limit);
        self.handler = self.handler.layer(DefaultBodyLimit::max(limit));
        self
    }
}

/// The routes of a context.
pub struct Routes<S = ()> {
    context: &'static str,
    list: Vec<Arc<Route>>,
    router: Router<S>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No route yet.
    #[must_use]
    pub fn new(context: &'static str) -> Self {
        Self { context, list: Vec::new(), router: Router::new() }
    }

    /// One more.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "routes are listed, not summed")]
    pub fn add(mut self, endpoint: Endpoint<S>) -> Self {
        let route = Arc::new(Route { context: self.context, ..endpoint.route });
        let guarded = endpoint
            .handler
            .layer(middleware::from_fn_with_state(Arc::clone(&route), guard::guard));
        self.router = self.router.route(route.path, guarded);
        self.list.push(route);
        self
    }

    /// Hands the handlers what they work with.
    #[must_use]
    pub fn with_state(self, state: S) -> Routes {
        Routes { context: self.context, list: self.list, router: self.router.with_state(state) }
    }

    /// All of them, described.
    #[must_use]
    pub fn list(&self) -> &[Arc<Route>] {
        &self.list
    }
}

impl Routes {
    pub(super) fn into_parts(self) -> (Vec<Arc<Route>>, Router) {
        (self.list, self.router)
    }
}

impl<S> fmt::Debug for Routes<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Routes").field("list", &self.list).finish_non_exhaustive()
    }
}

/// What an extractor says of the route it stands in.
pub trait Describe {
    /// Adds to the description.
    fn describe(_route: &mut Route) {}
}

/// The extractors of a handler.
pub trait Signature {
    /// Describes a route by them.
    fn describe(route: &mut Route);
}

macro_rules! signatures {
    ($(($($name:ident),*);)+) => {$(
        impl<M, $($name: Describe),*> Signature for (M, $($name,)*) {
            fn describe(route: &mut Route) {
                let _ = &route;
                $($name::describe(route);)*
            }
        }
    )+};
}

signatures! {
    ();
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, F);
    (A, B, C, D, E, F, G);
    (A, B, C, D, E, F, G, H);
}

impl<S> Describe for State<S> {}
impl Describe for Client {}
impl Describe for Api {}
impl<T: DeserializeOwned> Describe for Path<T> {}
impl Describe for WebSocketUpgrade {}
impl Describe for Upload {}
impl Describe for HeaderMap {}

impl<T: ToSchema> Describe for Query<T> {
    fn describe(route: &mut Route) {
        route.query = Some(SchemaOf::of::<T>());
    }
}

impl<T: ToSchema> Describe for Body<T> {
    fn describe(route: &mut Route) {
        route.request = Some(SchemaOf::of::<T>());
    }
}

impl Describe for Raw {
    fn describe(route: &mut Route) {
        route.is_raw = true;
    }
}

impl Describe for IfMatch {
    fn describe(route: &mut Route) {
        route.is_versioned = true;
    }
}

impl<P: Right> Describe for Can<P> {
    fn describe(route: &mut Route) {
        route.access =
            Access::Company { permission: P::PERMISSION, feature: P::FEATURE, quota: P::QUOTA };
    }
}

impl Describe for SignedIn {
    fn describe(route: &mut Route) {
        route.access = Access::SignedIn;
    }
}

impl Describe for SuperAdmin {
    fn describe(route: &mut Route) {
        route.access = Access::SuperAdmin;
    }
}
