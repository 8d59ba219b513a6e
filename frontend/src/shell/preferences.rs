//! How a person likes the screens; kept on the device.

use leptos::prelude::*;

use crate::{
    browser::{dom, storage},
    i18n::{self, Language},
};

/// Light, dark, or as the system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system is.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// The choices of the person at this device.
#[derive(Clone, Copy)]
pub(crate) struct Preferences {
    /// Light or dark.
    pub theme: RwSignal<Theme>,
    /// Lower rows.
    pub is_compact: RwSignal<bool>,
    /// The language.
    pub language: RwSignal<Language>,
}

impl Preferences {
    /// What was kept; the page has been painted with it already.
    pub(crate) fn load() -> Self {
        let theme = match storage::read("theme").as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        };
        Self {
            theme: RwSignal::new(theme),
            is_compact: RwSignal::new(storage::read("density").as_deref() == Some("compact")),
            language: RwSignal::new(i18n::language()),
        }
    }

    /// Chooses a theme.
    pub(crate) fn choose_theme(self, theme: Theme) {
        storage::write("theme", theme.word().unwrap_or_default());
        dom::set_root("data-theme", theme.word());
        self.theme.set(theme);
    }

    /// Switches between high and low rows.
    pub(crate) fn toggle_density(self) {
        let is_compact = !self.is_compact.get_untracked();
        let word = is_compact.then_some("compact");
        storage::write("density", word.unwrap_or_default());
        dom::set_root("data-density", word);
        self.is_compact.set(is_compact);
    }

    /// Chooses a language; the screens are drawn anew.
    pub(crate) fn choose_language(self, language: Language) {
        i18n::choose(language);
        self.language.set(language);
    }
}
