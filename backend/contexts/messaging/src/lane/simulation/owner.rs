//! One process that owns the lane for an epoch: the lane, and what the driver would do around it.

use std::{collections::BTreeMap, time::Duration};

use events::messaging::{Debt, LaneEvent, MessageEvent, Pick};
use shared::{
    ids::{ConversationId, MessageId},
    stored::{KeyClass, Sealed},
};
use uuid::Uuid;

use super::{
    Bug,
    ledger::{Commit, Ledger, Refused},
    provider::Answer,
    wall,
};
use crate::lane::{Action, Candidate, Ended, Halt, Handover, Input, Lane, Now, Priority};

/// What a commit is for.
#[derive(Clone, Debug)]
pub(super) enum Doing {
    Pick(Vec<(MessageId, i64)>, Vec<MessageId>),
    Release,
    Suppress(Candidate),
    Settle,
    Rotate(u32),
    Outcome(MessageId, Ended, Duration),
}

pub(super) struct Owner {
    pub(super) lane: Lane,
    pub(super) is_awake: bool,
    pub(super) is_asleep: bool,
    pub(super) wakes_at: Option<u64>,
    stream: u32,
    open: BTreeMap<MessageId, Pick>,
    called: BTreeMap<MessageId, u64>,
}

type Known = BTreeMap<MessageId, (ConversationId, i64)>;

impl Owner {
    /// Closes the stream of the older owner and opens its own, in one commit.
    pub(super) fn take_over(
        ledger: &mut Ledger,
        known: &Known,
        per_second: usize,
        at: u64,
        bug: Option<Bug>,
    ) -> Self {
        let now = now(at);
        let old = ledger.current;
        let log = ledger.log(old);
        let mut taken = log.take_over(now, |message| Some(ledger.progress(message)));
        if bug == Some(Bug::ResendUnknown) {
            taken.unknown.clear();
        }
        if bug == Some(Bug::ForgetTheLimiter) {
            taken.handover = Handover { version: taken.handover.version, ..Handover::default() };
        }
        let new = u32::try_from(ledger.lanes.len()).unwrap() + 1;
        let epoch = i64::from(new);
        let mut commit = Commit {
            lanes: vec![(new, 0, opened(epoch, &taken.unknown, &taken.handover, now))],
            messages: taken
                .unknown
                .iter()
                .map(|pick| (pick.message, MessageEvent::OutcomeUnknown { attempt: pick.attempt }))
                .collect(),
            claim: Some((old, new)),
            ..Commit::default()
        };
        if log.version > 0 {
            commit.lanes.push((old, log.version, LaneEvent::Closed { by: epoch }));
        }
        ledger.commit(commit, now.wall, bug).expect("nobody else takes over");
        let mut owner = Self {
            lane: Lane::open(u32::try_from(per_second).unwrap(), 1, &taken.handover, now),
            is_awake: true,
            is_asleep: false,
            wakes_at: None,
            stream: new,
            open: BTreeMap::new(),
            called: BTreeMap::new(),
        };
        for (message, (conversation, position)) in known {
            if let Some(candidate) = candidate(ledger, *message, *conversation, *position) {
                owner.lane.on(Input::Queued(candidate), now);
            }
        }
        owner
    }

    pub(super) fn calls(&mut self, pick: Pick, at: u64) {
        self.called.insert(pick.message, at);
    }

    pub(super) fn n_open(&self) -> usize {
        self.open.len()
    }

    pub(super) fn has_picked(&self, message: MessageId) -> bool {
        self.open.contains_key(&message)
    }

    pub(super) fn heard(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        position: i64,
        at: u64,
    ) {
        let candidate = Candidate {
            message,
            conversation,
            priority: Priority::Automation,
            position,
            version: 1,
            attempt: 1,
            not_before: Duration::ZERO,
            window: None,
        };
        self.lane.on(Input::Queued(candidate), now(at));
    }

    pub(super) fn heard_again(
        &mut self,
        ledger: &Ledger,
        message: MessageId,
        conversation: ConversationId,
        position: i64,
        at: u64,
    ) {
        if let Some(candidate) = candidate(ledger, message, conversation, position) {
            let not_before = Duration::from_millis(at + 1_000);
            self.lane.on(Input::Queued(Candidate { not_before, ..candidate }), now(at));
        }
    }

    pub(super) fn pause(&mut self, is_paused: bool, at: u64) {
        let input =
            if is_paused { Input::Halt(Halt::Channel) } else { Input::Resume(Halt::Channel) };
        self.lane.on(input, now(at));
    }

