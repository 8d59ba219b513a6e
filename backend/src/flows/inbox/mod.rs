//! What the inbox reads and marks: threads and messages of one context, names and addresses of another,
//! joined here by id (D6).
//!
//! Routes: `GET /api/v1/conversations`, `/counts`, `/assignees`, `/{id}`, `/{id}/messages`; `POST
//! /{id}/read`; `GET /api/v1/contacts`, `/{id}`, `/{id}/readers`. Rights: `ReadConversations`,
//! `TouchConversations`, `ReadContacts`, `ReadAudit`. Whoever is shown one person's data is noted (LG10).

mod messages;
mod people;
mod readers;
pub mod shown;
mod threads;

use std::sync::Arc;

use contacts::readers::Readers;
use kernel::{
    db::Pools,
    http::{Problem, Routes, get, post},
};
use messaging::outside::Presence;
use shared::{
    contacts::{Contact, Reading},
    conversations::{Assignee, Counts, Thread},
    messages::Message,
    page::Page,
};
use tenancy::Tenancy;
use uuid::Uuid;

/// The read models that threads are answered from.
const THREADS: &[&str] =
    &[conversations::projections::threads::NAME, contacts::projections::people::NAME];

/// What these routes work with.
#[derive(Clone)]
pub struct Inbox {
    /// The ways to Postgres.
    pub pools: Pools,
    /// Shows people that they were read.
    pub presence: Arc<dyn Presence>,
    /// Knows the names of those who write for the company.
    pub tenancy: Tenancy,
    /// Takes note of who reads a person's data.
    pub readers: Readers,
}

/// Puts the names of their authors to messages, with one question for all of them.
async fn sign(tenancy: &Tenancy, messages: &mut [Message]) -> Result<(), kernel::error::Error> {
    let authors = messages.iter().filter_map(|message| message.author).collect();
    let names = tenancy.names(&authors).await?;
    for message in messages {
        message.author_name = message.author.and_then(|author| names.get(&author).cloned());
    }
    Ok(())
}

/// Puts their names to those who look after threads, with one question for all of them.
async fn name_assignees(
    tenancy: &Tenancy,
    threads: &mut [Thread],
) -> Result<(), kernel::error::Error> {
    let assignees = threads.iter().filter_map(|thread| thread.assignee.as_ref());
    let names = tenancy.names(&assignees.map(|assignee| assignee.user).collect()).await?;
    for assignee in threads.iter_mut().filter_map(|thread| thread.assignee.as_mut()) {
        assignee.name = names.get(&assignee.user).cloned().unwrap_or_default();
    }
    Ok(())
}

/// The routes.
#[must_use]
pub fn routes(inbox: Inbox) -> Routes {
    Routes::new("conversations")
        .add(
            get("/api/v1/conversations", threads::list)
                .says("Lists threads, the last active first.")
                .answers::<Page<Thread>>(200)
                .reads(THREADS),
        )
        .add(
            get("/api/v1/conversations/counts", threads::counts)
                .says("Counts the threads of each view, of at most 10,000 each.")
                .answers::<Counts>(200)
                .reads(THREADS),
        )
        .add(
            get("/api/v1/conversations/assignees", threads::assignees)
                .says("Lists who can be given threads, by name.")
                .answers::<Page<Assignee>>(200)
                .reads(THREADS),
        )
        .add(
            get("/api/v1/conversations/{id}", threads::one)
                .says("Shows one thread.")
                .answers::<Thread>(200)
                .reads(THREADS),
        )
        .add(
            get("/api/v1/conversations/{id}/messages", messages::list)
                .says("Lists what was said in a thread, the newest first.")
                .answers::<Page<Message>>(200)
                .reads(THREADS),
        )
        .add(
            post("/api/v1/conversations/{id}/read", threads::mark_read)
                .says("Marks a thread as read up to and with a message.")
                .answers_nothing()
                .reads(THREADS),
        )
        .add(
            get("/api/v1/contacts", people::list)
                .says("Lists people, the newest first, or those whom a text finds.")
                .answers::<Page<Contact>>(200)
                .reads(THREADS),
        )
        .add(
            get("/api/v1/contacts/{id}", people::one)
                .says("Shows one person with all her addresses.")
                .answers::<Contact>(200)
                .reads(THREADS),
        )
        .add(
            get("/api/v1/contacts/{id}/readers", readers::list)
                .says("Lists who read something of a person, the latest first.")
                .answers::<Page<Reading>>(200)
                .reads(THREADS),
        )
        .with_state(inbox)
}

/// How many items a page has: what is asked for, within bounds.
fn limit(asked: Option<i64>, usual: i64) -> i64 {
    asked.unwrap_or(usual).clamp(1, 200)
}

/// A cursor that is none of ours.
fn bad_cursor() -> Problem {
    Problem::invalid("/after", "invalid")
}

fn conversations_failed(error: conversations::queries::QueryError) -> Problem {
    match error {
        conversations::queries::QueryError::Database(error) => error.into(),
        row @ conversations::queries::QueryError::Row { .. } => Problem::internal(&row),
    }
}

pub(super) fn contacts_failed(error: contacts::queries::QueryError) -> Problem {
    match error {
        contacts::queries::QueryError::Database(error) => error.into(),
        row @ contacts::queries::QueryError::Row { .. } => Problem::internal(&row),
    }
}

/// An id in a path; what is no id of this kind is not there.
fn id<T: From<Uuid> + std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_not_an_id| Problem::not_found())
}
