//! Rows of this context as answers.

pub mod files;
