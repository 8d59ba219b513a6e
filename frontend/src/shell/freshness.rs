//! How fresh the screen is: the dot is never the only sign.

use chrono::TimeDelta;
use leptos::prelude::*;

use super::sidebar::written;
use crate::{
    browser::format,
    desk::desk,
    i18n::t,
    live::Freshness,
    stores::Outbox,
    ui::{Icon, glyph, live},
};

/// A line that is down for less than this is not worth a word.
const WORTH_A_WORD: u32 = 2;
/// After this it is not a hiccup any more.
const OFFLINE: u32 = 6;

/// The button in the bar, and the sentence behind it.
#[component]
pub(super) fn FreshnessButton() -> impl IntoView {
    let desk = desk();
    let words = &t().shell;
    let number = move || {
        let position = desk.feed.position.get()?;
        Some((words.number)(&format::number(u64::try_from(position).ok()?)))
    };
    let face = move || match desk.feed.freshness.get() {
        Freshness::Starting => view! {
            <span class="dot dot-off"></span>
            <b>{words.starting}</b>
        }
        .into_any(),
        Freshness::Live | Freshness::Down(..WORTH_A_WORD) => {
            face("dot dot-ok", words.live.to_owned(), number())
        }
        Freshness::Late(seconds) => face("dot dot-warn", (words.behind)(seconds), number()),
        Freshness::Down(WORTH_A_WORD..OFFLINE) => view! {
            {glyph(Icon::Refresh, "i i-sm")}
            <b>{words.reconnecting}</b>
        }
        .into_any(),
        Freshness::Down(seconds) => {
            let span = (t().time.span)(TimeDelta::seconds(i64::from(seconds)));
            let since = number().map_or_else(
                || (t().time.ago)(&span),
                |number| (words.offline_since)(&number, &span),
            );
            view! {
                {glyph(Icon::WifiOff, "i i-sm")}
                <b>{words.offline}</b>
                <span class="pos">{since}</span>
            }
            .into_any()
        }
        Freshness::Still(since) => {
            face("dot dot-warn", words.still.to_owned(), Some(format::time(since)))
        }
    };
    let class = move || match desk.feed.freshness.get() {
        Freshness::Down(WORTH_A_WORD..) | Freshness::Still(_) => "live off",
        _ => "live",
    };
    let explained = move || match desk.feed.freshness.get() {
        Freshness::Starting => words.starting_explained.to_owned(),
        Freshness::Late(_) => words.behind_explained.to_owned(),
        Freshness::Down(WORTH_A_WORD..) => {
            let held = desk.outbox.with(Outbox::n_waiting);
            format!("{} {}", words.offline_explained, (words.held)(held))
        }
        Freshness::Still(since) => (words.still_explained)(&format::time(since)),
        Freshness::Live | Freshness::Down(_) => {
            (words.live_explained)(&number().unwrap_or_else(|| written(0)))
        }
    };
    view! {
        <button class=class type="button" popovertarget="freshness">
            {live(face)}
        </button>
        <div id="freshness" popover="" class="menu at-top-end live-more" role="status">
            <p>{live(explained)}</p>
        </div>
    }
}

fn face(dot: &'static str, word: String, number: Option<String>) -> AnyView {
    view! {
        <span class=dot></span>
        <b>{word}</b>
        <span class="pos">{number}</span>
    }
    .into_any()
}
