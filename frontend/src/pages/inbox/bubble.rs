//! A message.
//!
//! Invariants: only what changed is drawn anew, so that a tick does not close what a reader opened;
//! everything a person wrote is a text node.

use std::sync::Arc;

use leptos::prelude::*;
use shared::{
    ids::{MessageId, UserId},
    messages::{Content, Message, MessageKind, Quote},
};

use super::{
    content::content,
    delivery::{DeliveryNote, Sign},
    row::kind_icon,
    thread::Talk,
};
use crate::{
    browser::{dom, format},
    desk::{Desk, desk},
    i18n::t,
    later::{Later, later},
    session::{here, session},
    stores::text_of,
    ui::{Icon, glyph, live},
};

/// What can be answered with one click.
const EMOJI: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/// The message with its signs and actions.
#[component]
pub(super) fn Bubble(
    /// Which.
    id: MessageId,
    /// Whether it continues the one before.
    goes_on: bool,
    /// With whom.
    name: Memo<String>,
) -> impl IntoView {
    let desk = desk();
    let session = session();
    let me = untrack(|| session.me()).map(|me| me.user);
    let message = Memo::new(move |_| desk.talk.with(|talk| talk.get(id)));
    // What is said, apart from how far it came and who reacted.
    let said = Memo::new(move |_| {
        message.get().map(|message| {
            let mut said = Message::clone(&message);
            said.delivery = None;
            said.reactions = Vec::new();
            Arc::new(said)
        })
    });
    let class = Memo::new(move |_| {
        message.with(|message| {
            let Some(message) = message else { return String::new() };
            let side = if message.is_outbound { " out" } else { "" };
            let bot = if is_program(message) { " bot" } else { "" };
            let cont = if goes_on { " cont" } else { "" };
            let failed = message.delivery.as_ref().is_some_and(Lost::is_lost);
            let failed = if failed { " failed" } else { "" };
            format!("msg{side}{bot}{cont}{failed}")
        })
    });
    live(move || {
        let said = said.get()?;
        if is_line(&said) {
            return Some(line(&said));
        }
        Some(
            view! {
                <li class=class id=format!("m-{id}") tabindex="-1">
                    {(!goes_on).then(|| by_line(&said, me)).flatten()}
                    <div class="bub">
                        {forwarded(&said)}
                        {said.quotes.as_ref().map(|quote| quoted(quote, name))}
                        {body(&said)}
                        {edits(&said)}
                        <div class="msg-f">
                            {(!said.earlier.is_empty())
                                .then(|| view! { <span class="lead">{t().message.edited}</span> })}
                            <time datetime=said.at.to_rfc3339() title=format::full(said.at)>
                                {format::time(said.at)}
                            </time>
                            <Sign message />
                        </div>
                    </div>
                    <Reactions message name />
                    <DeliveryNote message />
                    {(said.deleted_at.is_none() && !said.is_erased)
                        .then(|| view! { <Actions id is_outbound=said.is_outbound message /> })}
                </li>
            }
            .into_any(),
        )
    })
}

/// Whether a message went badly; its bubble has a red edge.
trait Lost {
    fn is_lost(&self) -> bool;
}

impl Lost for shared::messages::DeliveryState {
    fn is_lost(&self) -> bool {
        use shared::messages::MessageState as State;
        matches!(self.state, State::Failed | State::Suppressed)
    }
}

fn is_program(message: &Message) -> bool {
    message.is_outbound && message.author.is_none()
}

/// What the provider says about the thread is a line and no bubble.
fn is_line(message: &Message) -> bool {
    matches!(message.kind, MessageKind::System | MessageKind::RequestWelcome)
}

