//! The reader's language.

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};

/// A language the house speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Brazilian Portuguese, the language of the house.
    #[default]
    PtBr,
    /// English.
    En,
}

impl Language {
    /// The tag in headers and accounts.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::PtBr => "pt-BR",
            Self::En => "en",
        }
    }

    /// The language of a tag such as `pt-PT` or `en`, if the house speaks it.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("pt") {
            Some(Self::PtBr)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// The language that a request asks for most, if it asks for one that the house speaks.
    #[must_use]
    pub fn asked(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
        let mut best = None::<(u16, Self)>;
        for part in header.split(',').take(32) {
            let mut pieces = part.split(';');
            let tag = pieces.next().unwrap_or_default().trim();
            let weight =
                pieces.find_map(|piece| piece.trim().strip_prefix("q=")).map_or(1000, weight_of);
            let Some(language) = Self::from_tag(tag) else { continue };
            if weight > 0 && best.is_none_or(|(known, _)| weight > known) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// `0.8` as 800; anything else counts as nothing.
fn weight_of(text: &str) -> u16 {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let thousandths = format!("{part:0<3}").get(..3).and_then(|digits| digits.parse().ok());
    match (whole, thousandths) {
        ("1", _) => 1000,
        ("0", Some(thousandths)) => thousandths,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::Language;
    use axum::http::{HeaderMap, HeaderValue, header::ACCEPT_LANGUAGE};

    fn asked(header: &'static str) -> Option<Language> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(header));
        Language::asked(&headers)
    }

    #[test]
    fn the_language_with_the_most_weight_that_the_house_speaks_is_taken() {
        assert_eq!(asked("en-US,en;q=0.9,pt;q=0.8"), Some(Language::En));
        assert_eq!(asked("en;q=0.7, pt-BR;q=0.8"), Some(Language::PtBr));
        assert_eq!(asked("de, fr;q=0.9, en;q=0.1"), Some(Language::En));
        assert_eq!(asked("de"), None);
        assert_eq!(asked("en;q=0"), None);
        assert_eq!(asked("*"), None);
        assert_eq!(asked(";;;,,,q=1"), None);
    }
}
