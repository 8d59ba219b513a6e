//! The lanes of a dispatch group against models of ledger and provider, on a virtual clock, by seed.
//!
//! Two companies of one portfolio and one token, each with a number. Owners crash, sleep through a
//! takeover and wake, answers are lost, commits are late, statuses come shuffled and twice, messages are
//! withdrawn, channels are paused, the token expires, the provider is down, people say no, two contacts turn out to be one, and
//! the ledger is restored from a backup. Whatever the seed: no message is accepted twice and no person
//! gets two of a wave, none is lost, no limit is passed. Each planted bug is found.

mod chance;
mod ledger;
mod owner;
mod pacing;
mod provider;
mod story;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use events::messaging::{MessageEvent, Pick};
use shared::{
    ids::{ContactId, ConversationId, MessageId},
    messages::MessageState,
};
use uuid::Uuid;

use self::{
    chance::Chance,
    ledger::{Commit, Fact, Ledger, Refused},
    owner::{Doing, Known, Owner, candidate},
    provider::{Answer, Manner, Provider},
    story::queued,
};
use super::{Action, Now};

/// How late anything may be heard before it counts against the lane.
const SOON: u64 = 1_000;

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
    /// Whether a person said no is looked at when a message is queued.
    ConsentAtQueueTime,
}

/// Whom a message goes to, and how.
#[derive(Clone, Copy, Debug)]
struct Recipient {
    number: usize,
    conversation: ConversationId,
    person: ContactId,
    wave: Option<Uuid>,
    window: Option<DateTime<Utc>>,
    position: i64,
}

/// What is to happen at a moment.
#[derive(Debug)]
enum Happening {
    Queue(MessageId, Recipient),
    Withdraw(MessageId),
    Wake(usize, usize),
    Commit(usize, usize, Box<Doing>, Commit),
    Committed(usize, usize, Box<Doing>, Result<(), Refused>),
    Arrive(usize, usize, Pick),
    Answered(usize, usize, Pick, Answer),
    Status(MessageId, MessageEvent),
    Fact(Fact),
    Heard(Fact),
    Crash,
    Sleep,
    TakeOver,
    Pause,
    Resume,
    Expire,
    NewToken,
    Down,
    Up,
    Backup,
    Restore,
}

struct World {
    at: u64,
    n: u64,
    chance: Chance,
    bug: Option<Bug>,
    manner: Manner,
    ledger: Ledger,
    backup: Option<Ledger>,
    provider: Provider,
    owners: Vec<Owner>,
    agenda: BinaryHeap<Reverse<(u64, u64)>>,
    what: HashMap<u64, Happening>,
    known: Known,
    /// When a person said no, and when two contacts became one.
    no_since: HashMap<ContactId, u64>,
    one_since: HashMap<ContactId, (ContactId, u64)>,
    /// Messages of a wave that the provider took, by person.
    sent: HashMap<(Uuid, ContactId), MessageId>,
    paused_since: Option<u64>,
    expired_since: Option<u64>,
    seen: Seen,
}

