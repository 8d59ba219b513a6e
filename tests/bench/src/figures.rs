//! Numbers: quantiles, medians, and how they are written.

use std::time::Duration;

/// Exact up to 2^32; beyond it, a figure loses its last digits and nobody minds.
pub(crate) fn real(n: u64) -> f64 {
    let high = u32::try_from(n >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(n & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

/// A count of things.
pub(crate) fn counted(n: usize) -> f64 {
    u64::try_from(n).map_or(f64::MAX, real)
}

/// Things a second.
pub(crate) fn rate(n: u64, took: Duration) -> f64 {
    real(n) / took.as_secs_f64().max(1e-9)
}

/// Latencies, in microseconds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Latencies(Vec<u32>);

impl Latencies {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn take(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value that this share, in thousandths, does not exceed; in milliseconds.
    pub(crate) fn at(&mut self, thousandths: usize) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let place = last.saturating_mul(thousandths).div_ceil(1_000);
        f64::from(self.0.get(place).copied().unwrap_or(0)) / 1_000.0
    }
}

/// The middle one; of an even number, the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 {
        return upper;
    }
    let lower = middle.checked_sub(1).and_then(|at| values.get(at)).copied().unwrap_or(upper);
    f64::midpoint(lower, upper)
}

/// As a person writes it: three figures, thousands apart.
pub(crate) fn written(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value.abs() >= 100.0 {
        let plain = format!("{value:.0}");
        let mut grouped = String::new();
        let digits = plain.trim_start_matches('-').len();
        for (n, digit) in plain.trim_start_matches('-').chars().enumerate() {
            if n > 0 && (digits - n) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        return if value < 0.0 { format!("-{grouped}") } else { grouped };
    }
    if value.abs() >= 10.0 { format!("{value:.1}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let mut latencies = Latencies::default();
        for ms in 1..=100 {
            latencies.add(Duration::from_millis(ms));
        }
        assert!((latencies.at(500) - 51.0).abs() < 1e-9);
        assert!((latencies.at(1_000) - 100.0).abs() < 1e-9);
        assert!(Latencies::default().at(990).abs() < 1e-9);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(written(1_234_567.8), "1,234,568");
        assert_eq!(written(12.34), "12.3");
        assert_eq!(written(0.5), "0.50");
    }
}
