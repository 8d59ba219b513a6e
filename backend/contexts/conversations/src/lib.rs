//! Threads: who talks with whom on which channel, what was said, how far it was read.
//!
//! Streams: `conversation`, `label`. Read models: `conversations_threads`, `conversations_labels`. Plain
//! table: `conversations.read_marks`. Timer: `conversations.snooze`.
//!
//! **Invariants.** A conversation belongs to one channel and one contact's address and keeps both. The
//! order of a thread is (provider time, intake position, index). Names and addresses of people are
//! not kept here.

pub mod conversation;
pub mod label;
pub mod outside;
pub mod projections;
pub mod queries;
pub mod routes;
pub mod wake;

use std::sync::Arc;

use kernel::module::Module;

/// The context's parts.
#[must_use]
pub fn module(wake: wake::Wake) -> Module {
    Module {
        name: "conversations",
        projections: vec![
            Arc::new(projections::threads::Threads),
            Arc::new(projections::labels::Labels),
        ],
        timers: vec![Arc::new(wake)],
        ..Module::default()
    }
}
