//! The simulator's time: the machine's, moved by `clock_offset_s`, so that a test can let a day pass.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};

/// Where every timestamp of the simulator comes from.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_s: AtomicI64,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this is the simulator's clock")]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let offset = Duration::try_seconds(self.offset_s.load(Ordering::Relaxed));
        let now = Utc::now();
        offset.and_then(|offset| now.checked_add_signed(offset)).unwrap_or(now)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now().timestamp_millis()
    }

    pub(crate) fn shift(&self, offset_s: i64) {
        self.offset_s.store(offset_s, Ordering::Relaxed);
    }
}
