//! The inbox: the list of threads, a conversation, the person.
//!
//! Invariants: nothing moves under the reader unless she moved it; a text that was written is never
//! lost; what people wrote is shown as text nodes only.

mod bubble;
mod composer;
mod contact;
mod content;
mod delivery;
mod emoji;
mod erase;
mod head;
mod history;
mod list;
mod media;
mod merge;
mod notices;
mod outgoing;
mod row;
mod template;
mod thread;
mod ticks;

use leptos::{ev, prelude::*};
use shared::{ids::ConversationId, permission::Permission};

use crate::{
    address::{Address, Page, go, way},
    browser::dom,
    desk::desk,
    i18n::t,
    session::here,
    shell::{NoPermission, page},
    ui::{Empty, Icon, live, told},
};

pub(crate) use emoji::EmojiGrid;
pub(crate) use erase::EraseDialog;
pub(crate) use merge::MergeDialog;
pub(crate) use template::TemplateDialog;

use list::List;
use thread::Thread;

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
    live(move || {
        if may_read.get() {
            view! { <Panes /> }.into_any()
        } else {
            view! { <NoPermission /> }.into_any()
        }
    })
}

#[component]
fn Panes() -> impl IntoView {
    let Pane(is_side_open) = expect_context();
    let open = open_thread();
    let is_thread = Memo::new(move |_| open.get().is_some());
    let company = desk().company;
    let listener = window_event_listener(ev::keydown, move |event| {
        let is_plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
        if event.is_composing() || dom::has_layer() || !is_plain {
            return;
        }
        match event.key().as_str() {
            "Escape" if is_side_open.get_untracked() => is_side_open.set(false),
            "Escape" if dom::is_writing(&event) => dom::blur(),
            "Escape" if is_thread.get_untracked() => {
                go(Address::Company(company, Page::Talks(None)));
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
            class=told(move || if is_side_open.get() { "inbox with-side" } else { "inbox" })
            data-pane=told(move || if is_thread.get() { "conversa" } else { "lista" })
        >
            <List />
            {live(move || match open.get() {
                Some(id) => view! { <Thread id /> }.into_any(),
                None => view! { <NoThread /> }.into_any(),
            })}
        </div>
    }
}

/// The thread of the address.
fn open_thread() -> Memo<Option<ConversationId>> {
    let way = way();
    Memo::new(move |_| match way.address.get() {
        Address::Company(_, Page::Talks(thread)) => thread,
        _ => None,
    })
}

/// Where a conversation would be.
#[component]
fn NoThread() -> impl IntoView {
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
