use chrono::{DateTime, TimeDelta, Utc};
use events::conversations::ConversationEvent;
use kernel::{commit::TimerChange, decider::Decider as _};
use shared::{
    conversations::{Priority, Status},
    ids::{ChannelId, ContactId, IdentityId, LabelId, MessageId, UserId},
};
use uuid::Uuid;

use super::{Command, Conversation, ConversationError, MOST_LABELS, State};

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn open(contact: u128, identity: u128) -> Command {
    Command::Open {
        channel: ChannelId::from_uuid(Uuid::from_u128(1)),
        contact: ContactId::from_uuid(Uuid::from_u128(contact)),
        identity: IdentityId::from_uuid(Uuid::from_u128(identity)),
    }
}

fn change(identity: u128) -> Command {
    Command::ChangeIdentity { identity: IdentityId::from_uuid(Uuid::from_u128(identity)) }
}

fn user(n: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(n))
}

fn assign(from: Option<UserId>, to: Option<UserId>) -> Command {
    Command::Assign { to, from }
}

fn label(n: u128) -> LabelId {
    LabelId::from_uuid(Uuid::from_u128(n))
}

fn snooze(hours: i64) -> Command {
    Command::Snooze { until: now() + TimeDelta::hours(hours) }
}

fn decide(state: &State, command: &Command) -> Result<Vec<ConversationEvent>, ConversationError> {
    Conversation::decide(state, command, &now())
}

fn then(state: State, commands: &[Command]) -> State {
    commands.iter().fold(state, |state, command| {
        let events = decide(&state, command).expect("a decision");
        events.iter().fold(state, Conversation::evolve)
    })
}

fn given(commands: &[Command]) -> State {
    then(State::default(), commands)
}

fn heard(state: State) -> State {
    let message = MessageId::from_uuid(Uuid::from_u128(9));
    Conversation::evolve(state, &ConversationEvent::MessageReceived { message })
}

#[test]
fn a_conversation_is_opened_once() {
    let opened = decide(&State::default(), &open(2, 3)).expect("opened");
    assert!(matches!(opened.as_slice(), [ConversationEvent::Opened { .. }]));
    assert_eq!(decide(&given(&[open(2, 3)]), &open(2, 4)), Ok(vec![]));
}

#[test]
fn it_keeps_its_channel_and_contact() {
    let decided = decide(&given(&[open(2, 3)]), &open(9, 3));
    assert_eq!(decided, Err(ConversationError::BetweenOthers));
}

#[test]
fn answers_go_to_the_newest_address() {
    let state = given(&[open(2, 3), change(4)]);
    assert_eq!(state.identity, Some(IdentityId::from_uuid(Uuid::from_u128(4))));
    assert_eq!(decide(&state, &change(4)), Ok(vec![]));
}

#[test]
fn nothing_is_done_with_a_conversation_that_is_not_there() {
    let all = [
        change(4),
        assign(None, Some(user(1))),
        Command::Resolve,
        Command::Reopen,
        snooze(1),
        Command::Wake,
        Command::Prioritise(Priority::High),
        Command::Label(label(1)),
        Command::Unlabel(label(1)),
    ];
    for command in all {
        let decided = decide(&State::default(), &command);
        assert_eq!(decided, Err(ConversationError::Missing), "{command:?}");
    }
}

#[test]
fn of_two_who_take_a_conversation_at_once_one_wins_and_the_other_is_told_whose_it_is() {
    let state = given(&[open(2, 3), assign(None, Some(user(1)))]);
    let second = decide(&state, &assign(None, Some(user(2))));
    assert_eq!(second, Err(ConversationError::AssignedMeanwhile { to: Some(user(1)) }));
    assert_eq!(decide(&state, &assign(None, Some(user(1)))), Ok(vec![]));
    let handed = decide(&state, &assign(Some(user(1)), Some(user(2))));
    assert_eq!(handed, Ok(vec![ConversationEvent::Assigned { to: Some(user(2)) }]));
    let nobody = then(state, &[assign(Some(user(1)), None)]);
    assert_eq!(nobody.assignee, None);
}

