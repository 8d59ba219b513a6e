//! Every version of every event that was ever stored still loads, and the page of the catalogue is
//! what the types say.
#![cfg(test)]

use std::{collections::BTreeSet, fs, path::Path};

use events::catalogue::{FAMILIES, page};
use serde_json::Value;

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn every_version_of_every_event_type_has_a_golden_file_that_loads() {
    let mut known = BTreeSet::new();
    for family in FAMILIES {
        for entry in family.entries {
            for version in 1..=entry.version {
                let name = format!("{}.v{version}.json", entry.event_type);
                let payload = fs::read_to_string(here("golden").join(&name))
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                let today = family
                    .read_back(entry.event_type, version, &payload)
                    .unwrap_or_else(|error| panic!("{name} does not load: {error}"));
                if version == entry.version {
                    let stored: Value = serde_json::from_str(&payload).unwrap();
                    let today: Value = serde_json::from_str(&today).unwrap();
                    assert_eq!(today[entry.event_type], stored, "{name} loses something");
                }
                known.insert(name);
            }
        }
    }
    for file in fs::read_dir(here("golden")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name} is of a type that no longer exists");
    }
}

#[test]
fn no_event_type_is_declared_twice() {
    let mut types = BTreeSet::new();
    for entry in FAMILIES.iter().flat_map(|family| family.entries) {
        assert!(types.insert(entry.event_type), "{} is declared twice", entry.event_type);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of the test itself")]
fn the_page_of_the_catalogue_is_what_the_types_say() {
    let path = here("../../docs/EVENTS.md");
    if std::env::var("UPDATE").is_ok() {
        fs::write(&path, page()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page(), "docs/EVENTS.md is stale");
}
