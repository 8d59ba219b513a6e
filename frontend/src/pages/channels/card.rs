//! One number: whether it works, its figures, what can be done.

use std::sync::Arc;

use chrono::TimeDelta;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    channels::{Channel, ChannelState, WebhookProof},
    ids::ChannelId,
    permission::Permission,
};

use super::{Renewing, proof::Proof};
use crate::{
    browser::{clock::ticks, format},
    desk::{Desk, desk},
    i18n::{t, t_later},
    session::here,
    stores::{Trouble, trouble_of},
    ui::{Banner, Confirm, Icon, Tone, glyph, live, toast},
    words,
};

/// A number that has said nothing for so long is worth a look.
const QUIET: TimeDelta = TimeDelta::hours(24);

/// The card.
#[component]
pub(super) fn Card(
    /// Which channel.
    id: ChannelId,
) -> impl IntoView {
    let desk = desk();
    let channel = Memo::new(move |_| desk.channels.with(|channels| channels.get(id)));
    let heading = format!("name-{id}");
    let labelled = heading.clone();
    view! {
        <article class="card ch" aria-labelledby=labelled>
            {live(move || {
                channel.get().map(|channel| view! { <Face channel heading=heading.clone() /> })
            })}
        </article>
    }
}

#[component]
fn Face(channel: Arc<Channel>, heading: String) -> impl IntoView {
    let words = &t_later().channels;
    let may_manage = here().may_always(Permission::ManageChannels);
    let (tone, icon, word) = state_of(&channel);
    view! {
        <header class="ch-h">
            <span class="ch-ic">{glyph(Icon::MessageCircle, "i i-lg")}</span>
            <span class="ch-n">
                <h2 id=heading>{channel.name.clone()}</h2>
                <small>
                    {words.official}" · "<span class="nowrap">{channel.display_number.clone()}</span>
                </small>
            </span>
            <span class=tone>
                {glyph(icon, "i")}
                {word}
            </span>
        </header>
        <Figures channel=channel.clone() />
        <div class="ch-b">
            <Meters channel=channel.clone() />
            <Warnings channel=channel.clone() />
            <Proof proof=channel.proof.clone() />
        </div>
        {live(move || may_manage.get().then(|| view! { <Deeds channel=channel.clone() /> }))}
    }
}

fn state_of(channel: &Channel) -> (&'static str, Icon, &'static str) {
    let words = &t_later().channels;
    match (trouble_of(channel), &channel.proof) {
        (Some(Trouble::Gone), _) => ("badge", Icon::X, words.disconnected),
        (Some(Trouble::Paused { reason, .. }), _) => {
            if reason == shared::channels::PauseReason::Person {
                ("badge badge-warn", Icon::Pause, words.paused)
            } else {
                ("badge badge-bad", Icon::CircleAlert, words.stopped)
            }
        }
        (Some(Trouble::Provider { .. }), _) => {
            ("badge badge-warn", Icon::TriangleAlert, words.refusing)
        }
        (None, WebhookProof::Proven { .. }) => ("badge badge-ok", Icon::Check, words.on_air),
        (None, _) => ("badge badge-warn", Icon::CircleAlert, words.unproven),
    }
}

#[component]
fn Figures(channel: Arc<Channel>) -> impl IntoView {
    let words = &t_later().channels;
    let clock = ticks();
    let health = channel.health.clone();
    let quality = health.quality.as_deref().unwrap_or("UNKNOWN").to_owned();
    let dot = match quality.as_str() {
        "GREEN" => "dot dot-ok",
        "YELLOW" => "dot dot-warn",
        "RED" => "dot dot-bad",
        _ => "dot dot-off",
    };
    let limit = match health.tier.as_deref() {
        Some("TIER_UNLIMITED") => words.unlimited.to_owned(),
        Some(tier) => (words.limit_word)(tier).map_or_else(|| tier.to_owned(), str::to_owned),
        None => words.not_known.to_owned(),
    };
    let last = health.last_webhook_at;
    let last_words = Memo::new(move |_| match last {
        Some(at) => words::ago(at, clock.get()),
        None => words.never.to_owned(),
    });
    let is_quiet = Memo::new(move |_| last.is_none_or(|at| clock.get() - at > QUIET));
    let number = |count: i64| format::number(u64::try_from(count).unwrap_or_default());
    let (fourth, figure) = if channel.n_queued > 0 {
        (words.queue, number(channel.n_queued))
    } else {
        let tried = health.n_sent_hour.max(health.n_failed_hour);
        let share =
            format!("{} ({})", percent(health.n_failed_hour, tried), number(health.n_failed_hour));
        (words.failures, share)
    };
    view! {
        <div class="ch-g">
            <div>
                <small>{words.quality}</small>
                <span class="row">
                    <span class=dot></span>
                    {(words.quality_word)(&quality)}
                </span>
            </div>
            <div>
                <small>{words.limit}</small>
                <span>{limit}</span>
            </div>
            <div>
                <small>{words.last_webhook}</small>
                <span class=move || if is_quiet.get() { "warn-t" } else { "" }>{last_words}</span>
            </div>
            <div>
                <small>{fourth}</small>
                <span>{figure}</span>
            </div>
        </div>
    }
}

fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "0%".to_owned();
    }
    let tenths = part * 1_000 / whole;
    let mark = if crate::i18n::language().tag() == "en" { '.' } else { ',' };
    if tenths % 10 == 0 {
        format!("{}%", tenths / 10)
    } else {
        format!("{}{mark}{}%", tenths / 10, tenths % 10)
    }
}

#[component]
fn Meters(channel: Arc<Channel>) -> impl IntoView {
    let words = &t_later().channels;
    let health = &channel.health;
    let accepted = (health.n_sent_hour - health.n_failed_hour).max(0);
    let number = |count: i64| format::number(u64::try_from(count).unwrap_or_default());
    let share = if health.n_sent_hour > 0 { accepted * 100 / health.n_sent_hour } else { 0 };
    let meter = (health.n_sent_hour > 0).then(|| {
        view! {
            <div class="meter">
                <div class="meter-h">
                    <span>{words.sent_hour}</span>
                    <b>{(words.sent_of)(&number(accepted), &number(health.n_sent_hour))}</b>
                </div>
                <div class="bar">
                    <i style:--v=format!("{share}%")></i>
                </div>
            </div>
        }
    });
    view! {
        <div class="meter-h">
            <span>{words.speed}</span>
            <b>{(words.per_second)(health.mps)}</b>
        </div>
        {meter}
    }
}

#[component]
fn Warnings(channel: Arc<Channel>) -> impl IntoView {
    let words = &t_later().channels;
    let now = ticks().now.get_untracked();
    let is_recent = |at: &chrono::DateTime<chrono::Utc>| now - *at < TimeDelta::hours(1);
    let signature = channel.health.last_bad_signature_at.filter(is_recent).map(|at| {
        view! {
            <Banner tone=Tone::Bad icon=Icon::ShieldAlert>
                <p class="fs-12">{(words.bad_signature)(&words::ago(at, now))}</p>
            </Banner>
        }
    });
    let alert = channel.health.alert.clone().map(|alert| {
        view! {
            <Banner tone=Tone::Warn icon=Icon::TriangleAlert>
                <p class="fs-12">{(t().inbox.provider_says)(&alert)}</p>
            </Banner>
        }
    });
    view! {
        {signature}
        {alert}
    }
}

/// Tells a channel something, and says that it was told.
pub(super) fn tell(desk: Desk, channel: &Channel, verb: &'static str, done: fn(&str) -> String) {
    let (id, name) = (channel.id, channel.name.clone());
    spawn_local(async move {
        match desk.api.tell_channel(id, verb).await {
            Ok(()) => {
                toast(Icon::Check, done(&name));
                desk.load_channels();
            }
            Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
        }
    });
}

#[component]
fn Deeds(channel: Arc<Channel>) -> impl IntoView {
    let desk = desk();
    let Renewing(renewing) = expect_context();
    let words = &t_later().channels;
    let ask = RwSignal::new(false);
    let ask_release = RwSignal::new(false);
    let released = channel.clone();
    let is_gone = matches!(channel.state, ChannelState::Disconnected { .. });
    if is_gone {
        return ().into_any();
    }
    let is_paused = matches!(channel.state, ChannelState::Paused { .. });
    let (resumed, paused, tested, renewed, gone) =
        (channel.clone(), channel.clone(), channel.clone(), channel.clone(), channel.clone());
    view! {
        <footer class="ch-f">
            {if is_paused {
                view! {
                    <button
                        class="btn btn-sm btn-primary"
                        type="button"
                        on:click=move |_| tell(desk, &resumed, "resume", words.resumed_done)
                    >
                        {glyph(Icon::Plug, "i i-sm")}
                        {words.resume}
                    </button>
                }
                    .into_any()
            } else {
                view! {
                    <button
                        class="btn btn-sm btn-ghost"
                        type="button"
                        on:click=move |_| tell(desk, &paused, "pause", words.paused_done)
                    >
                        {glyph(Icon::Pause, "i i-sm")}
                        {words.pause}
                    </button>
                }
                    .into_any()
            }}
            <button
                class="btn btn-sm btn-ghost"
                type="button"
                on:click=move |_| tell(desk, &tested, "test", |_| t_later().channels.test_started.to_owned())
            >
                {glyph(Icon::Activity, "i i-sm")}
                {words.test}
            </button>
            <button
                class="btn btn-sm btn-ghost"
                type="button"
                on:click=move |_| renewing.set(Some(renewed.clone()))
            >
                {glyph(Icon::Key, "i i-sm")}
                {words.credentials}
            </button>
            <button
                class="btn-icon sm push"
                type="button"
                aria-label=words.release
                on:click=move |_| ask_release.set(true)
            >
                {glyph(Icon::Building, "i i-sm")}
            </button>
            <button
                class="btn-icon sm"
                type="button"
                aria-label=words.disconnect
                on:click=move |_| ask.set(true)
            >
                {glyph(Icon::Trash, "i i-sm")}
            </button>
        </footer>
        <Confirm
            open=ask_release
            title=(words.release_title)(&channel.name)
            text=words.release_text
            yes=words.release
            no=t().common.cancel
            on_yes=move |()| tell(desk, &released, "release", words.released_done)
        />
        <Confirm
            open=ask
            title=(words.disconnect_title)(&channel.name)
            text=words.disconnect_text
            yes=words.disconnect
            no=t().common.cancel
            on_yes=move |()| tell(desk, &gone, "disconnect", |_| t_later().channels.disconnected.to_owned())
        />
    }
    .into_any()
}
