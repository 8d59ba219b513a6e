//! What is news of a message, and what may still be done with it.

use chrono::{DateTime, TimeDelta, Utc};
use events::messaging::{MessageEvent, Origin, Purpose};
use kernel::decider::Decider as _;
use shared::{
    messages::{MessageKind, MessageState, SuppressReason},
    stored::{KeyClass, Mac, Sealed},
};
use uuid::Uuid;

use super::{Command, Message, MessageError, State};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn sealed<T>() -> Sealed<T> {
    Sealed::new(Uuid::from_u128(3), KeyClass::Content, 0, 1, String::new())
}

fn queued() -> MessageEvent {
    MessageEvent::Queued {
        conversation: Uuid::from_u128(1).into(),
        channel: Uuid::from_u128(2).into(),
        contact: Uuid::from_u128(3).into(),
        purpose: Purpose::Message,
        about: None,
        kind: MessageKind::Text,
        origin: Origin::Operator(Uuid::from_u128(4).into()),
        n_characters: 2,
        template: None,
        quotes: None,
        file: None,
        window: None,
        retry_of: None,
        said: sealed(),
    }
}

fn received() -> MessageEvent {
    MessageEvent::Received {
        conversation: Uuid::from_u128(1).into(),
        channel: Uuid::from_u128(2).into(),
        contact: Uuid::from_u128(3).into(),
        identity: Uuid::from_u128(5).into(),
        provider_at: at(1),
        delivery: Uuid::from_u128(6).into(),
        intake: 1,
        index: 0,
        delivery_mac: Mac("00".into()),
        kind: MessageKind::Image,
        n_characters: 0,
        quotes: None,
        is_forwarded: false,
        ad: None,
        is_history: false,
        said: sealed(),
    }
}

fn delivered() -> MessageEvent {
    MessageEvent::Delivered { provider_at: at(5), attempt: Some(1), pricing: None }
}

fn accepted() -> MessageEvent {
    MessageEvent::Accepted { attempt: 1, provider_id: sealed() }
}

fn after(events: &[MessageEvent]) -> State {
    events.iter().fold(State::default(), Message::evolve)
}

#[expect(clippy::needless_pass_by_value, reason = "a test reads better so")]
fn decide(before: &[MessageEvent], command: Command) -> Result<Vec<MessageEvent>, MessageError> {
    Message::decide(&after(before), &command, &at(100))
}

fn note(before: &[MessageEvent], event: MessageEvent) -> Result<usize, MessageError> {
    decide(before, Command::Note(Box::new(event))).map(|events| events.len())
}

#[test]
fn in04_queueing_twice_is_queueing_once() {
    let queue = || Command::Queue(Box::new(queued()), None);
    assert_eq!(decide(&[], queue()), Ok(vec![queued()]));
    assert_eq!(decide(&[queued()], queue()), Ok(vec![]));
    assert_eq!(decide(&[received()], queue()), Err(MessageError::Other));
    let wrong = Command::Queue(Box::new(accepted()), None);
    assert_eq!(decide(&[], wrong), Err(MessageError::WrongEvent));
}

#[test]
fn j2_what_may_not_be_sent_is_kept_with_its_reason() {
    let reason = SuppressReason::WindowClosed;
    let events = decide(&[], Command::Queue(Box::new(queued()), Some(reason))).unwrap();
    assert_eq!(events, [queued(), MessageEvent::Suppressed { reason }]);
    assert_eq!(after(&events).progress.state(), MessageState::Suppressed);
    assert!(!after(&events).progress.is_waiting());
}

#[test]
fn wb05_what_is_told_twice_changes_nothing() {
    assert_eq!(note(&[], received()), Ok(1));
    assert_eq!(note(&[received()], received()), Ok(0));
    assert_eq!(note(&[queued()], accepted()), Ok(1));
    assert_eq!(note(&[queued(), accepted()], accepted()), Ok(0));
    assert_eq!(note(&[queued(), accepted()], delivered()), Ok(1));
    assert_eq!(note(&[queued(), delivered()], delivered()), Ok(0));
    assert_eq!(note(&[queued(), delivered()], accepted()), Ok(1), "our own outcome may be late");
}

#[test]
fn a_status_before_our_own_outcome_ends_the_doubt() {
    let unknown = MessageEvent::OutcomeUnknown { attempt: 1 };
    assert_eq!(after(&[queued(), unknown.clone()]).progress.state(), MessageState::Unknown);
    assert_eq!(note(&[queued(), unknown.clone()], delivered()), Ok(1));
    let state = after(&[queued(), unknown.clone(), delivered()]).progress.state();
    assert_eq!(state, MessageState::Delivered);
    assert_eq!(note(&[queued(), unknown.clone()], unknown), Ok(0));
}

#[test]
fn d25_a_person_ends_a_doubt_and_nothing_else() {
    let unknown = MessageEvent::OutcomeUnknown { attempt: 1 };
    let confirmed = decide(&[queued(), unknown.clone()], Command::Confirm).unwrap();
    assert_eq!(confirmed, [MessageEvent::Confirmed {}]);
    let after_it = after(&[queued(), unknown.clone(), MessageEvent::Confirmed {}]);
    assert_eq!(after_it.progress.state(), MessageState::Accepted);
    assert!(!after_it.progress.delivery().can_retry);
    assert_eq!(decide(&[queued(), unknown, delivered()], Command::Confirm), Ok(vec![]));
    let waits = MessageError::Known(MessageState::Queued);
    assert_eq!(decide(&[queued()], Command::Confirm), Err(waits));
    assert_eq!(decide(&[received()], Command::Confirm), Err(MessageError::Missing));
}

#[test]
fn only_what_waits_is_withdrawn() {
    let withdraw = || Command::Withdraw("person".into());
    assert_eq!(decide(&[], withdraw()), Err(MessageError::Missing));
    assert_eq!(decide(&[queued()], withdraw()).map(|events| events.len()), Ok(1));
    let sent = [queued(), accepted()];
    assert_eq!(decide(&sent, withdraw()), Err(MessageError::TooLate(MessageState::Accepted)));
    let withdrawn = [queued(), MessageEvent::Withdrawn { reason: "person".into() }];
    assert_eq!(decide(&withdrawn, withdraw()), Ok(vec![]));
}

#[test]
fn ch19_a_file_is_stored_once_and_given_up_once() {
    let stored = || MessageEvent::MediaStored { file: Uuid::from_u128(9).into() };
    let missing = || MessageEvent::MediaMissing { reason: "cut".into() };
    assert_eq!(note(&[received()], stored()), Ok(1));
    assert_eq!(note(&[received(), stored()], stored()), Ok(0));
    assert_eq!(note(&[received(), stored()], missing()), Ok(0));
    assert_eq!(note(&[received(), missing()], missing()), Ok(0));
    assert_eq!(note(&[received(), missing()], stored()), Ok(1), "late, but there");
}
