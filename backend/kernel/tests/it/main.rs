//! The write side of the ledger and the vault, on a real Postgres: a database of its own for each
//! test. Run by `cargo xtask test`.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "tests hold transactions and tasks of their own")]
#![expect(clippy::print_stdout, reason = "figures are printed for who asked for them")]

mod append;
mod cache;
mod clock;
mod contact;
mod dates;
mod export;
mod figures;
mod incarnation;
mod planted;
mod stock;
mod support;
mod timers;
mod vault;
mod verify;
