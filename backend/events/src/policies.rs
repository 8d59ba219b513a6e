//! What a policy leaves undone. Stream `reaction`, one for each event that would have caused something.

use shared::stored::ConfigText;
use uuid::Uuid;

events! {
    /// The fate of a reaction.
    ReactionEvent {
        /// A policy did nothing about an event: the event was too old by then, or the chain of reactions
        /// too long.
        Skipped = "policies.reaction.skipped" {
            /// The event.
            cause: Uuid,
            /// The policy's number.
            policy: i16,
            /// `late` or `loop`.
            reason: ConfigText,
        }
    }
}
