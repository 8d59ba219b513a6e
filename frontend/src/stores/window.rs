//! The service window of a thread, by the server's clock.

use chrono::{DateTime, TimeDelta, Utc};

/// How open the window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// The person never wrote.
    Never,
    /// More than four hours left.
    Open(TimeDelta),
    /// Less than four hours left.
    Low(TimeDelta),
    /// Less than ten minutes left: counted in seconds.
    Last(TimeDelta),
    /// Closed for so long.
    Shut(TimeDelta),
}

impl Window {
    /// Whether free text is allowed.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Open(_) | Self::Low(_) | Self::Last(_))
    }

    /// How much of the ring is full, in per cent.
    pub(crate) fn percent(self) -> i64 {
        match self {
            Self::Never | Self::Shut(_) => 0,
            Self::Open(left) | Self::Low(left) | Self::Last(left) => {
                (left.num_minutes() * 100 / (24 * 60)).clamp(1, 100)
            }
        }
    }

    /// The class of the stylesheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Open(_) => "win",
            Self::Low(_) | Self::Last(_) => "win low",
            Self::Never | Self::Shut(_) => "win shut",
        }
    }
}

/// The window that closes at a moment, seen now.
pub(crate) fn window_of(closes_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Window {
    let Some(closes_at) = closes_at else { return Window::Never };
    let left = closes_at - now;
    if left <= TimeDelta::zero() {
        Window::Shut(-left)
    } else if left < TimeDelta::minutes(10) {
        Window::Last(left)
    } else if left < TimeDelta::hours(4) {
        Window::Low(left)
    } else {
        Window::Open(left)
    }
}

#[cfg(test)]
mod tests {
    use super::{Window, window_of};
    use crate::stores::samples::at;
    use chrono::TimeDelta;

    #[test]
    fn the_window_narrows_and_closes() {
        let now = at(0);
        let after = |seconds| window_of(Some(now + TimeDelta::seconds(seconds)), now);
        assert_eq!(after(5 * 3600), Window::Open(TimeDelta::hours(5)));
        assert_eq!(after(3600), Window::Low(TimeDelta::hours(1)));
        assert_eq!(after(59), Window::Last(TimeDelta::seconds(59)));
        assert_eq!(after(0), Window::Shut(TimeDelta::zero()));
        assert_eq!(after(-60), Window::Shut(TimeDelta::minutes(1)));
        assert_eq!(window_of(None, now), Window::Never);
        assert!(after(1).is_open());
        assert!(!after(0).is_open());
    }

    #[test]
    fn the_ring_is_full_at_the_beginning_and_never_empty_while_open() {
        assert_eq!(Window::Open(TimeDelta::hours(24)).percent(), 100);
        assert_eq!(Window::Last(TimeDelta::seconds(3)).percent(), 1);
        assert_eq!(Window::Shut(TimeDelta::hours(1)).percent(), 0);
    }
}
