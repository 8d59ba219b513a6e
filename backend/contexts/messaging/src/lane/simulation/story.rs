//! One run: what happens in it, what must hold after it, and the bugs that it finds.

use std::collections::{BTreeMap, BinaryHeap, HashMap};

use events::messaging::{MessageEvent, Origin, Purpose};
use shared::{
    ids::{ContactId, ConversationId, MessageId},
    messages::MessageKind,
    stored::{KeyClass, Sealed},
};
use uuid::Uuid;

use super::{
    Bug, Chance, Fact, Happening, Ledger, Manner, Owner, Provider, Recipient, Seen, World, wall,
};

/// When everything begins.
const START: u64 = 1_000;
const DAY: u64 = 24 * 3_600_000;

pub(super) fn queued(conversation: ConversationId) -> MessageEvent {
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

/// `n` recipients in two waves, half of them at each number, a chat with one person of each, and
/// everything going wrong.
pub(super) fn simulate(seed: u64, n: u64, bug: Option<Bug>) -> Seen {
    let mut chance = Chance::new(seed);
    let per_second = [20_usize, 80, 80, 200][usize::try_from(chance.below(4)).unwrap()];
    // Some portfolios are too small for a day, most are not.
    let people = [60_usize, 80, 1_000, 1_000][usize::try_from(chance.below(4)).unwrap()];
    let manner = Manner { per_second, people, cut: 10, later: 20, refused: 10 };
    let mut ledger = Ledger::default();
    let first = Owner::take_over(&mut ledger, &BTreeMap::new(), manner, START, bug);
    let mut world = World {
        at: START,
        n: 0,
        chance,
        bug,
        manner,
        ledger,
        backup: None,
        provider: Provider::default(),
        owners: vec![first],
        agenda: BinaryHeap::new(),
        what: HashMap::new(),
        known: BTreeMap::new(),
        no_since: HashMap::new(),
        one_since: HashMap::new(),
        sent: HashMap::new(),
        paused_since: None,
        expired_since: None,
        seen: Seen::default(),
    };
    world.write(n);
    world.tell_of_people(n);
    world.go_wrong();
    world.run()
}

/// Each number's people are its own: the first is in a chat, the others get a wave each time.
fn person(number: usize, n: u64) -> u128 {
    u128::try_from(number).unwrap() * 1_000_000 + u128::from(n) + 1
}

fn contact(number: usize, n: u64) -> ContactId {
    ContactId::from_uuid(Uuid::from_u128(person(number, n)))
}

impl World {
    fn write(&mut self, n: u64) {
        let per_wave = n / 4;
        for index in 0..n * 3 / 2 {
            let message = MessageId::from_uuid(Uuid::from_u128(u128::from(index) + 10));
            let number = usize::try_from(index % 2).unwrap();
            let nth = index / 2;
            // One person gets far more than her share, in a conversation that she has opened.
            let (who, wave, window) = if nth % 3 == 0 {
                (0, None, Some(wall(DAY * 3)))
            } else {
                let nth = nth - nth / 3 - 1;
                let wave = Uuid::from_u128(u128::from(nth / per_wave) + 1);
                (1 + nth % per_wave, Some(wave), None)
            };
            let conversation = ConversationId::from_uuid(Uuid::from_u128(person(number, who)));
            let person = contact(number, who);
            let position = 0;
            let recipient = Recipient { number, conversation, person, wave, window, position };
            let after = self.chance.below(4_000);
            self.plan(after, Happening::Queue(message, recipient));
            if self.chance.below(20) == 0 {
                let later = self.chance.below(3_000);
                self.plan(after + 1 + later, Happening::Withdraw(message));
            }
        }
    }

    fn tell_of_people(&mut self, n: u64) {
        let most = n / 4;
        for number in 0..2 {
            for _ in 0..4 {
                let who = contact(number, 1 + self.chance.below(most));
                let after = self.chance.below(6_000);
                self.plan(after, Happening::Fact(Fact::OptedOut(who)));
            }
            // Pairs of their own, so that a merge is into somebody who is not merged herself.
            for pair in 0..4 {
                let (who, into) = (contact(number, 2 * pair + 1), contact(number, 2 * pair + 2));
                let after = self.chance.below(6_000);
                self.plan(after, Happening::Fact(Fact::Merged(who, into)));
            }
        }
    }

    fn go_wrong(&mut self) {
        for _ in 0..3 {
            let after = self.chance.below(7_000);
            self.plan(after, Happening::Crash);
        }
        let sleep = self.chance.below(6_000);
        self.plan(sleep, Happening::Sleep);
        // While those wait whom the portfolio may not reach before tomorrow.
        let tomorrow = DAY - 1_000 + self.chance.below(8_000);
        self.plan(tomorrow, Happening::Crash);
        let pause = self.chance.below(3_000);
        self.plan(pause, Happening::Pause);
        self.plan(pause + 2_500, Happening::Resume);
        let expire = self.chance.below(5_000);
        self.plan(expire, Happening::Expire);
        self.plan(expire + 3_000, Happening::NewToken);
        let down = self.chance.below(8_000);
        self.plan(down, Happening::Down);
        self.plan(down + 6_000, Happening::Up);
        // Those without a restore tell how many are unknown by the crashes alone.
        if self.chance.below(4) > 0 {
            let backup = 3_000 + self.chance.below(9_000);
            self.plan(backup, Happening::Backup);
            let restore = backup + 200 + self.chance.below(1_500);
            self.plan(restore, Happening::Restore);
        }
    }
}

fn n_seeds() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "how long the test runs is the run's choice")]
    std::env::var("MASTERIA_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(250)
}

