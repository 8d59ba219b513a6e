//! A conversation: what is said between one channel and one person's address, in its own order (D38), and
//! who looks after it.
//!
//! **Invariants.** It is opened once, for the channel and contact that it keeps for ever. What was
//! said in it is appended at any sequence, so that nothing is loaded for it; a decision that must not
//! be passed by anything said (a bot's answer) is taken at an exact one. What the person says opens
//! again what was dealt with or put off: that follows from the order and has no event of its own.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use events::conversations::ConversationEvent;
use kernel::{
    commit::{Timer, TimerChange},
    decider::{Decider, Rejection},
};
use serde_json::Value;
use shared::{
    conversations::{Priority, Status},
    ids::{ChannelId, ContactId, IdentityId, LabelId, UserId},
    problem::Kind,
};
use uuid::Uuid;

/// The kind of claim under which a channel and an address lead to their conversation.
pub const THREAD: &str = "conversations.thread";

/// The timer that brings back what was put off.
pub const SNOOZE: &str = "conversations.snooze";

/// How far ahead something may be put off.
const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(366);

/// The most labels that a conversation bears.
pub const MOST_LABELS: usize = 20;

/// The decider of the stream `conversation`.
#[derive(Clone, Copy, Debug)]
pub struct Conversation;

/// What decisions need to remember.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Between whom; absent: it does not exist.
    pub between: Option<(ChannelId, ContactId)>,
    /// The address that answers go to.
    pub identity: Option<IdentityId>,
    /// Whose it is to answer.
    pub assignee: Option<UserId>,
    /// How it stands.
    pub status: Status,
    /// Until when it is put off, while it is.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// How much it hurries.
    pub priority: Priority,
    /// The labels it bears.
    pub labels: BTreeSet<LabelId>,
}

/// What may be asked of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// It begins.
    Open {
        /// The channel.
        channel: ChannelId,
        /// The contact whose address it is.
        contact: ContactId,
        /// The address.
        identity: IdentityId,
    },
    /// The person has another address.
    ChangeIdentity {
        /// The new one.
        identity: IdentityId,
    },
    /// It is somebody's to answer, or nobody's.
    Assign {
        /// Whose it shall be.
        to: Option<UserId>,
        /// Whose it was when that was asked.
        from: Option<UserId>,
    },
    /// It is dealt with.
    Resolve,
    /// It is not dealt with, or not put off, after all.
    Reopen,
    /// It is put off.
    Snooze {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The time has come that it was put off to.
    Wake,
    /// How much it hurries.
    Prioritise(Priority),
    /// It bears a label.
    Label(LabelId),
    /// It bears it no longer.
    Unlabel(LabelId),
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    /// Not there.
    #[error("the conversation does not exist")]
    Missing,
    /// There is one between others.
    #[error("the conversation is between others")]
    BetweenOthers,
    /// Somebody else acted first.
    #[error("the conversation was assigned meanwhile")]
    AssignedMeanwhile {
        /// Whose it is now.
        to: Option<UserId>,
    },
    /// Not a time to put something off to.
    #[error("the time is past, or too far ahead")]
    NotATime,
    /// It bears as many as it can.
    #[error("the conversation bears as many labels as it can")]
    TooManyLabels,
}

impl Rejection for ConversationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::BetweenOthers | Self::AssignedMeanwhile { .. } => Kind::Conflict,
            Self::NotATime | Self::TooManyLabels => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "not_found",
            Self::BetweenOthers => "conversation_between_others",
            Self::AssignedMeanwhile { .. } => "conversation_assigned_meanwhile",
            Self::NotATime => "snooze_time_unfit",
            Self::TooManyLabels => "too_many_labels",
        }
    }

    fn values(&self) -> BTreeMap<String, Value> {
        match self {
            Self::AssignedMeanwhile { to: Some(to) } => {
                BTreeMap::from([("assignee".to_owned(), to.to_string().into())])
            }
            Self::NotATime => {
                BTreeMap::from([("most_days".to_owned(), LONGEST_SNOOZE.num_days().into())])
            }
            Self::TooManyLabels => BTreeMap::from([("most".to_owned(), MOST_LABELS.into())]),
            _ => BTreeMap::new(),
        }
    }
}

impl Decider for Conversation {
    const STREAM: &'static str = "conversation";
    type State = State;
    type Command = Command;
    type Event = ConversationEvent;
    /// The time.
    type Facts = DateTime<Utc>;
    type Rejection = ConversationError;

