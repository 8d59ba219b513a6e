//! Every message, in and out, and the lanes that send it.
//!
//! Streams: `message`, `lane`. Read model: `messaging_lanes`. Routes: messages, reactions, another
//! try, typing.
//!
//! **Invariants.** A message is accepted by a provider at most once (docs/ARCHITECTURE.md); a number is
//! never over its limits; nothing queued is lost.

pub mod lane;
pub mod message;
pub mod outside;
pub mod projections;
pub mod queries;
pub mod routes;
pub mod said;

use std::sync::Arc;

use kernel::module::Module;

/// The context's parts.
#[must_use]
pub fn module() -> Module {
    Module {
        name: "messaging",
        projections: vec![Arc::new(projections::lanes::Lanes), Arc::new(projections::media::Media)],
        ..Module::default()
    }
}
