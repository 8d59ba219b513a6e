//! Plain tables of the context.

pub mod erasures;
pub mod reads;
