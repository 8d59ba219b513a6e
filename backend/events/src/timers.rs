//! What becomes of a timer that has no effect. Stream `timer`, under the id of what it was about.

use chrono::{DateTime, Utc};
use shared::stored::ConfigText;

events! {
    /// The fate of a timer.
    TimerEvent {
        /// It came too late to have its effect.
        Expired = "timers.timer.expired" {
            /// When it was to go off.
            due: DateTime<Utc>,
            /// Its kind.
            kind: ConfigText,
            /// How late it might have come.
            latest: DateTime<Utc>,
        }
    }
}
