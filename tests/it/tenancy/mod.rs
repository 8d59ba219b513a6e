//! Who may come in and what she may do, through HTTP.

mod bad_input;
mod bad_routes;
mod idempotency;
mod keys;
mod members;
mod platform;
pub(crate) mod rights;
mod sessions;
mod support;
