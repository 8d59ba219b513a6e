//! What a lane does, one rule a test.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use events::messaging::Pick;
use shared::{
    ids::{ContactId, ConversationId, MessageId},
    messages::SuppressReason,
};
use uuid::Uuid;

use super::{
    Action, Candidate, Ended, Halt, Handover, Hold, Input, Lane, Now, Priority,
    common::{People, Portfolio},
};

fn at(ms: u64) -> Now {
    let wall = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(i64::try_from(ms).unwrap());
    Now { wall, steady: Duration::from_millis(ms) }
}

fn lane() -> Lane {
    Lane::open(80, 1, &Handover::default(), at(0))
}

fn message(n: u128) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(n))
}

fn to(n: u128, person: u128) -> Candidate {
    Candidate {
        message: message(n),
        conversation: ConversationId::from_uuid(Uuid::from_u128(person)),
        person: ContactId::from_uuid(Uuid::from_u128(person)),
        wave: None,
        needs_consent: false,
        priority: Priority::Automation,
        position: i64::try_from(n).unwrap(),
        version: 1,
        attempt: 1,
        not_before: Duration::ZERO,
        window: None,
    }
}

fn by_operator(candidate: &Candidate) -> Candidate {
    Candidate { priority: Priority::Operator, ..candidate.clone() }
}

/// A lane that shares nothing with others.
fn next(lane: &mut Lane, now: Now) -> Action {
    lane.next(now, &mut Portfolio::default(), &mut People::default())
}

/// Lets the lane work until it waits; every commit is taken. Answers what it called.
fn work(lane: &mut Lane, ms: u64) -> Vec<u128> {
    let mut called = Vec::new();
    loop {
        match next(lane, at(ms)) {
            Action::Pick(_) => lane.on(Input::Picked, at(ms)),
            Action::Call(pick) => called.push(pick.message.into_uuid().as_u128()),
            Action::Settle(..) => lane.settled(),
            Action::Release(..) => lane.given_back(at(ms)),
            Action::Wait(_) | Action::Idle => return called,
            other => panic!("{other:?}"),
        }
    }
}

fn work_until(lane: &mut Lane, from: u64, until: u64) -> Vec<u128> {
    (from..until).flat_map(|ms| work(lane, ms)).collect()
}

fn end(lane: &mut Lane, n: u128, ended: Ended, ms: u64) {
    let took = Some(Duration::from_millis(20));
    lane.on(Input::Ended { message: message(n), ended, took }, at(ms));
}

#[test]
fn nothing_is_called_before_its_pick_was_committed() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    let Action::Pick(batch) = next(&mut lane, at(0)) else { panic!("no pick") };
    assert_eq!(batch.version, 1);
    let reached = Some(to(1, 1).person);
    assert_eq!(batch.picks, [(Pick { reached, ..to(1, 1).pick() }, 1)]);
    assert!(matches!(next(&mut lane, at(5)), Action::Idle | Action::Wait(_)));
    lane.on(Input::Picked, at(5));
    assert_eq!(next(&mut lane, at(5)), Action::Call(to(1, 1).pick()));
}

#[test]
fn d23_what_is_written_to_one_person_leaves_one_after_the_other() {
    let mut lane = lane();
    for n in 1..=3 {
        lane.on(Input::Queued(to(n, 7)), at(0));
    }
    assert_eq!(work_until(&mut lane, 0, 500), [1]);
    end(&mut lane, 1, Ended::Final, 500);
    assert_eq!(work_until(&mut lane, 500, 1_000), [2]);
    end(&mut lane, 2, Ended::Unknown, 1_000);
    assert_eq!(work_until(&mut lane, 1_000, 1_500), [3]);
}

#[test]
fn one_person_who_waits_holds_nobody_else() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Queued(to(2, 2)), at(0));
    lane.on(Input::Hold(Hold::Pair(to(1, 1).conversation), Duration::from_secs(16)), at(0));
    assert_eq!(work_until(&mut lane, 0, 1_000), [2]);
    assert_eq!(work_until(&mut lane, 1_000, 16_100), [1]);
}

#[test]
fn an_operator_goes_before_everything_that_waits_and_alone() {
    let mut lane = lane();
    for n in 1..=40 {
        lane.on(Input::Queued(to(n, n)), at(0));
    }
    let _ = work(&mut lane, 0);
    lane.on(Input::Queued(by_operator(&to(99, 99))), at(1));
    let called = work_until(&mut lane, 1, 40);
    assert!(called.iter().take(2).any(|n| *n == 99), "{called:?}");
}

