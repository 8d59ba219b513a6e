//! The limits of a number (CA07) and of a number toward one person (CA08), by a clock that only goes
//! forward.
//!
//! And a breaker: a provider that fails again and again is left alone for a while (RE06), so that what
//! waits keeps its attempts, and few are in doubt.
//!
//! **Invariants.** No sliding second holds more than the number may, inbound included, also when two
//! calls move together by [`Rate`]'s spread on their way. A pair borrows at most 45 and pays back one
//! in six seconds.

use std::{collections::VecDeque, time::Duration};

const SECOND: Duration = Duration::from_secs(1);
/// What a timer may come late without pace being lost. However many leave together then, the window
/// holds no more than it may.
const CATCH_UP: Duration = Duration::from_millis(100);
/// What the clocks of two machines may differ within one second.
const MARGIN: Duration = Duration::from_millis(4);
const MOST_SPREAD: Duration = Duration::from_millis(47);
const FULL: u32 = 1_000;
const STEP: u32 = 50;

/// How fast one number may send.
#[derive(Clone, Debug)]
pub struct Rate {
    per_second: u32,
    /// In thousandths; halved when the provider says that it was too fast.
    share: u32,
    stepped_at: Duration,
    spread: Duration,
    fastest: Option<Duration>,
    departures: VecDeque<Duration>,
    inbound: VecDeque<(Duration, u32)>,
    n_inbound: u32,
    next: Duration,
    held_until: Duration,
}

impl Rate {
    /// A number that has sent nothing yet.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self {
            per_second: per_second.max(1),
            share: FULL,
            stepped_at: Duration::ZERO,
            // Careful until it is known.
            spread: MOST_SPREAD,
            fastest: None,
            departures: VecDeque::new(),
            inbound: VecDeque::new(),
            n_inbound: 0,
            next: Duration::ZERO,
            held_until: Duration::ZERO,
        }
    }

    /// What an earlier owner sent in the last second counts as sent now.
    pub fn restore(&mut self, now: Duration, n_recent: u32) {
        for _ in 0..n_recent.min(self.per_second) {
            self.departures.push_back(now);
        }
    }

    /// The provider changed the limit.
    pub fn set_per_second(&mut self, per_second: u32) {
        self.per_second = per_second.max(1);
    }

    /// People wrote to the number: they share its second.
    pub fn came_in(&mut self, now: Duration, n: u32) {
        self.inbound.push_back((now, n));
        self.n_inbound = self.n_inbound.saturating_add(n);
    }

    /// How long a call was on its way: what differs from the fastest may bring two calls together.
    pub fn took(&mut self, round_trip: Duration) {
        let fastest = self.fastest.map_or(round_trip, |fastest| fastest.min(round_trip));
        self.fastest = Some(fastest);
        let late = round_trip.saturating_sub(fastest).min(MOST_SPREAD);
        self.spread = late.max(self.spread.saturating_sub(self.spread.saturating_sub(late) / 512));
    }

    /// The provider said that it was too fast: half the pace, then step by step.
    pub fn slow_down(&mut self, now: Duration, until: Duration) {
        if now.saturating_sub(self.stepped_at) >= SECOND || self.share == FULL {
            self.share = (self.share / 2).max(STEP);
            self.stepped_at = now;
        }
        self.hold(until);
    }

    /// Nothing before.
    pub fn hold(&mut self, until: Duration) {
        self.held_until = self.held_until.max(until);
    }

    /// How many may leave in a second now. None at all while what comes in fills the second: the
    /// provider would refuse every one.
    #[must_use]
    pub fn budget(&self) -> u32 {
        let share = self.per_second.saturating_mul(self.share) / FULL;
        // What comes in next is not known yet: a tenth more than came.
        share.saturating_sub(self.n_inbound + self.n_inbound.div_ceil(10))
    }

    /// The pace that the budget allows.
    fn gap(&self) -> Duration {
        self.window() / self.budget().max(1)
    }

    /// The earliest moment at which one more may leave.
    #[must_use]
    pub fn slot(&mut self, now: Duration) -> Duration {
        self.forget(now);
        let budget = usize::try_from(self.budget()).unwrap_or(usize::MAX);
        if budget == 0 {
            let window = self.window();
            let first = self.inbound.front().map_or(now, |(came, _)| *came);
            return (first + window).max(self.held_until);
        }
        let crowded = self
            .departures
            .len()
            .checked_sub(budget)
            .and_then(|index| self.departures.get(index))
            .map_or(Duration::ZERO, |left| *left + self.window());
        self.next.max(crowded).max(self.held_until)
    }

    /// One leaves.
    pub fn depart(&mut self, now: Duration) {
        self.departures.push_back(now);
        let gap = self.gap();
        self.next = self.next.max(now.saturating_sub(CATCH_UP)) + gap;
    }

    /// How many the limiter lets go within `ahead`: what the pace allows, and no more than the second
    /// has room for by then.
    #[must_use]
    pub fn within(&mut self, now: Duration, ahead: Duration) -> usize {
        let slot = self.slot(now).max(now);
        let until = now + ahead;
        let Some(left) = until.checked_sub(slot) else { return 0 };
        let more = left.as_micros() / self.gap().as_micros().max(1);
        let paced = usize::try_from(more).unwrap_or(usize::MAX).saturating_add(1);
        let window = self.window();
        let crowd = self.departures.iter().rev().take_while(|left| **left + window > until).count();
        let budget = usize::try_from(self.budget()).unwrap_or(usize::MAX);
        paced.min(budget.saturating_sub(crowd))
    }

    /// How many left in the last second, for the one who takes over.
    #[must_use]
    pub fn n_recent(&self, now: Duration) -> usize {
        self.departures.iter().filter(|left| now.saturating_sub(**left) < SECOND).count()
    }

    fn window(&self) -> Duration {
        SECOND + self.spread + MARGIN
    }

    fn forget(&mut self, now: Duration) {
        let window = self.window();
        while self.departures.front().is_some_and(|left| now.saturating_sub(*left) >= window) {
            self.departures.pop_front();
        }
        while let Some((_, n)) =
            self.inbound.pop_front_if(|(came, _)| now.saturating_sub(*came) >= window)
        {
            self.n_inbound = self.n_inbound.saturating_sub(n);
        }
        while self.share < FULL && now.saturating_sub(self.stepped_at) >= SECOND {
            self.share = (self.share + STEP).min(FULL);
            self.stepped_at += SECOND;
        }
    }
}

