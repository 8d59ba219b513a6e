//! The emoji that people at work use, to be put into a text or under a message.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::i18n::t_later;

/// Faces, hands, hearts, then things of the day.
const ALL: [&str; 64] = [
    "😀", "😄", "😁", "😅", "😂", "🤣", "😊", "🙂", "😉", "😍", "🥰", "😘", "😎", "🤩", "🤔", "😐",
    "🙄", "😬", "😴", "😢", "😭", "😮", "😱", "😡", "🥳", "🤗", "🤝", "👍", "👎", "👏", "🙌", "🙏",
    "👋", "💪", "👀", "👇", "👉", "❤️", "💙", "💚", "💛", "💜", "💔", "✨", "⭐", "🔥", "🎉", "🎁",
    "✅", "❌", "⚠️", "❓", "❗", "💡", "📌", "📅", "⏰", "📍", "📞", "📷", "📎", "💰", "🚚", "☕",
];
/// So many stand in a row; the stylesheet says the same.
const A_ROW: usize = 8;

/// The buttons; the first has the tab stop, arrows walk through the others.
#[component]
pub(crate) fn EmojiGrid(
    /// One was chosen.
    choose: Callback<&'static str>,
) -> impl IntoView {
    let buttons = ALL
        .into_iter()
        .enumerate()
        .map(|(at, emoji)| {
            view! {
                <button
                    type="button"
                    tabindex=if at == 0 { "0" } else { "-1" }
                    on:click=move |_| choose.run(emoji)
                >
                    {emoji}
                </button>
            }
        })
        .collect_view();
    view! {
        <div
            class="emoji-grid"
            role="group"
            aria-label=t_later().people.emoji
            on:keydown=move |event| walk(&event)
        >
            {buttons}
        </div>
    }
}

fn walk(event: &ev::KeyboardEvent) {
    let step = match event.key().as_str() {
        "ArrowRight" => 1,
        "ArrowLeft" => ALL.len() - 1,
        "ArrowDown" => A_ROW,
        "ArrowUp" => ALL.len() - A_ROW,
        _ => return,
    };
    let grid = event.current_target().and_then(|grid| grid.dyn_into::<HtmlElement>().ok());
    let Some(buttons) = grid.map(|grid| grid.children()) else { return };
    let active = document().active_element();
    let here = (0..buttons.length()).position(|at| buttons.item(at) == active);
    let next = here.map(|here| (here + step) % ALL.len()).and_then(|next| u32::try_from(next).ok());
    let next = next.and_then(|next| buttons.item(next)?.dyn_into::<HtmlElement>().ok());
    if let Some(next) = next {
        event.prevent_default();
        // A button of an open grid can have the focus.
        let _moved = next.focus();
    }
}
