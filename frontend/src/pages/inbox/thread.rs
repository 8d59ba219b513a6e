//! A conversation, by its address.

use leptos::prelude::*;
use shared::ids::ConversationId;

use super::{
    composer::Composer, contact::ContactPane, head::Head, history::History, notices::Notices,
};
use crate::{
    address::{Address, Page},
    browser::dom,
    desk::{Load, desk},
    i18n::t,
    stores::Conversation,
    ui::{Empty, Icon, live, told},
};

/// The message that the composer answers, and the way to a message of the history.
#[derive(Clone, Copy)]
pub(super) struct Talk {
    /// Which conversation.
    pub id: ConversationId,
    /// Counts up when the composer must read its draft again.
    pub draft_changed: RwSignal<u32>,
    /// The message that is answered.
    pub reply_to: RwSignal<Option<shared::ids::MessageId>>,
    /// The message that the history shall show next.
    pub jump_to: RwSignal<Option<shared::ids::MessageId>>,
}

/// The conversation.
#[component]
pub(super) fn Thread(
    /// Which.
    id: ConversationId,
) -> impl IntoView {
    let desk = desk();
    provide_context(Talk {
        id,
        draft_changed: RwSignal::new(0),
        reply_to: RwSignal::new(desk.draft(id).reply_to),
        jump_to: RwSignal::new(None),
    });
    desk.open_talk(id);
    on_cleanup(move || {
        // Another conversation may be open by now.
        if desk.talk.try_with_untracked(Conversation::id).flatten() == Some(id) {
            desk.close_talk();
        }
    });
    let seen = window_event_listener_untyped("visibilitychange", move |_| {
        if !dom::is_hidden() {
            desk.mark_read();
        }
    });
    on_cleanup(move || seen.remove());

    let thread = Memo::new(move |_| desk.threads.with(|threads| threads.get(id)));
    let is_gone = Memo::new(move |_| {
        desk.talk_load.with(|load| matches!(load, Load::Failed(failure) if failure.is_not_found()))
            && !desk.talk.with(Conversation::is_loaded)
    });
    let name = Memo::new(move |_| {
        thread.with(|thread| thread.as_ref().map(|row| row.name.clone()).unwrap_or_default())
    });
    live(move || {
        if is_gone.get() {
            return view! { <Gone /> }.into_any();
        }
        view! {
            <section
                class="ib-thread"
                aria-label=told(move || (t().inbox.conversation_with)(&name.get()))
            >
                <Head thread />
                <Notices thread />
                <History name />
                <Composer thread name />
            </section>
            <ContactPane thread />
        }
        .into_any()
    })
}

#[component]
fn Gone() -> impl IntoView {
    let words = &t().inbox;
    let desk = desk();
    view! {
        <section class="ib-thread ib-none" aria-label=words.gone>
            <Empty
                icon=Icon::SearchX
                title=words.gone.to_owned()
                text=words.gone_text.to_owned()
            >
                <a class="btn" href=Address::Company(desk.company, Page::Talks(None)).to_string()>
                    {words.back_to_list}
                </a>
            </Empty>
        </section>
    }
}
