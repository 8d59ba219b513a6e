//! What the screens know, as plain values.
//!
//! Invariants: a store changes through `apply` and a few named steps only, all of them pure, so
//! that they are tested without a browser; no store reads a clock, sends anything or draws.

mod channels;
mod content;
mod conversation;
mod drafts;
mod outbox;
mod threads;
mod window;

#[cfg(test)]
mod samples;

#[cfg(test)]
pub(crate) use samples::{sample_channel, sample_message, sample_thread};

pub(crate) use channels::{Channels, Trouble, trouble_of};
pub(crate) use content::text_of;
pub(crate) use conversation::{Conversation, Item, Older};
pub(crate) use drafts::Draft;
pub(crate) use outbox::{Outbox, Outgoing, Progress};
pub(crate) use threads::{Filter, Movement, Threads, fold};
pub(crate) use window::{Window, window_of};
