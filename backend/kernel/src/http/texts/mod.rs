//! What each code says, in each language. One table, so that a sentence is found and mended in one
//! place; a test holds the tables against the codes in the sources.
//!
//! A sentence says what happened, what was kept, what to do; `{name}` stands for a value.

mod en;
mod pt_br;

use std::collections::BTreeMap;

use serde_json::Value;

use super::language::Language;

/// A code, its short name, its sentence.
type Text = (&'static str, &'static str, &'static str);

/// The short name and the sentence of a code.
pub(super) fn of(language: Language, code: &str) -> (&'static str, &'static str) {
    let table = match language {
        Language::PtBr => pt_br::TEXTS,
        Language::En => en::TEXTS,
    };
    let find = |code: &str| table.iter().find(|(known, _, _)| *known == code);
    find(code).or_else(|| find("unknown")).map_or(("", ""), |(_, title, detail)| (*title, *detail))
}

/// Puts values in the place of their names.
pub(super) fn fill(text: &str, values: &BTreeMap<String, Value>) -> String {
    let mut filled = text.to_owned();
    for (name, value) in values {
        let shown = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        filled = filled.replace(&format!("{{{name}}}"), &shown);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::{en, pt_br};
    use std::{collections::BTreeSet, fs, path::Path};

    fn codes(table: &[super::Text]) -> BTreeSet<&'static str> {
        let codes: BTreeSet<_> = table.iter().map(|(code, _, _)| *code).collect();
        assert_eq!(codes.len(), table.len(), "a code stands twice");
        codes
    }

    #[test]
    fn both_languages_know_the_same_codes_and_values() {
        assert_eq!(codes(pt_br::TEXTS), codes(en::TEXTS));
        for (code, title, detail) in pt_br::TEXTS {
            let (_, other_title, other) =
                en::TEXTS.iter().find(|(known, _, _)| known == code).unwrap();
            assert!(!title.is_empty() && !other_title.is_empty(), "{code}");
            assert_eq!(names(detail), names(other), "{code}");
        }
    }

    fn names(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    /// Every code that the sources can send: the literals in `fn code(`, `Problem::new(Kind::…, `.
    #[test]
    fn every_code_in_the_sources_has_a_text() {
        let backend = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut missing = BTreeSet::new();
        let known = codes(pt_br::TEXTS);
        let mut seen = 0;
        visit(&backend, &mut |path, source| {
            // This file names the marks it looks for.
            let is_this = path.ends_with("texts/mod.rs");
            for code in sent(source).into_iter().filter(|_| !is_this) {
                seen += 1;
                if !known.contains(code.as_str()) {
                    missing.insert(code);
                }
            }
        });
        assert!(seen > 20, "the sources were read");
        assert!(missing.is_empty(), "codes without a text: {missing:#?}");
    }

    fn visit(folder: &Path, each: &mut impl FnMut(&Path, &str)) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // What tests make up is shown to nobody.
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("tests") {
                visit(&path, each);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                each(&path, &fs::read_to_string(&path).unwrap());
            }
        }
    }

    fn sent(source: &str) -> Vec<String> {
        let mut found = Vec::new();
        for part in source.split("fn code(&self) -> &'static str {").skip(1) {
            let body = part.split("\n    }").next().unwrap_or(part);
            let literals = body.split('"').skip(1).step_by(2);
            found.extend(literals.map(str::to_owned));
        }
        for part in source.split("Problem::new(").skip(1) {
            let arguments = part.split(')').next().and_then(|it| it.split('"').nth(1));
            found.extend(arguments.filter(|code| !code.is_empty()).map(str::to_owned));
        }
        found
    }
}
