//! Clients and parsers of the outside services.
//!
//! **Invariants.** One module builds HTTP clients (`http`). A client that sends never repeats a call and
//! follows no redirect. Parsers are pure: bytes in, values out, and no bytes make them panic.

pub mod blobs;
pub mod http;
pub mod meta;
