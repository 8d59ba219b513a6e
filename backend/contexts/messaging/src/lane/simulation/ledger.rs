//! A model of the ledger: streams, expected versions, one atomic commit, and what is known of people
//! and of the token.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use events::messaging::{LaneEvent, MessageEvent};
use shared::{
    ids::{ContactId, MessageId},
    messages::MessageState,
};

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
    /// A number's stream from now on.
    pub(super) claim: Option<(usize, u32, u32)>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Lane,
    Message(MessageId),
}

/// Something about people.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    OptedOut(ContactId),
    Merged(ContactId, ContactId),
}

/// All that is known for sure.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Which life of it this is: a restore begins another.
    pub(super) life: u32,
    /// Each number's stream of today.
    pub(super) current: [u32; 2],
    pub(super) lanes: BTreeMap<u32, Vec<(LaneEvent, DateTime<Utc>)>>,
    pub(super) messages: BTreeMap<MessageId, Vec<MessageEvent>>,
    pub(super) facts: Vec<Fact>,
    /// The channels stand still until a person has given another token.
    pub(super) is_expired: bool,
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
        if let Some((number, from, _)) = commit.claim
            && from != self.current[number]
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
        if let Some((number, _, to)) = commit.claim {
            self.current[number] = to;
        }
        Ok(())
    }

    /// Another life after a restore: what was not final is unknown, and never sent again (D12).
    pub(super) fn restored(&mut self, life: u32) {
        self.life = life;
        let waiting: Vec<_> = self
            .messages
            .keys()
            .map(|message| (*message, self.progress(*message)))
            .filter(|(_, progress)| progress.is_waiting())
            .collect();
        for (message, progress) in waiting {
            let event = MessageEvent::OutcomeUnknown { attempt: progress.next_attempt() };
            self.messages.entry(message).or_default().push(event);
        }
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

    /// Whether a message may have reached the provider, as far as its stream says.
    pub(super) fn has_left(&self, message: MessageId) -> bool {
        !matches!(
            self.progress(message).state(),
            MessageState::Queued | MessageState::Withdrawn | MessageState::Suppressed
        )
    }

    /// Whom picks have reached, as far as is known.
    pub(super) fn reached(&self) -> HashSet<ContactId> {
        let events = self.lanes.values().flatten();
        let picks = events.filter_map(|(event, _)| match event {
            LaneEvent::Picked { messages, .. } => Some(messages),
            _ => None,
        });
        picks.flatten().filter_map(|pick| pick.reached).collect()
    }

    pub(super) fn log(&self, lane: u32) -> Log {
        let mut log = Log::default();
        for (event, at) in self.lanes.get(&lane).into_iter().flatten() {
            log.on(event, *at);
        }
        log
    }
}