#[test]
fn what_the_person_says_opens_what_was_dealt_with_or_put_off() {
    let state = given(&[open(2, 3)]);
    assert_eq!(state.status, Status::Open);
    let resolved = then(state.clone(), &[Command::Resolve]);
    assert_eq!(resolved.status, Status::Resolved);
    assert_eq!(decide(&resolved, &Command::Resolve), Ok(vec![]));
    assert_eq!(heard(resolved.clone()).status, Status::Open);
    assert_eq!(then(resolved, &[Command::Reopen]).status, Status::Open);
    let snoozed = then(state.clone(), &[snooze(2)]);
    assert_eq!((snoozed.status, snoozed.snoozed_until.is_some()), (Status::Snoozed, true));
    let back = heard(snoozed);
    assert_eq!((back.status, back.snoozed_until), (Status::Open, None));
    assert_eq!(decide(&state, &Command::Reopen), Ok(vec![]));
}

#[test]
fn something_is_put_off_to_the_future_and_not_for_ever() {
    let state = given(&[open(2, 3)]);
    for hours in [-1, 0, 24 * 367] {
        assert_eq!(decide(&state, &snooze(hours)), Err(ConversationError::NotATime), "{hours}");
    }
    let snoozed = then(state, &[snooze(2)]);
    assert_eq!(decide(&snoozed, &snooze(2)), Ok(vec![]));
    let longer = decide(&snoozed, &snooze(3)).expect("put off further");
    assert!(matches!(longer.as_slice(), [ConversationEvent::Snoozed { .. }]));
}

#[test]
fn a_timer_wakes_only_what_is_still_put_off() {
    let state = given(&[open(2, 3), snooze(2)]);
    assert_eq!(decide(&state, &Command::Wake), Ok(vec![]));
    let later = now() + TimeDelta::hours(2);
    let woken = Conversation::decide(&state, &Command::Wake, &later);
    assert_eq!(woken, Ok(vec![ConversationEvent::Woken {}]));
    assert_eq!(Conversation::decide(&heard(state), &Command::Wake, &later), Ok(vec![]));
}

#[test]
fn a_timer_is_set_with_the_snooze_and_taken_back_with_its_end() {
    let (company, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let snoozed = given(&[open(2, 3), snooze(2)]);
    let until = now() + TimeDelta::hours(2);
    let timers =
        |state: &State, event: &ConversationEvent| Conversation::timers(company, id, state, event);
    let set = timers(&given(&[open(2, 3)]), &ConversationEvent::Snoozed { until });
    assert!(matches!(set.as_slice(), [TimerChange::Set(timer)] if timer.due == until));
    for event in [ConversationEvent::Resolved {}, ConversationEvent::Reopened {}] {
        assert!(matches!(timers(&snoozed, &event).as_slice(), [TimerChange::Cancel { .. }]));
        assert_eq!(timers(&given(&[open(2, 3)]), &event), vec![]);
    }
}

#[test]
fn labels_are_put_on_once_and_not_without_end() {
    let state = given(&[open(2, 3), Command::Label(label(1))]);
    assert_eq!(decide(&state, &Command::Label(label(1))), Ok(vec![]));
    assert_eq!(decide(&state, &Command::Unlabel(label(2))), Ok(vec![]));
    let bare = then(state, &[Command::Unlabel(label(1))]);
    assert!(bare.labels.is_empty());
    let most = u128::try_from(MOST_LABELS).expect("a number");
    let all: Vec<Command> = (0..most).map(|n| Command::Label(label(n))).collect();
    let full = then(bare, &all);
    assert_eq!(decide(&full, &Command::Label(label(99))), Err(ConversationError::TooManyLabels));
}

#[test]
fn priority_changes_when_it_is_another() {
    let state = given(&[open(2, 3)]);
    assert_eq!(decide(&state, &Command::Prioritise(Priority::Normal)), Ok(vec![]));
    let urgent = then(state, &[Command::Prioritise(Priority::Urgent)]);
    assert_eq!(urgent.priority, Priority::Urgent);
}
