//! What a lane commits, as the ledger takes it.
//!
//! **Invariants.** Every commit of an owner stands on the exact version of its stream, so that from the
//! moment another one closes it, all of them are refused (D19). A pick asserts the version of each
//! message, without an event there (D20).

use std::sync::Arc;

use events::messaging::{Debt, LaneEvent, MessageEvent, Pick};
use kernel::{
    commit::{Append, Claim, Commit, Context, Expected, NewEvent, Stream},
    error::Result,
    ids::Ids,
};
use shared::{
    ids::{ChannelId, MessageId},
    messages::SuppressReason,
    stored::Event,
};
use uuid::Uuid;

use super::{Batch, Candidate, Handover, Now, log::Takeover};

/// The claim that names a channel's stream of today.
pub const LANE: &str = "messaging.lane";

/// Where a lane's commits go.
#[derive(Clone)]
pub struct Place {
    /// Whose.
    pub company: Uuid,
    /// Which channel.
    pub channel: ChannelId,
    /// The epoch of the owner.
    pub epoch: i64,
    /// The stream of today.
    pub stream: Uuid,
    /// Who acts.
    pub context: Arc<Context>,
}

impl Place {
    fn append<E: Event>(
        &self,
        ids: &dyn Ids,
        stream: Stream,
        expected: Expected,
        events: &[E],
    ) -> Result<Append> {
        let events = events.iter().map(|event| NewEvent::of(ids, event));
        Ok(Append {
            company: self.company,
            stream,
            expected,
            context: Arc::clone(&self.context),
            events: events.collect::<std::result::Result<_, _>>()?,
        })
    }

    fn on_lane(&self, ids: &dyn Ids, version: i64, event: LaneEvent) -> Result<Append> {
        self.append(ids, lane(self.stream), Expected::at(version), &[event])
    }

    /// An event of a message, whatever version it has.
    ///
    /// # Errors
    /// If the event does not encode.
    pub fn of_message(
        &self,
        ids: &dyn Ids,
        message: MessageId,
        event: MessageEvent,
    ) -> Result<Append> {
        self.append(ids, of(message), Expected::Any, &[event])
    }

    /// A pick.
    ///
    /// # Errors
    /// If the event does not encode.
    pub fn pick(&self, ids: &dyn Ids, batch: &Batch) -> Result<Commit> {
        let event = LaneEvent::Picked {
            messages: batch.picks.iter().map(|(pick, _)| *pick).collect(),
            settled: batch.settled.clone(),
        };
        let mut appends = vec![self.on_lane(ids, batch.version, event)?];
        for (pick, version) in &batch.picks {
            let expected = Expected::at(*version);
            appends.push(self.append::<MessageEvent>(ids, of(pick.message), expected, &[])?);
        }
        Ok(Commit { appends, ..Commit::default() })
    }

    /// Picks that were not called.
    ///
    /// # Errors
    /// If the event does not encode.
    pub fn release(&self, ids: &dyn Ids, messages: Vec<MessageId>, version: i64) -> Result<Commit> {
        let append = self.on_lane(ids, version, LaneEvent::Released { messages })?;
        Ok(Commit { appends: vec![append], ..Commit::default() })
    }

    /// Picks whose outcome became known.
    ///
    /// # Errors
    /// If the event does not encode.
    pub fn settle(&self, ids: &dyn Ids, messages: Vec<MessageId>, version: i64) -> Result<Commit> {
        let append = self.on_lane(ids, version, LaneEvent::Settled { messages })?;
        Ok(Commit { appends: vec![append], ..Commit::default() })
    }

    /// A message that a rule stops, as long as it is as the lane knows it.
    ///
    /// # Errors
    /// If the event does not encode.
    pub fn suppress(
        &self,
        ids: &dyn Ids,
        candidate: &Candidate,
        reason: SuppressReason,
    ) -> Result<Commit> {
        let expected = Expected::at(candidate.version);
        let event = MessageEvent::Suppressed { reason };
        let append = self.append(ids, of(candidate.message), expected, &[event])?;
        Ok(Commit { appends: vec![append], ..Commit::default() })
    }

    /// A new stream after the one of today, by the same owner.
    ///
    /// # Errors
    /// If the event does not encode.
    pub fn rotate(&self, ids: &dyn Ids, next: Uuid, left: &Handover, now: Now) -> Result<Commit> {
        let after = Self { stream: next, ..self.clone() };
        let mut commit = after.opening(ids, &left.open, &[], left, now)?;
        self.close_into(ids, left.version, &after, &mut commit)?;
        Ok(commit)
    }

    /// The first stream of a channel, or the next one after another owner's, whose open picks become
    /// unknown with it.
    ///
    /// # Errors
    /// If the event does not encode.
    pub fn take_over(
        &self,
        ids: &dyn Ids,
        old: Option<Uuid>,
        taken: &Takeover,
        now: Now,
    ) -> Result<Commit> {
        let unknown: Vec<MessageId> = taken.unknown.iter().map(|pick| pick.message).collect();
        let mut commit = self.opening(ids, &[], &unknown, &taken.handover, now)?;
        match old {
            Some(old) => {
                let before = Self { stream: old, ..self.clone() };
                before.close_into(ids, taken.handover.version, self, &mut commit)?;
            }
            None => commit.claims.push(self.claim()),
        }
        for pick in &taken.unknown {
            let event = MessageEvent::OutcomeUnknown { attempt: pick.attempt };
            commit.appends.push(self.of_message(ids, pick.message, event)?);
        }
        Ok(commit)
    }

    fn opening(
        &self,
        ids: &dyn Ids,
        open: &[Pick],
        unknown: &[MessageId],
        left: &Handover,
        now: Now,
    ) -> Result<Commit> {
        let debts = left.debts.iter().map(|(conversation, paid_at)| Debt {
            conversation: *conversation,
            paid_at: now.wall_at(*paid_at),
        });
        let event = LaneEvent::Opened {
            channel: self.channel,
            epoch: self.epoch,
            open: open.to_vec(),
            unknown: unknown.to_vec(),
            n_recent: left.n_recent,
            debts: debts.collect(),
        };
        let append = self.append(ids, lane(self.stream), Expected::Empty, &[event])?;
        Ok(Commit { appends: vec![append], ..Commit::default() })
    }

    fn close_into(
        &self,
        ids: &dyn Ids,
        version: i64,
        next: &Self,
        commit: &mut Commit,
    ) -> Result<()> {
        let closed = LaneEvent::Closed { by: next.epoch };
        commit.appends.push(self.on_lane(ids, version, closed)?);
        let Claim::Take { company, kind, key, .. } = self.claim() else { return Ok(()) };
        commit.claims.push(Claim::Release { company, kind, key, owner: self.stream });
        commit.claims.push(next.claim());
        Ok(())
    }

    fn claim(&self) -> Claim {
        Claim::Take {
            company: self.company,
            kind: LANE,
            key: lane_key(self.channel),
            owner: self.stream,
        }
    }
}

/// The key of a channel's claim.
#[must_use]
pub fn lane_key(channel: ChannelId) -> [u8; 16] {
    channel.into_uuid().into_bytes()
}

/// A lane's stream.
#[must_use]
pub const fn lane(id: Uuid) -> Stream {
    Stream { kind: "lane", id }
}

fn of(message: MessageId) -> Stream {
    Stream { kind: "message", id: message.into() }
}
