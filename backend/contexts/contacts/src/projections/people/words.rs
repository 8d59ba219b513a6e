//! What people are found by: the words of their names and addresses, and their numbers read from both
//! ends.
//!
//! A question asks for beginnings only, because `word >= 'mar' and word < 'mas'` is what an index answers
//! under a row policy; `like` would look at every row of the company (it is not leakproof). A number is
//! kept as it is dialled from abroad and at home, and backwards, so that its last digits are a beginning.

use std::collections::BTreeSet;

use shared::{contacts::AddressKind, phone::Phone};

use super::Person;

/// The most words of a person, and the longest of them in characters.
const MOST: usize = 24;
const LONGEST: usize = 40;
/// Marks a number that is read from its end; no word of a name holds it.
const BACKWARDS: char = '~';
/// The fewest digits that are looked for at the end of a number.
const FEWEST_LAST: usize = 4;

/// From a beginning to just behind the last word that has it.
pub type Range = (String, String);

/// What is looked for: each term must be found, in one of its ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms(pub Vec<Vec<Range>>);

/// Small letters without the accents of the languages around us.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ā' => folded.push('a'),
            'é' | 'è' | 'ê' | 'ë' | 'ē' | 'ě' => folded.push('e'),
            'í' | 'ì' | 'î' | 'ï' | 'ī' => folded.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' => folded.push('o'),
            'ú' | 'ù' | 'û' | 'ü' | 'ů' | 'ū' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ç' | 'č' | 'ć' => folded.push('c'),
            'ñ' | 'ń' | 'ň' => folded.push('n'),
            'š' | 'ś' => folded.push('s'),
            'ž' | 'ź' | 'ż' => folded.push('z'),
            'ł' => folded.push('l'),
            'ß' => folded.push_str("ss"),
            // Accents that stand behind their letter.
            '\u{300}'..='\u{36f}' => {}
            other => folded.push(other),
        }
    }
    folded
}

/// The words of a text.
fn split(text: &str) -> impl Iterator<Item = String> {
    let folded = plain(text);
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty()).map(|word| word.chars().take(LONGEST));
    words.map(Iterator::collect).collect::<Vec<String>>().into_iter()
}

fn backwards(digits: &str) -> String {
    std::iter::once(BACKWARDS).chain(digits.chars().rev()).collect()
}

/// What a person is found by. Nothing of who was erased.
#[must_use]
pub fn of(person: &Person) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for name in person.given.iter().chain(&person.profile) {
        words.extend(split(name));
    }
    for identity in &person.identities {
        let Some((canonical, written)) = &identity.address else { continue };
        match (identity.kind, Phone::parse(canonical)) {
            (AddressKind::Phone, Ok(phone)) => {
                let digits = phone.digits();
                let national = digits.get(phone.country_code().len()..).unwrap_or_default();
                words.extend([digits.to_owned(), national.to_owned(), backwards(digits)]);
            }
            _ => words.extend(split(written)),
        }
    }
    words.into_iter().take(MOST).collect()
}

/// What a question looks for; none: it names nothing that can be looked for.
#[must_use]
pub fn asked(text: &str) -> Option<Terms> {
    if let Some(ranges) = number(text) {
        return Some(Terms(vec![ranges]));
    }
    let mut words: Vec<String> = split(text).collect();
    // The longest first: it is the rarest, and the others are only looked up for those who have it.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words.truncate(8);
    let terms: Vec<_> = words.iter().map(|word| vec![range(word)]).collect();
    (!terms.is_empty()).then_some(Terms(terms))
}

/// A question that is a number, as people write one: its beginning, its end, or all of it in another of
/// its spellings.
fn number(text: &str) -> Option<Vec<Range>> {
    let is_written = |sign: char| sign.is_ascii_digit() || " \u{a0}()+-./".contains(sign);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() || !text.trim().chars().all(is_written) {
        return None;
    }
    let bare = digits.trim_start_matches('0');
    let mut spellings = BTreeSet::from([digits.clone(), bare.to_owned()]);
    for whole in [bare.to_owned(), format!("55{bare}")] {
        // What is typed may be a number without its country; only a whole one has other spellings.
        if let Ok(phone) = Phone::parse(&whole) {
            spellings.insert(phone.canonical().digits().to_owned());
            spellings.extend(phone.also_known_as().map(|other| other.digits().to_owned()));
        }
    }
    let mut ranges = Vec::new();
    for spelling in spellings.iter().filter(|spelling| !spelling.is_empty()) {
        ranges.push(range(spelling));
        if spelling.len() >= FEWEST_LAST {
            ranges.push(range(&backwards(spelling)));
        }
    }
    Some(ranges)
}

/// All words that begin so.
fn range(beginning: &str) -> Range {
    (beginning.to_owned(), format!("{beginning}{}", char::MAX))
}
