//! The stylesheets as they are served: one file, with the rules that the program uses.
//!
//! The sheets hold the whole design, screens included that are not built yet. Invariants: a rule
//! goes only when a class in it is named nowhere in the program; what is read by no rule here is
//! kept as it is.

use std::{collections::BTreeSet, fmt::Write as _};

/// The words of the program that may be names of classes.
pub(crate) struct Words {
    whole: BTreeSet<String>,
    /// Beginnings that the program completes when it runs.
    begun: Vec<String>,
}

impl Words {
    /// All words of some texts.
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        let mut whole = BTreeSet::new();
        for text in texts {
            whole.extend(text.split(|letter| !is_part(letter)).map(str::to_owned));
        }
        let is_begun = |word: &&String| word.len() > 2 && word.ends_with('-');
        let begun = whole.iter().filter(is_begun).cloned().collect();
        Self { whole, begun }
    }

    fn know(&self, class: &str) -> bool {
        self.whole.contains(class) || self.begun.iter().any(|begun| class.starts_with(begun))
    }

    /// A selector may match when all its classes are known; what stands in brackets is a choice.
    fn may_match(&self, selector: &str) -> bool {
        let mut depth = 0_usize;
        let mut outer = String::new();
        for letter in selector.chars() {
            match letter {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ if depth == 0 => outer.push(letter),
                _ => {}
            }
        }
        let is_end = |letter: char| !(letter.is_ascii_alphanumeric() || "-_".contains(letter));
        outer
            .split('.')
            .skip(1)
            .filter_map(|rest| rest.split(is_end).next())
            .all(|class| self.know(class))
    }
}

/// The sheet without comments, needless spaces, and rules that match nothing.
pub(crate) fn used(sheet: &str, words: &Words) -> String {
    let mut out = String::new();
    rules(&without_comments(sheet), words, &mut out);
    out
}

fn without_comments(sheet: &str) -> String {
    let mut out = String::new();
    let mut rest = sheet;
    while let Some((before, after)) = rest.split_once("/*") {
        out += before;
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out + rest
}

fn rules(sheet: &str, words: &Words, out: &mut String) {
    let mut rest = sheet.trim_start();
    while let Some(at) = rest.find(['{', ';', '}']) {
        let (head, tail) = rest.split_at(at);
        let head = squeeze(head);
        if !tail.starts_with('{') {
            // A statement, such as the order of the layers.
            if !head.is_empty() {
                let _written = write!(out, "{head};");
            }
            rest = tail.get(1..).unwrap_or_default().trim_start();
            continue;
        }
        let (body, after) = block(tail);
        rule(&head, body, words, out);
        rest = after.trim_start();
    }
}

fn rule(head: &str, body: &str, words: &Words, out: &mut String) {
    let holds_rules = ["@layer", "@media", "@supports", "@container"];
    let inner = if holds_rules.iter().any(|word| head.starts_with(word)) {
        let mut inner = String::new();
        rules(body, words, &mut inner);
        inner
    } else {
        squeeze(body).trim_end_matches(';').to_owned()
    };
    let head = if head.starts_with('@') {
        head.to_owned()
    } else {
        let selectors = choices(head).into_iter().filter(|selector| words.may_match(selector));
        selectors.collect::<Vec<_>>().join(",")
    };
    if !head.is_empty() && !inner.is_empty() {
        let _written = write!(out, "{head}{{{inner}}}");
    }
}

/// The inside of the block that a text begins with, and what follows it.
fn block(text: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            let inner = text.get(1..at).unwrap_or_default();
            return (inner, text.get(at + 1..).unwrap_or_default());
        }
    }
    (text.get(1..).unwrap_or_default(), "")
}

/// The selectors of a list; commas in brackets belong to one.
fn choices(list: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let parts = list.split(|letter| {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts.map(str::trim).collect()
}

/// One space where there were many; none where the sheet needs none.
fn squeeze(text: &str) -> String {
    let mut out = String::new();
    let mut quote = None;
    for letter in text.trim().chars() {
        match quote {
            Some(mark) if mark == letter => quote = None,
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None if letter.is_whitespace() => {
                if !out.ends_with([' ', ';', ',', '{']) {
                    out.push(' ');
                }
                continue;
            }
            None if ";{}".contains(letter) && out.ends_with(' ') => {
                out.pop();
            }
            Some(_) | None => {}
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Words, used};

    #[track_caller]
    fn check(sheet: &str, expected: &str) {
        let words = Words::of(["class=\"btn btn-sm\" format!(\"badge-{tone}\") conv unread"]);
        assert_eq!(used(sheet, &words), expected);
    }

    #[test]
    fn rules_of_unknown_classes_go_and_all_others_stay() {
        check(".btn { color: red; }\n.kcard { color: blue }", ".btn{color: red}");
        check("a, .kcard, .conv.unread .btn { x: y }", "a,.conv.unread .btn{x: y}");
        check(".conv.kcard { x: y }", "");
        check("#boot, [data-x=\".kcard\"] { x: y }", "#boot,[data-x=\".kcard\"]{x: y}");
    }

    #[test]
    fn a_class_that_is_put_together_is_known_by_its_beginning() {
        check(".badge-bad { x: y } .badg { x: y }", ".badge-bad{x: y}");
    }

    #[test]
    fn a_choice_in_brackets_is_kept() {
        check(":is(.kcard, .btn) > i { x: y }", ":is(.kcard,.btn) > i{x: y}");
    }

    #[test]
    fn layers_and_conditions_stay_when_something_is_left_in_them() {
        check("@layer a, b;\n@layer a { .btn { x: y } }", "@layer a,b;@layer a{.btn{x: y}}");
        check("@media (max-width: 9px) { .kcard { x: y } }", "");
        check("@font-face { src: url(\"a  b\"); }", "@font-face{src: url(\"a  b\")}");
        check("@keyframes k { from { x: y } }", "@keyframes k{from{x: y}}");
    }

    #[test]
    fn comments_go() {
        check("/* .btn { */ .btn { x: y /* z */; }", ".btn{x: y}");
    }
}