/// What one number owes toward one person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    paid_at: Duration,
}

/// How often one person may be written to.
pub const PERIOD: Duration = Duration::from_secs(6);
const BURST: u32 = 45;
/// What a call may gain on the one before, once a pair has to wait.
const PAIR_MARGIN: Duration = Duration::from_millis(200);

impl Pair {
    /// A pair whose debts are paid at a moment.
    #[must_use]
    pub const fn owing_until(paid_at: Duration) -> Self {
        Self { paid_at }
    }

    /// When its debts are paid.
    #[must_use]
    pub const fn paid_at(self) -> Duration {
        self.paid_at
    }

    /// The earliest moment at which one more may leave.
    #[must_use]
    pub fn slot(self, now: Duration) -> Duration {
        let free = self.paid_at.saturating_sub(PERIOD * (BURST - 1));
        if free <= now { now } else { free + PAIR_MARGIN }
    }

    /// One leaves.
    pub fn depart(&mut self, now: Duration) {
        self.paid_at = self.paid_at.max(now) + PERIOD;
    }
}

/// Whether a number's provider answers at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    n_silent: u32,
    open_until: Option<Duration>,
    wait: Duration,
}

/// After so many calls in a row without a word it opens.
const SILENT: u32 = 5;
/// For so long at first; doubled each time.
const FIRST_REST: Duration = Duration::from_secs(2);
const LONGEST_REST: Duration = Duration::from_mins(1);

impl Breaker {
    /// The provider said something, be it a refusal.
    pub fn heard(&mut self) {
        *self = Self::default();
    }

    /// A call failed without a word of the provider about it.
    pub fn silent(&mut self, now: Duration) {
        self.n_silent = self.n_silent.saturating_add(1);
        // Of what was under way together, the first decides.
        let is_resting = self.open_until.is_some_and(|until| now < until);
        if self.n_silent >= SILENT && !is_resting {
            self.wait = (self.wait * 2).clamp(FIRST_REST, LONGEST_REST);
            self.open_until = Some(now + self.wait);
        }
    }

    /// How many calls may be under way: all, none while it rests, and one to try afterwards.
    #[must_use]
    pub fn most(&self, now: Duration) -> usize {
        match self.open_until {
            None => usize::MAX,
            Some(until) if now < until => 0,
            Some(_) => 1,
        }
    }

    /// When it may be tried again, while it rests.
    #[must_use]
    pub fn rests_until(&self, now: Duration) -> Option<Duration> {
        self.open_until.filter(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Breaker, Pair, Rate};

    #[test]
    fn ca07_what_may_leave_soon_is_no_more_than_the_second_has_room_for() {
        let mut rate = Rate::new(80);
        rate.restore(Duration::from_millis(500), 70);
        let now = Duration::from_millis(600);
        let soon = rate.within(now, Duration::from_millis(250));
        assert_eq!(soon, 10);
        for _ in 0..soon {
            let slot = rate.slot(now);
            assert!(slot <= now + Duration::from_millis(250), "{slot:?}");
            rate.depart(slot.max(now));
        }
        assert_eq!(rate.within(now, Duration::from_millis(250)), 0);
    }

    #[test]
    fn re06_a_provider_that_is_silent_is_left_alone_longer_each_time_and_then_tried_with_one() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.silent(ms(0));
        }
        assert_eq!(breaker.most(ms(0)), usize::MAX);
        breaker.silent(ms(0));
        breaker.silent(ms(10));
        assert_eq!((breaker.most(ms(1_999)), breaker.most(ms(2_000))), (0, 1));
        breaker.silent(ms(2_100));
        assert_eq!((breaker.most(ms(6_099)), breaker.most(ms(6_100))), (0, 1));
        breaker.heard();
        assert_eq!(breaker.most(ms(6_100)), usize::MAX);
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn run(rate: &mut Rate, seconds: u64, mut before: impl FnMut(&mut Rate, u64)) -> Vec<u64> {
        let mut left = Vec::new();
        for at in 0..seconds * 1_000 {
            before(rate, at);
            while rate.slot(ms(at)) <= ms(at) {
                rate.depart(ms(at));
                left.push(at);
            }
        }
        left
    }

