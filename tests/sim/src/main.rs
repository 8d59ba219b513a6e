//! `masteria-sim`.
fn main() {}
