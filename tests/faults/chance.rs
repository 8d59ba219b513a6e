//! Chance that can be repeated.

use std::env;

/// A sequence that follows from a seed (`SplitMix64`).
pub(crate) struct Chance(u64);

impl Chance {
    /// The sequence of one test.
    pub(crate) fn of(test: &str) -> Self {
        let seed = given("MASTERIA_FAULT_SEED").and_then(|text| text.parse().ok()).unwrap_or(1);
        let salt = test.bytes().fold(0_u64, |sum, byte| sum.rotate_left(7) ^ u64::from(byte));
        Self(seed ^ salt)
    }

    /// A number from 1 to `most`.
    pub(crate) fn upto(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        1 + (mixed ^ (mixed >> 31)) % most
    }
}

/// How often each named point is hit.
pub(crate) fn rounds() -> u32 {
    given("MASTERIA_FAULT_ROUNDS").and_then(|text| text.parse().ok()).unwrap_or(2)
}

/// What the run says; `cargo xtask test` says all of it.
#[expect(clippy::disallowed_methods, reason = "the run describes itself in the environment")]
pub(crate) fn given(name: &str) -> Option<String> {
    env::var(name).ok()
}
