//! What lists and screens ask.

pub(crate) mod api_keys;
pub(crate) mod companies;
pub(crate) mod me;
pub(crate) mod members;
