//! What this context reads from.

pub mod labels;
pub mod threads;
