//! Timers: something that is to happen at a time (D15).
//!
//! Invariants:
//! - a timer is set, moved and cancelled in a commit, and goes off in one: it is taken away together
//!   with its effect, so that it goes off once;
//! - after its `latest` it has no effect but that it is `expired`, which is an event and is shown;
//! - a local time stays a local time: when the rules of its zone change, it goes off when the clock on
//!   the wall says so;
//! - after a step of the clock nothing goes off until a person says that the time is right (D9).

mod expired;
mod local;
mod runner;

use chrono::{DateTime, NaiveDateTime, Utc};
use futures::future::BoxFuture;
use uuid::Uuid;

pub use expired::ExpiredTimers;
pub use local::resolve;
pub use runner::{Timers, TimersState};

use crate::{commit::Commit, error::Result};

/// A timer that goes off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose.
    pub company: Uuid,
    /// What it is about, usually a stream.
    pub id: Uuid,
    /// When it was to go off.
    pub due: DateTime<Utc>,
    /// How late it may.
    pub latest: DateTime<Utc>,
    /// The time on the wall, and where the wall stands.
    pub local: Option<(NaiveDateTime, String)>,
    /// What was written down for it, JSON.
    pub payload: String,
}

/// What happens when timers of one kind go off.
pub trait TimerHandler: Send + Sync + 'static {
    /// Which kind.
    fn kind(&self) -> &'static str;

    /// Its effect, as a whole; the kernel adds that the timer is gone. Called again when something moved
    /// meanwhile.
    fn fire<'a>(&'a self, timer: &'a Due) -> BoxFuture<'a, Result<Commit>>;

    /// What else happens when it is too late, besides the event that says so.
    fn expired<'a>(&'a self, timer: &'a Due) -> BoxFuture<'a, Result<Commit>> {
        let _ = timer;
        Box::pin(std::future::ready(Ok(Commit::default())))
    }
}
