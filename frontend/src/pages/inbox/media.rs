//! Files in a conversation: pictures show themselves, sounds play, the rest opens.
//!
//! Invariants: a file is reached by an address that holds for five minutes and is asked for when it
//! is needed; a picture keeps its place while it loads.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::FileId,
    messages::{Media, MessageKind},
};

use super::row::kind_icon;
use crate::{
    api::Api,
    browser::format,
    i18n::t,
    ui::{Icon, glyph, live, toast, told},
};

/// A file, by its kind.
pub(super) fn media(file: &Media) -> AnyView {
    let caption = file.caption.clone();
    let is_picture = matches!(file.media, MessageKind::Image | MessageKind::Sticker);
    let shown = match (file.file, is_picture) {
        (Some(id), true) => view! { <Picture id name=name(file) /> }.into_any(),
        (Some(id), false) if file.media == MessageKind::Audio => {
            view! { <Sound id name=name(file) /> }.into_any()
        }
        _ => view! { <FileRow file=file.clone() /> }.into_any(),
    };
    view! {
        {shown}
        {caption.map(|caption| view! { <p>{caption}</p> })}
    }
    .into_any()
}

fn name(file: &Media) -> String {
    let kind = if file.is_voice { t().message.voice } else { (t().message.kind)(file.media) };
    file.file_name.clone().unwrap_or_else(|| kind.to_owned())
}

/// The address of a file, asked for once the signal is true.
fn address(id: FileId, wanted: RwSignal<bool>) -> RwSignal<Option<String>> {
    let api = expect_context::<Api>();
    let address = RwSignal::new(None);
    Effect::new(move |_| {
        if wanted.get() {
            spawn_local(async move {
                if let Ok(link) = api.file_link(id).await {
                    let _gone = address.try_set(Some(link.url));
                }
            });
        }
    });
    address
}

#[component]
fn Picture(id: FileId, name: String) -> impl IntoView {
    let api = expect_context::<Api>();
    let address = address(id, RwSignal::new(true));
    let label = (t().message.open_file)(&name);
    view! {
        <button
            class="msg-pic"
            type="button"
            aria-label=label
            on:click=move |_| open(api, id)
        >
            {live(move || match address.get() {
                Some(address) => {
                    view! { <img class="msg-img" src=address alt="" loading="lazy" /> }.into_any()
                }
                None => view! { <span class="msg-img skel"></span> }.into_any(),
            })}
        </button>
    }
}

#[component]
fn Sound(id: FileId, name: String) -> impl IntoView {
    let wanted = RwSignal::new(false);
    let address = address(id, wanted);
    let label = (t().message.play)(&name);
    view! {
        <div class="media">
            {live(move || match address.get() {
                Some(address) => {
                    view! {
                        <audio
                            class="msg-audio"
                            src=address
                            controls=true
                            autoplay=true
                            aria-label=name.clone()
                        ></audio>
                    }
                        .into_any()
                }
                None => {
                    view! {
                        <button
                            class="btn-icon sm"
                            type="button"
                            aria-label=label.clone()
                            aria-busy=told(move || wanted.get().then_some("true"))
                            on:click=move |_| wanted.set(true)
                        >
                            {glyph(Icon::Play, "i i-sm")}
                        </button>
                        <span class="grow">{name.clone()}</span>
                    }
                        .into_any()
                }
            })}
        </div>
    }
}

#[component]
fn FileRow(file: Media) -> impl IntoView {
    let api = expect_context::<Api>();
    let name = name(&file);
    let icon = kind_icon(file.media).unwrap_or(Icon::FileText);
    let size = file.size_bytes.and_then(|size| u64::try_from(size).ok()).map(format::bytes);
    let state = match (&file.missing, file.file) {
        (Some(why), _) => (t().message.file_missing)(why),
        (None, Some(_)) => t().message.file_stored.to_owned(),
        (None, None) => t().message.file_coming.to_owned(),
    };
    let small = size.map_or_else(|| state.clone(), |size| format!("{size} · {state}"));
    let open_button = file.file.map(|id| {
        let label = (t().message.open_file)(&name);
        view! {
            <button
                class="btn-icon sm"
                type="button"
                aria-label=label
                on:click=move |_| open(api, id)
            >
                {glyph(Icon::Expand, "i i-sm")}
            </button>
        }
    });
    view! {
        <div class="media">
            {glyph(icon, "i i-lg")}
            <span class="grow">
                <span class="clip">{name}</span>
                <small>{small}</small>
            </span>
            {open_button}
        </div>
    }
}

fn open(api: Api, id: FileId) {
    spawn_local(async move {
        match api.file_link(id).await {
            Ok(link) => drop(window().open_with_url_and_target(&link.url, "_blank")),
            Err(_failure) => toast(Icon::CircleAlert, t().message.file_failed),
        }
    });
}
