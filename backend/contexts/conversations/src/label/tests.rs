use events::conversations::LabelEvent;
use kernel::{commit::Claim, decider::Decider as _};
use shared::conversations::LabelColour;
use uuid::Uuid;

use super::{Command, LabelError, LabelStream, State};

fn create(name: &str) -> Command {
    Command::Create { name: name.to_owned(), colour: LabelColour::Petrol }
}

fn change(name: &str, colour: LabelColour) -> Command {
    Command::Change { name: name.to_owned(), colour }
}

fn given(commands: &[Command]) -> State {
    commands.iter().fold(State::default(), |state, command| {
        let events = LabelStream::decide(&state, command, &()).expect("a decision");
        events.iter().fold(state, LabelStream::evolve)
    })
}

fn claims(state: &State, command: &Command) -> Vec<Claim> {
    let events = LabelStream::decide(state, command, &()).expect("a decision");
    let of = |event| LabelStream::claims(Uuid::from_u128(1), Uuid::from_u128(2), state, event);
    events.iter().flat_map(of).collect()
}

#[test]
fn a_name_has_something_in_it_and_no_line_breaks() {
    for name in ["", "  ", "a\nb", &"x".repeat(41)] {
        let decided = LabelStream::decide(&State::default(), &create(name), &());
        assert_eq!(decided, Err(LabelError::Name), "{name:?}");
    }
    let created = LabelStream::decide(&State::default(), &create(" Orçamento "), &());
    let name = "Orçamento".into();
    assert_eq!(created, Ok(vec![LabelEvent::Created { name, colour: LabelColour::Petrol }]));
}

#[test]
fn what_is_as_it_should_be_does_not_change() {
    let state = given(&[create("Vip")]);
    assert_eq!(LabelStream::decide(&state, &create("Vip"), &()), Ok(vec![]));
    let same = change("Vip", LabelColour::Petrol);
    assert_eq!(LabelStream::decide(&state, &same, &()), Ok(vec![]));
}

#[test]
fn a_removed_label_is_not_there() {
    let state = given(&[create("Vip"), Command::Remove]);
    for command in [change("Vip", LabelColour::Gold), Command::Remove] {
        assert_eq!(LabelStream::decide(&state, &command, &()), Err(LabelError::Missing));
    }
    let missing = LabelStream::decide(&State::default(), &Command::Remove, &());
    assert_eq!(missing, Err(LabelError::Missing));
}

#[test]
fn a_name_is_claimed_whatever_its_case_and_given_back() {
    let state = given(&[create("Vip")]);
    assert!(matches!(claims(&State::default(), &create("Vip")).as_slice(), [Claim::Take { .. }]));
    assert_eq!(claims(&state, &change("VIP", LabelColour::Petrol)), vec![]);
    assert!(matches!(
        claims(&state, &change("Novo", LabelColour::Petrol)).as_slice(),
        [Claim::Release { .. }, Claim::Take { .. }]
    ));
    assert!(matches!(claims(&state, &Command::Remove).as_slice(), [Claim::Release { .. }]));
}
