//! The bar at the top: the page's name, search, freshness, shortcuts.

use leptos::prelude::*;

use super::{frame::Frame, freshness::FreshnessButton};
use crate::{
    i18n::t,
    ui::{Icon, glyph},
};

/// The bar.
#[component]
pub(super) fn Topbar(
    /// Opens the palette.
    palette: RwSignal<bool>,
    /// Opens the list of shortcuts.
    shortcuts: RwSignal<bool>,
) -> impl IntoView {
    let frame = expect_context::<Frame>();
    let words = &t().shell;
    view! {
        <header class="top">
            <h1 id="title" tabindex="-1">
                {frame.title}
            </h1>
            <div class="top-r">
                <button class="searchbtn" type="button" on:click=move |_| palette.set(true)>
                    {glyph(Icon::Search, "i i-sm")}
                    <span>{words.search}</span>
                    <kbd>"Ctrl K"</kbd>
                </button>
                <FreshnessButton />
                <button
                    class="btn-icon no-phone"
                    type="button"
                    aria-label=words.shortcuts
                    on:click=move |_| shortcuts.set(true)
                >
                    {glyph(Icon::Keyboard, "i")}
                </button>
            </div>
        </header>
    }
}