fn line(message: &Message) -> AnyView {
    let note = match &message.content {
        Some(Content::System { event, .. }) => (t().message.provider_note)(event),
        _ if message.kind == MessageKind::RequestWelcome => t().message.opened_chat,
        _ => (t().message.kind)(MessageKind::System),
    };
    let words = match &message.content {
        Some(Content::System { body: Some(body), .. }) => Some(body.clone()),
        _ => None,
    };
    view! {
        <li class="sys">
            {glyph(Icon::Activity, "i")}
            <span>
                {note} {words.map(|words| view! { ": " <b>{words}</b> })} " · "
                {format::time(message.at)}
            </span>
        </li>
    }
    .into_any()
}

/// Who wrote it for the company, unless it is the reader herself.
fn by_line(message: &Message, me: Option<UserId>) -> Option<AnyView> {
    if message.author.is_some() && message.author == me {
        return None;
    }
    let (icon, name) = match (&message.author_name, is_program(message)) {
        _ if message.is_from_phone => (Icon::Phone, t().message.by_phone.to_owned()),
        (Some(name), _) => (Icon::User, name.clone()),
        (None, true) => (Icon::User, t().message.by_program.to_owned()),
        (None, false) => return None,
    };
    Some(view! { <span class="msg-by">{glyph(icon, "i i-xs")}{name}</span> }.into_any())
}

fn forwarded(message: &Message) -> Option<AnyView> {
    message.is_forwarded.then(|| {
        view! {
            <p class="fs-12 muted row">{glyph(Icon::Reply, "i i-xs")}{t().message.forwarded}</p>
        }
        .into_any()
    })
}

fn body(message: &Message) -> AnyView {
    match &message.content {
        _ if message.is_erased => view! { <p class="muted">{t().message.erased}</p> }.into_any(),
        _ if message.deleted_at.is_some() => {
            view! { <p class="muted">{t().message.deleted}</p> }.into_any()
        }
        Some(said) => content(said),
        None => view! { <p class="muted">{t().message.erased}</p> }.into_any(),
    }
}

/// Both texts of an edited message.
fn edits(message: &Message) -> Option<AnyView> {
    if message.earlier.is_empty() || message.deleted_at.is_some() || message.is_erased {
        return None;
    }
    let before = message
        .earlier
        .iter()
        .map(|earlier| {
            let text = text_of(earlier).unwrap_or_default().to_owned();
            view! { <p>{text}</p> }
        })
        .collect_view();
    Some(
        view! {
            <details class="msg-more">
                <summary>{t().message.before_edit}</summary>
                {before}
            </details>
        }
        .into_any(),
    )
}

/// The message that this one answers; a click goes there.
pub(super) fn quoted(quote: &Quote, name: Memo<String>) -> AnyView {
    let talk: Talk = expect_context();
    let id = quote.id;
    let is_ours = quote.is_outbound;
    let who = move || if is_ours { t().message.you.to_owned() } else { name.get() };
    let kind = (t().message.kind)(quote.kind);
    let text = match (&quote.preview, kind_icon(quote.kind)) {
        (Some(text), None) => text.clone(),
        (Some(text), Some(_)) => format!("{kind}: {text}"),
        (None, _) => kind.to_owned(),
    };
    let go = move |_| match id {
        Some(id) => talk.jump_to.set(Some(id)),
        None => crate::ui::toast(Icon::SearchX, t().message.quote_gone),
    };
    view! {
        <button class="quote" type="button" on:click=go>
            <b>{live(who)}</b>
            <span class="quote-t">{text}</span>
        </button>
    }
    .into_any()
}

#[component]
fn Reactions(message: Memo<Option<Arc<Message>>>, name: Memo<String>) -> impl IntoView {
    let reactions = Memo::new(move |_| {
        message.with(|message| message.as_ref().map(|message| message.reactions.clone()))
    });
    live(move || {
        let reactions = reactions.get().filter(|reactions| !reactions.is_empty())?;
        let sentence = reactions
            .iter()
            .map(|reaction| {
                let who =
                    if reaction.is_outbound { t().message.you.to_owned() } else { name.get() };
                (t().message.reacted)(&who, &reaction.emoji)
            })
            .collect::<Vec<_>>()
            .join(", ");
        let emoji: String = reactions.iter().map(|reaction| reaction.emoji.as_str()).collect();
        Some(view! { <span class="react" role="img" aria-label=sentence>{emoji}</span> })
    })
}

