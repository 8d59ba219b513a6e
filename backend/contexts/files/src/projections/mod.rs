//! The context's read models.

pub mod list;
