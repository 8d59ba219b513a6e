//! Policies: an event causes the next commands (D14).
//!
//! Invariants:
//! - a policy has a number that no other ever had, and begins at the ledger's head when it is first
//!   seen: history causes nothing;
//! - its step and what it causes are one commit, so that a reaction happens once;
//! - a fact that is older than the policy allows causes nothing but a record that it came too late;
//! - what undoes causes nothing;
//! - an event that a policy cannot take pauses it for that company only;
//! - a chain of reactions ends: at depth 16 the ledger refuses (`loop`).

mod failures;
mod register;
mod runner;

use std::time::Duration;

use futures::future::BoxFuture;

pub use failures::PausedPolicy;
pub use register::Policies;
pub use runner::Runner;

use crate::{commit::Commit, error::Error, record::Recorded};

/// What a policy does about an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Reaction {
    /// Nothing.
    Nothing,
    /// This, as a whole, together with the policy's step. Its appends' contexts come from
    /// [`crate::commit::Context::caused_by`].
    Do(Box<Commit>),
}

/// Why a policy could not react.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The event makes no sense to it. The text is ours and holds no value.
    #[error("{0}")]
    Event(String),
    /// Something below failed.
    #[error("kernel")]
    Kernel(#[from] Error),
}

/// A rule of the form "when this happened, do that".
pub trait Policy: Send + Sync + 'static {
    /// Its number, for ever.
    fn id(&self) -> i16;

    /// A sentence, such as `answer_by_bot`.
    fn name(&self) -> &'static str;

    /// How late it may come; `None`: at any time.
    fn late(&self) -> Option<Duration>;

    /// Whether it has any use for events of a type.
    fn wants(&self, event_type: &str) -> bool;

    /// What it does about an event. Decides on the ledger's streams and on claims, never on a read model.
    fn react<'a>(&'a self, event: &'a Recorded) -> BoxFuture<'a, Result<Reaction, PolicyError>>;
}
