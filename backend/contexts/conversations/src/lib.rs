//! Threads: who talks with whom on which channel, what was said, how far it was read.
//!
//! Streams: `conversation`. Read model: `conversations_threads`. Plain table: `conversations.read_marks`.
//!
//! **Invariants.** A conversation belongs to one channel and one contact's address and keeps both. The
//! order of a thread is (provider time, intake position, index). Names and addresses of people are
//! not kept here.

pub mod conversation;
pub mod projections;
pub mod queries;

use std::sync::Arc;

use kernel::module::Module;

/// The context's parts.
#[must_use]
pub fn module() -> Module {
    Module {
        name: "conversations",
        projections: vec![Arc::new(projections::threads::Threads)],
        ..Module::default()
    }
}
