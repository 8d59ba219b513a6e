//! Named moments at which the process can be told to die, or to stand still, for the fault tests.
//!
//! `MASTERIA_FAULT=<point>[:n[:stop]]` arms one of them: at its n-th passage the process kills itself as
//! the system would, without a farewell; or stops where it is until somebody lets it go on. Unarmed, a
//! point costs one atomic read.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use rustix::process::{Signal, getpid, kill_process};

struct Armed {
    name: String,
    left: AtomicU64,
    signal: Signal,
}

static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

/// Passes a named moment.
pub fn point(name: &str) {
    let Some(armed) = ARMED.get_or_init(read) else { return };
    if armed.name == name && armed.left.fetch_sub(1, Ordering::Relaxed) == 1 {
        let _ = kill_process(getpid(), armed.signal);
        if armed.signal == Signal::KILL {
            // The signal is under way; nothing after this point may happen.
            loop {
                std::thread::park();
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's switch, never a setting")]
fn read() -> Option<Armed> {
    let text = std::env::var("MASTERIA_FAULT").ok()?;
    let mut parts = text.split(':');
    let name = parts.next()?.to_owned();
    let n = parts.next().map_or(Some(1), |n| n.parse().ok()).filter(|n| *n > 0)?;
    let signal = if parts.next() == Some("stop") { Signal::STOP } else { Signal::KILL };
    Some(Armed { name, left: AtomicU64::new(n), signal })
}
