//! Time as an argument: nobody asks the machine by itself.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The calendar's time.
    fn now(&self) -> DateTime<Utc>;

    /// Time since the machine started, also while it slept; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the Clock that others ask")]
        Utc::now()
    }

    fn monotonic(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or(0),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock as _, SystemClock};

    #[test]
    fn the_boot_time_clock_does_not_go_back() {
        let first = SystemClock.monotonic();
        assert!(first > std::time::Duration::ZERO);
        assert!(SystemClock.monotonic() >= first);
    }
}
