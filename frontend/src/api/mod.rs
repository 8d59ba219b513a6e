//! What the program asks of the server.
//!
//! Invariants: every write carries an idempotency key; a read waits for what this tab wrote last;
//! an answer that is no `Problem` becomes one of three failures, and never a panic.

pub(crate) mod channels;
mod client;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod files;
pub(crate) mod platform;
pub(crate) mod session;
pub(crate) mod team;

pub(crate) use client::{Answer, Api, Failure};
