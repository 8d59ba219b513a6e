//! The WhatsApp Cloud API of Meta.
//!
//! `inbound` reads deliveries, `signature` and `verification` guard the address they come to; `send`, `media`
//! and `connect` call the Graph API through one client, `graph`; `errors` is the table of what Meta's codes
//! mean.

#[cfg(test)]
pub(crate) mod cases;
pub mod connect;
pub mod errors;
#[cfg(test)]
pub(crate) mod fake;
pub mod graph;
pub mod inbound;
pub mod media;
pub mod send;
pub mod signature;
pub mod verification;
