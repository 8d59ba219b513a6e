//! How near to its limit one number sends, as the provider sees it (CA07), on the virtual clock: the lane
//! with its commits and calls, and a provider that refuses whatever is over.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    time::Duration,
};

use shared::ids::{ContactId, ConversationId, MessageId};
use uuid::Uuid;

use super::{Chance, wall};
use crate::lane::{
    Action, Candidate, Ended, Handover, Hold, Input, Lane, Now, Priority,
    common::{People, Portfolio},
};

/// What the provider saw in a run.
#[derive(Debug)]
struct Paced {
    accepted: usize,
    refused: usize,
    inbound: usize,
}

#[derive(Clone, Copy)]
enum Next {
    Wake,
    Committed,
    Arrive(MessageId, u64),
    Answered(MessageId, u64, bool),
    Inbound,
}

const SECONDS: u64 = 20;
/// Before it is measured, the limiter learns from so many calls how even their way is.
const LEARNT: u64 = 2_000;

struct Line {
    at: u64,
    n: u64,
    chance: Chance,
    lane: Lane,
    common: (Portfolio, People),
    agenda: BinaryHeap<Reverse<(u64, u64)>>,
    what: HashMap<u64, Next>,
    wakes_at: Option<u64>,
    second: VecDeque<u64>,
    per_second: usize,
    paced: Paced,
}

impl Line {
    fn now(&self) -> Now {
        Now { wall: wall(self.at), steady: Duration::from_millis(self.at) }
    }

    fn plan(&mut self, after: u64, next: Next) {
        self.n += 1;
        self.agenda.push(Reverse((self.at + after, self.n)));
        self.what.insert(self.n, next);
    }

    fn drive(&mut self, latency: u64, jitter: u64) {
        loop {
            let now = self.now();
            match self.lane.next(now, &mut self.common.0, &mut self.common.1) {
                Action::Call(pick) => {
                    let there = latency / 2 + self.chance.below(jitter + 1);
                    let begun = self.at;
                    self.plan(there, Next::Arrive(pick.message, begun));
                }
                Action::Pick(_) => {
                    let after = 1 + self.chance.below(5);
                    self.plan(after, Next::Committed);
                }
                Action::Settle(..) => self.lane.settled(),
                Action::Rotate(_) => {
                    let now = self.now();
                    self.lane.on(Input::Rotated, now);
                }
                Action::Wait(due) => {
                    let due = u64::try_from(due.as_micros().div_ceil(1_000)).unwrap();
                    let due = due.max(self.at + 1);
                    if self.wakes_at.is_none_or(|known| due < known || known <= self.at) {
                        self.wakes_at = Some(due);
                        self.plan(due - self.at, Next::Wake);
                    }
                    return;
                }
                Action::Idle => return,
                other => panic!("{other:?}"),
            }
        }
    }

    /// Whether one more fits into the provider's second; it counts either way.
    fn fits(&mut self) -> bool {
        while self.second.front().is_some_and(|seen| seen + 1_000 <= self.at) {
            self.second.pop_front();
        }
        let fits = self.second.len() < self.per_second;
        if fits {
            self.second.push_back(self.at);
        }
        fits
    }
}

