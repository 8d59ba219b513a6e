//! What is wrong with the number of this conversation: it is paused, or the provider refuses.

use std::sync::Arc;

use leptos::prelude::*;
use shared::conversations::Thread;

use crate::{
    browser::{clock::ticks, format},
    desk::desk,
    i18n::t,
    stores::{Trouble, trouble_of},
    ui::{Icon, glyph, live},
    words,
};

/// The strip above the history.
#[component]
pub(super) fn Notices(
    /// The thread, as soon as it is known.
    thread: Memo<Option<Arc<Thread>>>,
) -> impl IntoView {
    let desk = desk();
    let trouble = Memo::new(move |_| {
        let channel = thread.with(|thread| thread.as_ref().map(|thread| thread.channel))?;
        desk.channels
            .with(|channels| channels.get(channel))
            .and_then(|channel| trouble_of(&channel))
    });
    let clock = ticks();
    live(move || {
        trouble.get().map(|trouble| {
            let (icon, text) = match &trouble {
                Trouble::Paused { reason, since, provider_code } => {
                    let since = words::clock(*since, clock.now.get_untracked());
                    let code = provider_code.map(|code| (t().common.code)(code));
                    let why = (t().common.why_paused)(*reason);
                    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
                    let why = words::with_code(why, &format!("{code} · {since}"));
                    (Icon::Pause, format!("{}. {why}", t().inbox.channel_paused))
                }
                Trouble::Gone => (Icon::Lock, t().inbox.channel_gone.to_owned()),
                Trouble::Provider { alert: Some(alert), .. } => {
                    (Icon::TriangleAlert, (t().inbox.provider_says)(alert))
                }
                Trouble::Provider { alert: None, n_failed, n_tried } => {
                    let number =
                        |count: i64| format::number(u64::try_from(count).unwrap_or_default());
                    let words = (t().inbox.provider_fails)(&number(*n_failed), &number(*n_tried));
                    (Icon::TriangleAlert, words)
                }
            };
            view! {
                <div class="presence" role="status">
                    {glyph(icon, "i i-sm")}
                    <span>{text}</span>
                </div>
            }
        })
    })
}
