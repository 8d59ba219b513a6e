//! A model of the ledger: streams, expected versions, and one atomic commit.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::messaging::{LaneEvent, MessageEvent};
use shared::ids::MessageId;

use crate::{lane::log::Log, message::progress::Progress};

use super::Bug;

/// One commit.
#[derive(Clone, Debug, Default)]
pub(super) struct Commit {
    /// Appends to lane streams at an exact version.
    pub(super) lanes: Vec<(u32, i64, LaneEvent)>,
    /// Messages whose version must be so.
    pub(super) asserts: Vec<(MessageId, i64)>,
    /// Appends to messages at any version.
    pub(super) messages: Vec<(MessageId, MessageEvent)>,
    /// The lane's stream from now on.
    pub(super) claim: Option<(u32, u32)>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Lane,
    Message(MessageId),
}

/// All that is known for sure.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The lane's stream of today.
    pub(super) current: u32,
    pub(super) lanes: BTreeMap<u32, Vec<(LaneEvent, DateTime<Utc>)>>,
    pub(super) messages: BTreeMap<MessageId, Vec<MessageEvent>>,
}

impl Ledger {
    pub(super) fn commit(
        &mut self,
        commit: Commit,
        at: DateTime<Utc>,
        bug: Option<Bug>,
    ) -> Result<(), Refused> {
        for (lane, version, _) in &commit.lanes {
            let is_ours = self.version(*lane) == *version;
            if !is_ours && bug != Some(Bug::IgnoreTheEpoch) {
                return Err(Refused::Lane);
            }
        }
        if let Some((from, _)) = commit.claim
            && from != self.current
        {
            return Err(Refused::Lane);
        }
        if bug != Some(Bug::SkipTheAssert) {
            for (message, version) in &commit.asserts {
                if self.message_version(*message) != *version {
                    return Err(Refused::Message(*message));
                }
            }
        }
        for (lane, _, event) in commit.lanes {
            self.lanes.entry(lane).or_default().push((event, at));
        }
        for (message, event) in commit.messages {
            self.messages.entry(message).or_default().push(event);
        }
        if let Some((_, to)) = commit.claim {
            self.current = to;
        }
        Ok(())
    }

    pub(super) fn version(&self, lane: u32) -> i64 {
        i64::try_from(self.lanes.get(&lane).map_or(0, Vec::len)).unwrap()
    }

    pub(super) fn message_version(&self, message: MessageId) -> i64 {
        i64::try_from(self.messages.get(&message).map_or(0, Vec::len)).unwrap()
    }

    pub(super) fn progress(&self, message: MessageId) -> Progress {
        let mut progress = Progress::default();
        for event in self.messages.get(&message).into_iter().flatten() {
            progress.on(event, DateTime::UNIX_EPOCH);
        }
        progress
    }

    pub(super) fn log(&self, lane: u32) -> Log {
        let mut log = Log::default();
        for (event, at) in self.lanes.get(&lane).into_iter().flatten() {
            log.on(event, *at);
        }
        log
    }
}
