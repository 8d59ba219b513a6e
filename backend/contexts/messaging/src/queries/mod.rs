//! Rows of this context as answers.

pub mod lanes;
pub mod media;
pub mod threads;