/// What can be done with a message: answer it, react to it.
#[component]
fn Actions(id: MessageId, is_outbound: bool, message: Memo<Option<Arc<Message>>>) -> impl IntoView {
    let desk = desk();
    let here = here();
    let talk: Talk = expect_context();
    let words = &t().message;
    let may_send = here.may_always(shared::permission::Permission::SendMessages);
    let ours = move || {
        message.with(|message| {
            let reactions = message.as_ref().map(|message| message.reactions.as_slice());
            reactions
                .unwrap_or_default()
                .iter()
                .find(|reaction| reaction.is_outbound)
                .map(|reaction| reaction.emoji.clone())
        })
    };
    let is_sent = move || {
        message.with(|message| {
            match message.as_ref().and_then(|message| message.delivery.as_ref()) {
                Some(delivery) => delivery.state >= shared::messages::MessageState::Accepted,
                None => !is_outbound,
            }
        })
    };
    // The emoji are in the page only where somebody has asked for them.
    let is_open = RwSignal::new(false);
    let has_more = RwSignal::new(false);
    let picker = format!("emoji-{id}");
    let target = picker.clone();
    let reply = move |_| {
        talk.reply_to.set(Some(id));
        dom::focus_soon("composer");
    };
    live(move || {
        if !may_send.get() || !is_sent() {
            return None;
        }
        let choices = {
            let picker = picker.clone();
            move || is_open.get().then(|| emoji_buttons(desk, id, ours().as_deref(), &picker))
        };
        let more = {
            let picker = picker.clone();
            move || {
                if !is_open.get() {
                    return ().into_any();
                }
                if has_more.get() {
                    let picker = picker.clone();
                    let choose = Callback::new(move |emoji: &'static str| {
                        desk.react(id, emoji.to_owned());
                        dom::hide_popover(&picker);
                    });
                    return later(Later::Emoji { choose });
                }
                view! {
                    <button
                        type="button"
                        aria-label=words.more_emoji
                        on:click=move |_| has_more.set(true)
                    >
                        {glyph(Icon::Plus, "i i-sm")}
                    </button>
                }
                .into_any()
            }
        };
        Some(view! {
            <div class="msg-acts" role="group" aria-label=words.actions>
                <button class="btn-icon" type="button" aria-label=words.reply on:click=reply>
                    {glyph(Icon::Reply, "i i-sm")}
                </button>
                <button
                    class="btn-icon"
                    type="button"
                    aria-label=words.react
                    popovertarget=target.clone()
                    on:click=move |event| {
                        is_open.set(true);
                        has_more.set(false);
                        dom::place_near(&event);
                    }
                >
                    {glyph(Icon::Smile, "i i-sm")}
                </button>
                <div
                    class="menu emoji"
                    id=picker.clone()
                    popover=""
                    role="group"
                    aria-label=words.react
                >
                    {live(choices)}
                    {live(more)}
                </div>
            </div>
        })
    })
}

/// The emoji to choose from; the one already given is taken back.
fn emoji_buttons(desk: Desk, id: MessageId, ours: Option<&str>, picker: &str) -> AnyView {
    let words = &t().message;
    EMOJI
        .into_iter()
        .map(|emoji| {
            let is_ours = ours == Some(emoji);
            let label =
                if is_ours { words.take_reaction.to_owned() } else { (words.react_with)(emoji) };
            let said = if is_ours { String::new() } else { emoji.to_owned() };
            let picker = picker.to_owned();
            view! {
                <button
                    type="button"
                    aria-label=label
                    aria-pressed=if is_ours { "true" } else { "false" }
                    on:click=move |_| {
                        desk.react(id, said.clone());
                        dom::hide_popover(&picker);
                    }
                >
                    {emoji}
                </button>
            }
        })
        .collect_view()
        .into_any()
}
