//! The inbox: the list of threads, a conversation, the person.
//!
//! Invariants: nothing moves under the reader unless she moved it; a text that was written is never
//! lost; what people wrote is shown as text nodes only.

mod bubble;
mod composer;
mod contact;
mod content;
mod delivery;
mod head;
mod history;
mod list;
mod media;
mod notices;
mod outgoing;
mod row;
mod template;
mod thread;
mod ticks;

use leptos::{ev, prelude::*};
use leptos_router::{
    components::Outlet,
    hooks::{use_location, use_navigate},
};
use shared::permission::Permission;

use crate::{
    browser::dom,
    i18n::t,
    session::here,
    shell::{NoPermission, page},
    ui::{Empty, Icon},
};

use list::List;
pub(crate) use thread::ThreadPage;

/// Whether the person's pane is shown where there is no room for three.
#[derive(Clone, Copy)]
struct Pane(RwSignal<bool>);

/// The page.
#[component]
pub(crate) fn Inbox() -> impl IntoView {
    let here = here();
    page(t().shell.conversations, true);
    provide_context(Pane(RwSignal::new(false)));
    let may_read = here.may_always(Permission::ReadConversations);
    move || {
        if may_read.get() {
            view! { <Panes /> }.into_any()
        } else {
            view! { <NoPermission /> }.into_any()
        }
    }
}

#[component]
fn Panes() -> impl IntoView {
    let Pane(is_side_open) = expect_context();
    let pathname = use_location().pathname;
    let is_thread = Memo::new(move |_| {
        pathname.with(|path| !path.trim_end_matches('/').ends_with("/conversas"))
    });
    let navigate = use_navigate();
    let listener = window_event_listener(ev::keydown, move |event| {
        let is_plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
        if event.is_composing() || dom::has_layer() || !is_plain {
            return;
        }
        match event.key().as_str() {
            "Escape" if is_side_open.get_untracked() => is_side_open.set(false),
            "Escape" if dom::is_writing(&event) => dom::blur(),
            "Escape" if is_thread.get_untracked() => {
                navigate("../conversas", leptos_router::NavigateOptions::default());
            }
            "d" | "D" if !dom::is_writing(&event) => is_side_open.update(|open| *open = !*open),
            "r" | "R" if !dom::is_writing(&event) => {
                event.prevent_default();
                dom::focus_soon("composer");
            }
            _ => {}
        }
    });
    on_cleanup(move || listener.remove());
    view! {
        <div
            class=move || if is_side_open.get() { "inbox with-side" } else { "inbox" }
            data-pane=move || if is_thread.get() { "conversa" } else { "lista" }
        >
            <List />
            <Outlet />
        </div>
    }
}

/// Where a conversation would be.
#[component]
pub(crate) fn NoThread() -> impl IntoView {
    let words = &t().inbox;
    view! {
        <section class="ib-thread ib-none" aria-label=words.choose>
            <Empty
                icon=Icon::MessageCircle
                title=words.choose.to_owned()
                text=words.choose_text.to_owned()
            />
        </section>
    }
}
