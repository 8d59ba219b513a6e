//! Plain tables of the context: callback keys, secrets, signs of life.
//!
//! Not read models: nothing here can be made again from the ledger, and nothing here is history.

pub mod hooks;
pub mod secrets;
pub mod signs;
