//! Who is spoken with, and on which number.

use std::sync::Arc;

use leptos::prelude::*;
use shared::conversations::Thread;

use super::Pane;
use crate::{
    address::{Address, Page},
    desk::desk,
    i18n::t,
    ui::{Avatar, Icon, glyph, live, told},
};

/// The head of a conversation.
#[component]
pub(super) fn Head(
    /// The thread, as soon as it is known.
    thread: Memo<Option<Arc<Thread>>>,
) -> impl IntoView {
    let desk = desk();
    let Pane(is_side_open) = expect_context();
    let words = &t().inbox;
    let who = move || {
        thread.get().map(|thread| {
            let channel = desk.channels.with(|channels| channels.get(thread.channel));
            let place = channel.map_or_else(
                || thread.address.clone(),
                |channel| format!("{} · {}", (words.medium)(channel.medium), channel.name),
            );
            view! {
                <Avatar name=thread.name.clone() seed=thread.contact.to_string() />
                <div class="who grow">
                    <h2 class="clip" id="talk-name" tabindex="-1">
                        {thread.name.clone()}
                    </h2>
                    <small class="clip">{place}</small>
                </div>
            }
        })
    };
    view! {
        <div class="ib-h">
            <a
                class="btn-icon only-phone"
                href=Address::Company(desk.company, Page::Talks(None)).to_string()
                aria-label=words.back_to_list
            >
                {glyph(Icon::ArrowLeft, "i")}
            </a>
            {live(who)}
            <button
                class="btn-icon sm push side-toggle"
                type="button"
                aria-label=words.contact_pane
                aria-expanded=told(move || if is_side_open.get() { "true" } else { "false" })
                on:click=move |_| is_side_open.update(|open| *open = !*open)
            >
                {glyph(Icon::Contact, "i")}
            </button>
        </div>
    }
}
