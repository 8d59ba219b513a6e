//! The lane against models of ledger and provider, on a virtual clock, by seed.
//!
//! Owners crash, sleep through a takeover and wake, answers are lost, commits are late, statuses come
//! shuffled and twice, messages are withdrawn and the channel is paused. Whatever the seed: no message
//! is accepted twice, none is lost, no limit is passed. Each planted bug is found.

mod chance;
mod ledger;
mod owner;
mod provider;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use events::messaging::{MessageEvent, Origin, Pick, Purpose};
use shared::{
    ids::{ConversationId, MessageId},
    messages::{MessageKind, MessageState},
    stored::{KeyClass, Sealed},
};
use uuid::Uuid;

use self::{
    chance::Chance,
    ledger::{Commit, Ledger, Refused},
    owner::{Doing, Owner},
    provider::{Answer, Manner, Provider},
};
use super::{Action, Input, Now};

/// What is done wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    /// A pick does not look at the messages' versions.
    SkipTheAssert,
    /// Who takes over sends again what is unknown.
    ResendUnknown,
    /// The lane's stream takes commits of an older owner.
    IgnoreTheEpoch,
    /// Who takes over starts with a fresh limiter.
    ForgetTheLimiter,
}

/// What is to happen at a moment.
#[derive(Debug)]
enum Happening {
    Queue(MessageId, ConversationId),
    Withdraw(MessageId),
    Wake(usize),
    Commit(usize, Box<Doing>, Commit),
    Committed(usize, Box<Doing>, Result<(), Refused>),
    Arrive(usize, Pick),
    Answered(usize, Pick, Answer),
    Status(MessageId, MessageEvent),
    Crash,
    Sleep,
    TakeOver,
    Pause,
    Resume,
}

struct World {
    at: u64,
    n: u64,
    chance: Chance,
    bug: Option<Bug>,
    manner: Manner,
    ledger: Ledger,
    provider: Provider,
    owners: Vec<Owner>,
    agenda: BinaryHeap<Reverse<(u64, u64)>>,
    what: BTreeMap<u64, Happening>,
    conversations: BTreeMap<MessageId, (ConversationId, i64)>,
    is_paused: bool,
    in_flight_at_crashes: usize,
    withdrawn_then_sent: u32,
    n_sent_while_paused: u32,
    paused_since: Option<u64>,
}

/// What a run showed.
#[derive(Debug)]
struct Seen {
    twice: usize,
    lost: usize,
    over_number: u32,
    over_pair: u32,
    unknown: usize,
    in_flight_at_crashes: usize,
    withdrawn_then_sent: u32,
    n_sent_while_paused: u32,
    n_accepted: usize,
    hash: u64,
}

fn wall(at: u64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(i64::try_from(at).unwrap())
}

impl World {
    fn now(&self) -> Now {
        Now { wall: wall(self.at), steady: Duration::from_millis(self.at) }
    }

    fn plan(&mut self, after: u64, happening: Happening) {
        self.n += 1;
        self.agenda.push(Reverse((self.at + after, self.n)));
        self.what.insert(self.n, happening);
    }

