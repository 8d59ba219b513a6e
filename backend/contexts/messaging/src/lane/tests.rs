//! What a lane does, one rule a test.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    ids::{ConversationId, MessageId},
    messages::SuppressReason,
};
use uuid::Uuid;

use super::{Action, Candidate, Ended, Halt, Handover, Hold, Input, Lane, Now, Priority};

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

/// Lets the lane work until it waits; every commit is taken. Answers what it called.
fn work(lane: &mut Lane, ms: u64) -> Vec<u128> {
    let mut called = Vec::new();
    loop {
        match lane.next(at(ms)) {
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
    let Action::Pick(batch) = lane.next(at(0)) else { panic!("no pick") };
    assert_eq!(batch.version, 1);
    assert_eq!(batch.picks, [(to(1, 1).pick(), 1)]);
    assert!(matches!(lane.next(at(5)), Action::Idle | Action::Wait(_)));
    lane.on(Input::Picked, at(5));
    assert_eq!(lane.next(at(5)), Action::Call(to(1, 1).pick()));
}

#[test]
fn what_is_written_to_one_person_leaves_one_after_the_other() {
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
    let Action::Release(given_back, _) = lane.next(at(1)) else { panic!("kept what it had") };
    assert!(!given_back.is_empty());
    lane.given_back(at(1));
    assert_eq!(lane.next(at(1)), Action::Idle);
    assert_eq!(work_until(&mut lane, 1, 2_000), [0_u128; 0]);
    lane.on(Input::Resume(Halt::Channel), at(2_000));
    let after = work_until(&mut lane, 2_000, 4_000);
    let all: Vec<u128> = before.into_iter().chain(after).collect();
    assert_eq!(all, (1..=20).collect::<Vec<_>>());
}

#[test]
fn two_reasons_to_stand_still_need_two_to_go_on() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Halt(Halt::Channel), at(0));
    lane.on(Input::Halt(Halt::Company), at(0));
    lane.on(Input::Resume(Halt::Channel), at(0));
    assert_eq!(lane.next(at(0)), Action::Idle);
    lane.on(Input::Resume(Halt::Company), at(0));
    assert!(matches!(lane.next(at(0)), Action::Pick(_)));
}

#[test]
fn in05_free_text_after_its_window_is_suppressed_unless_the_person_wrote_again() {
    let until: DateTime<Utc> = at(1_000).wall;
    let expired = |n| Candidate { window: Some(until), ..to(n, n) };
    let mut lane = lane();
    lane.on(Input::Queued(expired(1)), at(2_000));
    let action = lane.next(at(2_000));
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
    let Action::Pick(_) = lane.next(at(0)) else { panic!("no pick") };
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
    let Action::Pick(batch) = lane.next(at(10_000)) else { panic!("no pick") };
    assert_eq!((batch.picks[0].0.attempt, batch.picks[0].1), (2, 2));
}

#[test]
fn what_was_withdrawn_is_not_sent() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Gone(message(1)), at(0));
    assert_eq!(lane.next(at(0)), Action::Idle);
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
fn closed_by_another_owner_it_does_nothing_more() {
    let mut lane = lane();
    lane.on(Input::Queued(to(1, 1)), at(0));
    lane.on(Input::Closed, at(0));
    assert_eq!(lane.next(at(0)), Action::Idle);
}

#[test]
fn a_long_stream_is_exchanged_and_what_is_under_way_goes_along() {
    let mut lane = Lane::open(80, super::LONGEST_STREAM, &Handover::default(), at(0));
    lane.on(Input::Queued(to(1, 1)), at(0));
    let Action::Rotate(handover) = lane.next(at(0)) else { panic!("no exchange") };
    assert_eq!(handover.version, super::LONGEST_STREAM);
    lane.on(Input::Rotated, at(1));
    let Action::Pick(batch) = lane.next(at(1)) else { panic!("no pick") };
    assert_eq!(batch.version, 1);
}
