//! What a channel decides.

use chrono::{DateTime, TimeDelta, Utc};
use events::channels::ChannelEvent;
use kernel::{commit::Claim, decider::Decider as _, ids::PLATFORM};
use shared::{
    channels::{PauseReason, ProofStep},
    stored::ConfigText,
};
use uuid::Uuid;

use super::{Channel, ChannelError, Command, Connect, NUMBER, State, number_key};

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn connect() -> Command {
    Command::Connect(Connect {
        name: "Vendas".into(),
        phone_number_id: "1001".into(),
        waba_id: "9001".into(),
        display_number: "+55 11 5555-0101".into(),
        verified_name: Some("Loja".into()),
        mps: 80,
        secrets: 1,
        quality: Some("GREEN".into()),
        tier: None,
        portfolio: None,
    })
}

fn after(commands: &[Command]) -> State {
    commands.iter().fold(State::default(), |state, command| {
        let events = Channel::decide(&state, command, &now()).unwrap();
        events.iter().fold(state, Channel::evolve)
    })
}

fn decide(before: &[Command], command: &Command) -> Result<Vec<ChannelEvent>, ChannelError> {
    Channel::decide(&after(before), command, &now())
}

#[test]
fn d10_a_number_is_connected_once_and_claimed_for_the_whole_platform() {
    let events = decide(&[], &connect()).unwrap();
    assert!(matches!(events[0], ChannelEvent::Connected { .. }));
    assert_eq!(decide(&[connect()], &connect()), Ok(vec![]));
    let id = Uuid::from_u128(7);
    let claims = Channel::claims(Uuid::from_u128(1), id, &State::default(), &events[0]);
    let key = number_key("1001");
    assert_eq!(claims, [Claim::Take { company: PLATFORM, kind: NUMBER, key, owner: id }]);
    let gone = ChannelEvent::Disconnected {};
    let claims = Channel::claims(Uuid::from_u128(1), id, &after(&[connect()]), &gone);
    assert_eq!(claims, [Claim::Release { company: PLATFORM, kind: NUMBER, key, owner: id }]);
}

#[test]
fn what_does_not_exist_is_missing_and_what_is_off_stays_off() {
    assert_eq!(decide(&[], &Command::Resume), Err(ChannelError::Missing));
    let off = [connect(), Command::Disconnect];
    assert_eq!(decide(&off, &Command::Disconnect), Ok(vec![]));
    assert_eq!(decide(&off, &Command::StartProof), Err(ChannelError::Disconnected));
}

#[test]
fn ch16_a_person_pauses_and_resumes() {
    let paused = [connect(), Command::Pause(PauseReason::Person, None)];
    assert_eq!(decide(&paused, &Command::Pause(PauseReason::Person, None)), Ok(vec![]));
    assert_eq!(decide(&paused, &Command::Resume), Ok(vec![ChannelEvent::Resumed {}]));
    assert_eq!(decide(&[connect()], &Command::Resume), Ok(vec![]));
}

#[test]
fn ch18_an_expired_token_is_not_resumed_but_replaced() {
    let expired = [connect(), Command::Pause(PauseReason::TokenExpired, Some(190))];
    assert_eq!(decide(&expired, &Command::Resume), Err(ChannelError::TokenExpired));
    let replace = Command::ReplaceCredentials { secrets: 2, token: true, app_secret: false };
    let events = decide(&expired, &replace).unwrap();
    assert_eq!(events.last(), Some(&ChannelEvent::Resumed {}));
    let by_person = [connect(), Command::Pause(PauseReason::Person, None)];
    assert_eq!(decide(&by_person, &replace).unwrap().len(), 1, "a person's pause stays");
}

#[test]
fn ch03_a_proof_is_green_by_a_signed_delivery_or_names_its_step() {
    let waiting = [connect(), Command::StartProof, Command::PassProof(ProofStep::Token)];
    let until = now() + TimeDelta::minutes(2);
    assert_eq!(after(&waiting).proof, Some((until, vec![ProofStep::Token])));
    assert_eq!(decide(&waiting, &Command::StartProof), Ok(vec![]));
    assert_eq!(decide(&waiting, &Command::PassProof(ProofStep::Token)), Ok(vec![]));
    assert_eq!(decide(&waiting, &Command::Prove), Ok(vec![ChannelEvent::Proven {}]));
    let failed = Command::FailProof(ProofStep::Signature, None);
    assert_eq!(decide(&waiting, &failed).unwrap().len(), 1);
    assert_eq!(decide(&[connect()], &failed), Ok(vec![]), "nothing waits");
}

#[test]
fn a_new_app_secret_must_be_proven_again() {
    let proven = [connect(), Command::StartProof, Command::Prove];
    assert_eq!(decide(&proven, &Command::Prove), Ok(vec![]));
    let replace = Command::ReplaceCredentials { secrets: 2, token: false, app_secret: true };
    let replaced = [connect(), Command::StartProof, Command::Prove, replace];
    assert_eq!(decide(&replaced, &Command::Prove), Ok(vec![ChannelEvent::Proven {}]));
}

#[test]
fn health_that_is_known_is_no_news() {
    let health = |quality: &str, mps| Command::Health {
        quality: Some(ConfigText::from(quality)),
        tier: None,
        mps: Some(mps),
    };
    assert_eq!(decide(&[connect()], &health("GREEN", 80)), Ok(vec![]));
    let changed = decide(&[connect()], &health("YELLOW", 1_000)).unwrap();
    let expected = ChannelEvent::HealthChanged {
        quality: Some("YELLOW".into()),
        tier: None,
        mps: Some(1_000),
    };
    assert_eq!(changed, [expected]);
}
