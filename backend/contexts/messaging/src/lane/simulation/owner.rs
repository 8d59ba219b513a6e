//! One process that owns the dispatch group for an epoch: its lanes, and what the driver would do around
//! them.

use std::{collections::BTreeMap, time::Duration};

use events::messaging::{Debt, LaneEvent, MessageEvent, Pick};
use shared::{
    ids::MessageId,
    stored::{KeyClass, Sealed},
};
use uuid::Uuid;

use super::{
    Bug, Recipient,
    ledger::{Commit, Fact, Ledger, Refused},
    provider::{Answer, Manner},
    wall,
};
use crate::lane::{
    Action, Candidate, Ended, Halt, Handover, Input, Lane, Now, Priority,
    common::{People, Portfolio},
};

/// What a commit is for.
#[derive(Clone, Debug)]
pub(super) enum Doing {
    Pick(Vec<(MessageId, i64)>, Vec<MessageId>),
    Release(Vec<MessageId>),
    Suppress(Candidate),
    Settle,
    Rotate(u32),
    Outcome(MessageId, Ended, Duration),
}

/// One number of the group.
pub(super) struct Seat {
    pub(super) lane: Lane,
    pub(super) wakes_at: Option<u64>,
    stream: u32,
    open: BTreeMap<MessageId, Pick>,
    called: BTreeMap<MessageId, u64>,
}

pub(super) struct Owner {
    pub(super) seats: [Seat; 2],
    pub(super) portfolio: Portfolio,
    pub(super) people: People,
    pub(super) is_awake: bool,
    pub(super) is_asleep: bool,
    pub(super) life: u32,
    bug: Option<Bug>,
}

pub(super) type Known = BTreeMap<MessageId, Recipient>;

impl Owner {
    /// Closes the streams of the older owner and opens its own, each in one commit.
    pub(super) fn take_over(
        ledger: &mut Ledger,
        known: &Known,
        manner: Manner,
        at: u64,
        bug: Option<Bug>,
    ) -> Self {
        let (mut portfolio, mut people) = (Portfolio::default(), People::default());
        portfolio.set_most(u32::try_from(manner.people).ok());
        for fact in &ledger.facts {
            note(&mut people, *fact);
        }
        if bug != Some(Bug::ForgetTheLimiter) {
            for (event, picked_at) in ledger.lanes.values().flatten() {
                let LaneEvent::Picked { messages, .. } = event else { continue };
                for person in messages.iter().filter_map(|pick| pick.reached) {
                    portfolio.reach(person, now(at).steady_at(*picked_at));
                }
            }
        }
        let seats = [0, 1].map(|number| Seat::take_over(ledger, number, manner, at, bug));
        for (message, recipient) in known {
            if let Some(wave) = recipient.wave
                && ledger.has_left(*message)
            {
                people.said(wave, recipient.person, *message);
            }
        }
        let mut owner = Self {
            seats,
            portfolio,
            people,
            is_awake: true,
            is_asleep: false,
            life: ledger.life,
            bug,
        };
        for (message, recipient) in known {
            if let Some(candidate) = candidate(ledger, *message, recipient) {
                owner.queued(recipient.number, candidate, at);
            }
        }
        owner
    }

    /// Something about people is heard.
    pub(super) fn hear(&mut self, fact: Fact) {
        note(&mut self.people, fact);
    }

    pub(super) fn calls(&mut self, number: usize, pick: Pick, at: u64) {
        self.seats[number].called.insert(pick.message, at);
    }

    pub(super) fn n_open(&self) -> usize {
        self.seats.iter().map(|seat| seat.open.len()).sum()
    }

    pub(super) fn has_picked(&self, message: MessageId) -> bool {
        self.seats.iter().any(|seat| seat.open.contains_key(&message))
    }

    pub(super) fn queued(&mut self, number: usize, candidate: Candidate, at: u64) {
        let mut candidate = candidate;
        if self.bug == Some(Bug::ConsentAtQueueTime) && self.people.stops(&candidate).is_none() {
            candidate.needs_consent = false;
        }
        self.seats[number].lane.on(Input::Queued(candidate), now(at));
    }

    pub(super) fn halt(&mut self, is_halted: bool, at: u64) {
        for seat in &mut self.seats {
            let input =
                if is_halted { Input::Halt(Halt::Channel) } else { Input::Resume(Halt::Channel) };
            seat.lane.on(input, now(at));
        }
    }

    /// Another owner has begun: it sees that it slept longer than its ownership lasts.
    pub(super) fn close(&mut self, at: u64) {
        for seat in &mut self.seats {
            seat.lane.on(Input::Closed, now(at));
        }
    }

