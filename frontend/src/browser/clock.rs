//! Time, as the server tells it.
//!
//! Invariants: a service window is counted by the server's clock, never by the device's; the
//! difference is learnt from every answer and every frame of the live feed.

use std::{cell::Cell, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;

use super::number::nearest;

thread_local! {
    static AHEAD_MS: Cell<f64> = const { Cell::new(0.0) };
}

/// Milliseconds of the device's own clock; only good for differences.
pub(crate) fn device_ms() -> f64 {
    js_sys::Date::now()
}

/// The device's clock is compared with what the server just said.
pub(crate) fn learn(server: DateTime<Utc>) {
    let server_ms = js_sys::Date::new(&server.to_rfc3339().into()).get_time();
    let ahead = server_ms - device_ms();
    // The header of an answer has whole seconds: smaller differences are noise.
    if (ahead - AHEAD_MS.get()).abs() > 1500.0 {
        AHEAD_MS.set(ahead);
    }
}

/// As [`learn`], from the `Date` header of an answer.
pub(crate) fn learn_http(date: &str) {
    let server_ms = js_sys::Date::parse(date);
    if server_ms.is_finite() {
        let ahead = server_ms + 500.0 - device_ms();
        if (ahead - AHEAD_MS.get()).abs() > 1500.0 {
            AHEAD_MS.set(ahead);
        }
    }
}

/// Now, by the server's clock.
pub(crate) fn now() -> DateTime<Utc> {
    from_ms(device_ms() + AHEAD_MS.get())
}

/// A moment from the milliseconds that JavaScript counts in.
pub(crate) fn from_ms(ms: f64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(nearest(ms))
}

/// A signal that moves once a second and stands still while the tab is hidden.
#[derive(Clone, Copy)]
pub(crate) struct Ticks {
    /// By the server's clock.
    pub now: RwSignal<DateTime<Utc>>,
}

impl Ticks {
    /// Starts to tick.
    pub(crate) fn start() -> Self {
        let ticks = Self { now: RwSignal::new(now()) };
        set_interval(
            move || {
                if !super::dom::is_hidden() {
                    ticks.now.set(now());
                }
            },
            Duration::from_secs(1),
        );
        ticks
    }

    /// The current second; to be read where a text depends on time.
    pub(crate) fn get(self) -> DateTime<Utc> {
        self.now.get()
    }
}

/// The ticks of the program.
pub(crate) fn ticks() -> Ticks {
    expect_context()
}
