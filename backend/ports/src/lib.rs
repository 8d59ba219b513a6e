//! What the product asks of the outside: plain types, and traits where several providers will answer them.
//!
//! **Invariants.** Nothing here names a provider's HTTP or JSON. A secret prints as `[redacted]`. A send has
//! one of four outcomes and never an error beside them: whoever calls must say what became of the message.

pub mod blobs;
pub mod connect;
pub mod limits;
pub mod media;
pub mod outbound;
pub mod outcome;
pub mod secret;

use std::{future::Future, pin::Pin};

/// A future that a trait object answers with.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
