//! What a lane's stream tells the one who takes over: the picks without outcome, and the limiter's
//! state.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use events::messaging::{LaneEvent, Pick};
use shared::ids::{ConversationId, MessageId};

use super::{Handover, Now, limits};
use crate::message::progress::Progress;

/// How much later than its pick a call may have arrived.
const LATE: Duration = Duration::from_millis(500);

/// The fold of one lane stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// How many events it has.
    pub version: i64,
    /// The epoch that opened it.
    pub epoch: i64,
    /// Picks without outcome or release.
    pub open: BTreeMap<MessageId, Pick>,
    /// Who took over, when it is closed.
    pub closed_by: Option<i64>,
    recent: VecDeque<(DateTime<Utc>, usize)>,
    debts: HashMap<ConversationId, DateTime<Utc>>,
}

impl Log {
    /// The log after an event that was recorded at a time.
    pub fn on(&mut self, event: &LaneEvent, at: DateTime<Utc>) {
        self.version += 1;
        match event {
            LaneEvent::Opened { epoch, open, n_recent, debts, .. } => {
                self.epoch = *epoch;
                self.open.extend(open.iter().map(|pick| (pick.message, *pick)));
                self.recent.push_back((at, usize::try_from(*n_recent).unwrap_or_default()));
                self.debts.extend(debts.iter().map(|debt| (debt.conversation, debt.paid_at)));
            }
            LaneEvent::Picked { messages, settled } => {
                for message in settled {
                    self.open.remove(message);
                }
                for pick in messages {
                    self.open.insert(pick.message, *pick);
                    let paid_at = self.debts.entry(pick.conversation).or_insert(at);
                    *paid_at = (*paid_at).max(at) + limits::PERIOD;
                }
                self.recent.push_back((at, messages.len()));
                if self.recent.len() > 2_000 {
                    self.recent.pop_front();
                    self.debts.retain(|_, paid_at| *paid_at > at);
                }
            }
            LaneEvent::Released { messages } | LaneEvent::Settled { messages } => {
                for message in messages {
                    self.open.remove(message);
                }
            }
            LaneEvent::Closed { by } => self.closed_by = Some(*by),
            LaneEvent::Limited { .. } | LaneEvent::Paused {} | LaneEvent::Resumed {} => {}
        }
    }

    /// What the next stream must know. A pick may have been called up to a moment after it was
    /// committed, so the last two seconds count as the last one.
    #[must_use]
    pub fn handover(&self, now: Now) -> Handover {
        let from = now.wall - TimeDelta::seconds(2);
        let n_recent: usize = self.recent.iter().filter(|(at, _)| *at > from).map(|(_, n)| n).sum();
        Handover {
            version: self.version,
            open: self.open.values().copied().collect(),
            n_recent: u32::try_from(n_recent).unwrap_or(u32::MAX),
            debts: self
                .debts
                .iter()
                .filter(|(_, paid_at)| **paid_at > now.wall)
                .map(|(conversation, paid_at)| (*conversation, now.steady_at(*paid_at) + LATE))
                .collect(),
        }
    }
}

/// What the one who takes over decides about what the older owner had under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takeover {
    /// May have been sent: unknown from now on, and never sent again by us.
    pub unknown: Vec<Pick>,
    /// For the new stream; nothing is open in it.
    pub handover: Handover,
}

impl Log {
    /// Of the open picks, those whose message does not know more by itself are unknown. `progress`
    /// answers how far a message came.
    #[must_use]
    pub fn take_over(
        &self,
        now: Now,
        mut progress: impl FnMut(MessageId) -> Option<Progress>,
    ) -> Takeover {
        let mut handover = self.handover(now);
        let unknown = std::mem::take(&mut handover.open)
            .into_iter()
            .filter(|pick| {
                progress(pick.message).is_some_and(|progress| {
                    progress.is_waiting() && progress.next_attempt() == pick.attempt
                })
            })
            .collect();
        Takeover { unknown, handover }
    }
}
