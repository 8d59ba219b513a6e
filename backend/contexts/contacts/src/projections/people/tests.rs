use chrono::DateTime;
use events::contacts::{Address, ContactEvent, NameOrigin};
use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::IdentityId,
    stored::{KeyClass, Sealed},
};
use uuid::Uuid;

use super::{Opened, Person, plain};

fn sealed<T>() -> Sealed<T> {
    Sealed::new(Uuid::from_u128(1), KeyClass::Identity, 0, 1, "x".to_owned())
}

fn named(person: &mut Person, name: &str, origin: NameOrigin) {
    let event = ContactEvent::Named { name: sealed(), origin, digest: None };
    let opened = Opened { name: Some(name.to_owned()), address: None };
    person.on(&event, opened, DateTime::UNIX_EPOCH);
}

fn added(person: &mut Person, n: u128, kind: AddressKind, address: &str) {
    let event = ContactEvent::IdentityAdded {
        identity: IdentityId::from_uuid(Uuid::from_u128(n)),
        medium: Medium::Whatsapp,
        kind,
        address: sealed(),
        key: None,
        country: None,
        area: None,
    };
    let address = Address { canonical: address.to_owned(), written: address.to_owned() };
    person.on(&event, Opened { name: None, address: Some(address) }, DateTime::UNIX_EPOCH);
}

#[test]
fn she_is_shown_by_the_best_name_there_is() {
    let mut person = Person::default();
    assert_eq!(person.name(), None);
    added(&mut person, 1, AddressKind::Bsuid, "BR.1");
    assert_eq!(person.name(), Some("BR.1"));
    added(&mut person, 2, AddressKind::Phone, "+5541988887777");
    assert_eq!(person.name(), Some("+5541988887777"));
    named(&mut person, "Ana", NameOrigin::Profile);
    assert_eq!(person.name(), Some("Ana"));
    named(&mut person, "Ana da Loja", NameOrigin::Operator);
    named(&mut person, "Aninha", NameOrigin::Profile);
    assert_eq!(person.name(), Some("Ana da Loja"));
}

#[test]
fn a_former_address_comes_last() {
    let mut person = Person::default();
    added(&mut person, 1, AddressKind::Phone, "+5541900000001");
    added(&mut person, 2, AddressKind::Phone, "+5541900000002");
    let (identity, by) =
        (IdentityId::from_uuid(Uuid::from_u128(1)), IdentityId::from_uuid(Uuid::from_u128(2)));
    let replaced = ContactEvent::IdentityReplaced { identity, by };
    person.on(&replaced, Opened::default(), DateTime::UNIX_EPOCH);
    assert_eq!(person.name(), Some("+5541900000002"));
}

#[test]
fn an_erased_person_leaves_no_name_and_no_address() {
    let mut person = Person::default();
    added(&mut person, 1, AddressKind::Phone, "+5541988887777");
    named(&mut person, "Fulano", NameOrigin::Profile);
    person.on(&ContactEvent::Erased {}, Opened::default(), DateTime::UNIX_EPOCH);
    let json = serde_json::to_string(&person).expect("JSON");
    assert!(!json.contains("Fulano") && !json.contains("8888"), "{json}");
    assert_eq!((person.name(), person.search().as_str()), (None, ""));
}

#[test]
fn she_is_found_without_accents_and_by_her_number() {
    let mut person = Person::default();
    named(&mut person, "José Araújo", NameOrigin::Profile);
    added(&mut person, 1, AddressKind::Phone, "+5541988887777");
    assert!(person.search().contains("jose araujo"));
    assert!(person.search().contains("41988887777"));
    assert_eq!(plain("50%_A\\É"), "50ae");
}
