//! The read models of the context.

pub(crate) mod directory;
pub(crate) mod usage;
