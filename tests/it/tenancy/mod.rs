//! Who may come in and what she may do, through HTTP.

mod bad_input;
mod idempotency;
mod isolation;
mod keys;
mod members;
mod platform;
mod rights;
mod sessions;
mod support;
