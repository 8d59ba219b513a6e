//! What is done with conversations besides answering: whose they are, how they stand, what labels they
//! bear; and the labels themselves.
//!
//! Routes: `POST /api/v1/conversations/{id}/{assign,resolve,reopen,snooze,prioritise,label,unlabel}`;
//! `GET`, `POST /api/v1/labels`; `POST /api/v1/labels/{id}/{change,remove}`. Rights: `CareForConversations`,
//! `ReadConversations`, `ManageLabels`. Threads are listed where people's names stand beside them.

mod care;
mod labels;

use std::sync::Arc;

use kernel::{
    http::{Problem, Routes, get, post},
    ids::Ground,
    ledger::Ledger,
};
use shared::{conversations::Label, page::Page};

use crate::{outside::Team, projections};

/// What these routes work with.
#[derive(Clone)]
pub struct Conversations {
    /// The ledger.
    pub ledger: Ledger,
    /// Time and ids.
    pub ground: Ground,
    /// The team.
    pub team: Arc<dyn Team>,
}

/// The routes.
#[must_use]
pub fn routes(state: Conversations) -> Routes {
    Routes::new("conversations")
        .add(
            post("/api/v1/conversations/{id}/assign", care::assign)
                .says("Gives a thread to somebody to answer, or to nobody.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/conversations/{id}/resolve", care::resolve)
                .says("Says that a thread is dealt with, until the person writes again.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/conversations/{id}/reopen", care::reopen)
                .says("Says that a thread is not dealt with, or not put off, after all.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/conversations/{id}/snooze", care::snooze)
                .says("Puts a thread off to a time, or until the person writes again.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/conversations/{id}/prioritise", care::prioritise)
                .says("Says how much a thread hurries.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/conversations/{id}/label", care::label)
                .says("Puts a label on a thread.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/conversations/{id}/unlabel", care::unlabel)
                .says("Takes a label off a thread.")
                .answers_nothing(),
        )
        .add(
            get("/api/v1/labels", labels::all)
                .says("The labels that threads can bear, by name.")
                .answers::<Page<Label>>(200)
                .reads(&[projections::labels::NAME]),
        )
        .add(post("/api/v1/labels", labels::create).says("Makes a label.").answers::<Label>(201))
        .add(
            post("/api/v1/labels/{id}/change", labels::change)
                .says("Calls a label something else, or gives it another colour.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/labels/{id}/remove", labels::remove)
                .says("Removes a label from all threads and from the list.")
                .answers_nothing(),
        )
        .with_state(state)
}

/// An id in a path; what is no id of this kind is not there.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_not_an_id| Problem::not_found())
}