    fn decide(
        state: &State,
        command: &Command,
        now: &DateTime<Utc>,
    ) -> Result<Vec<ConversationEvent>, ConversationError> {
        if let Command::Open { channel, contact, identity } = command {
            return state.open(*channel, *contact, *identity);
        }
        if state.between.is_none() {
            return Err(ConversationError::Missing);
        }
        let decided = match command {
            Command::Open { .. } => None,
            Command::ChangeIdentity { identity } => (state.identity != Some(*identity))
                .then_some(ConversationEvent::IdentityChanged { identity: *identity }),
            Command::Assign { to, .. } if state.assignee == *to => None,
            Command::Assign { from, .. } if state.assignee != *from => {
                return Err(ConversationError::AssignedMeanwhile { to: state.assignee });
            }
            Command::Assign { to, .. } => Some(ConversationEvent::Assigned { to: *to }),
            Command::Resolve => {
                (state.status != Status::Resolved).then_some(ConversationEvent::Resolved {})
            }
            Command::Reopen => {
                (state.status != Status::Open).then_some(ConversationEvent::Reopened {})
            }
            Command::Snooze { until } if *until <= *now || *until - *now > LONGEST_SNOOZE => {
                return Err(ConversationError::NotATime);
            }
            Command::Snooze { until } => (state.snoozed_until != Some(*until))
                .then_some(ConversationEvent::Snoozed { until: *until }),
            Command::Wake => {
                let is_due = state.snoozed_until.is_some_and(|until| until <= *now);
                is_due.then_some(ConversationEvent::Woken {})
            }
            Command::Prioritise(priority) => (state.priority != *priority)
                .then_some(ConversationEvent::Prioritised { priority: *priority }),
            Command::Label(label) if state.labels.contains(label) => None,
            Command::Label(_) if state.labels.len() >= MOST_LABELS => {
                return Err(ConversationError::TooManyLabels);
            }
            Command::Label(label) => Some(ConversationEvent::Labelled { label: *label }),
            Command::Unlabel(label) => state
                .labels
                .contains(label)
                .then_some(ConversationEvent::Unlabelled { label: *label }),
        };
        Ok(decided.into_iter().collect())
    }

    fn evolve(mut state: State, event: &ConversationEvent) -> State {
        match event {
            ConversationEvent::Opened { channel, contact, identity } => {
                state.between = Some((*channel, *contact));
                state.identity = Some(*identity);
            }
            ConversationEvent::IdentityChanged { identity } => state.identity = Some(*identity),
            ConversationEvent::MessageReceived { .. }
            | ConversationEvent::Reopened {}
            | ConversationEvent::Woken {} => state.stands(Status::Open, None),
            ConversationEvent::MessageSent { .. } => {}
            ConversationEvent::Assigned { to } => state.assignee = *to,
            ConversationEvent::Resolved {} => state.stands(Status::Resolved, None),
            ConversationEvent::Snoozed { until } => state.stands(Status::Snoozed, Some(*until)),
            ConversationEvent::Prioritised { priority } => state.priority = *priority,
            ConversationEvent::Labelled { label } => {
                state.labels.insert(*label);
            }
            ConversationEvent::Unlabelled { label } => {
                state.labels.remove(label);
            }
        }
        state
    }

    /// What the person says takes no timer back, because nothing is loaded for it: the timer then finds
    /// that nothing is put off.
    fn timers(
        company: Uuid,
        id: Uuid,
        state: &State,
        event: &ConversationEvent,
    ) -> Vec<TimerChange> {
        let kind = SNOOZE;
        match event {
            ConversationEvent::Snoozed { until } => vec![TimerChange::Set(Timer {
                company,
                kind,
                id,
                due: *until,
                latest: *until + TimeDelta::days(7),
                local: None,
                payload: "{}".to_owned(),
            })],
            ConversationEvent::Resolved {} | ConversationEvent::Reopened {}
                if state.snoozed_until.is_some() =>
            {
                vec![TimerChange::Cancel { company, kind, id }]
            }
            _ => vec![],
        }
    }
}

impl State {
    fn open(
        &self,
        channel: ChannelId,
        contact: ContactId,
        identity: IdentityId,
    ) -> Result<Vec<ConversationEvent>, ConversationError> {
        match self.between {
            None => Ok(vec![ConversationEvent::Opened { channel, contact, identity }]),
            Some(between) if between == (channel, contact) => Ok(vec![]),
            Some(_) => Err(ConversationError::BetweenOthers),
        }
    }

    fn stands(&mut self, status: Status, snoozed_until: Option<DateTime<Utc>>) {
        self.status = status;
        self.snoozed_until = snoozed_until;
    }
}