/// What a run showed.
#[derive(Clone, Debug, Default)]
struct Seen {
    twice: usize,
    twice_a_person: u32,
    lost: usize,
    over_number: u32,
    over_pair: u32,
    over_people: u32,
    unknown: usize,
    in_flight_at_crashes: usize,
    withdrawn_then_sent: u32,
    sent_while_paused: u32,
    sent_after_no: u32,
    called_with_dead_token: u32,
    called_while_down: u32,
    n_crashes: u32,
    n_restored: u32,
    n_accepted: usize,
    n_suppressed: usize,
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
        // Long enough for every debt, every wait and the portfolio's days.
        const END: u64 = 80 * 3_600_000;
        while let Some(Reverse((at, n))) = self.agenda.pop() {
            if at > END {
                break;
            }
            self.at = at;
            if let Some(happening) = self.what.remove(&n) {
                self.happen(happening);
            }
        }
        self.look_back()
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Queue(message, recipient) => self.queue(message, recipient),
            Happening::Withdraw(message) => self.withdraw(message),
            Happening::Wake(owner, number) => self.drive(owner, number),
            Happening::Commit(owner, number, doing, commit) => {
                self.commit(owner, number, doing, commit);
            }
            Happening::Committed(owner, number, doing, result) => {
                if let Some(awake) = self.owners.get_mut(owner).filter(|owner| owner.is_awake) {
                    let what = (number, *doing);
                    awake.committed(what, result, &self.ledger, &self.known, self.at);
                    self.drive(owner, number);
                } else if self.owners[owner].is_asleep {
                    self.plan(500, Happening::Committed(owner, number, doing, result));
                }
            }
            Happening::Arrive(owner, number, pick) => self.arrive(owner, number, pick),
            Happening::Answered(owner, number, pick, answer) => {
                self.answered(owner, number, pick, answer);
            }
            Happening::Status(message, event) => {
                let is_known = self.ledger.messages.contains_key(&message);
                if is_known && self.ledger.progress(message).is_news(&event, self.now().wall) {
                    self.append(message, event);
                }
            }
            Happening::Fact(fact) => self.fact(fact),
            Happening::Heard(fact) => {
                for owner in self.owners.iter_mut().filter(|owner| owner.is_awake) {
                    owner.hear(fact);
                }
            }
            Happening::Crash => self.crash(),
            Happening::Sleep => self.sleep(),
            Happening::TakeOver => self.take_over(),
            Happening::Pause => {
                self.paused_since = Some(self.at);
                self.tell_whether_halted();
            }
            Happening::Resume => {
                self.paused_since = None;
                self.tell_whether_halted();
            }
            Happening::Down => self.provider.is_down = true,
            Happening::Up => self.provider.is_down = false,
            Happening::Expire => self.provider.is_expired = true,
            Happening::NewToken => {
                self.provider.is_expired = false;
                self.ledger.is_expired = false;
                self.expired_since = None;
                self.tell_whether_halted();
            }
            Happening::Backup => self.backup = Some(self.ledger.clone()),
            Happening::Restore => self.restore(),
        }
    }

    fn append(&mut self, message: MessageId, event: MessageEvent) {
        let commit = Commit { messages: vec![(message, event)], ..Commit::default() };
        let _ = self.ledger.commit(commit, self.now().wall, self.bug);
    }

    fn is_halted(&self) -> bool {
        self.paused_since.is_some() || self.ledger.is_expired
    }

    fn tell_whether_halted(&mut self) {
        let is_halted = self.is_halted();
        for index in 0..self.owners.len() {
            if self.owners[index].is_awake {
                self.owners[index].halt(is_halted, self.at);
                self.drive_both(index);
            }
        }
    }

    fn withdraw(&mut self, message: MessageId) {
        // Whoever withdraws looks at the stream; a pick leaves no trace there.
        if self.ledger.messages.contains_key(&message)
            && self.ledger.progress(message).state() == MessageState::Queued
            && !self.owners.iter().any(|owner| owner.has_picked(message))
        {
            // The lane hears of it late.
            self.append(message, MessageEvent::Withdrawn { reason: "person".into() });
        }
    }

    fn commit(&mut self, owner: usize, number: usize, doing: Box<Doing>, commit: Commit) {
        // What an owner of an earlier life still has under way meets another database.
        if self.owners[owner].life != self.ledger.life {
            return;
        }
        let waits_again = commit.messages.iter().find_map(|(message, event)| {
            matches!(event, MessageEvent::Deferred { .. }).then_some(*message)
        });
        let result = self.ledger.commit(commit, self.now().wall, self.bug);
        let after = 1 + self.chance.below(6);
        self.plan(after, Happening::Committed(owner, number, doing, result));
        if let Some(message) = waits_again {
            self.hear_again(message);
        }
    }

    fn arrive(&mut self, owner: usize, number: usize, pick: Pick) {
        let recipient = self.known.get(&pick.message).copied();
        if self.ledger.messages.contains_key(&pick.message)
            && self.ledger.progress(pick.message).state() == MessageState::Withdrawn
        {
            self.seen.withdrawn_then_sent += 1;
        }
        let is_late = |since: Option<u64>| since.is_some_and(|since| self.at > since + SOON);
        let person = recipient.map(|recipient| recipient.person);
        self.seen.sent_while_paused += u32::from(is_late(self.paused_since));
        self.seen.called_with_dead_token += u32::from(is_late(self.expired_since));
        let wave = recipient.and_then(|recipient| recipient.wave);
        let no_since = person.and_then(|person| self.no_since.get(&person)).copied();
        self.seen.sent_after_no += u32::from(wave.is_some() && is_late(no_since));
        let (what, manner) = ((number, pick), self.manner);
        let reached = recipient.filter(|recipient| recipient.window.is_none());
        let reached = reached.map(|recipient| recipient.person);
        let answer = self.provider.arrive(self.at, what, reached, manner, &mut self.chance);
        if let (Some(wave), Some(person)) = (wave, person)
            && self.provider.accepted.contains_key(&pick.message)
        {
            let other = self.one_since.get(&person).filter(|(_, since)| is_late(Some(*since)));
            let other = other.and_then(|(other, _)| self.sent.get(&(wave, *other)));
            self.seen.twice_a_person += u32::from(other.is_some_and(|sent| *sent != pick.message));
            self.sent.insert((wave, person), pick.message);
        }
        self.tell(pick, answer);
        let after = 5 + self.chance.below(40);
        self.plan(after, Happening::Answered(owner, number, pick, answer));
    }

    fn answered(&mut self, owner: usize, number: usize, pick: Pick, answer: Answer) {
        if self.owners[owner].is_asleep {
            self.plan(500, Happening::Answered(owner, number, pick, answer));
            return;
        }
        if !self.owners[owner].is_awake {
            return;
        }
        let (doing, commit) = self.owners[owner].answered((number, pick), answer, self.at);
        let after = 1 + self.chance.below(6);
        self.plan(after, Happening::Commit(owner, number, Box::new(doing), commit));
        // Every channel with the token stands still, whichever company's it is.
        if answer == Answer::Expired && self.provider.is_expired && !self.ledger.is_expired {
            self.ledger.is_expired = true;
            self.expired_since = Some(self.at);
            self.tell_whether_halted();
        }
        self.drive(owner, number);
    }

    fn queue(&mut self, message: MessageId, recipient: Recipient) {
        let position = i64::try_from(self.n).unwrap();
        let recipient = Recipient { position, ..recipient };
        self.known.insert(message, recipient);
        self.append(message, queued(recipient.conversation));
        self.offer(message);
    }

    /// Whoever follows the ledger hears that a message waits again, also from an older owner.
    fn hear_again(&mut self, message: MessageId) {
        self.offer(message);
    }

    fn offer(&mut self, message: MessageId) {
        let Some(recipient) = self.known.get(&message).copied() else { return };
        for index in 0..self.owners.len() {
            if !self.owners[index].is_awake {
                continue;
            }
            if let Some(mut candidate) = candidate(&self.ledger, message, &recipient) {
                if candidate.attempt > 1 {
                    candidate.not_before = Duration::from_millis(self.at + 1_000);
                }
                self.owners[index].queued(recipient.number, candidate, self.at);
                self.drive(index, recipient.number);
            }
        }
    }

    fn fact(&mut self, fact: Fact) {
        match fact {
            Fact::OptedOut(contact) => {
                self.no_since.insert(contact, self.at);
            }
            Fact::Merged(contact, into) => {
                self.one_since.insert(contact, (into, self.at));
                self.one_since.insert(into, (contact, self.at));
            }
        }
        self.ledger.facts.push(fact);
        let after = 1 + self.chance.below(50);
        self.plan(after, Happening::Heard(fact));
    }

    fn crash(&mut self) {
        if let Some(owner) = self.owners.last_mut().filter(|owner| owner.is_awake) {
            owner.is_awake = false;
            self.seen.in_flight_at_crashes += owner.n_open();
            self.seen.n_crashes += 1;
            let after = 10 + self.chance.below(2_000);
            self.plan(after, Happening::TakeOver);
        } else {
            self.plan(300, Happening::Crash);
        }
    }

    fn sleep(&mut self) {
        if let Some(owner) = self.owners.last_mut().filter(|owner| owner.is_awake) {
            owner.is_awake = false;
            owner.is_asleep = true;
            self.seen.in_flight_at_crashes += owner.n_open();
            let after = 100 + self.chance.below(2_000);
            self.plan(after, Happening::TakeOver);
        }
    }

    /// The backup is the ledger now; whoever worked on the lost one is gone.
    fn restore(&mut self) {
        let Some(backup) = self.backup.take() else { return };
        let life = self.ledger.life + 1;
        for owner in &mut self.owners {
            if owner.is_awake || owner.is_asleep {
                self.seen.in_flight_at_crashes += owner.n_open();
            }
            owner.is_awake = false;
            owner.is_asleep = false;
        }
        let (facts, is_expired) = (self.ledger.facts.clone(), self.ledger.is_expired);
        self.ledger = backup;
        // What people decided, and the token, are told again; it is not what is tested here.
        self.ledger.facts = facts;
        self.ledger.is_expired = is_expired;
        self.ledger.restored(life);
        self.known.retain(|message, _| self.ledger.messages.contains_key(message));
        // Of what was lost as a whole nobody can know that it was sent, nor whom it reached.
        self.sent.retain(|_, message| self.ledger.messages.contains_key(message));
        let reached = self.ledger.reached();
        self.provider.reached.retain(|person, _| reached.contains(person));
        self.seen.n_restored += 1;
        self.plan(500, Happening::TakeOver);
    }

    fn take_over(&mut self) {
        if self.owners.last().is_some_and(|owner| owner.is_awake) {
            return;
        }
        let (manner, at, bug) = (self.manner, self.at, self.bug);
        let mut taken = Owner::take_over(&mut self.ledger, &self.known, manner, at, bug);
        if self.is_halted() {
            taken.halt(true, self.at);
        }
        // Sleepers wake after another owner has begun.
        let sleepers: Vec<usize> =
            (0..self.owners.len()).filter(|index| self.owners[*index].is_asleep).collect();
        self.owners.push(taken);
        let index = self.owners.len() - 1;
        self.drive_both(index);
        for sleeper in sleepers {
            let is_halted = self.is_halted();
            let at = self.at;
            let owner = &mut self.owners[sleeper];
            owner.is_asleep = false;
            owner.is_awake = true;
            owner.halt(is_halted, at);
            // What it had called still ends.
            if self.bug != Some(Bug::IgnoreTheEpoch) {
                owner.close(at);
            }
            for number in 0..2 {
                self.plan(1 + u64::try_from(sleeper).unwrap(), Happening::Wake(sleeper, number));
            }
        }
    }

    /// What the provider tells later, of what it took.
    fn tell(&mut self, pick: Pick, answer: Answer) {
        if matches!(answer, Answer::Refused | Answer::Later | Answer::Expired)
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

    fn drive_both(&mut self, index: usize) {
        for number in 0..2 {
            self.drive(index, number);
        }
    }

    fn drive(&mut self, index: usize, number: usize) {
        let (now, at) = (self.now(), self.at);
        for _ in 0..10_000 {
            let Some(owner) = self.owners.get_mut(index).filter(|owner| owner.is_awake) else {
                return;
            };
            let Owner { seats, portfolio, people, .. } = owner;
            let seat = &mut seats[number];
            match seat.lane.next(now, portfolio, people) {
                Action::Idle => return,
                Action::Wait(due) => {
                    let due = u64::try_from(due.as_millis()).unwrap();
                    if seat.wakes_at.is_none_or(|known| due < known || known <= at) {
                        seat.wakes_at = Some(due);
                        self.plan(due.saturating_sub(at).max(1), Happening::Wake(index, number));
                    }
                    return;
                }
                Action::Call(pick) => {
                    owner.calls(number, pick, at);
                    let after = 5 + self.chance.below(51);
                    self.plan(after, Happening::Arrive(index, number, pick));
                }
                other => {
                    let next = u32::try_from(self.ledger.lanes.len()).unwrap() + 1_000;
                    let (doing, commit) = seat.commit_of(number, other, next, at);
                    let after = 1 + self.chance.below(6);
                    let doing = Box::new(doing);
                    self.plan(after, Happening::Commit(index, number, doing, commit));
                }
            }
        }
        panic!("the lane never waits");
    }

    fn look_back(mut self) -> Seen {
        let provider = &self.provider;
        let seen = &mut self.seen;
        seen.twice = provider.accepted.values().filter(|n| **n > 1).count();
        seen.over_number = provider.over_number;
        seen.over_pair = provider.over_pair;
        seen.over_people = provider.over_people;
        seen.called_while_down = provider.n_while_down;
        seen.n_accepted = provider.accepted.len();
        seen.hash = 0xcbf2_9ce4_8422_2325;
        for message in self.known.keys() {
            let state = self.ledger.progress(*message).state();
            match state {
                MessageState::Unknown => seen.unknown += 1,
                MessageState::Queued | MessageState::Picked => seen.lost += 1,
                MessageState::Suppressed => seen.n_suppressed += 1,
                _ => {}
            }
            for byte in format!("{message}{state:?}").bytes() {
                seen.hash = (seen.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        self.seen
    }
}
