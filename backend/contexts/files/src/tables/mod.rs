//! Plain tables of the context.

pub mod uploads;