/// One number that has more to send than it may; `inbound` people write to it each second.
fn pace(per_second: u32, latency: u64, jitter: u64, inbound: u64) -> Paced {
    let now = Now { wall: wall(0), steady: Duration::ZERO };
    let mut line = Line {
        at: 0,
        n: 0,
        chance: Chance::new(7),
        lane: Lane::open(per_second, 1, &Handover::default(), now),
        common: (Portfolio::default(), People::default()),
        agenda: BinaryHeap::new(),
        what: HashMap::new(),
        wakes_at: None,
        second: VecDeque::new(),
        per_second: usize::try_from(per_second).unwrap(),
        paced: Paced { accepted: 0, refused: 0, inbound: 0 },
    };
    let warm_up = 3_000 + LEARNT * 1_000 / u64::from(per_second);
    let end = warm_up + SECONDS * 1_000;
    for n in 0..u128::from(per_second) * u128::from(end / 1_000 + 2) {
        let candidate = Candidate {
            message: MessageId::from_uuid(Uuid::from_u128(n + 1)),
            conversation: ConversationId::from_uuid(Uuid::from_u128(n + 1)),
            person: ContactId::from_uuid(Uuid::from_u128(n + 1)),
            wave: None,
            needs_consent: false,
            priority: Priority::Automation,
            position: i64::try_from(n).unwrap(),
            version: 1,
            attempt: 1,
            not_before: Duration::ZERO,
            window: None,
        };
        line.lane.on(Input::Queued(candidate), now);
    }
    if inbound > 0 {
        line.plan(1, Next::Inbound);
    }
    line.drive(latency, jitter);
    while let Some(Reverse((at, n))) = line.agenda.pop() {
        if at >= end {
            break;
        }
        line.at = at;
        let is_measured = at >= warm_up;
        match line.what.remove(&n).unwrap() {
            Next::Wake => {}
            Next::Committed => line.lane.on(Input::Picked, line.now()),
            Next::Arrive(message, begun) => {
                let fits = line.fits();
                line.paced.accepted += usize::from(fits && is_measured);
                line.paced.refused += usize::from(!fits);
                line.plan(latency - latency / 2, Next::Answered(message, begun, fits));
            }
            Next::Answered(message, begun, fits) => {
                let now = line.now();
                let took = Some(Duration::from_millis(at - begun));
                let again = now.steady + Duration::from_secs(1);
                if !fits {
                    line.lane.on(Input::Hold(Hold::Slower, again), now);
                }
                let ended = if fits {
                    Ended::Final
                } else {
                    Ended::Again { version: 2, not_before: again }
                };
                line.lane.on(Input::Ended { message, ended, took }, now);
            }
            Next::Inbound => {
                // The provider counts it whatever we do, and tells us a moment later.
                line.second.push_back(at);
                line.paced.inbound += usize::from(is_measured);
                let now = line.now();
                line.lane.on(Input::CameIn(1), now);
                let gap = 1_000 / inbound;
                let after = gap / 2 + line.chance.below(gap + 1);
                line.plan(after, Next::Inbound);
            }
        }
        line.drive(latency, jitter);
    }
    line.paced
}

fn all_of(per_second: u32) -> usize {
    usize::try_from(per_second).unwrap() * usize::try_from(SECONDS).unwrap()
}

#[test]
fn ca07_without_jitter_98_percent_of_the_limit_are_sent_and_none_is_refused() {
    for per_second in [20, 80, 1_000] {
        let paced = pace(per_second, 40, 0, 0);
        assert_eq!(paced.refused, 0, "{per_second}: {paced:?}");
        assert!(paced.accepted >= all_of(per_second) * 98 / 100, "{per_second}: {paced:?}");
    }
}

#[test]
fn ca07_with_50_ms_of_jitter_95_percent_are_sent_and_none_is_refused() {
    for per_second in [80, 1_000] {
        let paced = pace(per_second, 40, 50, 0);
        assert_eq!(paced.refused, 0, "{per_second}: {paced:?}");
        assert!(paced.accepted >= all_of(per_second) * 95 / 100, "{per_second}: {paced:?}");
    }
}

#[test]
fn ca07_with_a_fifth_coming_in_95_percent_of_the_rest_are_sent_and_nearly_none_is_refused() {
    for per_second in [80, 1_000] {
        let paced = pace(per_second, 40, 0, u64::from(per_second) / 5);
        let rest = all_of(per_second) - paced.inbound;
        assert!(paced.accepted >= rest * 95 / 100, "{per_second}: {paced:?} of {rest}");
        assert!(paced.refused * 1_000 <= paced.accepted, "{per_second}: {paced:?}");
    }
}