#[test]
fn ch16_paused_it_calls_nothing_and_gives_back_then_goes_on_in_order() {
    let mut lane = lane();
    for n in 1..=20 {
        lane.on(Input::Queued(to(n, n)), at(0));
    }
    let before = work(&mut lane, 0);
    lane.on(Input::Halt(Halt::Channel), at(1));
    let Action::Release(given_back, _) = next(&mut lane, at(1)) else { panic!("kept what it had") };
    assert!(!given_back.is_empty());
    lane.given_back(at(1));
    assert_eq!(next(&mut lane, at(1)), Action::Idle);
    assert_eq!(work_until(&mut lane, 1, 2_000), [0_u128; 0]);
    lane.on(Input::Resume(Halt::Channel), at(2_000));
    let after = work_until(&mut lane, 2_000, 4_000);
    let all: Vec<u128> = before.into_iter().chain(after).collect();
    assert_eq!(all, (1..=20).collect::<Vec<_>>());
}

#[test]
fn ch16_what_is_being_given_back_is_not_called_when_it_goes_on_meanwhile() {
    let mut lane = lane();
    for n in 1..=20 {
        lane.on(Input::Queued(to(n, n)), at(0));
    }
    let before = work(&mut lane, 0);
    lane.on(Input::Halt(Halt::Channel), at(1));
    let Action::Release(..) = next(&mut lane, at(1)) else { panic!("kept what it had") };
    lane.on(Input::Resume(Halt::Channel), at(2));
    for ms in 2..200 {
        assert!(!matches!(next(&mut lane, at(ms)), Action::Call(_)), "called at {ms}");
    }
    lane.given_back(at(200));
    let after = work_until(&mut lane, 200, 2_200);
    assert_eq!(before.into_iter().chain(after).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
}

#[test]
fn two_reasons_to_stand_still_need_two_to_go_on() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Halt(Halt::Channel), at(0));
    lane.on(Input::Halt(Halt::Company), at(0));
    lane.on(Input::Resume(Halt::Channel), at(0));
    assert_eq!(next(&mut lane, at(0)), Action::Idle);
    lane.on(Input::Resume(Halt::Company), at(0));
    assert!(matches!(next(&mut lane, at(0)), Action::Pick(_)));
}

#[test]
fn d22_a_lane_whose_facts_are_old_waits_until_they_are_fresh() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Halt(Halt::Facts), at(0));
    assert_eq!(next(&mut lane, at(0)), Action::Idle);
    assert_eq!(next(&mut lane, at(60_000)), Action::Idle, "time alone makes them no fresher");
    lane.on(Input::Resume(Halt::Facts), at(60_000));
    assert!(matches!(next(&mut lane, at(60_000)), Action::Pick(_)));
}

#[test]
fn in05_free_text_after_its_window_is_suppressed_unless_the_person_wrote_again() {
    let until: DateTime<Utc> = at(1_000).wall;
    let expired = |n| Candidate { window: Some(until), ..to(n, n) };
    let mut lane = lane();
    lane.on(Input::Queued(expired(1)), at(2_000));
    let action = next(&mut lane, at(2_000));
    assert_eq!(action, Action::Suppress(expired(1), SuppressReason::WindowClosed));
    lane.on(Input::Suppressed(message(1)), at(2_000));
    assert_eq!(lane.load(), (0, 0));

    lane.on(Input::Window(expired(2).conversation, at(9_000).wall), at(2_000));
    lane.on(Input::Queued(expired(2)), at(2_000));
    assert_eq!(work(&mut lane, 2_000), [2]);
}

#[test]
fn a_moved_message_is_dropped_from_its_pick_and_the_others_go() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Queued(to(2, 2)), at(0));
    let Action::Pick(_) = next(&mut lane, at(0)) else { panic!("no pick") };
    lane.on(Input::PickRefused { message: Some(message(1)), now: None }, at(1));
    assert_eq!(work_until(&mut lane, 1, 500), [2]);
}

#[test]
fn what_did_not_go_through_is_tried_again_as_the_next_attempt() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    assert_eq!(work(&mut lane, 0), [1]);
    let again = Ended::Again { version: 2, not_before: Duration::from_secs(10) };
    end(&mut lane, 1, again, 20);
    assert_eq!(work_until(&mut lane, 20, 9_999), [0_u128; 0]);
    let Action::Pick(batch) = next(&mut lane, at(10_000)) else { panic!("no pick") };
    assert_eq!((batch.picks[0].0.attempt, batch.picks[0].1), (2, 2));
}

#[test]
fn what_was_withdrawn_is_not_sent() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Gone(message(1)), at(0));
    assert_eq!(next(&mut lane, at(0)), Action::Idle);
}

#[test]
fn heard_twice_it_is_sent_once() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Queued(to(1, 1)), at(0));
    assert_eq!(work(&mut lane, 0), [1]);
    lane.on(Input::Queued(to(1, 1)), at(1));
    assert_eq!(work_until(&mut lane, 1, 500), [0_u128; 0]);
}

