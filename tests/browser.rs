//! People's journeys in a real browser, one test each; what they do is in `tests/e2e/journeys`.
//!
//! `cargo xtask test` starts the platform they need and describes it in the environment.
#![cfg(test)]

use std::process::Command;

/// Lets Node.js go one journey.
fn walk(journey: &str) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e");
    let output = Command::new("node")
        .args(["run.mjs", journey])
        .current_dir(folder)
        .output()
        .expect("Node.js is installed");
    let words = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}{complaints}");
    assert!(words.contains("1 journeys: 1 passed"), "{words}");
}

macro_rules! journeys {
    ($($name:ident),+ $(,)?) => {
        mod in_a_browser {
            $(#[test]
            fn $name() {
                super::walk(stringify!($name));
            })+
        }

        /// No journey is forgotten here.
        #[test]
        fn in_a_browser_every_journey_is_walked() {
            let here = [$(stringify!($name)),+];
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/journeys");
            for file in std::fs::read_dir(folder).unwrap() {
                let name = file.unwrap().path().file_stem().unwrap().display().to_string();
                assert!(here.contains(&name.as_str()), "{name} is not in tests/browser.rs");
            }
        }
    };
}

journeys!(
    answer_gets_ticks,
    languages_and_themes,
    line_is_cut,
    message_arrives,
    narrow_screen,
    people_are_merged,
    refused_and_unknown,
    scripts_are_inert,
    sends_once,
    sign_in,
    ten_thousand_threads,
    window_closes,
    writing_is_seen,
);
