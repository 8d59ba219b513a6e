//! People: their names and addresses, and which records are one person.
//!
//! Streams: `contact`. Read model: `contacts_people`. Plain tables: `contacts.erasures`, `contacts.reads`.
//!
//! **Invariants.** A person is the closure of merges: a record that was merged is shown under another
//! one, and its addresses keep leading to it, so that undoing a merge is one event on each side. A
//! contact's id is also the holder of her keys: erasing her is destroying them.

pub mod contact;
pub mod projections;
pub mod queries;
pub mod readers;
pub mod routes;
pub mod tables;

use std::sync::Arc;

use kernel::module::Module;

/// The context's parts.
#[must_use]
pub fn module() -> Module {
    Module {
        name: "contacts",
        projections: vec![Arc::new(projections::people::People)],
        ..Module::default()
    }
}
