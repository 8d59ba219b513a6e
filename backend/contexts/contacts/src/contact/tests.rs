use events::contacts::{Address, ContactEvent, NameOrigin, Source};
use kernel::decider::Decider as _;
use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::{ContactId, IdentityId},
    stored::{KeyClass, Mac, Sealed},
};
use uuid::Uuid;

use super::{Command, Contact, ContactError, Name, NewIdentity, State};

const HER: ContactId = ContactId::from_uuid(Uuid::from_u128(1));
const OTHER: ContactId = ContactId::from_uuid(Uuid::from_u128(2));

fn sealed<T>() -> Sealed<T> {
    Sealed::new(HER.into_uuid(), KeyClass::Identity, 0, 1, "x".to_owned())
}

fn identity(n: u128) -> IdentityId {
    IdentityId::from_uuid(Uuid::from_u128(n))
}

fn created() -> ContactEvent {
    ContactEvent::Created { source: Source::Inbound }
}

fn name(name: &str, origin: NameOrigin) -> Command {
    Command::Name(Name { name: sealed(), digest: Mac(name.to_owned()), origin })
}

fn new(n: u128, key: &str) -> NewIdentity {
    NewIdentity {
        identity: identity(n),
        medium: Medium::Whatsapp,
        kind: AddressKind::Phone,
        key: Mac(key.to_owned()),
        address: sealed::<Address>(),
        country: None,
        area: None,
    }
}

/// A contact to whom this was done.
fn given(commands: &[Command]) -> (State, Vec<ContactEvent>) {
    let mut state = Contact::evolve(State::default(), &created());
    let mut events = vec![created()];
    for command in commands {
        let decided = Contact::decide(&state, command, &()).expect("a decision");
        state = decided.iter().fold(state, Contact::evolve);
        events.extend(decided);
    }
    (state, events)
}

fn when(past: &[Command], command: &Command) -> Result<Vec<ContactEvent>, ContactError> {
    Contact::decide(&given(past).0, command, &())
}

#[test]
fn a_contact_is_made_once() {
    let create = Command::Create(Source::Outbound);
    let first = Contact::decide(&State::default(), &create, &());
    assert_eq!(first, Ok(vec![ContactEvent::Created { source: Source::Outbound }]));
    assert_eq!(when(&[], &create), Ok(vec![]));
}

#[test]
fn nothing_happens_to_somebody_unknown() {
    for command in [name("Ana", NameOrigin::Operator), Command::Unmerge, Command::Erase] {
        let decided = Contact::decide(&State::default(), &command, &());
        assert_eq!(decided, Err(ContactError::Missing));
    }
}

#[test]
fn the_same_name_again_is_no_event_but_an_older_one_is() {
    let ana = name("Ana", NameOrigin::Profile);
    let bia = name("Bia", NameOrigin::Profile);
    assert_eq!(when(std::slice::from_ref(&ana), &ana), Ok(vec![]));
    assert_eq!(when(&[ana.clone(), bia], &ana).expect("named").len(), 1);
    let operator = name("Ana", NameOrigin::Operator);
    assert_eq!(when(&[ana], &operator).expect("named").len(), 1);
}

#[test]
fn an_address_is_added_once_and_comes_back_after_it_was_replaced() {
    let first = Command::AddIdentity(new(1, "a"));
    let again = Command::AddIdentity(new(9, "a"));
    assert_eq!(when(std::slice::from_ref(&first), &again), Ok(vec![]));
    let second = Command::AddIdentity(new(2, "b"));
    let replace = Command::Replace { identity: identity(1), by: identity(2) };
    let past = [first, second, replace];
    assert_eq!(given(&past).0.current(&Mac("a".to_owned())), None);
    assert_eq!(when(&past, &again).expect("added").len(), 1);
}

#[test]
fn only_her_own_addresses_replace_each_other() {
    let first = Command::AddIdentity(new(1, "a"));
    let foreign = Command::Replace { identity: identity(1), by: identity(7) };
    assert_eq!(when(std::slice::from_ref(&first), &foreign), Err(ContactError::NotHers));
    let itself = Command::Replace { identity: identity(1), by: identity(1) };
    assert_eq!(when(&[first], &itself), Ok(vec![]));
}

#[test]
fn a_merge_is_made_once_and_undone() {
    let merge = Command::Merge { into: OTHER };
    assert_eq!(when(&[], &merge), Ok(vec![ContactEvent::Merged { into: OTHER }]));
    assert_eq!(when(std::slice::from_ref(&merge), &merge), Ok(vec![]));
    let elsewhere = Command::Merge { into: HER };
    assert_eq!(when(std::slice::from_ref(&merge), &elsewhere), Err(ContactError::Merged));
    let undone = when(std::slice::from_ref(&merge), &Command::Unmerge);
    assert_eq!(undone, Ok(vec![ContactEvent::Unmerged { from: OTHER }]));
    assert_eq!(when(&[], &Command::Unmerge), Err(ContactError::NotMerged));
    assert_eq!(given(&[merge, Command::Unmerge]).0.merged_into, None);
}

#[test]
fn merges_do_not_chain() {
    let absorb = Command::Absorb { contact: OTHER };
    let merge = Command::Merge { into: OTHER };
    assert_eq!(when(std::slice::from_ref(&merge), &absorb), Err(ContactError::Merged));
    assert_eq!(when(std::slice::from_ref(&absorb), &merge), Err(ContactError::HasMerged));
    let release = Command::Release { contact: OTHER };
    assert_eq!(when(&[], &release), Ok(vec![]));
    assert_eq!(when(&[absorb, release], &merge).expect("merged").len(), 1);
}

#[test]
fn an_erased_contact_gets_nothing_new() {
    let erased = [Command::Erase];
    assert_eq!(when(&erased, &Command::Erase), Ok(vec![]));
    for command in [name("Ana", NameOrigin::Profile), Command::AddIdentity(new(1, "a"))] {
        assert_eq!(when(&erased, &command), Err(ContactError::Erased));
    }
}
