//! What was sent from this device and is not in the history yet.

use leptos::{html, prelude::*};
use shared::messages::Content;

use super::{bubble::quoted, content::content, history::to_end, thread::Talk};
use crate::{
    browser::{dom, format},
    desk::desk,
    i18n::t,
    live::Freshness,
    stores::{Outgoing, Progress},
    ui::{Icon, glyph, live, told},
    words,
};

/// The bubbles at the end of the history.
#[component]
pub(super) fn OutgoingBubbles(
    /// The history's scroller: one's own message is always brought into view.
    scroller: NodeRef<html::Div>,
) -> impl IntoView {
    let desk = desk();
    let talk: Talk = expect_context();
    let keys = Memo::new(move |_| {
        desk.outbox.with(|outbox| {
            let shown = outbox.of(talk.id).filter(|item| match item.progress {
                Progress::Queued { message } => desk.talk.with(|talk| talk.get(message).is_none()),
                _ => true,
            });
            shown.map(|item| item.key.clone()).collect::<Vec<_>>()
        })
    });
    Effect::new(move |before: Option<usize>| {
        let count = keys.with(Vec::len);
        if before.is_some_and(|before| before < count) {
            request_animation_frame(move || {
                if let Some(scroller) = scroller.try_get_untracked().flatten() {
                    to_end(&scroller);
                }
            });
        }
        count
    });
    view! {
        <For each=move || keys.get() key=String::clone let:key>
            <OutgoingBubble key />
        </For>
    }
}

#[component]
fn OutgoingBubble(key: String) -> impl IntoView {
    let desk = desk();
    let first = desk.outbox.with_untracked(|outbox| outbox.get(&key).cloned());
    let Some(first) = first else { return ().into_any() };
    let progress = {
        let key = key.clone();
        Memo::new(move |_| {
            desk.outbox.with(|outbox| outbox.get(&key).map(|item| item.progress.clone()))
        })
    };
    let Outgoing { content: said, quotes, at, conversation, .. } = first;
    let is_refused =
        move || progress.with(|progress| matches!(progress, Some(Progress::Refused { .. })));
    let name = Memo::new(move |_| {
        let thread = desk.threads.with(|threads| threads.get(conversation));
        thread.map(|thread| thread.name.clone()).unwrap_or_default()
    });
    let sign = move || {
        if is_refused() {
            view! {
                {glyph(Icon::CircleAlert, "i tk tk-fail")}
                <span class="sr">{(t().message.state)(shared::messages::MessageState::Failed)}</span>
            }
            .into_any()
        } else {
            view! {
                {glyph(Icon::Clock, "i tk")}
                <span class="sr">{t().message.state_here}</span>
            }
            .into_any()
        }
    };
    view! {
        <li class=told(move || if is_refused() { "msg out failed" } else { "msg out is-pending" })>
            <div class="bub">
                {quotes.as_ref().map(|quote| quoted(quote, name))}
                {content(&said)}
                <div class="msg-f">
                    <time datetime=at.to_rfc3339()>{format::time(at)}</time>
                    {live(sign)}
                </div>
            </div>
            <Note key progress said />
        </li>
    }
    .into_any()
}

#[component]
fn Note(key: String, progress: Memo<Option<Progress>>, said: Content) -> impl IntoView {
    let desk = desk();
    let talk: Talk = expect_context();
    let key = StoredValue::new(key);
    let said = StoredValue::new(said);
    let is_down = Memo::new(move |_| matches!(desk.feed.freshness.get(), Freshness::Down(2..)));
    let edit = move |_| {
        if said.with_value(|said| desk.back_to_draft(talk.id, said)).is_some() {
            desk.drop_outgoing(&key.get_value());
            talk.draft_changed.update(|times| *times += 1);
            dom::focus_soon("composer");
        }
    };
    live(move || match progress.get()? {
        Progress::Refused { code, detail } => {
            let is_text = said.with_value(|said| matches!(said, Content::Text { .. }));
            Some(
                view! {
                    <div class="msg-err" role="alert">
                        <span>{words::refusal(&code, &detail)}</span>
                        <button
                            class="btn btn-sm"
                            type="button"
                            on:click=move |_| desk.retry(&key.get_value())
                        >
                            {glyph(Icon::Rotate, "i i-sm")}
                            {t().common.try_again}
                        </button>
                        {if is_text {
                            view! {
                                <button class="btn btn-sm btn-ghost" type="button" on:click=edit>
                                    {t().message.back_to_draft}
                                </button>
                            }
                                .into_any()
                        } else {
                            view! {
                                <button
                                    class="btn btn-sm btn-ghost"
                                    type="button"
                                    on:click=move |_| desk.drop_outgoing(&key.get_value())
                                >
                                    {t().message.drop}
                                </button>
                            }
                                .into_any()
                        }}
                    </div>
                }
                .into_any(),
            )
        }
        Progress::Waiting | Progress::Asking if is_down.get() => Some(
            view! {
                <div class="msg-err is-calm" role="status">
                    <span>{t().message.waits_for_line}</span>
                </div>
            }
            .into_any(),
        ),
        _ => None,
    })
}