fn holds(seed: u64, of: &Seen) {
    assert_eq!(of.twice, 0, "seed {seed}: {of:?}");
    assert_eq!(of.twice_a_person, 0, "seed {seed}: {of:?}");
    assert_eq!(of.lost, 0, "seed {seed}: {of:?}");
    assert_eq!(of.over_number, 0, "seed {seed}: {of:?}");
    assert_eq!(of.over_pair, 0, "seed {seed}: {of:?}");
    assert_eq!(of.over_people, 0, "seed {seed}: {of:?}");
    assert_eq!(of.withdrawn_then_sent, 0, "seed {seed}: {of:?}");
    assert_eq!(of.sent_while_paused, 0, "seed {seed}: {of:?}");
    assert_eq!(of.sent_after_no, 0, "seed {seed}: {of:?}");
    assert_eq!(of.called_with_dead_token, 0, "seed {seed}: {of:?}");
    assert!(of.called_while_down <= 400, "seed {seed}: {of:?}");
    assert!(of.n_crashes >= 3, "seed {seed}: {of:?}");
    if of.n_restored == 0 {
        // A cut answer is one too, besides the crashes.
        assert!(of.unknown <= of.in_flight_at_crashes + 20, "seed {seed}: {of:?}");
        assert!(of.n_accepted + of.unknown > 120, "seed {seed}: {of:?}");
    }
}

#[test]
fn ca12_nothing_is_accepted_twice_nobody_is_lost_and_no_limit_is_passed() {
    let mut all = Seen::default();
    for seed in 0..n_seeds() {
        let seen = simulate(seed, 200, None);
        holds(seed, &seen);
        all.n_restored += seen.n_restored;
        all.unknown += seen.unknown;
        all.n_suppressed += seen.n_suppressed;
    }
    // What must go wrong did.
    assert!(all.n_restored > 0 && all.unknown > 0 && all.n_suppressed > 0, "{all:?}");
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
fn ca13_d25_sending_the_unknown_again_is_found() {
    is_found(Bug::ResendUnknown, |seen| seen.twice > 0);
}

#[test]
fn d19_ignoring_the_epoch_is_found() {
    is_found(Bug::IgnoreTheEpoch, |seen| seen.twice > 0);
}

#[test]
fn ca07_ca10_a_limiter_that_forgets_at_a_takeover_is_found() {
    is_found(Bug::ForgetTheLimiter, |seen| seen.over_number > 0 || seen.over_pair > 0);
    is_found(Bug::ForgetTheLimiter, |seen| seen.over_people > 0);
}

#[test]
fn lg02_a_no_that_is_read_at_queue_time_is_found() {
    is_found(Bug::ConsentAtQueueTime, |seen| seen.sent_after_no > 0);
}
