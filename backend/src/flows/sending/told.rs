//! What a group is told: by the ledger, by commits and calls that ended, and that its time is over.

use std::sync::Arc;

use events::channels::ChannelEvent;
use kernel::record::Recorded;
use messaging::lane::{Candidate, Ended, outcome::Effect};
use shared::ids::{ChannelId, MessageId};
use uuid::Uuid;

use super::prepare::Ready;

/// See the module.
pub(super) enum Told {
    /// Something happened.
    Event(Arc<Recorded>),
    /// Another group has its companies from now on: come to an end.
    Disband {
        /// Whether the other group has the same unit.
        keeps_unit: bool,
    },
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
        /// Whether the provider said nothing about it.
        is_silent: bool,
        /// How long the call took, if it was answered.
        took: Option<std::time::Duration>,
    },
    /// A message was looked at anew.
    Looked(Option<Candidate>),
    /// These other channels have the same token, so that it holds for them too.
    SameToken(Vec<ChannelId>, Effect, i32),
}

/// Whether events of a type say anything to a group.
pub(super) fn matters(event_type: &str) -> bool {
    event_type.starts_with("messaging.message.")
        || event_type == "messaging.lane.picked"
        || event_type.starts_with("channels.channel.")
        || matches!(event_type, "tenancy.company.suspended" | "tenancy.company.resumed")
}

/// The portfolio that an event tells of.
pub(super) fn portfolio(event: &Recorded) -> Option<String> {
    match event.decode().ok()? {
        ChannelEvent::PortfolioTold { portfolio } => Some(portfolio.0),
        _ => None,
    }
}