    /// A commit was taken or refused.
    pub(super) fn committed(
        &mut self,
        (number, doing): (usize, Doing),
        result: Result<(), Refused>,
        ledger: &Ledger,
        known: &Known,
        at: u64,
    ) {
        let now = now(at);
        let seat = &mut self.seats[number];
        if result == Err(Refused::Lane) {
            seat.lane.on(Input::Closed, now);
            return;
        }
        let fresh = |message: MessageId| candidate(ledger, message, known.get(&message)?);
        match (doing, result) {
            (Doing::Pick(..), Ok(())) => seat.lane.on(Input::Picked, now),
            (Doing::Pick(picked, settled), Err(Refused::Message(message))) => {
                for (message, _) in picked {
                    seat.open.remove(&message);
                }
                let fresh = fresh(message);
                if fresh.is_none() && !ledger.has_left(message) {
                    self.people.unsaid(message);
                }
                seat.lane.on(Input::PickRefused { message: Some(message), now: fresh }, now);
                seat.lane.resettle(settled, now);
            }
            (Doing::Release(messages), Ok(())) => {
                for message in messages {
                    self.people.unsaid(message);
                }
                seat.lane.given_back(now);
            }
            (Doing::Suppress(candidate), Ok(())) => {
                seat.lane.on(Input::Suppressed(candidate.message), now);
            }
            (Doing::Suppress(candidate), Err(_)) => match fresh(candidate.message) {
                Some(candidate) => seat.lane.on(Input::Queued(candidate), now),
                None => seat.lane.on(Input::Suppressed(candidate.message), now),
            },
            (Doing::Settle, Ok(())) => seat.lane.settled(),
            (Doing::Rotate(next), Ok(())) => {
                seat.stream = next;
                seat.lane.on(Input::Rotated, now);
            }
            (Doing::Outcome(message, ended, took), _) => {
                seat.open.remove(&message);
                seat.lane.on(Input::Ended { message, ended, took: Some(took) }, now);
            }
            (doing, result) => panic!("{doing:?}: {result:?}"),
        }
    }

    /// The provider answered: the outcome is a commit.
    pub(super) fn answered(
        &mut self,
        (number, pick): (usize, Pick),
        answer: Answer,
        at: u64,
    ) -> (Doing, Commit) {
        let (message, attempt) = (pick.message, pick.attempt);
        let called_at = self.seats[number].called.remove(&message).unwrap_or(at);
        let took = Duration::from_millis(at - called_at);
        let is_silent = matches!(answer, Answer::Later | Answer::Cut);
        let heard = if is_silent { Input::Silent } else { Input::Heard };
        self.seats[number].lane.on(heard, now(at));
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
            Answer::Later | Answer::Expired => {
                self.people.unsaid(message);
                let (code, wait) =
                    if answer == Answer::Later { (131_000, 1_000) } else { (190, 0) };
                let event = MessageEvent::Deferred { attempt, code, not_before: wall(at + wait) };
                let version = i64::from(attempt) + 1;
                let not_before = Duration::from_millis(at + wait);
                (event, Ended::Again { version, not_before })
            }
            Answer::Cut => (MessageEvent::OutcomeUnknown { attempt }, Ended::Unknown),
        };
        let commit = Commit { messages: vec![(message, event)], ..Commit::default() };
        (Doing::Outcome(message, ended, took), commit)
    }
}

impl Seat {
    fn take_over(
        ledger: &mut Ledger,
        number: usize,
        manner: Manner,
        at: u64,
        bug: Option<Bug>,
    ) -> Self {
        let now = now(at);
        let old = ledger.current[number];
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
        let unknown =
            |pick: &Pick| (pick.message, MessageEvent::OutcomeUnknown { attempt: pick.attempt });
        let mut commit = Commit {
            lanes: vec![(new, 0, opened(epoch, &taken.unknown, &taken.handover, now))],
            messages: taken.unknown.iter().map(unknown).collect(),
            claim: Some((number, old, new)),
            ..Commit::default()
        };
        if log.version > 0 {
            commit.lanes.push((old, log.version, LaneEvent::Closed { by: epoch }));
        }
        ledger.commit(commit, now.wall, bug).expect("nobody else takes over");
        let per_second = u32::try_from(manner.per_second).unwrap();
        Self {
            lane: Lane::open(per_second, 1, &taken.handover, now),
            wakes_at: None,
            stream: new,
            open: BTreeMap::new(),
            called: BTreeMap::new(),
        }
    }

    /// What an action of the lane commits.
    pub(super) fn commit_of(
        &mut self,
        number: usize,
        action: Action,
        next: u32,
        at: u64,
    ) -> (Doing, Commit) {
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
                for message in &messages {
                    self.open.remove(message);
                }
                let event = LaneEvent::Released { messages: messages.clone() };
                let lanes = vec![(self.stream, version, event)];
                (Doing::Release(messages), Commit { lanes, ..Commit::default() })
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
                let claim = Some((number, self.stream, next));
                (Doing::Rotate(next), Commit { lanes, claim, ..Commit::default() })
            }
            Action::Call(_) | Action::Wait(_) | Action::Idle => panic!("not a commit"),
        }
    }
}

fn note(people: &mut People, fact: Fact) {
    match fact {
        Fact::OptedOut(contact) => people.opted_out(contact),
        Fact::Merged(contact, into) => people.merged(contact, into),
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

/// A message as whoever reads its stream would queue it.
pub(super) fn candidate(
    ledger: &Ledger,
    message: MessageId,
    recipient: &Recipient,
) -> Option<Candidate> {
    let progress = ledger.progress(message);
    progress.is_waiting().then(|| Candidate {
        message,
        conversation: recipient.conversation,
        person: recipient.person,
        wave: recipient.wave,
        needs_consent: recipient.wave.is_some(),
        priority: Priority::Automation,
        position: recipient.position,
        version: ledger.message_version(message),
        attempt: progress.next_attempt(),
        not_before: Duration::ZERO,
        window: recipient.window,
    })
}
