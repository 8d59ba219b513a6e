//! A lane: one number's way out of the house, as a state machine without I/O.
//!
//! The driver tells it what happened ([`Lane::on`]) and asks what to do ([`Lane::next`]). It knows no
//! database, no network and no clock of its own, so the same machine runs against Postgres and Meta
//! and, a thousand seeds at a time, against a model of both.
//!
//! **Invariants.**
//! - Nothing is called that was not picked, and a pick is a commit that the ledger took (D20).
//! - A message is under way at most once; what is unknown never comes back (D21, CA13).
//! - Never over a limit, whoever wants to send (CA07, CA08), also not over one that it shares with the
//!   other lanes of its group ([`common::Portfolio`]; CA10, D19).
//! - Whether a person wants it, and whether she has it already, is asked when it is picked.
//! - Paused, it picks and calls nothing, and gives back what it had picked (CH16).
//!
//! Absent on purpose: retries below an attempt, and any knowledge of what a message says.

pub mod commits;
pub mod common;
pub mod limits;
pub mod log;
pub mod outcome;
pub mod queue;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, Utc};
use events::messaging::Pick;
use shared::{
    ids::{ContactId, ConversationId, MessageId},
    messages::SuppressReason,
};
use uuid::Uuid;

use self::{
    common::{People, Portfolio},
    limits::{Breaker, Rate},
    queue::Queue,
};

/// The most messages in one pick.
pub const MOST_PICKED: usize = 50;
/// How far ahead the limiter may be picked for.
const AHEAD: Duration = Duration::from_millis(250);
/// How long settled picks may wait for the next pick to carry them.
const SETTLE_AFTER: Duration = Duration::from_secs(2);
const MOST_SETTLED: usize = 500;
/// A stream longer than this is closed and a new one opened, so that taking over stays quick.
pub const LONGEST_STREAM: i64 = 2_000;

/// The time, by two clocks: limits go by the one that never jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The time of day.
    pub wall: DateTime<Utc>,
    /// Since some moment, always forward.
    pub steady: Duration,
}

impl Now {
    /// A time of day on the steady clock.
    #[must_use]
    pub fn steady_at(self, wall: DateTime<Utc>) -> Duration {
        match (wall - self.wall).to_std() {
            Ok(ahead) => self.steady + ahead,
            Err(_past) => {
                let behind = (self.wall - wall).to_std().unwrap_or_default();
                self.steady.saturating_sub(behind)
            }
        }
    }

    /// A moment of the steady clock as time of day.
    #[must_use]
    pub fn wall_at(self, steady: Duration) -> DateTime<Utc> {
        let ahead = steady.saturating_sub(self.steady);
        self.wall + chrono::Duration::from_std(ahead).unwrap_or_default()
    }
}

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person who waits for the answer.
    Operator,
    /// The company's program.
    Automation,
}

/// A message that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub message: MessageId,
    /// The thread: the pair of number and person.
    pub conversation: ConversationId,
    /// The person.
    pub person: ContactId,
    /// One of a wave: a person has one message of it.
    pub wave: Option<Uuid>,
    /// Whether she must not have said no.
    pub needs_consent: bool,
    /// Who goes first.
    pub priority: Priority,
    /// Where it was queued in the ledger: first come, first served.
    pub position: i64,
    /// The version of its stream that the pick asserts.
    pub version: i64,
    /// Which attempt is next.
    pub attempt: u16,
    /// Not before, on the steady clock.
    pub not_before: Duration,
    /// Free text must leave before.
    pub window: Option<DateTime<Utc>>,
}

impl Candidate {
    /// The pick of it.
    #[must_use]
    pub const fn pick(&self) -> Pick {
        Pick {
            message: self.message,
            attempt: self.attempt,
            conversation: self.conversation,
            reached: None,
        }
    }
}

/// Why a lane stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Halt {
    /// The channel is paused or taken off.
    Channel,
    /// The company is suspended.
    Company,
    /// The installation was restored and is held (D12).
    Installation,
    /// Its facts are older than they may be (D22).
    Facts,
    /// Its process is about to end.
    Stopping,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Accepted, or refused for good.
    Final,
    /// Nobody knows; never again by us.
    Unknown,
    /// Not sent; once more from a moment on, when its stream has this version.
    Again {
        /// The version of its stream now.
        version: i64,
        /// Not before.
        not_before: Duration,
    },
}

