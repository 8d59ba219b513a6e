//! Named moments at which the process can be told to die, for the fault tests.
//!
//! `MASTERIA_FAULT=<point>[:n]` arms one of them: at its n-th passage the process kills itself as the
//! system would, without a farewell. Unarmed, a point costs one atomic read.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

struct Armed {
    name: String,
    left: AtomicU64,
}

static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

/// Passes a named moment.
pub fn point(name: &str) {
    let Some(armed) = ARMED.get_or_init(read) else { return };
    if armed.name == name && armed.left.fetch_sub(1, Ordering::Relaxed) == 1 {
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        // The signal is under way; nothing after this point may happen.
        loop {
            std::thread::park();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's switch, never a setting")]
fn read() -> Option<Armed> {
    let text = std::env::var("MASTERIA_FAULT").ok()?;
    let (name, n) = match text.split_once(':') {
        Some((name, n)) => (name, n.parse().ok().filter(|n| *n > 0)?),
        None => (text.as_str(), 1),
    };
    Some(Armed { name: name.to_owned(), left: AtomicU64::new(n) })
}