#[test]
fn re06_while_the_provider_is_silent_what_waits_keeps_its_attempts() {
    let mut lane = lane();
    for n in 1..=40 {
        lane.on(Input::Queued(to(n, n)), at(0));
    }
    let mut called = vec![];
    for ms in 0..1_000 {
        for n in work(&mut lane, ms) {
            called.push(n);
            lane.on(Input::Silent, at(ms));
            let again = Ended::Again { version: 2, not_before: Duration::from_secs(10) };
            end(&mut lane, n, again, ms);
        }
    }
    assert_eq!(called.len(), 5, "then it is left alone");
    assert_eq!(lane.load(), (40, 0), "and nobody is in doubt");
    // One tries, and when she is answered all go on.
    assert_eq!(work(&mut lane, 2_100).len(), 1);
    assert_eq!(work_until(&mut lane, 2_101, 2_500), [0_u128; 0]);
    lane.on(Input::Heard, at(2_500));
    end(&mut lane, 6, Ended::Final, 2_500);
    assert_eq!(work_until(&mut lane, 2_500, 4_500).len(), 34);
}

/// Picks and calls what there is; answers what was called, and what was suppressed.
fn work_with(
    lane: &mut Lane,
    (portfolio, people): &mut (Portfolio, People),
    ms: u64,
) -> (Vec<u128>, Vec<SuppressReason>) {
    let (mut called, mut stopped) = (vec![], vec![]);
    loop {
        match lane.next(at(ms), portfolio, people) {
            Action::Pick(_) => lane.on(Input::Picked, at(ms)),
            Action::Call(pick) => called.push(pick.message.into_uuid().as_u128()),
            Action::Suppress(candidate, reason) => {
                stopped.push(reason);
                lane.on(Input::Suppressed(candidate.message), at(ms));
            }
            Action::Wait(_) | Action::Idle => return (called, stopped),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn ca10_lanes_of_one_portfolio_share_its_people_and_what_answers_goes_all_the_same() {
    let mut common = (Portfolio::default(), People::default());
    common.0.set_most(Some(2));
    let (mut one, mut two) = (lane(), lane());
    let opened = |n| Candidate { window: Some(at(60_000).wall), ..to(n, n) };
    for n in 1..=2 {
        one.on(Input::Queued(to(n, n)), at(0));
        two.on(Input::Queued(to(10 + n, 10 + n)), at(0));
    }
    two.on(Input::Queued(opened(20)), at(0));
    let mut called = vec![];
    for ms in 0..500 {
        called.extend(work_with(&mut one, &mut common, ms).0);
        called.extend(work_with(&mut two, &mut common, ms).0);
    }
    called.sort_unstable();
    assert_eq!(called, [1, 2, 20], "two are reached, and one is answered");
    // One of those who wait writes: she needs nobody's leave.
    two.on(Input::Window(to(11, 11).conversation, at(90_000).wall), at(500));
    assert_eq!(work_with(&mut two, &mut common, 500).0, [11]);
}

#[test]
fn lg02_who_said_no_before_the_pick_is_not_written_to() {
    let mut common = (Portfolio::default(), People::default());
    let mut lane = lane();
    lane.on(Input::Queued(Candidate { needs_consent: true, ..to(1, 1) }), at(0));
    common.1.opted_out(to(1, 1).person);
    assert_eq!(work_with(&mut lane, &mut common, 0), (vec![], vec![SuppressReason::OptedOut]));
    lane.on(Input::Queued(to(2, 1)), at(0));
    assert_eq!(work_with(&mut lane, &mut common, 0).0, [2], "an answer needs no consent");
}

#[test]
fn d23_two_contacts_that_are_one_person_get_one_message_of_a_wave() {
    let mut common = (Portfolio::default(), People::default());
    let mut lane = lane();
    let wave = Some(Uuid::from_u128(1));
    lane.on(Input::Queued(Candidate { wave, ..to(1, 1) }), at(0));
    assert_eq!(work_with(&mut lane, &mut common, 0).0, [1]);
    common.1.merged(to(2, 2).person, to(1, 1).person);
    lane.on(Input::Queued(Candidate { wave, ..to(2, 2) }), at(50));
    assert_eq!(work_with(&mut lane, &mut common, 50).1, [SuppressReason::AlreadySent]);
    // It may be tried again itself.
    end(&mut lane, 1, Ended::Again { version: 2, not_before: Duration::ZERO }, 60);
    assert_eq!(work_with(&mut lane, &mut common, 100).0, [1]);
}

#[test]
fn closed_by_another_owner_it_does_nothing_more() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Closed, at(0));
    assert_eq!(next(&mut lane, at(0)), Action::Idle);
}

#[test]
fn a_long_stream_is_exchanged_and_what_is_under_way_goes_along() {
    let mut lane = Lane::open(80, super::LONGEST_STREAM, &Handover::default(), at(0));
    lane.on(Input::Queued(to(1, 1)), at(0));
    let Action::Rotate(handover) = next(&mut lane, at(0)) else { panic!("no exchange") };
    assert_eq!(handover.version, super::LONGEST_STREAM);
    lane.on(Input::Rotated, at(1));
    let Action::Pick(batch) = next(&mut lane, at(1)) else { panic!("no pick") };
    assert_eq!(batch.version, 1);
}
