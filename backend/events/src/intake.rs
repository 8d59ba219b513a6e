//! What happens to a raw delivery that is not digested at once. Stream `delivery`, of the company whose
//! address it came to; of the platform if it came to nobody's.

use chrono::{DateTime, Utc};
use shared::stored::ConfigText;
use uuid::Uuid;

events! {
    /// The life of a delivery that was not understood.
    DeliveryEvent {
        /// It could not be understood, or what it says was rejected; it waits to be tried again.
        Quarantined = "intake.delivery.quarantined" {
            /// Where it stands in the intake.
            position: i64,
            /// The provider.
            provider: ConfigText,
            /// A stable word that says why.
            reason: ConfigText,
            /// The way by which it came: a channel.
            #[serde(default)]
            route: Option<Uuid>,
            /// When it came.
            #[serde(default)]
            received_at: Option<DateTime<Utc>>,
        }
        /// It was tried again and understood.
        Digested = "intake.delivery.digested" {
            /// How many events it gave.
            n_events: u32,
        }
        /// Somebody looked at its bytes.
        Opened = "intake.delivery.opened" {
            /// Why, where it had to be said.
            reason: Option<ConfigText>,
        }
    }
}
