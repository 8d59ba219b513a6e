//! The frame around all pages of a company.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    channels::{ChannelState, PauseReason},
    ids::CompanyId,
    permission::Permission,
    platform::QuotaState,
    session::MyCompany,
};

use super::{
    frame::Frame, keys::watch_keys, sidebar::Sidebar, sidebar::Tabbar, states::NotFound,
    topbar::Topbar,
};
use crate::{
    address::{Address, Page, way},
    api::Api,
    browser::{clock, storage},
    desk::{Desk, desk},
    i18n::t,
    later::{Later, later, later_layer},
    pages::inbox::Inbox,
    session::{Here, session},
    ui::{Icon, glyph, live, told},
    words,
};

/// The frame of the company in the address.
#[component]
pub(crate) fn CompanyShell() -> impl IntoView {
    let session = session();
    let way = way();
    let id = Memo::new(move |_| match way.address.get() {
        Address::Company(id, _) => session.company(id).map(|company| company.id),
        _ => None,
    });
    live(move || match id.get() {
        Some(id) => view! { <Company id /> }.into_any(),
        None => view! { <NotFound /> }.into_any(),
    })
}

#[component]
fn Company(id: CompanyId) -> impl IntoView {
    let api = expect_context::<Api>();
    let session = session();
    let Some(first) = untrack(|| session.company(id)) else { return ().into_any() };
    let known = StoredValue::new(first);
    // Rights may change while the page is open; the last known company stays while it goes.
    let company = Memo::new(move |_| {
        if let Some(now) = session.company(id) {
            known.set_value(now);
        }
        known.get_value()
    });
    storage::write("company", &id.to_string());
    let frame = Frame::new();
    provide_context(frame);
    provide_context(Here { company: company.into() });
    let desk = Desk::open(id, api, session);
    provide_context(desk);
    let palette = RwSignal::new(false);
    let shortcuts = RwSignal::new(false);
    watch_keys(id, palette, shortcuts);

    Effect::new(move |_| {
        frame.n_unread.set(desk.threads.with(crate::stores::Threads::n_unread));
    });
    Effect::new(move |_| {
        if desk.feed.doubts.get() > 0 {
            spawn_local(session.ask());
        }
    });

    view! {
        <a class="skip" href="#main">
            {t().shell.skip}
        </a>
        <div class="app">
            <PageBanner company=company.into() />
            <Sidebar company=company.into() />
            <Topbar palette shortcuts />
            <main
                class=told(move || if frame.is_flush.get() { "main flush" } else { "main" })
                id="main"
                tabindex="-1"
            >
                <Body />
            </main>
            <Tabbar company=id />
        </div>
        {later_layer(palette, Later::Palette { open: palette, shortcuts })}
        {later_layer(shortcuts, Later::Shortcuts { open: shortcuts })}
    }
    .into_any()
}

/// The page of the address.
#[component]
fn Body() -> impl IntoView {
    let way = way();
    let kind = Memo::new(move |_| match way.address.get() {
        Address::Company(_, page) => Some(std::mem::discriminant(&page)),
        _ => None,
    });
    live(move || {
        kind.get();
        match way.address.get_untracked() {
            Address::Company(_, Page::Talks(_)) => view! { <Inbox /> }.into_any(),
            Address::Company(_, Page::Channels) => later(Later::Channels),
            Address::Company(_, Page::Settings(_)) => later(Later::Settings),
            _ => ().into_any(),
        }
    })
}

/// What stands above everything: somebody acts in another's place, or the company is suspended.
#[component]
fn PageBanner(
    /// The company of the page.
    company: Signal<MyCompany>,
) -> impl IntoView {
    let session = session();
    let desk = desk();
    let ticks = clock::ticks();
    let acting = Memo::new(move |_| {
        let acting = session.me()?.impersonation?;
        (acting.company == company.with(|company| company.id)).then_some(acting.until)
    });
    let stop = move |_| {
        spawn_local(async move {
            if let Err(failure) = desk.api.end_impersonation().await {
                crate::ui::toast(Icon::CircleAlert, words::sentence(&failure));
            }
            session.ask().await;
        });
    };
    // Whoever can renew the access is told wherever she is.
    let expired = Memo::new(move |_| {
        if !company.with(|company| company.may(Permission::ManageChannels)) {
            return None;
        }
        let channels = desk.channels.with(crate::stores::Channels::list).into_iter();
        let mut stopped = channels.filter(|channel| match channel.state {
            ChannelState::Paused { reason, .. } => reason == PauseReason::TokenExpired,
            _ => false,
        });
        stopped.next().map(|channel| channel.name.clone())
    });
    live(move || match acting.get() {
        Some(until) => view! {
            <div class="banner banner-imp banner-page" role="status">
                {glyph(Icon::UserCog, "i")}
                <p>
                    {live(move || {
                        let left = (until - ticks.get()).max(chrono::TimeDelta::zero());
                        let name = company.with(|company| company.name.clone());
                        (t().shell.acting_as)(&name, &(t().time.span)(left))
                    })}
                </p>
                <button class="btn btn-sm" type="button" on:click=stop>
                    {t().shell.stop_acting}
                </button>
            </div>
        }
        .into_any(),
        None if company.with(|company| company.is_suspended) => view! {
            <div class="banner banner-warn banner-page" role="status">
                {glyph(Icon::ShieldAlert, "i")}
                <p>{t().shell.suspended}</p>
            </div>
        }
        .into_any(),
        None => match expired.get() {
            Some(name) => view! {
                <div class="banner banner-warn banner-page" role="status" data-testid="expired">
                    {glyph(Icon::Plug, "i")}
                    <p>{(t().shell.token_expired)(&name)}</p>
                    <a
                        class="btn btn-sm"
                        href=Address::Company(company.with(|company| company.id), Page::Channels)
                            .to_string()
                    >
                        {t().common.renew}
                    </a>
                </div>
            }
            .into_any(),
            None => company.with(quota_notice).into_any(),
        },
    })
}

/// The quota that is nearest to its end, if it is worth a word: to those who lead the company from 80
/// per cent on, to all when nothing more goes.
fn quota_notice(company: &MyCompany) -> Option<AnyView> {
    let leads = company.may(Permission::ManageTeam);
    let is_worth_it = |state: &QuotaState| match used_percent(state) {
        100.. => leads || state.is_hard,
        80.. => leads,
        _ => false,
    };
    let worst = company.quotas.iter().filter(|(_, state)| is_worth_it(state));
    let (quota, state) = worst.max_by_key(|(_, state)| used_percent(state))?;
    let name = (t().common.quota)(*quota);
    let words = &t().shell;
    let text = match (used_percent(state), state.is_hard) {
        (100.., true) => (words.quota_stopped)(name),
        (100.., false) => (words.quota_used_up)(name),
        (percent, _) => (words.quota_nearly)(name, percent),
    };
    Some(
        view! {
            <div class="banner banner-warn banner-page" role="status" data-testid="quota">
                {glyph(Icon::TriangleAlert, "i")}
                <p>{text}</p>
            </div>
        }
        .into_any(),
    )
}

fn used_percent(state: &QuotaState) -> i64 {
    if state.limit <= 0 {
        return 100;
    }
    state.used.saturating_mul(100) / state.limit
}
