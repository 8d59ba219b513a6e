//! The service window above the text, counted by the server's clock.

use std::sync::Arc;

use leptos::prelude::*;
use shared::conversations::Thread;

use crate::{
    browser::{clock::ticks, format},
    i18n::t,
    stores::{Window, window_of},
    ui::live,
};

/// The ring and its words.
#[component]
pub(super) fn WindowLine(
    /// The thread, as soon as it is known.
    thread: Memo<Option<Arc<Thread>>>,
) -> impl IntoView {
    let clock = ticks();
    let closes_at = Memo::new(move |_| {
        thread.with(|thread| thread.as_ref().map(|thread| thread.window_closes_at))
    });
    // Class, ring, first words, words that a narrow pane leaves out.
    let line = Memo::new(move |_| {
        let window = window_of(closes_at.get()?, clock.get());
        let words = &t().inbox;
        let span = t().time.span;
        let (first, more) = match window {
            Window::Open(left) => {
                (words.window_open.to_owned(), Some((words.window_open_long)(&span(left))))
            }
            Window::Low(left) => ((words.window_low)(&span(left)), None),
            Window::Last(left) => ((words.window_low)(&(t().time.countdown)(left)), None),
            Window::Shut(since) => ((words.window_closed)(&span(since)), None),
            Window::Never => (words.window_never.to_owned(), None),
        };
        Some((window.class(), window.percent(), first, more))
    });
    live(move || {
        line.get().map(|(class, percent, first, more)| {
            let title = closes_at.get().flatten().map(format::full);
            view! {
                <span class=format!("{class} push") title=title>
                    <span class="win-ring" style:--p=percent.to_string()></span>
                    <span>
                        {first}
                        {more.map(|more| view! { <span class="long">{more}</span> })}
                    </span>
                </span>
            }
        })
    })
}
