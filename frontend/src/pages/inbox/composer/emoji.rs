//! The button that puts an emoji into the text.

use leptos::{html, prelude::*};

use crate::{
    browser::dom,
    i18n::t,
    later::{Later, later},
    ui::{Icon, glyph, live},
};

/// The button and its grid.
#[component]
pub(super) fn EmojiButton(
    /// Where the text is written.
    input: NodeRef<html::Textarea>,
    /// The text.
    text: RwSignal<String>,
) -> impl IntoView {
    let words = &t().inbox;
    // The grid is in the page only where somebody has asked for it.
    let is_wanted = RwSignal::new(false);
    let choose = Callback::new(move |emoji: &'static str| {
        let Some(input) = input.get_untracked() else { return };
        let end = input.selection_end().ok().flatten().unwrap_or_default();
        let length = u32::try_from(emoji.encode_utf16().count()).unwrap_or_default();
        let start = input.selection_start().ok().flatten().unwrap_or(end).min(end);
        // The place is one that the browser itself has named.
        let _put = input.set_range_text(emoji);
        let _moved = input.set_selection_range(start + length, start + length);
        text.set(input.value());
        dom::hide_popover("composer-emoji");
        let _focused = input.focus();
    });
    view! {
        <button
            class="btn-icon sm"
            type="button"
            aria-label=words.emoji
            popovertarget="composer-emoji"
            on:click=move |event| {
                is_wanted.set(true);
                dom::place_near(&event);
            }
        >
            {glyph(Icon::Smile, "i")}
        </button>
        <div class="menu emoji" id="composer-emoji" popover="">
            {live(move || is_wanted.get().then(|| later(Later::Emoji { choose })))}
        </div>
    }
}
