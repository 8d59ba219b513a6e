use proptest::prelude::*;
use serde_json::Value;

use super::{Phone, PhoneError};

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("the test's number is one")
}

/// Whether a number that comes in is filed with one that is known.
fn is_same_line(known: &str, incoming: &str) -> bool {
    let known = phone(known).canonical();
    let incoming = phone(incoming);
    incoming.canonical() == known || incoming.also_known_as().as_ref() == Some(&known)
}

#[test]
fn spellings_of_the_collected_cases_match_as_told() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/cases/phone");
    let mut n_cases = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let path = entry.expect("a case").path();
        let case: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).expect("text")).expect("JSON");
        let incoming = case["input"]["incoming_wa_id"].as_str().expect("a number");
        let known = case["input"]["existing_ids_in_channel"].as_array().expect("a list");
        let found =
            known.iter().filter_map(Value::as_str).find(|known| is_same_line(known, incoming));
        assert_eq!(found, case["expect"]["matches"].as_str(), "{}", path.display());
        n_cases += 1;
    }
    assert!(n_cases >= 4, "{n_cases} cases");
}

#[test]
fn a_brazilian_mobile_is_one_line_with_and_without_its_ninth_digit() {
    assert!(is_same_line("5541988887777", "554188887777"));
    assert!(is_same_line("554188887777", "5541988887777"));
    assert_eq!(phone("+55 (41) 8888-7777").canonical().digits(), "5541988887777");
}

#[test]
fn a_brazilian_landline_gets_no_ninth_digit() {
    assert_eq!(phone("554132345678").canonical().digits(), "554132345678");
    assert!(!is_same_line("554132345678", "5541932345678"));
}

#[test]
fn a_mexican_number_is_one_line_with_and_without_the_1() {
    assert!(is_same_line("525512345678", "5215512345678"));
    assert!(is_same_line("5215512345678", "525512345678"));
}

#[test]
fn an_argentinian_mobile_is_found_without_its_9_but_not_the_other_way_round() {
    assert!(is_same_line("541112345678", "5491112345678"));
    assert!(!is_same_line("5491112345678", "541112345678"));
    assert!(is_same_line("5491112345678", "54 11 15 1234-5678"));
    assert!(is_same_line("5493514123456", "54 351 15 412 3456"));
}

#[test]
fn texts_that_are_no_numbers_are_refused() {
    assert_eq!(Phone::parse("<WHATSAPP_USER_PHONE_NUMBER>"), Err(PhoneError::Sign));
    assert_eq!(Phone::parse("IN.2081978709342942"), Err(PhoneError::Sign));
    assert_eq!(Phone::parse("12"), Err(PhoneError::Length));
    assert_eq!(Phone::parse(""), Err(PhoneError::Length));
    assert_eq!(Phone::parse("5541988887777000"), Err(PhoneError::Length));
    assert_eq!(Phone::parse("2105555555"), Err(PhoneError::Country));
    assert_eq!(Phone::parse("55+41988887777"), Err(PhoneError::Sign));
}

#[test]
fn a_number_tells_its_country_and_area() {
    let number = phone("0055 41 98888.7777");
    assert_eq!(
        (number.country_code(), number.country(), number.area_code()),
        ("55", "BR", Some("41"))
    );
    assert_eq!(phone("12125550100").area_code(), Some("212"));
    assert_eq!(phone("5493514123456").area_code(), Some("351"));
    assert_eq!(phone("5215512345678").area_code(), Some("55"));
    assert_eq!(phone("447700900123").area_code(), None);
    assert_eq!(phone("447700900123").country(), "GB");
}

#[test]
fn it_reads_well_on_a_screen_and_tells_nothing_in_a_log() {
    let number = phone("5541988881234");
    assert_eq!(number.display(), "+55 41 98888-1234");
    assert_eq!(number.e164(), "+5541988881234");
    assert_eq!(format!("{number}"), "+55•••••1234");
    assert_eq!(format!("{number:?}"), "+55•••••1234");
    assert_eq!(serde_json::to_string(&number).expect("JSON"), "\"+5541988881234\"");
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC*") {
        let _ = Phone::parse(&text);
    }

    #[test]
    fn a_number_survives_its_own_spellings(digits in "[1-9][0-9]{6,14}") {
        if let Ok(number) = Phone::parse(&digits) {
            prop_assert_eq!(number.digits(), digits.as_str());
            prop_assert_eq!(&Phone::parse(&number.e164()).expect("E.164"), &number);
            prop_assert_eq!(&Phone::parse(&number.display()).expect("display"), &number);
            let json = serde_json::to_string(&number).expect("JSON");
            prop_assert_eq!(&serde_json::from_str::<Phone>(&json).expect("JSON"), &number);
        }
    }

    #[test]
    fn canonical_is_final_and_keeps_country_and_area(digits in "(55|52|54|1|44)[1-9][0-9]{6,11}") {
        if let Ok(number) = Phone::parse(&digits) {
            let canonical = number.canonical();
            prop_assert_eq!(&canonical.canonical(), &canonical);
            prop_assert_eq!(canonical.country_code(), number.country_code());
            if number.area_code().is_some() {
                prop_assert_eq!(canonical.area_code(), number.area_code());
            }
        }
    }
}
