//! The frame around the platform's console.

use leptos::prelude::*;

use super::{
    account::{AccountMenu, CompanyMenu},
    frame::Frame,
    states::NotFound,
};
use crate::{
    api::Api,
    i18n::t,
    session::session,
    ui::{Icon, Mark, glyph, live},
};

/// The frame; for super admins only, for all others the page does not exist.
#[component]
pub(crate) fn PlatformShell(
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    let session = session();
    expect_context::<Api>().enter(None);
    let is_for_her = Memo::new(move |_| session.me().is_some_and(|me| me.is_super_admin));
    live(move || {
        if is_for_her.get() {
            view! { <Console page=children.clone() /> }.into_any()
        } else {
            view! { <NotFound /> }.into_any()
        }
    })
}

#[component]
fn Console(page: ChildrenFn) -> impl IntoView {
    let frame = Frame::new();
    provide_context(frame);
    let words = &t().shell;
    let session = session();
    view! {
        <a class="skip" href="#main">
            {words.skip}
        </a>
        <div class="app">
            <aside class="side" aria-label=words.menu>
                <div class="side-h">
                    <button
                        class="co"
                        type="button"
                        popovertarget="menu-company"
                        aria-haspopup="menu"
                    >
                        <Mark />
                        <span class="sr">{words.switch_company}</span>
                        <span class="co-n">
                            <span class="clip">"Master IA"</span>
                            <small>{words.console}</small>
                        </span>
                        {glyph(Icon::ChevronsUpDown, "i i-sm")}
                    </button>
                </div>
                <nav class="nav" aria-label=words.main_navigation>
                    <p class="nav-t">{words.platform}</p>
                    <ul>
                        <li>
                            <a href="/plataforma/empresas" aria-current="page">
                                {glyph(Icon::Building, "i")}
                                <span>{words.companies}</span>
                            </a>
                        </li>
                    </ul>
                </nav>
                <div class="side-f">
                    <button
                        class="me"
                        type="button"
                        popovertarget="menu-account"
                        aria-haspopup="menu"
                    >
                        {glyph(Icon::User, "i")}
                        <span class="sr">{words.your_account}</span>
                        <span class="who grow">
                            {live(move || session.me().map(|me| me.name))}
                        </span>
                    </button>
                </div>
                <CompanyMenu />
                <AccountMenu />
            </aside>
            <header class="top">
                <button
                    class="btn-icon only-phone"
                    type="button"
                    popovertarget="menu-company"
                    aria-label=words.switch_company
                >
                    {glyph(Icon::Menu, "i")}
                </button>
                <h1 id="title" tabindex="-1">
                    {frame.title}
                </h1>
            </header>
            <main class="main" id="main" tabindex="-1">
                {page()}
            </main>
        </div>
    }
}
