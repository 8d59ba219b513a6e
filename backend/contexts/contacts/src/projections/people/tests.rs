use chrono::DateTime;
use events::contacts::{Address, ContactEvent, NameOrigin};
use shared::{
    channels::Medium,
    contacts::AddressKind,
    ids::IdentityId,
    stored::{KeyClass, Sealed},
};
use uuid::Uuid;

use super::{
    Opened, Person,
    words::{self, plain},
};

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
    assert_eq!((person.name(), words::of(&person).len()), (None, 0));
}

/// Whether a question finds her.
fn finds(person: &Person, question: &str) -> bool {
    let words = words::of(person);
    let Some(words::Terms(terms)) = words::asked(question) else { return false };
    let is_in = |(low, high): &words::Range| words.iter().any(|word| low <= word && word < high);
    terms.iter().all(|ranges| ranges.iter().any(is_in))
}

#[test]
fn she_is_found_without_accents_by_the_beginnings_of_her_names() {
    let mut person = Person::default();
    named(&mut person, "José Araújo d\u{2019}Ávila", NameOrigin::Profile);
    for question in ["jose", "JOSÉ", "ara jo", "araujo", "jose ar", "avila", "Jose\u{301}"] {
        assert!(finds(&person, question), "{question}");
    }
    for question in ["", " ", "%", "raujo", "jose maria", "_", "~"] {
        assert!(!finds(&person, question), "{question}");
    }
    assert_eq!(plain("50%_A\\É"), "50%_a\\e");
}

#[test]
fn she_is_found_by_her_number_however_it_is_written() {
    let mut person = Person::default();
    added(&mut person, 1, AddressKind::Phone, "+5541988887777");
    for question in [
        "+55 41 98888-7777",
        "5541988887777",
        "(41) 98888-7777",
        "041 98888-7777",
        "98888-7777",
        "8888-7777",
        "7777",
        "4198888",
        "+55 41 9888",
        "41 8888-7777",
        "+55 41 8888 7777",
        "0055 41 8888 7777",
    ] {
        assert!(finds(&person, question), "{question}");
    }
    for question in ["777", "6666", "41 98888-7778", "+54 41 98888-7777"] {
        assert!(!finds(&person, question), "{question}");
    }
    let mut other = Person::default();
    added(&mut other, 1, AddressKind::Phone, "+5491123456789");
    for question in ["+54 9 11 2345-6789", "+54 11 15 2345 6789", "2345-6789"] {
        assert!(finds(&other, question), "{question}");
    }
    let mut mexican = Person::default();
    added(&mut mexican, 1, AddressKind::Phone, "+525512345678");
    assert!(finds(&mexican, "+52 1 55 1234 5678") && finds(&mexican, "55 1234 5678"));
    let mut nameless = Person::default();
    added(&mut nameless, 1, AddressKind::Bsuid, "BR.13491208655302741918");
    assert!(finds(&nameless, "BR.1349") && finds(&nameless, "13491208655302741918"));
}
