//! The database's time without a round trip (D9).
//!
//! Each answer of the database brings its clock. Between two answers the time is the last one plus
//! what the machine's own monotonic clock has run since. What is known after an answer is an
//! interval, as wide as the round trip took; the estimate moves only if it lies outside of it, so
//! that it does not tremble.
//!
//! Invariant: the database's time is taken as it is, also when it goes back. A step of more than a
//! minute beyond monotonic time raises an alarm that a person takes back.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::{
    clock::Clock,
    plant::{Plant, planted},
};

/// A step of the database's clock that raises the alarm, in microseconds.
const STEP: i64 = 60_000_000;

/// A step of the database's clock beyond monotonic time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockStep {
    /// By how much; negative if it went back.
    pub by_seconds: i64,
    /// The database's time after it.
    pub to: DateTime<Utc>,
}

/// What a writer knows of the database's time.
pub(crate) struct DatabaseTime {
    clock: Arc<dyn Clock>,
    /// The database's time minus the monotonic one, in microseconds.
    offset: Option<i64>,
    last: i64,
    alarm: Arc<watch::Sender<Option<ClockStep>>>,
}

impl DatabaseTime {
    pub(crate) fn new(clock: Arc<dyn Clock>, alarm: Arc<watch::Sender<Option<ClockStep>>>) -> Self {
        Self { clock, offset: None, last: 0, alarm }
    }

    /// The start of a round trip.
    pub(crate) fn start(&self) -> Duration {
        self.clock.monotonic()
    }

    /// Takes in the time that came with the answer of a round trip.
    pub(crate) fn sample(&mut self, started: Duration, answer: DateTime<Utc>) {
        let answer_micros = answer.timestamp_micros();
        let earliest = answer_micros - micros(self.clock.monotonic());
        let latest = answer_micros - micros(started);
        let Some(offset) = self.offset else {
            self.offset = Some(earliest.midpoint(latest));
            return;
        };
        let nearest = offset.clamp(earliest.min(latest), latest);
        let step = nearest - offset;
        self.offset = Some(nearest);
        if step.abs() > STEP {
            let by_seconds = step / 1_000_000;
            tracing::error!(by_seconds, "the database's clock stepped by {by_seconds} s");
            self.alarm.send_replace(Some(ClockStep { by_seconds, to: answer }));
        }
    }

    /// Microseconds since 1970 by the database's clock.
    pub(crate) fn now(&mut self) -> i64 {
        let monotonic = micros(self.clock.monotonic());
        let now = self
            .offset
            .map_or_else(|| self.clock.now().timestamp_micros(), |offset| offset + monotonic);
        let now = if planted(Plant::ClampTime) { now.max(self.last) } else { now };
        self.last = now;
        now
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
