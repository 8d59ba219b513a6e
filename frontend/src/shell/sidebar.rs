//! The menu: at the side, and at the bottom of a phone.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use shared::{ids::CompanyId, permission::Permission, session::MyCompany};

use super::account::{AccountMenu, CompanyMenu};
use crate::{
    browser::format,
    desk::desk,
    i18n::t,
    session::{here, session},
    ui::{Avatar, Icon, Mark, glyph},
};

/// A place that the menu leads to.
#[derive(Clone, Copy)]
struct Place {
    icon: Icon,
    word: &'static str,
    path: &'static str,
    permission: Permission,
    has_count: bool,
}

fn places() -> [Place; 2] {
    let words = &t().shell;
    [
        Place {
            icon: Icon::Inbox,
            word: words.conversations,
            path: "conversas",
            permission: Permission::ReadConversations,
            has_count: true,
        },
        Place {
            icon: Icon::Radio,
            word: words.channels,
            path: "canais",
            permission: Permission::ReadChannels,
            has_count: false,
        },
    ]
}

fn link(company: CompanyId, place: Place) -> AnyView {
    let desk = desk();
    let pathname = use_location().pathname;
    let href = format!("/e/{company}/{}", place.path);
    let begins = href.clone();
    let is_here = Memo::new(move |_| pathname.with(|path| path.starts_with(&begins)));
    let n_unread = Memo::new(move |_| desk.threads.with(crate::stores::Threads::n_unread));
    view! {
        <a href=href aria-current=move || is_here.get().then_some("page")>
            {glyph(place.icon, "i")}
            <span>{place.word}</span>
            {move || {
                (place.has_count && n_unread.get() > 0)
                    .then(|| {
                        view! {
                            <span class="count push">
                                <span class="sr">{t().shell.unread}</span>
                                {count(n_unread.get())}
                            </span>
                        }
                    })
            }}
        </a>
    }
    .into_any()
}

fn count(number: usize) -> String {
    match number {
        0..100 => number.to_string(),
        _ => "99+".to_owned(),
    }
}

/// The menu at the side.
#[component]
pub(super) fn Sidebar(
    /// The company of the page.
    company: Signal<MyCompany>,
) -> impl IntoView {
    let here = here();
    let words = &t().shell;
    let id = company.with_untracked(|company| company.id);
    let [conversations, channels] = places();
    let settings = Place {
        icon: Icon::Settings,
        word: words.settings,
        path: "config",
        permission: Permission::ReadTeam,
        has_count: false,
    };
    view! {
        <aside class="side" aria-label=words.menu>
            <div class="side-h">
                <button class="co" type="button" popovertarget="menu-company" aria-haspopup="menu">
                    <Mark />
                    <span class="sr">{words.switch_company}</span>
                    <span class="co-n">
                        <span class="clip">{move || company.with(|company| company.name.clone())}</span>
                        <small>{move || (t().common.role)(company.with(|company| company.role))}</small>
                    </span>
                    {glyph(Icon::ChevronsUpDown, "i i-sm")}
                </button>
            </div>
            <nav class="nav" aria-label=words.main_navigation>
                <ul>
                    {move || {
                        here.may(conversations.permission)
                            .then(|| view! { <li>{link(id, conversations)}</li> })
                    }}
                </ul>
                <p class="nav-t">{words.group_sending}</p>
                <ul>
                    {move || {
                        here.may(channels.permission)
                            .then(|| view! { <li>{link(id, channels)}</li> })
                    }}
                </ul>
                <p class="nav-t">{words.group_company}</p>
                <ul>
                    <li>{settings_link(id, settings)}</li>
                </ul>
            </nav>
            <div class="side-f">
                <AccountButton />
            </div>
            <CompanyMenu />
            <AccountMenu />
        </aside>
    }
}

/// The settings open at the first part that the person may see.
fn settings_link(company: CompanyId, place: Place) -> AnyView {
    let here = here();
    let pathname = use_location().pathname;
    let begins = format!("/e/{company}/{}", place.path);
    let is_here = Memo::new(move |_| pathname.with(|path| path.starts_with(&begins)));
    let href = move || {
        let part = if here.may(Permission::ReadTeam) { "equipe" } else { "seguranca" };
        format!("/e/{company}/config/{part}")
    };
    view! {
        <a href=href aria-current=move || is_here.get().then_some("page")>
            {glyph(place.icon, "i")}
            <span>{place.word}</span>
        </a>
    }
    .into_any()
}

#[component]
fn AccountButton() -> impl IntoView {
    let session = session();
    let me = move || session.me();
    view! {
        <button class="me" type="button" popovertarget="menu-account" aria-haspopup="menu">
            <span class="sr">{t().shell.your_account}</span>
            {move || {
                me().map(|me| {
                    view! {
                        <Avatar name=me.name.clone() seed=me.user.to_string() size="avatar-sm" />
                        <span class="who grow">
                            <span class="fs-13 med clip">{me.name}</span>
                            <small class="clip">{me.email}</small>
                        </span>
                    }
                })
            }}
        </button>
    }
}

/// The menu at the bottom of a phone.
#[component]
pub(super) fn Tabbar(
    /// The company of the page.
    company: CompanyId,
) -> impl IntoView {
    let here = here();
    let words = &t().shell;
    let settings = Place {
        icon: Icon::Settings,
        word: words.settings,
        path: "config",
        permission: Permission::ReadTeam,
        has_count: false,
    };
    view! {
        <nav class="tabbar" aria-label=words.phone_navigation>
            {move || {
                places()
                    .into_iter()
                    .filter(|place| here.may(place.permission))
                    .map(|place| link(company, place))
                    .collect_view()
            }}
            {settings_link(company, settings)}
            <button class="tabbar-b" type="button" popovertarget="menu-account" aria-haspopup="menu">
                {glyph(Icon::Menu, "i")}
                <span>{words.more}</span>
            </button>
        </nav>
    }
}

/// A count as people write it.
pub(super) fn written(number: usize) -> String {
    format::number(u64::try_from(number).unwrap_or(u64::MAX))
}
