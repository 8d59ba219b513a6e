//! HTTP for all contexts: routes that describe themselves, rights as types, problems, idempotency.
//!
//! Invariants: every error leaves as a problem with a stable code in the reader's language; nothing
//! that is sent makes a fault of ours; a handler runs only for a principal that has its right; one
//! `Idempotency-Key` has one effect and one answer; what the caller may not know exists is answered
//! as what does not exist, byte for byte. Nothing here knows a context.

mod answer;
mod api;
mod body;
mod budget;
mod can;
mod client;
mod edge;
mod failure;
mod guard;
mod idempotency;
mod language;
mod openapi;
mod position;
mod principal;
mod problem;
pub mod right;
mod rights;
mod route;
mod texts;

pub use answer::Answer;
pub use api::{Api, Parts, around, router};
pub use body::{Body, IfMatch, Path, Query, Raw, Upload};
pub use budget::{BODY_LIMIT, BUDGET, Budget, Held};
pub use can::{Caller, Can, Endings, SignedIn, SuperAdmin};
pub use client::Client;
pub use edge::{content_security_policy, inline_scripts};
pub use guard::{cookie, token_hash};
pub use idempotency::sweep;
pub use language::Language;
pub use openapi::document;
pub use principal::{
    Admitted, Authority, Credential, Ended, FAILS_CLOSED, FRESH, Principal, Standing, Unknown,
};
pub use problem::Problem;
pub use route::{
    Access, Describe, Endpoint, Route, Routes, SchemaOf, Signature, delete, get, post, put,
};
