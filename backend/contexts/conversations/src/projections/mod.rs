//! What this context reads from.

pub mod threads;
