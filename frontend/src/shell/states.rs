//! Pages that stand in for a page.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    address::{Address, Page, way},
    i18n::t,
    session::{Who, session},
    ui::{Empty, Icon, Mark, live},
};

const AGAIN: Duration = Duration::from_secs(3);

/// The start: goes to the company last opened, or to the sign-in.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let session = session();
    let way = way();
    Effect::new(move |_| {
        let to = match session.who.get() {
            Who::Asking | Who::NoAnswer => return,
            Who::Nobody(_) => Address::SignIn,
            Who::Somebody(me) => match session.home() {
                Some(company) => Address::Company(company, Page::Talks(None)),
                None if me.is_super_admin => Address::Platform,
                None => return,
            },
        };
        way.replace(to);
    });
    live(move || match session.who.get() {
        Who::NoAnswer => view! { <NoAnswer /> }.into_any(),
        Who::Somebody(me) if me.companies.is_empty() && !me.is_super_admin => {
            view! { <NoCompany /> }.into_any()
        }
        _ => ().into_any(),
    })
}

#[component]
fn NoCompany() -> impl IntoView {
    let session = session();
    let words = &t().shell;
    view! {
        <Alone>
            <Empty
                icon=Icon::Building
                title=words.no_company.to_owned()
                text=words.no_company_text.to_owned()
            >
                <button
                    class="btn"
                    type="button"
                    on:click=move |_| spawn_local(session.sign_out())
                >
                    {words.sign_out}
                </button>
            </Empty>
        </Alone>
    }
}

/// The server does not answer; it is asked again by itself.
#[component]
pub(crate) fn NoAnswer() -> impl IntoView {
    let session = session();
    let words = &t().shell;
    let again = set_interval_with_handle(move || spawn_local(session.ask()), AGAIN);
    on_cleanup(move || {
        if let Ok(again) = again {
            again.clear();
        }
    });
    view! {
        <Alone>
            <div role="alert">
                <Empty
                    icon=Icon::WifiOff
                    title=words.no_answer.to_owned()
                    text=words.no_answer_text.to_owned()
                >
                    <button class="btn" type="button" on:click=move |_| spawn_local(session.ask())>
                        {t().common.try_again}
                    </button>
                </Empty>
            </div>
        </Alone>
    }
}

/// No such page.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let words = &t().shell;
    view! {
        <Alone>
            <Empty
                icon=Icon::FileQuestion
                title=words.not_found.to_owned()
                text=words.not_found_text.to_owned()
            >
                <a class="btn" href="/">
                    {words.go_home}
                </a>
            </Empty>
        </Alone>
    }
}

/// The page is not for this person's role.
#[component]
pub(crate) fn NoPermission() -> impl IntoView {
    let words = &t().common;
    view! {
        <Empty
            icon=Icon::Lock
            title=words.no_permission.to_owned()
            text=words.no_permission_who.to_owned()
        />
    }
}

/// A page without a frame: the mark and one thing.
#[component]
fn Alone(
    /// The one thing.
    children: Children,
) -> impl IntoView {
    view! {
        <main class="page" id="main">
            <h1 class="brandline">
                <Mark />
                <span>"Master IA"</span>
            </h1>
            {children()}
        </main>
    }
}
