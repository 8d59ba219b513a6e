//! The menu: at the side, and at the bottom of a phone.

use std::mem::discriminant;

use leptos::prelude::*;
use shared::{ids::CompanyId, permission::Permission, session::MyCompany};

use super::account::{AccountMenu, CompanyMenu};
use crate::{
    address::{Address, Page, Part, way},
    browser::format,
    desk::desk,
    i18n::t,
    session::{here, session},
    ui::{Avatar, Icon, Mark, glyph, live, told},
};

/// A place that the menu leads to.
#[derive(Clone, Copy)]
struct Place {
    icon: Icon,
    word: &'static str,
    page: Page,
    permission: Permission,
    has_count: bool,
}

fn places() -> [Place; 2] {
    let words = &t().shell;
    [
        Place {
            icon: Icon::Inbox,
            word: words.conversations,
            page: Page::Talks(None),
            permission: Permission::ReadConversations,
            has_count: true,
        },
        Place {
            icon: Icon::Radio,
            word: words.channels,
            page: Page::Channels,
            permission: Permission::ReadChannels,
            has_count: false,
        },
    ]
}

fn link(company: CompanyId, place: Place) -> AnyView {
    let desk = desk();
    let href = Address::Company(company, place.page).to_string();
    let is_here = is_here(place.page);
    let n_unread = Memo::new(move |_| desk.threads.with(crate::stores::Threads::n_unread));
    view! {
        <a href=href title=place.word aria-current=told(move || is_here.get().then_some("page"))>
            {glyph(place.icon, "i")}
            <span>{place.word}</span>
            {live(move || {
                (place.has_count && n_unread.get() > 0)
                    .then(|| {
                        view! {
                            <span class="count push">
                                <span class="sr">{t().shell.unread}</span>
                                {count(n_unread.get())}
                            </span>
                        }
                    })
            })}
        </a>
    }
    .into_any()
}

/// Whether the page is of this place, whatever is open in it.
fn is_here(page: Page) -> Memo<bool> {
    let way = way();
    Memo::new(move |_| match way.address.get() {
        Address::Company(_, here) => discriminant(&here) == discriminant(&page),
        _ => false,
    })
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
        page: Page::Settings(Part::Team),
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
                        <span class="clip">{live(move || company.with(|company| company.name.clone()))}</span>
                        <small>{live(move || (t().common.role)(company.with(|company| company.role)))}</small>
                    </span>
                    {glyph(Icon::ChevronsUpDown, "i i-sm")}
                </button>
            </div>
            <nav class="nav" aria-label=words.main_navigation>
                <ul>
                    {live(move || {
                        here.may(conversations.permission)
                            .then(|| view! { <li>{link(id, conversations)}</li> })
                    })}
                </ul>
                <p class="nav-t">{words.group_sending}</p>
                <ul>
                    {live(move || {
                        here.may(channels.permission)
                            .then(|| view! { <li>{link(id, channels)}</li> })
                    })}
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
    let is_here = is_here(place.page);
    let href = move || {
        let part = if here.may(Permission::ReadTeam) { Part::Team } else { Part::Sessions };
        Address::Company(company, Page::Settings(part)).to_string()
    };
    view! {
        <a href=href title=place.word aria-current=told(move || is_here.get().then_some("page"))>
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
            {live(move || {
                me().map(|me| {
                    view! {
                        <Avatar name=me.name.clone() seed=me.user.to_string() size="avatar-sm" />
                        <span class="who grow">
                            <span class="fs-13 med clip">{me.name}</span>
                            <small class="clip">{me.email}</small>
                        </span>
                    }
                })
            })}
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
        page: Page::Settings(Part::Team),
        permission: Permission::ReadTeam,
        has_count: false,
    };
    view! {
        <nav class="tabbar" aria-label=words.phone_navigation>
            {live(move || {
                places()
                    .into_iter()
                    .filter(|place| here.may(place.permission))
                    .map(|place| link(company, place))
                    .collect_view()
            })}
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
