//! What is done to people: naming, merging, undoing a merge.
//!
//! Routes: `POST /api/v1/contacts/{id}/name`, `/merge`, `/unmerge`. Rights: `EditContacts`,
//! `MergeContacts`. Lists and details are answered where threads stand beside them.

mod merge;
mod name;

use kernel::{
    http::{Problem, Routes, post},
    ids::Ground,
    ledger::Ledger,
    vault::Vault,
};
use shared::ids::ContactId;

/// What these routes work with.
#[derive(Clone)]
pub struct Contacts {
    /// The ledger.
    pub ledger: Ledger,
    /// The keys.
    pub vault: Vault,
    /// Time and ids.
    pub ground: Ground,
}

/// The routes.
#[must_use]
pub fn routes(contacts: Contacts) -> Routes {
    Routes::new("contacts")
        .add(
            post("/api/v1/contacts/{id}/name", name::name)
                .says("Gives a person a name that is shown before her own.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/contacts/{id}/merge", merge::merge)
                .says("Makes a contact part of another one: they are one person.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/contacts/{id}/unmerge", merge::unmerge)
                .says("Undoes a merge; nothing was lost by it.")
                .answers_nothing(),
        )
        .with_state(contacts)
}

/// An id in a path; what is no contact's is not there.
fn id(text: &str) -> Result<ContactId, Problem> {
    text.parse().map_err(|_not_an_id| Problem::not_found())
}
