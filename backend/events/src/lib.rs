//! The words of the ledger: every event that can be stored, one module per context.
//!
//! Invariants: a type that was stored is never renamed and never changes its meaning; a new field
//! is an `Option` or has a default; each version ever written has a file in `golden/` that still
//! loads; nothing personal stands in clear, because fields are [`shared::stored::Stored`].

#[macro_use]
mod family;

pub mod catalogue;
pub mod channels;
pub mod contacts;
pub mod conversations;
pub mod files;
pub mod intake;
pub mod messaging;
pub mod platform;
pub mod policies;
pub mod tenancy;
pub mod timers;
