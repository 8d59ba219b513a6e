//! How long, and how long ago.

use chrono::TimeDelta;

/// The words.
pub(crate) struct Time {
    pub now: &'static str,
    pub today: &'static str,
    pub yesterday: &'static str,
    pub minutes_short: fn(i64) -> String,
    pub hours_short: fn(i64) -> String,
    pub ago: fn(&str) -> String,
    pub span: fn(TimeDelta) -> String,
    pub countdown: fn(TimeDelta) -> String,
}

fn span(left: TimeDelta, day: &str, days: &str) -> String {
    match (left.num_days(), left.num_hours(), left.num_minutes(), left.num_seconds()) {
        (1, ..) => format!("1\u{a0}{day}"),
        (n @ 2.., ..) => format!("{n}\u{a0}{days}"),
        (_, hours @ 1.., minutes, _) if minutes % 60 == 0 => format!("{hours}\u{a0}h"),
        (_, hours @ 1.., minutes, _) => format!("{hours}\u{a0}h\u{a0}{}\u{a0}min", minutes % 60),
        (_, _, minutes @ 1.., _) => format!("{minutes}\u{a0}min"),
        (.., seconds) => format!("{}\u{a0}s", seconds.max(0)),
    }
}

fn countdown(left: TimeDelta) -> String {
    format!("{}:{:02}", left.num_minutes(), left.num_seconds() % 60)
}

pub(super) const PORTUGUESE: Time = Time {
    now: "agora",
    today: "Hoje",
    yesterday: "Ontem",
    minutes_short: |minutes| format!("{minutes}\u{a0}min"),
    hours_short: |hours| format!("{hours}\u{a0}h"),
    ago: |span| format!("há {span}"),
    span: |left| span(left, "dia", "dias"),
    countdown,
};

pub(super) const ENGLISH: Time = Time {
    now: "now",
    today: "Today",
    yesterday: "Yesterday",
    minutes_short: |minutes| format!("{minutes}\u{a0}min"),
    hours_short: |hours| format!("{hours}\u{a0}h"),
    ago: |span| format!("{span} ago"),
    span: |left| span(left, "day", "days"),
    countdown,
};

#[cfg(test)]
mod tests {
    use super::{ENGLISH, PORTUGUESE};
    use chrono::TimeDelta;

    #[test]
    fn a_span_has_at_most_two_units() {
        let span = PORTUGUESE.span;
        assert_eq!(span(TimeDelta::minutes(21 * 60 + 48)), "21\u{a0}h\u{a0}48\u{a0}min");
        assert_eq!(span(TimeDelta::hours(2)), "2\u{a0}h");
        assert_eq!(span(TimeDelta::seconds(59)), "59\u{a0}s");
        assert_eq!(span(TimeDelta::days(3)), "3\u{a0}dias");
        assert_eq!((ENGLISH.span)(TimeDelta::days(1)), "1\u{a0}day");
    }

    #[test]
    fn the_last_minutes_are_counted_in_seconds() {
        assert_eq!((PORTUGUESE.countdown)(TimeDelta::seconds(545)), "9:05");
    }
}