/// How far a back-off reaches, as far as a lane is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// One person.
    Pair(ConversationId),
    /// The number, which was too fast.
    Slower,
    /// The number, or more.
    Number,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A message may be sent.
    Queued(Candidate),
    /// A message may not be sent any more: withdrawn, suppressed, or final by status.
    Gone(MessageId),
    /// The pick asked for was committed.
    Picked,
    /// The pick asked for was refused: the first is as told, or gone; the others go back.
    PickRefused {
        /// The message whose stream had moved.
        message: Option<MessageId>,
        /// As it is now, if it may still be sent.
        now: Option<Candidate>,
    },
    /// A call ended.
    Ended {
        /// Of which message.
        message: MessageId,
        /// How.
        ended: Ended,
        /// How long it took, if it was answered.
        took: Option<Duration>,
    },
    /// The suppression asked for was committed, or was not needed.
    Suppressed(MessageId),
    /// People wrote to the number.
    CameIn(u32),
    /// Free text in a conversation may leave until.
    Window(ConversationId, DateTime<Utc>),
    /// The provider answered a call, with whatever.
    Heard,
    /// A call failed without a word of the provider about it.
    Silent,
    /// The provider wants less.
    Hold(Hold, Duration),
    /// The provider changed the number's limit.
    PerSecond(u32),
    /// It shall stand still.
    Halt(Halt),
    /// One reason less to stand still.
    Resume(Halt),
    /// The lane's stream was exchanged for a new one; it has one event.
    Rotated,
    /// Another owner has taken over: nothing more.
    Closed,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Commit this pick; answer with [`Input::Picked`] or [`Input::PickRefused`].
    Pick(Batch),
    /// Call the provider; answer with [`Input::Ended`].
    Call(Pick),
    /// Commit that these were not called; answer with [`Lane::given_back`].
    Release(Vec<MessageId>, i64),
    /// Commit that a message is not sent; answer with [`Input::Suppressed`] or [`Input::Queued`].
    Suppress(Candidate, SuppressReason),
    /// Commit what was settled; answer with [`Lane::settled`]. The lane's stream has the version.
    Settle(Vec<MessageId>, i64),
    /// Exchange the lane's stream for a new one; answer with [`Input::Rotated`].
    Rotate(Handover),
    /// Nothing before.
    Wait(Duration),
    /// Nothing until something happens.
    Idle,
}

/// A pick: one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The version of the lane's stream that it expects.
    pub version: i64,
    /// The messages, with the version that each must still have.
    pub picks: Vec<(Pick, i64)>,
    /// Whose outcome became known since the pick before.
    pub settled: Vec<MessageId>,
}

