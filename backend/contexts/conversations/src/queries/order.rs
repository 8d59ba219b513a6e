//! The order of a thread as an opaque text that sorts as the thread does.

use chrono::{DateTime, Utc};

use crate::projections::threads::message::Place;

/// Turns negative numbers into small ones.
const SIGN: u64 = 1 << 63;

/// The text of a place.
#[must_use]
pub fn print((at, intake, index): Place) -> String {
    let at = at.timestamp_micros().cast_unsigned() ^ SIGN;
    let intake = intake.cast_unsigned() ^ SIGN;
    format!("{at:016x}{intake:016x}{index:08x}")
}

/// The place of a text; none for what is no order.
#[must_use]
pub fn parse(text: &str) -> Option<Place> {
    if text.len() != 40 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = |from: usize, to: usize| u64::from_str_radix(text.get(from..to)?, 16).ok();
    let at = DateTime::<Utc>::from_timestamp_micros((number(0, 16)? ^ SIGN).cast_signed())?;
    let intake = (number(16, 32)? ^ SIGN).cast_signed();
    Some((at, intake, u32::try_from(number(32, 40)?).ok()?))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::{parse, print};

    proptest! {
        #[test]
        fn texts_come_back_and_sort_as_places_do(
            a in (-9_000_000_000_000_i64..9_000_000_000_000, any::<i64>(), any::<u32>()),
            b in (-9_000_000_000_000_i64..9_000_000_000_000, any::<i64>(), any::<u32>()),
        ) {
            let place = |(at, intake, index)| {
                (DateTime::from_timestamp_micros(at).expect("a time"), intake, index)
            };
            let (a, b) = (place(a), place(b));
            prop_assert_eq!(parse(&print(a)), Some(a));
            prop_assert_eq!(print(a).cmp(&print(b)), a.cmp(&b));
        }

        #[test]
        fn what_is_no_order_is_none(text in "\\PC*") {
            if text.len() != 40 {
                prop_assert_eq!(parse(&text), None);
            }
        }
    }
}