    fn most_in_a_second(times: &[u64]) -> usize {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        (0..sorted.len())
            .map(|from| sorted[from..].iter().take_while(|at| **at < sorted[from] + 1_000).count())
            .max()
            .unwrap_or_default()
    }

    #[test]
    fn without_jitter_98_percent_leave_and_no_second_holds_too_many() {
        for per_second in [20, 80, 1_000] {
            let mut rate = Rate::new(per_second);
            for _ in 0..1_000 {
                rate.took(ms(20));
            }
            let left = run(&mut rate, 10, |_, _| {});
            let limit = usize::try_from(per_second).unwrap();
            assert!(most_in_a_second(&left) <= limit, "{per_second}");
            assert!(left.len() >= limit * 10 * 98 / 100, "{per_second}: {}", left.len());
        }
    }

    #[test]
    fn with_50_ms_of_jitter_95_percent_leave_and_none_is_refused() {
        for per_second in [80_u32, 1_000] {
            let mut rate = Rate::new(per_second);
            let mut seed = 7_u64;
            let mut jitter = move || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 33) % 51
            };
            for _ in 0..400 {
                rate.took(ms(20 + jitter()));
            }
            let left = run(&mut rate, 20, |rate, at| {
                if at % 10 == 0 {
                    rate.took(ms(20 + jitter()));
                }
            });
            let arrived: Vec<u64> = left.iter().map(|at| at + jitter()).collect();
            let limit = usize::try_from(per_second).unwrap();
            assert!(
                most_in_a_second(&arrived) <= limit,
                "{per_second}: {}",
                most_in_a_second(&arrived)
            );
            assert!(left.len() >= limit * 20 * 95 / 100, "{per_second}: {}", left.len());
        }
    }

    #[test]
    fn what_comes_in_takes_its_share_of_the_second() {
        let mut rate = Rate::new(80);
        for _ in 0..1_000 {
            rate.took(ms(20));
        }
        let left = run(&mut rate, 10, |rate, at| {
            if at % 50 == 0 {
                rate.came_in(ms(at), 1);
            }
        });
        let both: Vec<u64> = left.iter().copied().chain((0..10_000).step_by(50)).collect();
        assert!(most_in_a_second(&both) <= 80, "{}", most_in_a_second(&both));
        assert!(left.len() >= 60 * 10 * 95 / 100, "{}", left.len());
    }

    #[test]
    fn a_number_that_is_flooded_waits_until_its_second_has_room() {
        let mut rate = Rate::new(80);
        rate.came_in(ms(0), 120);
        assert!(rate.slot(ms(10)) > ms(1_000));
        assert_eq!(rate.within(ms(10), ms(250)), 0);
        assert_eq!(rate.slot(ms(1_100)), ms(0));
    }

    #[test]
    fn a_refusal_halves_the_pace_which_recovers_step_by_step() {
        let mut rate = Rate::new(80);
        rate.slow_down(ms(0), ms(1_000));
        assert_eq!(rate.budget(), 40);
        assert_eq!(rate.slot(ms(0)), ms(1_000));
        rate.slow_down(ms(10), ms(1_000));
        assert_eq!(rate.budget(), 40, "refusals of one second count once");
        let _ = rate.slot(ms(5_000));
        assert_eq!(rate.budget(), 60);
        let _ = rate.slot(ms(20_000));
        assert_eq!(rate.budget(), 80);
    }

    #[test]
    fn who_takes_over_knows_the_second() {
        let mut rate = Rate::new(80);
        rate.restore(ms(0), 80);
        assert!(rate.slot(ms(0)) >= ms(1_000));
    }

    #[test]
    fn a_pair_borrows_45_and_pays_back_one_in_six_seconds() {
        let mut pair = Pair::default();
        for _ in 0..45 {
            assert_eq!(pair.slot(ms(100)), ms(100));
            pair.depart(ms(100));
        }
        assert_eq!(pair.slot(ms(100)), ms(6_300));
        pair.depart(ms(6_300));
        assert_eq!(pair.slot(ms(6_300)), ms(12_300));
        assert_eq!(pair.slot(ms(300_000)), ms(300_000));
    }

    proptest! {
        #[test]
        fn no_pair_is_ever_over_its_limit(gaps in proptest::collection::vec(0_u64..20_000, 1..200)) {
            let (mut pair, mut now, mut provider) = (Pair::default(), 0, 0_i64);
            for gap in gaps {
                now += gap;
                if pair.slot(ms(now)) <= ms(now) {
                    pair.depart(ms(now));
                    let at = i64::try_from(now).unwrap();
                    prop_assert!(provider - at <= 44 * 6_000);
                    provider = provider.max(at) + 6_000;
                }
            }
        }
    }
}
