//! The connected numbers: how each is, and what to do when it is not well.

mod card;
mod connect;
mod proof;
mod renew;

use std::sync::Arc;

use leptos::prelude::*;
use shared::{
    channels::{Channel, ChannelState, PauseReason},
    permission::{Feature, Permission},
};

use crate::{
    browser::clock::ticks,
    desk::{Desk, Load, desk},
    i18n::{t, t_later},
    session::here,
    shell::{NoPermission, page},
    stores::{Channels, Trouble, trouble_of},
    ui::{Banner, Empty, Icon, Tone, glyph, live},
    words,
};

use card::Card;
use connect::ConnectDialog;
use renew::RenewDialog;

/// The page.
#[component]
pub(crate) fn ChannelsPage() -> impl IntoView {
    let here = here();
    page(t_later().channels.title, false);
    let may_read = here.may_always(Permission::ReadChannels);
    live(move || {
        if may_read.get() {
            view! { <Page /> }.into_any()
        } else {
            view! { <NoPermission /> }.into_any()
        }
    })
}

/// The channel whose access is being renewed.
#[derive(Clone, Copy)]
struct Renewing(RwSignal<Option<Arc<Channel>>>);

#[component]
fn Page() -> impl IntoView {
    let desk = desk();
    let here = here();
    let words = &t_later().channels;
    let connect = RwSignal::new(false);
    let renewing = RwSignal::new(None);
    provide_context(Renewing(renewing));
    let may_manage = here.may_always(Permission::ManageChannels);
    let has_cloud = here.has_always(Feature::WhatsappCloud);
    let ids = Memo::new(move |_| {
        desk.channels.with(Channels::list).iter().map(|channel| channel.id).collect::<Vec<_>>()
    });
    let connect_button = move || {
        (may_manage.get() && has_cloud.get()).then(|| {
            view! {
                <button
                    class="btn btn-primary"
                    type="button"
                    on:click=move |_| connect.set(true)
                >
                    {glyph(Icon::Plus, "i")}
                    {words.connect}
                </button>
            }
        })
    };
    let is_loaded = Memo::new(move |_| desk.channels.with(Channels::is_loaded));
    view! {
        <div class="page">
            <div class="page-h">
                <span class="filters">
                    <span class="chip on">{live(move || (words.all)(ids.with(Vec::len)))}</span>
                </span>
                <span class="push row">{connect_button}</span>
            </div>
            <Troubles />
            <Loading is_loaded />
            {live(move || {
                (is_loaded.get() && ids.with(Vec::is_empty))
                    .then(|| {
                        view! {
                            <div class="card">
                                <Empty
                                    icon=Icon::Radio
                                    title=words.empty.to_owned()
                                    text=words.empty_text.to_owned()
                                >
                                    {connect_button}
                                </Empty>
                            </div>
                        }
                    })
            })}
            <div class="chgrid">
                <For each=move || ids.get() key=|id| *id let:id>
                    <Card id />
                </For>
            </div>
        </div>
        <ConnectDialog open=connect />
        <RenewDialog renewing />
    }
}

#[component]
fn Loading(is_loaded: Memo<bool>) -> impl IntoView {
    let desk = desk();
    let words = &t_later().channels;
    live(move || match (is_loaded.get(), desk.channels_load.get()) {
        (_, Load::Failed(failure)) => Some(
            view! {
                <Banner tone=Tone::Bad icon=Icon::TriangleAlert>
                    <p>
                        <b>{words.failed}" "</b>
                        {words::sentence(&failure)}
                    </p>
                    <button
                        class="btn btn-sm"
                        type="button"
                        on:click=move |_| desk.load_channels()
                    >
                        {t().common.try_again}
                    </button>
                </Banner>
            }
            .into_any(),
        ),
        (false, _) => Some(
            view! {
                <p class="sr" role="status">
                    {words.loading}
                </p>
                <div class="chgrid late" aria-hidden="true">
                    <div class="card skel-card"></div>
                    <div class="card skel-card"></div>
                </div>
            }
            .into_any(),
        ),
        (true, _) => None,
    })
}

/// A banner for every channel that stands still without anybody of the team having asked for it.
#[component]
fn Troubles() -> impl IntoView {
    let desk = desk();
    let stopped = Memo::new(move |_| {
        let list = desk.channels.with(Channels::list);
        list.into_iter()
            .filter(|channel| match &channel.state {
                ChannelState::Paused { reason, .. } => *reason != PauseReason::Person,
                _ => false,
            })
            .collect::<Vec<_>>()
    });
    live(move || {
        stopped.get().into_iter().map(|channel| stopped_banner(desk, channel)).collect_view()
    })
}

fn stopped_banner(desk: Desk, channel: Arc<Channel>) -> AnyView {
    let here = here();
    let Renewing(renewing) = expect_context();
    let words = &t_later().channels;
    let Some(Trouble::Paused { reason, since, provider_code }) = trouble_of(&channel) else {
        return ().into_any();
    };
    let since = words::clock(since, ticks().now.get_untracked());
    let title =
        (words.is_stopped)(&format!("{}, {}", channel.name, channel.display_number), &since);
    let code =
        provider_code.map(|code| format!(" ({})", (t().common.code)(code))).unwrap_or_default();
    let why = (t().common.why_paused)(reason);
    let kept = (words.queued_kept)(channel.n_queued);
    let button = here.may(Permission::ManageChannels).then(|| {
        let again = channel.clone();
        if reason == PauseReason::TokenExpired {
            view! {
                <button
                    class="btn btn-sm"
                    type="button"
                    on:click=move |_| renewing.set(Some(again.clone()))
                >
                    {t().common.renew}
                </button>
            }
            .into_any()
        } else {
            view! {
                <button
                    class="btn btn-sm"
                    type="button"
                    on:click=move |_| card::tell(desk, &again, "resume", words.resumed_done)
                >
                    {words.resume}
                </button>
            }
            .into_any()
        }
    });
    view! {
        <Banner tone=Tone::Bad icon=Icon::TriangleAlert>
            <p>
                <b>{title}" "</b>
                {format!("{} {kept}", words::with_code(why, &code))}
            </p>
            {button}
        </Banner>
    }
    .into_any()
}
