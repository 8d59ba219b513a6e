//! Times on a wall.

use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;

/// When the clocks of a zone show a local time. Of two such moments the first; of none (the clocks are
/// put forward over it) the moment after the gap. `None`: no such zone.
#[must_use]
pub fn resolve(local: NaiveDateTime, zone: &str) -> Option<DateTime<Utc>> {
    let zone: Tz = zone.parse().ok()?;
    // No gap is longer than a day; most are one hour.
    for minutes in 0..=24 * 60 {
        let shown = local.checked_add_signed(Duration::minutes(minutes))?;
        match zone.from_local_datetime(&shown) {
            LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => {
                return Some(moment.with_timezone(&Utc));
            }
            LocalResult::None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use chrono::NaiveDate;

    fn at(year: i32, month: u32, day: u32, hour: u32, minute: u32) -> chrono::NaiveDateTime {
        NaiveDate::from_ymd_opt(year, month, day).unwrap().and_hms_opt(hour, minute, 0).unwrap()
    }

    #[test]
    fn d15_a_local_time_is_what_the_wall_shows() {
        let utc = |local, zone| resolve(local, zone).map(|moment| moment.naive_utc());
        assert_eq!(utc(at(2026, 7, 1, 9, 0), "America/Sao_Paulo"), Some(at(2026, 7, 1, 12, 0)));
        // In a gap: the first moment after it.
        assert_eq!(utc(at(2026, 3, 29, 2, 30), "Europe/Lisbon"), Some(at(2026, 3, 29, 1, 30)));
        assert_eq!(utc(at(2026, 3, 29, 1, 30), "Europe/Lisbon"), Some(at(2026, 3, 29, 1, 0)));
        // Twice: the first of the two.
        assert_eq!(utc(at(2026, 10, 25, 1, 30), "Europe/Lisbon"), Some(at(2026, 10, 25, 0, 30)));
        assert_eq!(utc(at(2026, 7, 1, 9, 0), "Mars/Olympus"), None);
    }
}
