//! A strip that says what is wrong and offers what to do.

use leptos::prelude::*;

use super::icon::{Icon, glyph};

/// How loud a banner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something waits.
    Warn,
    /// Something stopped.
    Bad,
    /// Something went well.
    Good,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Warn => "banner banner-warn",
            Self::Bad => "banner banner-bad",
            Self::Good => "banner banner-ok",
        }
    }

    const fn role(self) -> &'static str {
        match self {
            Self::Bad => "alert",
            Self::Warn | Self::Good => "status",
        }
    }
}

/// A banner: an icon, a sentence and perhaps a button.
#[component]
pub(crate) fn Banner(
    /// How loud.
    tone: Tone,
    /// What it is about.
    icon: Icon,
    /// The sentence and the buttons.
    children: Children,
) -> impl IntoView {
    view! {
        <div class=tone.class() role=tone.role()>
            {glyph(icon, "i")}
            {children()}
        </div>
    }
}
