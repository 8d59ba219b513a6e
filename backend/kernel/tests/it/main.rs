//! The write side of the ledger and the vault, on a real Postgres: a database of its own for each
//! test. Run by `cargo xtask test`.
#![cfg(test)]

mod append;
mod cache;
mod clock;
mod contact;
mod export;
mod figures;
mod incarnation;
mod planted;
mod stock;
mod support;
mod timers;
mod vault;
mod verify;
