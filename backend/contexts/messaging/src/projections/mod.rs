//! The context's read models.

pub mod lanes;
pub mod media;
