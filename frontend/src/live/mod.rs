//! The live feed (D13): one socket a tab, which counts and misses nothing.
//!
//! Invariants: `protocol` decides and does nothing, `socket` does and decides nothing; a frame is
//! applied only when it begins where the last one ended; a line that says nothing for some seconds
//! is given up and begun anew from the cursor, also after the tab has slept.

mod feed;
mod protocol;
mod socket;

pub(crate) use feed::{Feed, Freshness};
