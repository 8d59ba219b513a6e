//! Chance that can be repeated: what happens to the n-th call of a recipient follows from the seed.

use std::{
    fmt::Write as _,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// A small generator (splitmix64); not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The chance that belongs to a thing, by its name and the number of times it was met.
    pub(crate) fn of(seed: u64, what: &str, name: &str, nth: u64) -> Self {
        let mut hasher = DefaultHasher::new();
        (seed, what, name, nth).hash(&mut hasher);
        Self(hasher.finish())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Between 0 (may be) and 1 (never).
    pub(crate) fn share(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).unwrap_or(0);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    /// Whether something that happens at a rate happens now.
    pub(crate) fn hits(&mut self, rate: f64) -> bool {
        rate > 0.0 && self.share() < rate
    }

    /// Below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 16);
        while text.len() < length {
            let _ = write!(text, "{:016X}", self.next());
        }
        text.truncate(length);
        text
    }

    pub(crate) fn digits(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        while text.len() < length {
            text.push_str(&self.below(10).to_string());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_chance_and_another_seed_another() {
        let draw = |seed| Chance::of(seed, "call", "5511987654321", 3).next();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn a_rate_is_met_over_many_draws() {
        let hits = (0..10_000).filter(|n| Chance::of(7, "call", "x", *n).hits(0.05)).count();
        assert!((400..600).contains(&hits), "{hits} of 10,000 at 5 %");
    }
}
