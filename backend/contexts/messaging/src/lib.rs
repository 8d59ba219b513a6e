//! wip
pub mod lane;
pub mod message { pub mod progress; pub mod content; }
