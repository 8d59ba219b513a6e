//! Processes that span contexts, one file or folder each.

pub mod media_fetch;
pub mod sending;
pub mod shelf;
