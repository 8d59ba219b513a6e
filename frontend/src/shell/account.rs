//! The menus of one's account and of one's companies.

use leptos::{prelude::*, task::spawn_local};

use super::preferences::{Preferences, Theme};
use crate::{
    address::{Address, Page, go},
    i18n::{Language, t},
    session::session,
    ui::{Avatar, Icon, Menu, MenuItem, glyph, live},
};

/// Switches between the companies of the person, and to the platform.
#[component]
pub(super) fn CompanyMenu() -> impl IntoView {
    let session = session();
    let words = &t().shell;
    let items = move || {
        let me = session.me()?;
        let companies = me
            .companies
            .into_iter()
            .map(|company| {
                let address = Address::Company(company.id, Page::Talks(None));
                view! {
                    <MenuItem on_choice=move |()| go(address)>
                        <Avatar
                            name=company.name.clone()
                            seed=company.id.to_string()
                            size="avatar-xs sq"
                        />
                        <span class="clip">{company.name}</span>
                        <span class="push">{(t().common.role)(company.role)}</span>
                    </MenuItem>
                }
            })
            .collect_view();
        let platform = me.is_super_admin.then(|| {
            view! {
                <div class="menu-sep" role="separator"></div>
                <MenuItem on_choice=move |()| go(Address::Platform)>
                    {glyph(Icon::Building, "i i-sm")}
                    {words.console}
                </MenuItem>
            }
        });
        Some(view! {
            {companies}
            {platform}
        })
    };
    view! {
        <Menu id="menu-company" label=words.companies place="at-top-start">
            <div class="menu-t" role="presentation">
                {words.companies}
            </div>
            {live(items)}
        </Menu>
    }
}

/// How the screens look, and the way out.
#[component]
pub(super) fn AccountMenu() -> impl IntoView {
    let session = session();
    let words = &t().shell;
    let preferences = expect_context::<Preferences>();
    let theme = move |theme: Theme, icon: Icon, word: &'static str| {
        view! {
            <MenuItem
                checked=Signal::derive(move || preferences.theme.get() == theme)
                on_choice=move |()| preferences.choose_theme(theme)
            >
                {glyph(icon, "i i-sm")}
                {word}
                <Chosen is_chosen=Signal::derive(move || preferences.theme.get() == theme) />
            </MenuItem>
        }
    };
    let language = move |language: Language, word: &'static str| {
        view! {
            <MenuItem
                checked=Signal::derive(move || preferences.language.get() == language)
                on_choice=move |()| preferences.choose_language(language)
            >
                {glyph(Icon::Languages, "i i-sm")}
                <span lang=language.tag()>{word}</span>
                <Chosen is_chosen=Signal::derive(move || preferences.language.get() == language) />
            </MenuItem>
        }
    };
    view! {
        <Menu id="menu-account" label=words.your_account place="at-bottom-start">
            <div class="menu-t" role="presentation">
                {words.theme}
            </div>
            {theme(Theme::System, Icon::Monitor, words.theme_system)}
            {theme(Theme::Light, Icon::Sun, words.theme_light)}
            {theme(Theme::Dark, Icon::Moon, words.theme_dark)}
            <div class="menu-sep" role="separator"></div>
            <MenuItem
                checked=preferences.is_compact
                on_choice=move |()| preferences.toggle_density()
            >
                {glyph(Icon::List, "i i-sm")}
                {words.density}
                <Chosen is_chosen=preferences.is_compact />
            </MenuItem>
            <div class="menu-t" role="presentation">
                {words.language}
            </div>
            {language(Language::Portuguese, "Português (Brasil)")}
            {language(Language::English, "English")}
            <div class="menu-sep" role="separator"></div>
            <MenuItem on_choice=move |()| spawn_local(session.sign_out())>
                {glyph(Icon::LogOut, "i i-sm")}
                {words.sign_out}
            </MenuItem>
        </Menu>
    }
}

#[component]
fn Chosen(
    /// Whether it is the present choice.
    #[prop(into)]
    is_chosen: Signal<bool>,
) -> impl IntoView {
    live(move || {
        is_chosen.get().then(|| view! { <span class="push">{glyph(Icon::Check, "i i-sm")}</span> })
    })
}
