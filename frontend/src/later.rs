//! What nobody meets on the first screen, loaded when it is first asked for.
//!
//! `cargo xtask spa --release` cuts the program here: whatever is reached through `draw` alone
//! goes to a file of its own, which shares the memory and the signals of the first. Invariants:
//! nothing outside of this file names a page or a layer that comes later; a file that does not
//! come is said where it would stand, and can be asked for again.

use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use leptos::{prelude::*, task::spawn_local};
use shared::ids::ContactId;

use crate::{
    i18n::t,
    pages::{
        channels::ChannelsPage,
        inbox::{EmojiGrid, EraseDialog, MergeDialog, TemplateDialog},
        platform::PlatformPage,
        settings::SettingsPage,
    },
    shell::{Palette, Shortcuts},
    ui::{Banner, Icon, Tone, live},
};

/// Something that comes later.
#[derive(Clone, Copy)]
pub(crate) enum Later {
    /// The channels.
    Channels,
    /// The settings.
    Settings,
    /// The platform's console.
    Platform,
    /// The palette.
    Palette {
        /// Whether it is there.
        open: RwSignal<bool>,
        /// Opens the list of shortcuts.
        shortcuts: RwSignal<bool>,
    },
    /// The list of shortcuts.
    Shortcuts {
        /// Whether it is there.
        open: RwSignal<bool>,
    },
    /// Making one person of two contacts.
    Merge {
        /// Whether it is there.
        open: RwSignal<bool>,
        /// The contact that stays.
        id: ContactId,
    },
    /// Erasing a person.
    Erase {
        /// Whether it is there.
        open: RwSignal<bool>,
        /// Whom.
        id: ContactId,
    },
    /// Choosing an emoji.
    Emoji {
        /// One was chosen.
        choose: Callback<&'static str>,
    },
    /// Choosing a template.
    Template {
        /// Whether it is there.
        open: RwSignal<bool>,
    },
}

fn drawn(part: Later) -> AnyView {
    match part {
        Later::Channels => view! { <ChannelsPage /> }.into_any(),
        Later::Settings => view! { <SettingsPage /> }.into_any(),
        Later::Platform => view! { <PlatformPage /> }.into_any(),
        Later::Palette { open, shortcuts } => view! { <Palette open shortcuts /> }.into_any(),
        Later::Shortcuts { open } => view! { <Shortcuts open /> }.into_any(),
        Later::Merge { open, id } => view! { <MergeDialog open id /> }.into_any(),
        Later::Erase { open, id } => view! { <EraseDialog open id /> }.into_any(),
        Later::Emoji { choose } => view! { <EmojiGrid choose /> }.into_any(),
        Later::Template { open } => view! { <TemplateDialog open /> }.into_any(),
    }
}

/// The file did not come.
struct Missing;

#[cfg(feature = "cut")]
impl From<leptos::wasm_split::SplitLoaderError> for Missing {
    fn from(_what: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

#[cfg(feature = "cut")]
#[leptos::wasm_split::wasm_split(
    later,
    wasm_split_path = leptos::wasm_split,
    preload(fetch),
    fallible
)]
fn draw(part: Later) -> Result<AnyView, Missing> {
    Ok(drawn(part))
}

#[cfg(not(feature = "cut"))]
async fn fetch() -> Result<(), Missing> {
    std::future::ready(Ok(())).await
}

#[cfg(not(feature = "cut"))]
async fn draw(part: Later) -> Result<AnyView, Missing> {
    std::future::ready(Ok(drawn(part))).await
}

/// Draws a part that has come: with its file there, nothing is left to wait for.
fn draw_now(part: Later) -> AnyView {
    let mut drawing = pin!(draw(part));
    match drawing.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(view)) => view,
        Poll::Ready(Err(_)) | Poll::Pending => ().into_any(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Coming,
    Here,
    Missing,
}

thread_local! {
    static IS_HERE: Cell<bool> = const { Cell::new(false) };
}

fn ask(state: RwSignal<State>) {
    state.set(State::Coming);
    spawn_local(async move {
        let came = fetch().await.is_ok();
        IS_HERE.set(came);
        let _gone = state.try_set(if came { State::Here } else { State::Missing });
    });
}

/// A part that comes later, and until then nothing, or why it does not come.
pub(crate) fn later(part: Later) -> AnyView {
    if IS_HERE.get() {
        return draw_now(part);
    }
    let state = RwSignal::new(State::Coming);
    ask(state);
    live(move || match state.get() {
        State::Here => draw_now(part),
        State::Coming => ().into_any(),
        State::Missing => view! {
            <div class="page">
                <Banner tone=Tone::Bad icon=Icon::WifiOff>
                    <p>{t().common.section_failed}</p>
                    <button class="btn btn-sm" type="button" on:click=move |_| ask(state)>
                        {t().common.try_again}
                    </button>
                </Banner>
            </div>
        }
        .into_any(),
    })
}

/// A layer that comes when it is first opened, and stays.
pub(crate) fn later_layer(open: RwSignal<bool>, part: Later) -> AnyView {
    let was_open =
        Memo::new(move |before: Option<&bool>| before.copied().unwrap_or_default() || open.get());
    live(move || was_open.get().then(|| later(part)))
}
