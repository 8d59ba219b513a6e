//! Connections to providers: numbers, their secrets, their health, the proof that webhooks arrive.
//!
//! Streams: `channel`. Read model: `channels_list`. Plain tables: `channels.hooks`,
//! `channels.secrets`, `channels.signs`. Routes: `/api/v1/channels`.
//!
//! **Invariants.** A number belongs to one company of the platform. A secret is in no event, no log and
//! no answer. Nothing is saved before the provider has confirmed it.

pub mod channel;
pub mod directory;
pub mod hooks;
pub mod policies;
pub mod projections;
pub mod proof;
pub mod queries;
pub mod routes;
pub mod tables;

use std::sync::Arc;

use kernel::module::Module;

/// The context's parts.
#[must_use]
pub fn module(prover: &proof::Prover) -> Module {
    Module {
        name: "channels",
        projections: vec![Arc::new(projections::list::List)],
        policies: vec![Arc::new(policies::SameToken {
            ledger: prover.ledger.clone(),
            ground: prover.ground.clone(),
        })],
        timers: vec![Arc::new(proof::ProofTimer(prover.clone()))],
    }
}
