//! A person as two letters on one of five quiet colours.

use leptos::prelude::*;

use super::icon::{Icon, glyph};
use crate::browser::letters::{is_letter, upper};

/// What an avatar carries at its corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pin {
    /// Nothing.
    None,
    /// The icon of the medium.
    Icon(Icon),
}

/// Two letters for a name: of the first and the last word, or of the only one.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter(|word| word.chars().any(is_letter));
    let first = words.next().unwrap_or("?");
    match words.next_back() {
        Some(last) => first.chars().take(1).chain(last.chars().take(1)).map(upper).collect(),
        None if first.starts_with('@') => first.chars().take(2).collect(),
        None => first.chars().take(2).map(upper).collect(),
    }
}

/// One of the five colours, the same for one seed for ever.
pub(crate) fn colour(seed: &str) -> &'static str {
    let sum =
        seed.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    match sum % 5 {
        0 => "av1",
        1 => "av2",
        2 => "av3",
        3 => "av4",
        _ => "av5",
    }
}

/// The avatar; hidden from screen readers, because the name stands beside it.
#[component]
pub(crate) fn Avatar(
    /// Whose letters.
    name: String,
    /// What decides the colour: the id, so that a new name keeps it.
    #[prop(into)]
    seed: String,
    /// A size class of the stylesheet, or nothing.
    #[prop(default = "")]
    size: &'static str,
    /// What stands at the corner.
    #[prop(default = Pin::None)]
    pin: Pin,
) -> impl IntoView {
    let class = format!("avatar {} {size}", colour(&seed));
    let pin = match pin {
        Pin::None => None,
        Pin::Icon(icon) => Some(view! { <span class="pin">{glyph(icon, "i")}</span> }),
    };
    view! { <span class=class aria-hidden="true">{initials(&name)}{pin}</span> }
}

#[cfg(test)]
mod tests {
    use super::{colour, initials};

    #[test]
    fn a_name_is_its_first_and_last_letter() {
        assert_eq!(initials("Márcia Tavares"), "MT");
        assert_eq!(initials("ana maria da silva"), "AS");
        assert_eq!(initials("Élcio"), "ÉL");
        assert_eq!(initials("@luanapires"), "@l");
        assert_eq!(initials("+55 11 98765-4321"), "+9");
        assert_eq!(initials("  "), "?");
        assert_eq!(initials("👍 ✨"), "?");
    }

    #[test]
    fn a_seed_keeps_its_colour() {
        assert_eq!(colour("contact_1"), colour("contact_1"));
    }
}
