//! Numbers of the page, which are floats, as the whole numbers that lists are counted in.

/// The whole part of a number of pixels or rows; nothing below zero.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "floats have no checked conversion, and the cast saturates"
)]
pub(crate) fn whole(number: f64) -> usize {
    number.floor().max(0.0) as usize
}

/// The nearest whole number of milliseconds or pixels.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "floats have no checked conversion, and the cast saturates"
)]
pub(crate) fn nearest(number: f64) -> i64 {
    number.round() as i64
}

/// A count as a float, to multiply pixels with.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts stay far below 2^53"
)]
pub(crate) fn float(number: usize) -> f64 {
    number as f64
}

/// A sum of money as a float, to write it.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "what is written is rounded far above the loss"
)]
pub(crate) fn signed(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::{float, nearest, whole};

    #[test]
    fn what_is_no_number_is_nothing() {
        assert_eq!(whole(f64::NAN), 0);
        assert_eq!(whole(-3.0), 0);
        assert_eq!(nearest(f64::NAN), 0);
    }

    #[test]
    fn pixels_are_cut_and_milliseconds_rounded() {
        assert_eq!(whole(2.9), 2);
        assert_eq!(nearest(2.5), 3);
        assert!((float(10_000) - 1e4).abs() < f64::EPSILON);
    }
}