    /// What an action of the lane commits.
    pub(super) fn commit_of(&mut self, action: Action, next: u32, at: u64) -> (Doing, Commit) {
        let now = now(at);
        match action {
            Action::Pick(batch) => {
                for (pick, _) in &batch.picks {
                    self.open.insert(pick.message, *pick);
                }
                let asserts: Vec<_> =
                    batch.picks.iter().map(|(pick, version)| (pick.message, *version)).collect();
                let event = LaneEvent::Picked {
                    messages: batch.picks.iter().map(|(pick, _)| *pick).collect(),
                    settled: batch.settled.clone(),
                };
                let commit = Commit {
                    lanes: vec![(self.stream, batch.version, event)],
                    asserts: asserts.clone(),
                    ..Commit::default()
                };
                (Doing::Pick(asserts, batch.settled), commit)
            }
            Action::Release(messages, version) => {
                let event = LaneEvent::Released { messages };
                let lanes = vec![(self.stream, version, event)];
                (Doing::Release, Commit { lanes, ..Commit::default() })
            }
            Action::Suppress(candidate, reason) => {
                let commit = Commit {
                    asserts: vec![(candidate.message, candidate.version)],
                    messages: vec![(candidate.message, MessageEvent::Suppressed { reason })],
                    ..Commit::default()
                };
                (Doing::Suppress(candidate), commit)
            }
            Action::Settle(messages, version) => {
                let event = LaneEvent::Settled { messages };
                let lanes = vec![(self.stream, version, event)];
                (Doing::Settle, Commit { lanes, ..Commit::default() })
            }
            Action::Rotate(handover) => {
                let epoch = i64::from(next);
                let lanes = vec![
                    (self.stream, handover.version, LaneEvent::Closed { by: epoch }),
                    (next, 0, opened(epoch, &[], &handover, now)),
                ];
                let claim = Some((self.stream, next));
                (Doing::Rotate(next), Commit { lanes, claim, ..Commit::default() })
            }
            Action::Call(_) | Action::Wait(_) | Action::Idle => panic!("not a commit"),
        }
    }

    /// A commit was taken or refused.
    pub(super) fn committed(
        &mut self,
        doing: Doing,
        result: Result<(), Refused>,
        ledger: &Ledger,
        known: &Known,
        at: u64,
    ) {
        let now = now(at);
        if result == Err(Refused::Lane) {
            self.lane.on(Input::Closed, now);
            return;
        }
        let fresh = |message: MessageId| {
            let (conversation, position) = known.get(&message)?;
            candidate(ledger, message, *conversation, *position)
        };
        match (doing, result) {
            (Doing::Pick(..), Ok(())) => self.lane.on(Input::Picked, now),
            (Doing::Pick(picked, settled), Err(Refused::Message(message))) => {
                for (message, _) in picked {
                    self.open.remove(&message);
                }
                self.lane
                    .on(Input::PickRefused { message: Some(message), now: fresh(message) }, now);
                self.lane.resettle(settled, now);
            }
            (Doing::Release, Ok(())) => self.lane.given_back(now),
            (Doing::Suppress(candidate), Ok(())) => {
                self.lane.on(Input::Suppressed(candidate.message), now);
            }
            (Doing::Suppress(candidate), Err(_)) => match fresh(candidate.message) {
                Some(candidate) => self.lane.on(Input::Queued(candidate), now),
                None => self.lane.on(Input::Suppressed(candidate.message), now),
            },
            (Doing::Settle, Ok(())) => self.lane.settled(),
            (Doing::Rotate(next), Ok(())) => {
                self.stream = next;
                self.lane.on(Input::Rotated, now);
            }
            (Doing::Outcome(message, ended, took), _) => {
                self.open.remove(&message);
                self.lane.on(Input::Ended { message, ended, took: Some(took) }, now);
            }
            (doing, result) => panic!("{doing:?}: {result:?}"),
        }
    }

    /// The provider answered: the outcome is a commit.
    pub(super) fn answered(&mut self, pick: Pick, answer: Answer, at: u64) -> (Doing, Commit) {
        let (message, attempt) = (pick.message, pick.attempt);
        let called_at = self.called.remove(&message).unwrap_or(at);
        let took = Duration::from_millis(at - called_at);
        let not_before = Duration::from_millis(at + 1_000);
        let (event, ended) = match answer {
            Answer::Accepted => {
                let provider_id =
                    Sealed::new(Uuid::from_u128(2), KeyClass::Content, 0, 1, String::new());
                (MessageEvent::Accepted { attempt, provider_id }, Ended::Final)
            }
            Answer::Refused => {
                let event = MessageEvent::Failed {
                    attempt: Some(attempt),
                    by_status: false,
                    provider_at: None,
                    code: 131_026,
                    title: None,
                };
                (event, Ended::Final)
            }
            Answer::Later => {
                let not_before_wall = wall(at + 1_000);
                let event =
                    MessageEvent::Deferred { attempt, code: 131_000, not_before: not_before_wall };
                let version = i64::from(attempt) + 1;
                (event, Ended::Again { version, not_before })
            }
            Answer::Cut => (MessageEvent::OutcomeUnknown { attempt }, Ended::Unknown),
        };
        let commit = Commit { messages: vec![(message, event)], ..Commit::default() };
        (Doing::Outcome(message, ended, took), commit)
    }
}

fn now(at: u64) -> Now {
    Now { wall: wall(at), steady: Duration::from_millis(at) }
}

fn opened(epoch: i64, unknown: &[Pick], handover: &Handover, now: Now) -> LaneEvent {
    LaneEvent::Opened {
        channel: Uuid::from_u128(1).into(),
        epoch,
        open: handover.open.clone(),
        unknown: unknown.iter().map(|pick| pick.message).collect(),
        n_recent: handover.n_recent,
        debts: handover
            .debts
            .iter()
            .map(|(conversation, paid_at)| Debt {
                conversation: *conversation,
                paid_at: now.wall_at(*paid_at),
            })
            .collect(),
    }
}

fn candidate(
    ledger: &Ledger,
    message: MessageId,
    conversation: ConversationId,
    position: i64,
) -> Option<Candidate> {
    let progress = ledger.progress(message);
    progress.is_waiting().then(|| Candidate {
        message,
        conversation,
        priority: Priority::Automation,
        position,
        version: ledger.message_version(message),
        attempt: progress.next_attempt(),
        not_before: Duration::ZERO,
        window: None,
    })
}
