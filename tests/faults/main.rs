//! What is killed comes back and has lost nothing: faults against the real program.
//!
//! Short in `cargo xtask test`, long in `cargo xtask faults`; both print the seed that
//! `MASTERIA_FAULT_SEED` repeats. Each test has a PostgreSQL, a NATS, simulated providers and a
//! platform of its own, and kills them with `SIGKILL`.
#![cfg(test)]

mod chance;
mod company;
mod desk;
mod erasure;
mod ground;
mod history;
mod house;
mod owners;
mod points;
mod roles;
mod two_backends;
