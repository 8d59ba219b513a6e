//! The pages, a folder each: `mod.rs` lays out, the other files are its parts.

pub(crate) mod channels;
pub(crate) mod inbox;
pub(crate) mod platform;
pub(crate) mod settings;
pub(crate) mod sign_in;
