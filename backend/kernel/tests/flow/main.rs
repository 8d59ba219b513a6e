//! The ways in and out of the ledger, on a real Postgres and a real NATS: a database of its own for
//! each test. Run by `cargo xtask test`.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "tests hold transactions and tasks of their own")]
#![expect(clippy::print_stdout, reason = "figures and seeds are printed for who asked for them")]

mod activity;
mod crash;
mod demo;
mod digest;
mod figures;
mod nodes;
mod planted;
mod policies;
mod projection;
mod reading;
mod relay;
mod restart;
mod support;
mod timers;
