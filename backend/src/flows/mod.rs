//! Processes that span contexts, one file or folder each.

pub mod erase_subject;
pub mod inbound_message;
pub mod inbox;
pub mod media_fetch;
pub mod quarantine;
pub mod sending;
pub mod shelf;
pub mod team;
pub mod threads;
pub mod under_way;
pub mod whatsapp;
