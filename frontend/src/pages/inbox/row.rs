//! A thread in the list.

use std::sync::Arc;

use leptos::prelude::*;
use shared::{
    channels::Medium,
    conversations::{LastMessage, Thread},
    ids::ConversationId,
};

use super::ticks::tick;
use crate::{
    address::{Address, Page},
    browser::clock::ticks,
    desk::{Desk, desk},
    i18n::t,
    stores::{Window, window_of},
    ui::{Avatar, Icon, Pin, glyph, live, told},
    words,
};

/// The icon of a medium.
pub(super) const fn medium_icon(medium: Medium) -> Icon {
    match medium {
        Medium::Whatsapp => Icon::MessageCircle,
        Medium::Sms => Icon::MessageText,
        Medium::Email => Icon::FileText,
        Medium::Voice => Icon::Phone,
    }
}

/// The row, at its place of the list.
#[component]
pub(super) fn Row(
    /// Which thread.
    id: ConversationId,
    /// The rows in the page, with their places.
    slice: Memo<Vec<(ConversationId, usize)>>,
    /// All threads that the filter shows.
    shown: Memo<Vec<ConversationId>>,
    /// The open thread.
    open: Memo<Option<ConversationId>>,
    /// The row that Tab stops at.
    stop: Memo<Option<ConversationId>>,
) -> impl IntoView {
    let desk = desk();
    let last_index = StoredValue::new(0_usize);
    // A row that is leaving the page keeps its place to the end.
    let index = Memo::new(move |_| {
        let found = slice.with(|rows| rows.iter().find(|(row, _)| *row == id).map(|(_, at)| *at));
        if let Some(found) = found {
            last_index.set_value(found);
        }
        last_index.get_value()
    });
    let thread = Memo::new(move |_| desk.threads.with(|threads| threads.get(id)));
    let is_open = Memo::new(move |_| open.get() == Some(id));
    let is_unread = Memo::new(move |_| {
        thread.with(|thread| thread.as_ref().is_some_and(|row| row.n_unread > 0))
    });
    let href = Address::Company(desk.company, Page::Talks(Some(id))).to_string();
    view! {
        <li
            style:--i=told(move || index.get().to_string())
            aria-setsize=told(move || shown.with(Vec::len).to_string())
            aria-posinset=told(move || (index.get() + 1).to_string())
        >
            <a
                class=told(move || if is_unread.get() { "conv unread" } else { "conv" })
                id=format!("row-{id}")
                href=href
                tabindex=told(move || if stop.get() == Some(id) { "0" } else { "-1" })
                aria-current=told(move || is_open.get().then_some("true"))
            >
                {live(move || thread.get().map(|thread| face(desk, &thread)))}
            </a>
        </li>
    }
}

fn face(desk: Desk, thread: &Arc<Thread>) -> AnyView {
    let channel_id = thread.channel;
    let channel = desk.channels.with(|channels| channels.get(channel_id));
    let medium = channel.as_ref().map_or(Medium::Whatsapp, |channel| channel.medium);
    let clock = ticks();
    // As the conversation says it; what came late stands where it arrived.
    let said_at = thread.last.as_ref().map_or(thread.active_at, |last| last.at);
    // The moving parts are texts of their own, so that a second does not draw the row anew.
    let when = Memo::new(move |_| words::when(said_at, clock.get()));
    let closes_at = thread.window_closes_at;
    let id = thread.id;
    let draft = Memo::new(move |_| desk.drafts.with(|drafts| drafts.get(&id).cloned()));
    let last = thread.last.clone();
    let n_unread = thread.n_unread;
    let line = move || match (draft.get(), n_unread) {
        (Some(text), 0) => view! {
            <span class="clip">
                <span class="bad-t">{t().inbox.draft}</span>
                " "
                {text}
            </span>
        }
        .into_any(),
        _ => last_line(last.as_ref()),
    };
    let channel_name = channel.map(|channel| channel.name.clone());
    view! {
        <Avatar
            name=thread.name.clone()
            seed=thread.contact.to_string()
            pin=Pin::Icon(medium_icon(medium))
        />
        <span>
            <span class="conv-t">
                <span class="conv-n clip">{shown_name(&thread.name)}</span>
                <span class="when">{when}</span>
            </span>
            <span class="conv-p">
                {live(line)}
                {(n_unread > 0)
                    .then(|| {
                        view! {
                            <span class="count">
                                <span class="sr">{t().inbox.unread}</span>
                                {n_unread.min(999).to_string()}
                            </span>
                        }
                    })}
            </span>
            <span class="conv-m">
                <span class="sr">{(t().inbox.medium)(medium)}"."</span>
                {channel_name.map(|name| view! { <span>{glyph(Icon::Radio, "i i-xs")}{name}</span> })}
                {window_mark(closes_at)}
            </span>
        </span>
    }
    .into_any()
}

fn shown_name(name: &str) -> String {
    if name.trim().is_empty() { t().common.erased_person.to_owned() } else { name.to_owned() }
}

/// The window is shown when less than four hours are left, or when it is closed.
fn window_mark(closes_at: Option<chrono::DateTime<chrono::Utc>>) -> impl IntoView {
    let clock = ticks();
    let window = Memo::new(move |_| match window_of(closes_at, clock.get()) {
        Window::Never | Window::Open(_) => None,
        Window::Shut(_) => {
            Some((Window::Shut(chrono::TimeDelta::zero()), t().inbox.window_shut.to_owned()))
        }
        low @ (Window::Low(left) | Window::Last(left)) => Some((low, (t().time.span)(left))),
    });
    let words = Memo::new(move |_| {
        window.with(|window| {
            window.as_ref().map(|(window, word)| (window.class(), window.percent(), word.clone()))
        })
    });
    live(move || {
        words.get().map(|(class, percent, word)| {
            view! {
                <span class=class>
                    <span class="win-ring" style:--p=percent.to_string()></span>
                    {word}
                </span>
            }
        })
    })
}

fn last_line(last: Option<&LastMessage>) -> AnyView {
    let Some(last) = last else {
        return view! { <span class="clip muted">{t().inbox.nothing_said}</span> }.into_any();
    };
    let kind = (t().message.kind)(last.kind);
    let icon = kind_icon(last.kind);
    let state = last.is_outbound.then_some(last.state).flatten();
    let text = last.preview.clone().unwrap_or_else(|| kind.to_owned());
    view! {
        {state.map(tick)}
        {icon.map(|icon| view! {
            {glyph(icon, "i i-sm")}
            <span class="sr">{kind}": "</span>
        })}
        <span class="clip">{text}</span>
    }
    .into_any()
}

/// The icon of a kind that is more than text.
pub(super) const fn kind_icon(kind: shared::messages::MessageKind) -> Option<Icon> {
    use shared::messages::MessageKind as Kind;
    match kind {
        Kind::Image | Kind::Sticker => Some(Icon::Image),
        Kind::Video => Some(Icon::Video),
        Kind::Audio => Some(Icon::Mic),
        Kind::Document => Some(Icon::FileText),
        Kind::Location => Some(Icon::MapPin),
        Kind::Contacts => Some(Icon::Contact),
        Kind::Interactive | Kind::Order => Some(Icon::ListTodo),
        Kind::Template => Some(Icon::Template),
        Kind::Unsupported => Some(Icon::FileQuestion),
        Kind::Text
        | Kind::InteractiveReply
        | Kind::Button
        | Kind::System
        | Kind::RequestWelcome => None,
    }
}
