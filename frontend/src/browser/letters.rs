//! Small letters and capitals.
//!
//! Those of our languages are here; for all others the browser has a table, which would be large.

/// A text in small letters.
pub(crate) fn lower(text: &str) -> String {
    if text.chars().any(|letter| letter > 'ÿ') {
        return lower_any(text);
    }
    let small = |letter: char| match letter {
        'À'..='Þ' if letter != '×' => char::from_u32(u32::from(letter) + 32).unwrap_or(letter),
        _ => letter.to_ascii_lowercase(),
    };
    text.chars().map(small).collect()
}

#[cfg(target_arch = "wasm32")]
fn lower_any(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

#[cfg(not(target_arch = "wasm32"))]
fn lower_any(text: &str) -> String {
    text.to_lowercase()
}

/// The capital of a letter, where it has one.
pub(crate) fn upper(letter: char) -> char {
    match letter {
        'à'..='þ' if letter != '÷' => char::from_u32(u32::from(letter) - 32).unwrap_or(letter),
        _ => letter.to_ascii_uppercase(),
    }
}

/// Whether it stands for a sound or a number, and is no sign, arrow or emoji.
pub(crate) const fn is_letter(letter: char) -> bool {
    matches!(letter, '0'..='9' | 'A'..='Z' | 'a'..='z' | 'À'..='\u{1fff}' | '\u{2c00}'..='\u{fdff}')
}

#[cfg(test)]
mod tests {
    use super::{is_letter, lower, upper};

    #[test]
    fn the_letters_of_our_languages_are_as_the_tables_have_them() {
        for letter in '\0'..='ÿ' {
            let text = letter.to_string();
            assert_eq!(lower(&text), text.to_lowercase());
            // Two have no single capital.
            if !"µßÿ".contains(letter) {
                assert_eq!(upper(letter).to_string(), text.to_uppercase());
            }
        }
        assert_eq!(lower("ЖУК 7"), "жук 7");
    }

    #[test]
    fn emoji_and_signs_are_no_letters() {
        assert!("a9ÉЖ東한".chars().all(is_letter));
        assert!(!"+-@(👍✨→ ".chars().any(is_letter));
    }
}
