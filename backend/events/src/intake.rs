//! What happens to a raw delivery that is not digested at once. Stream `delivery`, of the platform.

use shared::stored::ConfigText;

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
        }
        /// It was tried again and understood.
        Digested = "intake.delivery.digested" {
            /// How many events it gave.
            n_events: u32,
        }
    }
}
