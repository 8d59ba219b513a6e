//! What a group is told: by the ledger, by commits and calls that ended.

use std::sync::Arc;

use kernel::record::Recorded;
use messaging::lane::{Candidate, Ended, outcome::Effect};
use shared::ids::{ChannelId, MessageId};
use uuid::Uuid;

use super::prepare::Ready;

/// See the module.
pub(super) enum Told {
    /// Something happened.
    Event(Arc<Recorded>),
    /// Something of one lane's stream; `generation` says which opening of it.
    Lane {
        /// Whose.
        channel: ChannelId,
        /// Which opening: what an earlier one began does not concern it.
        generation: u64,
        /// What.
        what: Did,
    },
}

/// What became of something that a lane asked for.
pub(super) enum Did {
    /// The pick was committed; what is to be called is ready.
    Picked(Vec<Ready>),
    /// One of the picks was not as it should be, and is now so; nothing was committed.
    Moved {
        /// Which.
        message: MessageId,
        /// As it is.
        now: Option<Candidate>,
        /// What the pick would have settled.
        settled: Vec<MessageId>,
    },
    /// The commit was not possible now.
    NotNow(Vec<MessageId>),
    /// The lane's stream is not ours any more.
    Lost,
    /// The release was committed.
    Released,
    /// The suppression was committed, or the message is as it is.
    Suppressed(MessageId, Option<Candidate>),
    /// The settlement was committed.
    Settled,
    /// The stream was exchanged.
    Rotated(Uuid),
    /// A call ended and its outcome is in the ledger.
    Called {
        /// Which.
        message: MessageId,
        /// How.
        ended: Ended,
        /// What it means for others.
        effect: Effect,
        /// The provider's code.
        code: i32,
        /// How long the call took, if it was answered.
        took: Option<std::time::Duration>,
    },
    /// A message was looked at anew.
    Looked(Option<Candidate>),
}

/// Whether events of a type say anything to a group.
pub(super) fn matters(event_type: &str) -> bool {
    event_type.starts_with("messaging.message.")
        || event_type.starts_with("channels.channel.")
        || matches!(event_type, "tenancy.company.suspended" | "tenancy.company.resumed")
}
