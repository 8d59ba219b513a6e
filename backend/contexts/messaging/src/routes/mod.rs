//! Saying something: messages, reactions, another try, typing.

mod confirm;
mod react;
mod retry;
mod send;
mod typing;

use std::sync::Arc;

use kernel::{
    http::{Problem, Routes, post},
    ids::Ground,
    ledger::Ledger,
    vault::Vault,
};
use shared::messages::Queued;

use crate::outside::{Files, Presence, Threads};

/// What the routes work with.
#[derive(Clone)]
pub struct Messages {
    /// The ledger.
    pub ledger: Ledger,
    /// Keys.
    pub vault: Vault,
    /// Clock and ids.
    pub ground: Ground,
    /// Threads.
    pub threads: Arc<dyn Threads>,
    /// Files.
    pub files: Arc<dyn Files>,
    /// Read marks and typing.
    pub presence: Arc<dyn Presence>,
}

/// The routes of the context.
#[must_use]
pub fn routes(state: Messages) -> Routes {
    Routes::new("messaging")
        .add(
            post("/api/v1/conversations/{id}/messages", send::answer)
                .says("Says something in a thread; the same key twice is one message.")
                .answers::<Queued>(202),
        )
        .add(
            post("/api/v1/messages", send::begin)
                .says("Says something to a person, by a number of the company.")
                .answers::<Queued>(202),
        )
        .add(
            post("/api/v1/messages/{id}/reaction", react::react)
                .says("Reacts to a message; an empty emoji takes it back.")
                .answers::<Queued>(202),
        )
        .add(
            post("/api/v1/messages/{id}/retry", retry::retry)
                .says("Says it once more, as a new message.")
                .answers::<Queued>(202),
        )
        .add(
            post("/api/v1/messages/{id}/confirm", confirm::confirm)
                .says("A person has seen that a message without an outcome arrived.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/conversations/{id}/typing", typing::typing)
                .says("Shows the person that somebody is typing.")
                .answers_nothing(),
        )
        .with_state(state)
}

fn not_found() -> Problem {
    Problem::not_found()
}