/// What a lane's next stream must know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handover {
    /// The version of the stream that is closed.
    pub version: i64,
    /// Picks without outcome.
    pub open: Vec<Pick>,
    /// How many left in the last second.
    pub n_recent: u32,
    /// What conversations owe, and until when.
    pub debts: Vec<(ConversationId, Duration)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Busy {
    Nothing,
    Picking(Vec<Candidate>),
    /// What was picked is being given back: none of it may be called any more.
    Releasing,
    Other,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Lane {
    version: i64,
    rate: Rate,
    breaker: Breaker,
    queue: Queue,
    /// What the lane's stream is being asked to take: one commit at a time.
    busy: Busy,
    picked: VecDeque<Candidate>,
    calling: HashMap<MessageId, Candidate>,
    suppressing: HashMap<MessageId, ConversationId>,
    settled: Vec<MessageId>,
    settle_at: Duration,
    halts: Vec<Halt>,
    windows: HashMap<ConversationId, DateTime<Utc>>,
    is_closed: bool,
    most_calls: usize,
}

impl Lane {
    /// A lane whose stream was just opened, with what its predecessor left.
    #[must_use]
    pub fn open(per_second: u32, version: i64, left: &Handover, now: Now) -> Self {
        let mut rate = Rate::new(per_second);
        rate.restore(now.steady, left.n_recent);
        let mut queue = Queue::default();
        for (conversation, paid_at) in &left.debts {
            queue.owe(*conversation, *paid_at, now.steady);
        }
        Self {
            version,
            rate,
            breaker: Breaker::default(),
            queue,
            busy: Busy::Nothing,
            picked: VecDeque::new(),
            calling: HashMap::new(),
            suppressing: HashMap::new(),
            settled: Vec::new(),
            settle_at: Duration::MAX,
            halts: Vec::new(),
            windows: HashMap::new(),
            is_closed: false,
            most_calls: most_calls(per_second),
        }
    }

    /// How many wait, and how many are under way.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.queue.len(), self.picked.len() + self.calling.len())
    }

    /// Whether it knows a message that waits or is under way.
    #[must_use]
    pub fn knows(&self, message: MessageId) -> bool {
        let is_picking = matches!(&self.busy, Busy::Picking(batch)
            if batch.iter().any(|candidate| candidate.message == message));
        is_picking
            || self.queue.holds(message)
            || self.calling.contains_key(&message)
            || self.picked.iter().any(|candidate| candidate.message == message)
    }

    /// Whether nothing is under way: no commit of its stream, no pick, no call.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.is_closed
            || self.busy == Busy::Nothing && self.picked.is_empty() && self.calling.is_empty()
    }

    /// Whether another owner has taken over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// A message as it was picked, while it is called.
    #[must_use]
    pub fn called(&self, message: MessageId) -> Option<&Candidate> {
        self.calling.get(&message)
    }

    /// Whether it stands still.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        !self.halts.is_empty()
    }

    /// Takes note of what happened.
    pub fn on(&mut self, input: Input, now: Now) {
        match input {
            Input::Queued(candidate) => self.enqueue(candidate, now),
            Input::Gone(message) => {
                self.queue.remove(message, now.steady);
            }
            Input::Picked => {
                if let Busy::Picking(batch) = std::mem::replace(&mut self.busy, Busy::Nothing) {
                    self.version += 1;
                    self.take_over(batch);
                }
            }
            Input::PickRefused { message, now: fresh } => self.put_back(message, fresh, now),
            Input::Ended { message, ended, took } => self.ended(message, ended, took, now),
            Input::Suppressed(message) => {
                if let Some(conversation) = self.suppressing.remove(&message) {
                    self.queue.free(conversation, message, now.steady);
                }
            }
            Input::CameIn(n) => self.rate.came_in(now.steady, n),
            Input::Window(conversation, until) => {
                self.windows.retain(|_, until| *until > now.wall);
                self.windows.insert(conversation, until);
                self.queue.open(conversation, now.steady);
            }
            Input::Heard => self.breaker.heard(),
            Input::Silent => self.breaker.silent(now.steady),
            Input::Hold(Hold::Pair(conversation), until) => {
                self.queue.hold(conversation, until, now.steady);
            }
            Input::Hold(Hold::Slower, until) => self.rate.slow_down(now.steady, until),
            Input::Hold(Hold::Number, until) => self.rate.hold(until),
            Input::PerSecond(per_second) => {
                self.rate.set_per_second(per_second);
                self.most_calls = most_calls(per_second);
            }
            Input::Halt(halt) if !self.halts.contains(&halt) => self.halts.push(halt),
            Input::Halt(_) => {}
            Input::Resume(halt) => self.halts.retain(|standing| *standing != halt),
            Input::Rotated => {
                self.busy = Busy::Nothing;
                self.version = 1;
            }
            Input::Closed => self.is_closed = true,
        }
    }

    /// What to do now, with what the lane shares with others.
    pub fn next(&mut self, now: Now, portfolio: &mut Portfolio, people: &mut People) -> Action {
        if self.is_closed {
            return Action::Idle;
        }
        if self.is_halted() {
            return self.give_back();
        }
        if self.breaker.most(now.steady) == 0 && !self.picked.is_empty() {
            // Who is not called soon is better off waiting: a crash would leave her in doubt.
            let action = self.give_back();
            if action != Action::Idle {
                return action;
            }
        }
        if !self.picked.is_empty()
            && self.busy != Busy::Releasing
            && self.calling.len() < self.most_calls(now)
            && self.rate.slot(now.steady) <= now.steady
            && let Some(candidate) = self.picked.pop_front()
        {
            self.rate.depart(now.steady);
            self.queue.depart(candidate.conversation, now.steady);
            let pick = candidate.pick();
            self.calling.insert(candidate.message, candidate);
            return Action::Call(pick);
        }
        if self.busy == Busy::Nothing {
            if self.version >= LONGEST_STREAM {
                self.busy = Busy::Other;
                return Action::Rotate(self.handover(now));
            }
            if let Some(action) = self.pick(now, portfolio, people) {
                return action;
            }
            if self.settled.len() >= MOST_SETTLED || self.settle_at <= now.steady {
                return self.settle();
            }
        }
        self.wait(now)
    }

    /// The settlement asked for was committed.
    pub fn settled(&mut self) {
        self.busy = Busy::Nothing;
        self.version += 1;
    }

    /// A commit on the lane's stream could not be made now; it is asked for again.
    pub fn not_now(&mut self, settled: Vec<MessageId>, now: Now) {
        if let Busy::Picking(batch) = std::mem::replace(&mut self.busy, Busy::Nothing) {
            self.unpick(batch, now);
        }
        self.resettle(settled, now);
    }

    /// What a commit that was not made would have settled waits for the next one.
    pub fn resettle(&mut self, settled: Vec<MessageId>, now: Now) {
        if !settled.is_empty() {
            self.settled.extend(settled);
            self.settle_at = now.steady + SETTLE_AFTER;
        }
    }

    fn enqueue(&mut self, candidate: Candidate, now: Now) {
        let message = candidate.message;
        if self.suppressing.remove(&message).is_some() {
            self.queue.free(candidate.conversation, message, now.steady);
        }
        if self.queue.holds(message) || !self.knows(message) {
            self.queue.add(candidate, now.steady);
        }
    }

    fn take_over(&mut self, batch: Vec<Candidate>) {
        for candidate in batch {
            let at = self.picked.partition_point(|other| other.priority <= candidate.priority);
            self.picked.insert(at, candidate);
        }
    }

    fn put_back(&mut self, moved: Option<MessageId>, fresh: Option<Candidate>, now: Now) {
        if let Busy::Picking(mut batch) = std::mem::replace(&mut self.busy, Busy::Nothing) {
            batch.retain(|candidate| {
                let is_moved = Some(candidate.message) == moved;
                if is_moved {
                    self.queue.free(candidate.conversation, candidate.message, now.steady);
                }
                !is_moved
            });
            self.unpick(batch, now);
        }
        if let Some(candidate) = fresh {
            self.queue.add(candidate, now.steady);
        }
    }

    fn unpick(&mut self, batch: Vec<Candidate>, now: Now) {
        for candidate in batch {
            self.queue.free(candidate.conversation, candidate.message, now.steady);
            self.queue.add(candidate, now.steady);
        }
    }

    fn ended(&mut self, message: MessageId, ended: Ended, took: Option<Duration>, now: Now) {
        if let Some(took) = took {
            self.rate.took(took);
        }
        let Some(candidate) = self.calling.remove(&message) else { return };
        self.queue.free(candidate.conversation, message, now.steady);
        if self.settled.is_empty() {
            self.settle_at = now.steady + SETTLE_AFTER;
        }
        self.settled.push(message);
        if let Ended::Again { version, not_before } = ended {
            let attempt = candidate.attempt.saturating_add(1);
            self.queue.add(Candidate { version, attempt, not_before, ..candidate }, now.steady);
        }
    }

    fn give_back(&mut self) -> Action {
        if self.picked.is_empty() || self.busy != Busy::Nothing {
            return Action::Idle;
        }
        self.busy = Busy::Releasing;
        Action::Release(
            self.picked.iter().map(|candidate| candidate.message).collect(),
            self.version,
        )
    }

    /// The release was committed: what was given back waits again.
    pub fn given_back(&mut self, now: Now) {
        self.busy = Busy::Nothing;
        self.version += 1;
        let batch: Vec<Candidate> = self.picked.drain(..).collect();
        self.unpick(batch, now);
    }

    fn pick(&mut self, now: Now, portfolio: &mut Portfolio, people: &mut People) -> Option<Action> {
        let under_way = self.picked.len() + self.calling.len();
        let most = self.rate.within(now.steady, AHEAD).min(MOST_PICKED);
        let most = most.min(self.breaker.most(now.steady).saturating_sub(under_way));
        if most == 0 {
            return None;
        }
        let head = self.queue.head(now.steady)?;
        let priority = head.priority;
        let n_open = self.picked.len();
        let room = match priority {
            // One by one, so that a crash leaves few in doubt.
            Priority::Operator => usize::from(n_open < most.max(2)),
            Priority::Automation if n_open * 2 <= most => most - n_open,
            Priority::Automation => 0,
        };
        let mut batch = Vec::new();
        while batch.len() < room {
            let Some(head) = self.queue.head(now.steady) else { break };
            if head.priority != priority {
                break;
            }
            let is_open = |until: DateTime<Utc>| until > now.wall;
            let opened = self.windows.get(&head.conversation).copied().filter(|at| is_open(*at));
            let is_late = opened.is_none() && head.window.is_some_and(|until| !is_open(until));
            let stopped =
                is_late.then_some(SuppressReason::WindowClosed).or_else(|| people.stops(head));
            if let Some(reason) = stopped {
                if !batch.is_empty() {
                    break;
                }
                let candidate = self.queue.take(now.steady)?;
                self.suppressing.insert(candidate.message, candidate.conversation);
                return Some(Action::Suppress(candidate, reason));
            }
            // Outside a service window she is one more of those whom the portfolio reaches.
            let is_reached = head.window.is_none() && opened.is_none();
            let (person, conversation) = (head.person, head.conversation);
            if is_reached {
                let slot = portfolio.slot(person, now.steady);
                if slot > now.steady {
                    self.queue.shut(conversation, slot, now.steady);
                    continue;
                }
                portfolio.reach(person, now.steady);
            }
            let Some(candidate) = self.queue.take(now.steady) else { break };
            if let Some(wave) = candidate.wave {
                people.said(wave, person, candidate.message);
            }
            batch.push((candidate, is_reached));
        }
        if batch.is_empty() {
            return None;
        }
        let pick = |(candidate, is_reached): &(Candidate, bool)| {
            let reached = is_reached.then_some(candidate.person);
            (Pick { reached, ..candidate.pick() }, candidate.version)
        };
        let picks = batch.iter().map(pick).collect();
        let batch = batch.into_iter().map(|(candidate, _)| candidate).collect();
        self.busy = Busy::Picking(batch);
        self.settle_at = Duration::MAX;
        let settled = std::mem::take(&mut self.settled);
        Some(Action::Pick(Batch { version: self.version, picks, settled }))
    }

    fn most_calls(&self, now: Now) -> usize {
        self.most_calls.min(self.breaker.most(now.steady))
    }

    fn settle(&mut self) -> Action {
        self.busy = Busy::Other;
        self.settle_at = Duration::MAX;
        Action::Settle(std::mem::take(&mut self.settled), self.version)
    }

    fn handover(&mut self, now: Now) -> Handover {
        self.settled.clear();
        self.settle_at = Duration::MAX;
        let open = self.picked.iter().chain(self.calling.values()).map(Candidate::pick).collect();
        let n_recent = u32::try_from(self.rate.n_recent(now.steady)).unwrap_or(u32::MAX);
        Handover {
            version: self.version,
            open,
            n_recent,
            debts: self.queue.debts(now.steady).collect(),
        }
    }

    fn wait(&mut self, now: Now) -> Action {
        let slot = if self.breaker.most(now.steady) <= self.calling.len() {
            // Until an answer, or until it may be tried again.
            self.breaker.rests_until(now.steady)
        } else if self.picked.is_empty() {
            let may_pick = self.busy == Busy::Nothing && self.queue.head(now.steady).is_some();
            may_pick.then(|| self.rate.slot(now.steady).saturating_sub(AHEAD))
        } else {
            let may_call = self.calling.len() < self.most_calls(now);
            may_call.then(|| self.rate.slot(now.steady))
        };
        let settle = (self.settle_at != Duration::MAX && self.busy == Busy::Nothing)
            .then_some(self.settle_at);
        let due = [slot, self.queue.next(), settle].into_iter().flatten().min();
        due.map_or(Action::Idle, |due| Action::Wait(due.max(now.steady + Duration::from_millis(1))))
    }
}

fn most_calls(per_second: u32) -> usize {
    usize::try_from(per_second).unwrap_or(usize::MAX).clamp(20, 1_000)
}