    fn run(mut self) -> Seen {
        // An hour is enough for every debt and every wait.
        while let Some(Reverse((at, n))) = self.agenda.pop() {
            if at > 3_600_000 {
                break;
            }
            self.at = at;
            if let Some(happening) = self.what.remove(&n) {
                self.happen(happening);
            }
        }
        self.seen()
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Queue(message, conversation) => self.queue(message, conversation),
            Happening::Withdraw(message) => {
                // Whoever withdraws looks at the stream; a pick leaves no trace there.
                if self.ledger.progress(message).state() == MessageState::Queued
                    && !self.owners.iter().any(|owner| owner.has_picked(message))
                {
                    let event = MessageEvent::Withdrawn { reason: "person".into() };
                    let commit = Commit { messages: vec![(message, event)], ..Commit::default() };
                    let _ = self.ledger.commit(commit, self.now().wall, self.bug);
                    // The lane hears of it late.
                }
            }
            Happening::Wake(index) => self.drive(index),
            Happening::Commit(index, doing, commit) => {
                let waits_again = commit.messages.iter().find_map(|(message, event)| {
                    matches!(event, MessageEvent::Deferred { .. }).then_some(*message)
                });
                let result = self.ledger.commit(commit, self.now().wall, self.bug);
                let after = 1 + self.chance.below(6);
                self.plan(after, Happening::Committed(index, doing, result));
                if let Some(message) = waits_again {
                    self.hear_again(message);
                }
            }
            Happening::Committed(index, doing, result) => {
                if let Some(owner) = self.owners.get_mut(index).filter(|owner| owner.is_awake) {
                    owner.committed(*doing, result, &self.ledger, &self.conversations, self.at);
                    self.drive(index);
                } else if self.owners[index].is_asleep {
                    self.plan(500, Happening::Committed(index, doing, result));
                }
            }
            Happening::Arrive(index, pick) => {
                if self.ledger.progress(pick.message).state() == MessageState::Withdrawn {
                    self.withdrawn_then_sent += 1;
                }
                if self.paused_since.is_some_and(|since| self.at > since + 1_000) {
                    self.n_sent_while_paused += 1;
                }
                let answer = self.provider.arrive(self.at, pick, self.manner, &mut self.chance);
                self.tell(pick, answer);
                let after = 5 + self.chance.below(40);
                self.plan(after, Happening::Answered(index, pick, answer));
            }
            Happening::Answered(index, pick, answer) => {
                if self.owners[index].is_asleep {
                    self.plan(500, Happening::Answered(index, pick, answer));
                } else if self.owners[index].is_awake {
                    let (doing, commit) = self.owners[index].answered(pick, answer, self.at);
                    let after = 1 + self.chance.below(6);
                    self.plan(after, Happening::Commit(index, Box::new(doing), commit));
                    self.drive(index);
                }
            }
            Happening::Status(message, event) => {
                if self.ledger.progress(message).is_news(&event, self.now().wall) {
                    let commit = Commit { messages: vec![(message, event)], ..Commit::default() };
                    let _ = self.ledger.commit(commit, self.now().wall, self.bug);
                }
            }
            Happening::Crash => self.crash(),
            Happening::Sleep => {
                if let Some(owner) = self.owners.last_mut().filter(|owner| owner.is_awake) {
                    owner.is_awake = false;
                    owner.is_asleep = true;
                    self.in_flight_at_crashes += owner.n_open();
                    let after = 100 + self.chance.below(2_000);
                    self.plan(after, Happening::TakeOver);
                }
            }
            Happening::TakeOver => self.take_over(),
            Happening::Pause => {
                self.is_paused = true;
                self.paused_since = Some(self.at);
                self.tell_owners();
            }
            Happening::Resume => {
                self.is_paused = false;
                self.paused_since = None;
                self.tell_owners();
            }
        }
    }

    fn tell_owners(&mut self) {
        for index in 0..self.owners.len() {
            let is_paused = self.is_paused;
            if self.owners[index].is_awake {
                self.owners[index].pause(is_paused, self.at);
                self.drive(index);
            }
        }
    }

    fn queue(&mut self, message: MessageId, conversation: ConversationId) {
        let position = i64::try_from(self.n).unwrap();
        self.conversations.insert(message, (conversation, position));
        let commit =
            Commit { messages: vec![(message, queued(conversation))], ..Commit::default() };
        self.ledger.commit(commit, self.now().wall, self.bug).unwrap();
        for index in 0..self.owners.len() {
            if self.owners[index].is_awake {
                self.owners[index].heard(message, conversation, position, self.at);
                self.drive(index);
            }
        }
    }

    /// Whoever follows the ledger hears that a message waits again, also from an older owner.
    fn hear_again(&mut self, message: MessageId) {
        let (conversation, position) = self.conversations[&message];
        for index in 0..self.owners.len() {
            if self.owners[index].is_awake {
                let (ledger, at) = (&self.ledger, self.at);
                self.owners[index].heard_again(ledger, message, conversation, position, at);
                self.drive(index);
            }
        }
    }

    fn crash(&mut self) {
        if let Some(owner) = self.owners.last_mut().filter(|owner| owner.is_awake) {
            owner.is_awake = false;
            self.in_flight_at_crashes += owner.n_open();
            let after = 10 + self.chance.below(2_000);
            self.plan(after, Happening::TakeOver);
        }
    }

    fn take_over(&mut self) {
        let taken = Owner::take_over(
            &mut self.ledger,
            &self.conversations,
            self.manner.per_second,
            self.at,
            self.bug,
        );
        // Sleepers wake after another owner has begun.
        let sleepers: Vec<usize> =
            (0..self.owners.len()).filter(|index| self.owners[*index].is_asleep).collect();
        self.owners.push(taken);
        let index = self.owners.len() - 1;
        if self.is_paused {
            self.owners[index].pause(true, self.at);
        }
        self.drive(index);
        for sleeper in sleepers {
            self.owners[sleeper].is_asleep = false;
            self.owners[sleeper].is_awake = true;
            let is_paused = self.is_paused;
            self.owners[sleeper].pause(is_paused, self.at);
            // It sees that it slept longer than its ownership lasts; what it had called still ends.
            if self.bug != Some(Bug::IgnoreTheEpoch) {
                let now = self.now();
                self.owners[sleeper].lane.on(Input::Closed, now);
            }
            let after = 1 + u64::try_from(sleeper).unwrap();
            self.plan(after, Happening::Wake(sleeper));
        }
    }

    /// What the provider tells later, of what it took.
    fn tell(&mut self, pick: Pick, answer: Answer) {
        if matches!(answer, Answer::Refused | Answer::Later)
            || !self.provider.accepted.contains_key(&pick.message)
        {
            return;
        }
        let at = self.now().wall;
        let (provider_at, attempt, pricing) = (at, Some(pick.attempt), None);
        let mut told = vec![
            MessageEvent::Sent { provider_at, attempt, pricing: pricing.clone() },
            MessageEvent::Delivered { provider_at, attempt, pricing: pricing.clone() },
        ];
        if self.chance.below(2) == 0 {
            told.push(MessageEvent::Read { provider_at, attempt, pricing });
        }
        for event in told {
            for _ in 0..=self.chance.below(2) {
                let after = self.chance.below(20_000);
                self.plan(after, Happening::Status(pick.message, event.clone()));
            }
        }
    }

    fn drive(&mut self, index: usize) {
        let now = self.now();
        for _ in 0..10_000 {
            let at = self.at;
            let Some(owner) = self.owners.get_mut(index).filter(|owner| owner.is_awake) else {
                return;
            };
            let action = owner.lane.next(now);
            match action {
                Action::Idle => return,
                Action::Wait(due) => {
                    let due = u64::try_from(due.as_millis()).unwrap();
                    if self.owners[index].wakes_at.is_none_or(|known| due < known || known <= at) {
                        self.owners[index].wakes_at = Some(due);
                        self.plan(due.saturating_sub(at).max(1), Happening::Wake(index));
                    }
                    return;
                }
                Action::Call(pick) => {
                    owner.calls(pick, at);
                    let after = 5 + self.chance.below(51);
                    self.plan(after, Happening::Arrive(index, pick));
                }
                other => {
                    let next = u32::try_from(self.ledger.lanes.len()).unwrap() + 1_000;
                    let (doing, commit) = self.owners[index].commit_of(other, next, at);
                    let after = 1 + self.chance.below(6);
                    self.plan(after, Happening::Commit(index, Box::new(doing), commit));
                }
            }
        }
        panic!("the lane never waits");
    }

    fn seen(&self) -> Seen {
        let mut seen = Seen {
            twice: self.provider.accepted.values().filter(|n| **n > 1).count(),
            lost: 0,
            over_number: self.provider.over_number,
            over_pair: self.provider.over_pair,
            unknown: 0,
            in_flight_at_crashes: self.in_flight_at_crashes,
            withdrawn_then_sent: self.withdrawn_then_sent,
            n_sent_while_paused: self.n_sent_while_paused,
            n_accepted: self.provider.accepted.len(),
            hash: 0xcbf2_9ce4_8422_2325,
        };
        for message in self.conversations.keys() {
            let state = self.ledger.progress(*message).state();
            match state {
                MessageState::Unknown => seen.unknown += 1,
                MessageState::Queued | MessageState::Picked => seen.lost += 1,
                _ => {}
            }
            for byte in format!("{message}{state:?}").bytes() {
                seen.hash = (seen.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        seen
    }
}

fn queued(conversation: ConversationId) -> MessageEvent {
    MessageEvent::Queued {
        conversation,
        channel: Uuid::from_u128(1).into(),
        contact: Uuid::from_u128(2).into(),
        purpose: Purpose::Message,
        about: None,
        kind: MessageKind::Text,
        origin: Origin::ApiKey(Uuid::from_u128(3).into()),
        n_characters: 2,
        template: None,
        quotes: None,
        file: None,
        window: None,
        retry_of: None,
        said: Sealed::new(Uuid::from_u128(2), KeyClass::Content, 0, 1, String::new()),
    }
}

/// `n` messages to a third as many people, at one number, with everything going wrong.
fn simulate(seed: u64, n: u64, bug: Option<Bug>) -> Seen {
    let mut chance = Chance::new(seed);
    let per_second = [20_usize, 80, 80, 200][usize::try_from(chance.below(4)).unwrap()];
    let manner = Manner { per_second, cut: 10, later: 20, refused: 10 };
    let mut ledger = Ledger::default();
    let conversations = BTreeMap::new();
    let first = Owner::take_over(&mut ledger, &conversations, per_second, 1_000, None);
    let mut world = World {
        at: 1_000,
        n: 0,
        chance,
        bug,
        manner,
        ledger,
        provider: Provider::default(),
        owners: vec![first],
        agenda: BinaryHeap::new(),
        what: BTreeMap::new(),
        conversations,
        is_paused: false,
        in_flight_at_crashes: 0,
        withdrawn_then_sent: 0,
        n_sent_while_paused: 0,
        paused_since: None,
    };
    for index in 0..n {
        let message = MessageId::from_uuid(Uuid::from_u128(u128::from(index) + 10));
        // One person gets far more than her share.
        let person = if index % 4 == 0 { 0 } else { 1 + index % (n / 3 + 1) };
        let conversation = ConversationId::from_uuid(Uuid::from_u128(u128::from(person) + 1));
        let after = world.chance.below(4_000);
        world.plan(after, Happening::Queue(message, conversation));
        if world.chance.below(20) == 0 {
            let later = world.chance.below(3_000);
            world.plan(after + 1 + later, Happening::Withdraw(message));
        }
    }
    for _ in 0..2 {
        let (crash, sleep) = (world.chance.below(6_000), world.chance.below(6_000));
        world.plan(crash, Happening::Crash);
        world.plan(sleep, Happening::Sleep);
    }
    let pause = world.chance.below(3_000);
    world.plan(pause, Happening::Pause);
    world.plan(pause + 2_500, Happening::Resume);
    world.run()
}

fn n_seeds() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "how long the test runs is the run's choice")]
    std::env::var("MASTERIA_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

#[test]
fn ca12_nothing_is_accepted_twice_nobody_is_lost_and_no_limit_is_passed() {
    for seed in 0..n_seeds() {
        let seen = simulate(seed, 200, None);
        assert_eq!(seen.twice, 0, "seed {seed}: {seen:?}");
        assert_eq!(seen.lost, 0, "seed {seed}: {seen:?}");
        assert_eq!(seen.over_number, 0, "seed {seed}: {seen:?}");
        assert_eq!(seen.over_pair, 0, "seed {seed}: {seen:?}");
        assert_eq!(seen.withdrawn_then_sent, 0, "seed {seed}: {seen:?}");
        assert_eq!(seen.n_sent_while_paused, 0, "seed {seed}: {seen:?}");
        // A cut answer is one too, besides the crashes.
        assert!(seen.unknown <= seen.in_flight_at_crashes + 20, "seed {seed}: {seen:?}");
        assert!(seen.n_accepted + seen.unknown > 150, "seed {seed}: {seen:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let (first, second) = (simulate(11, 200, None), simulate(11, 200, None));
    assert_eq!(first.hash, second.hash);
    assert_ne!(first.hash, simulate(12, 200, None).hash);
}

fn is_found(bug: Bug, wrong: impl Fn(&Seen) -> bool) {
    let found = (0..n_seeds()).find(|seed| wrong(&simulate(*seed, 200, Some(bug))));
    assert!(found.is_some(), "{bug:?} was not found");
}

#[test]
fn d20_a_pick_without_asserts_is_found() {
    is_found(Bug::SkipTheAssert, |seen| seen.withdrawn_then_sent > 0 || seen.twice > 0);
}

#[test]
fn ca13_sending_the_unknown_again_is_found() {
    is_found(Bug::ResendUnknown, |seen| seen.twice > 0);
}

#[test]
fn d19_ignoring_the_epoch_is_found() {
    is_found(Bug::IgnoreTheEpoch, |seen| seen.twice > 0);
}

#[test]
fn ca07_a_limiter_that_forgets_at_a_takeover_is_found() {
    is_found(Bug::ForgetTheLimiter, |seen| seen.over_number > 0 || seen.over_pair > 0);
}
