//! Files: what people sent, and what is sent to them.
//!
//! Streams: `file`. Read model: `files_list`. Plain table: `files.uploads`. Routes: `/api/v1/files`.
//!
//! **Invariants (D32).** Objects have random names; types come from content; what goes out is an
//! attachment in a sandbox, by addresses of five minutes bound to company and session.

pub mod cabinet;
pub mod file;
pub mod link;
pub mod outside;
pub mod projections;
pub mod queries;
pub mod routes;
pub mod sniff;
pub mod tables;

use std::sync::Arc;

use kernel::module::Module;

/// The context's parts.
#[must_use]
pub fn module() -> Module {
    Module {
        name: "files",
        projections: vec![Arc::new(projections::list::List)],
        ..Module::default()
    }
}
