//! How far an outbound message came, and what to do when it did not.

use std::sync::Arc;

use chrono::TimeDelta;
use leptos::prelude::*;
use shared::messages::{Content, DeliveryState, Message, MessageState};

use super::{thread::Talk, ticks::tick};
use crate::{
    browser::{clock::ticks, dom, format},
    desk::{desk, sending::Doubt},
    i18n::t,
    session::here,
    ui::{Icon, glyph, live},
    words,
};

/// The sign in the bubble's corner; its hint shows when each state was reached.
#[component]
pub(super) fn Sign(message: Memo<Option<Arc<Message>>>) -> impl IntoView {
    let delivery = delivery(message);
    live(move || {
        delivery.get().map(|delivery| {
            let times = delivery
                .times
                .iter()
                .map(|(state, at)| format!("{} {}", (t().message.state)(*state), format::full(*at)))
                .collect::<Vec<_>>()
                .join("\n");
            view! { <span class="row tks" title=times>{tick(delivery.state)}</span> }
        })
    })
}

fn delivery(message: Memo<Option<Arc<Message>>>) -> Memo<Option<DeliveryState>> {
    Memo::new(move |_| {
        message.with(|message| message.as_ref().and_then(|message| message.delivery.clone()))
    })
}

/// What happened, what was kept, what to do: for a message that did not go its way.
#[component]
pub(super) fn DeliveryNote(message: Memo<Option<Arc<Message>>>) -> impl IntoView {
    let delivery = delivery(message);
    live(move || {
        let delivery = delivery.get()?;
        match delivery.state {
            MessageState::Unknown => Some(view! { <InDoubt message delivery /> }.into_any()),
            MessageState::Failed | MessageState::Suppressed => {
                Some(view! { <Refused message delivery /> }.into_any())
            }
            MessageState::Withdrawn => Some(
                view! {
                    <div class="msg-err is-calm">
                        <span>{t().message.withdrawn}</span>
                    </div>
                }
                .into_any(),
            ),
            _ => None,
        }
    })
}

/// So long the provider may still tell what became of it (D25).
const TOLD_WITHIN: TimeDelta = TimeDelta::seconds(60);

/// Nobody knows whether it arrived: after a minute she decides, who can ask the person.
#[component]
fn InDoubt(message: Memo<Option<Arc<Message>>>, delivery: DeliveryState) -> impl IntoView {
    let desk = desk();
    let may_send = here().may_always(shared::permission::Permission::SendMessages);
    let clock = ticks();
    let since = delivery.times.get(&MessageState::Unknown).copied();
    let may_decide = Memo::new(move |_| {
        let is_over = since.is_some_and(|since| clock.get() >= since + TOLD_WITHIN);
        may_send.get() && is_over
    });
    let decided = RwSignal::new(false);
    let decide = move |doubt: Doubt| {
        if let Some(message) = message.get_untracked() {
            decided.set(true);
            desk.decide(message.id, doubt);
        }
    };
    view! {
        <div class="msg-err is-calm" role="status">
            <span>
                {live(move || if may_decide.get() { t().message.doubt } else { t().message.unknown })}
            </span>
            {live(move || {
                (may_decide.get() && !decided.get())
                    .then(|| {
                        view! {
                            <button
                                class="btn btn-sm"
                                type="button"
                                on:click=move |_| decide(Doubt::Arrived)
                            >
                                {glyph(Icon::Check, "i i-sm")}
                                {t().message.arrived}
                            </button>
                            <button
                                class="btn btn-sm"
                                type="button"
                                on:click=move |_| decide(Doubt::SendAgain)
                            >
                                {glyph(Icon::Rotate, "i i-sm")}
                                {t().message.send_again}
                            </button>
                        }
                    })
            })}
        </div>
    }
}

/// The sentence for a failure: the plain reason, the code behind it, what was kept.
fn reason(delivery: &DeliveryState) -> String {
    let texts = &t().message;
    if let Some(suppressed) = delivery.suppressed {
        return (texts.suppressed)(suppressed).to_owned();
    }
    let Some(failure) = &delivery.failure else {
        return format!("{} {}", texts.not_sent, texts.text_kept);
    };
    let code = failure.code.to_string();
    let mut sentence = match ((texts.reason)(failure.code), &failure.title) {
        (Some(reason), _) => words::with_code(reason, &format!(" ({code})")),
        (None, Some(title)) => format!("{} “{title}”.", (texts.refused)(&code)),
        (None, None) => (texts.refused)(&code),
    };
    if delivery.n_attempts > 1 {
        sentence =
            words::with_code(&sentence, &format!(", {}", (texts.attempts)(delivery.n_attempts)));
    }
    format!("{sentence} {}", texts.text_kept)
}

#[component]
fn Refused(message: Memo<Option<Arc<Message>>>, delivery: DeliveryState) -> impl IntoView {
    let desk = desk();
    let here = here();
    let talk: Talk = expect_context();
    let sentence = reason(&delivery);
    let may_send = here.may_always(shared::permission::Permission::SendMessages);
    let is_text = message.with_untracked(|message| {
        let content = message.as_ref().and_then(|message| message.content.as_ref());
        matches!(content, Some(Content::Text { .. }))
    });
    let again = move |_| {
        if let Some(message) = message.get_untracked() {
            desk.send_again(&message);
        }
    };
    let edit = move |_| {
        let content = message
            .with_untracked(|message| message.as_ref().and_then(|message| message.content.clone()));
        if let Some(content) = content {
            desk.back_to_draft(talk.id, &content);
            talk.draft_changed.update(|times| *times += 1);
            dom::focus_soon("composer");
        }
    };
    view! {
        <div class="msg-err" role="alert">
            <span>{sentence}</span>
            {live(move || {
                (may_send.get() && delivery.can_retry)
                    .then(|| {
                        view! {
                            <button class="btn btn-sm" type="button" on:click=again>
                                {glyph(Icon::Rotate, "i i-sm")}
                                {t().common.try_again}
                            </button>
                        }
                    })
            })}
            {live(move || {
                (may_send.get() && !delivery.can_retry && is_text)
                    .then(|| {
                        view! {
                            <button class="btn btn-sm" type="button" on:click=edit>
                                {glyph(Icon::PenLine, "i i-sm")}
                                {t().message.back_to_draft}
                            </button>
                        }
                    })
            })}
        </div>
    }
}
