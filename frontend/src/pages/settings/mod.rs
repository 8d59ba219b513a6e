//! The settings: the company's team and keys, one's own sessions, what could not be understood.

mod keys;
mod new_key;
mod quarantine;
pub(super) mod raw;
mod sessions;
pub(super) mod table;
mod team;

use leptos::prelude::*;
use shared::permission::Permission;

use crate::{
    address::{Address, Page, Part, way},
    desk::desk,
    i18n::t_later,
    session::here,
    shell::{NoPermission, page},
    ui::{Icon, glyph},
};

/// A part's icon and name, and what it needs.
fn face(part: Part) -> (Icon, &'static str, Option<Permission>) {
    let words = &t_later().settings;
    match part {
        Part::Team => (Icon::Users, words.team, Some(Permission::ReadTeam)),
        Part::Keys => (Icon::Key, words.keys, Some(Permission::ReadApiKeys)),
        Part::Quarantine => (Icon::ShieldAlert, words.quarantine, Some(Permission::ReadQuarantine)),
        Part::Sessions => (Icon::ShieldCheck, words.sessions, None),
    }
}

/// The page.
#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    let here = here();
    let desk = desk();
    let way = way();
    page(t_later().settings.title, false);
    let part = Memo::new(move |_| match way.address.get() {
        Address::Company(_, Page::Settings(part)) => part,
        _ => Part::Sessions,
    });
    let may = move |part: Part| face(part).2.is_none_or(|needed| here.may(needed));
    let links = move || {
        Part::ALL
            .into_iter()
            .filter(|part| may(*part))
            .map(|other| {
                let (icon, word, _) = face(other);
                view! {
                    <a
                        href=Address::Company(desk.company, Page::Settings(other)).to_string()
                        aria-current=move || (part.get() == other).then_some("page")
                    >
                        {glyph(icon, "i")}
                        {word}
                    </a>
                }
            })
            .collect_view()
    };
    let body = move || match part.get() {
        part if !may(part) => view! { <NoPermission /> }.into_any(),
        Part::Team => view! { <team::Team /> }.into_any(),
        Part::Keys => view! { <keys::Keys /> }.into_any(),
        Part::Quarantine => view! { <quarantine::Quarantine /> }.into_any(),
        Part::Sessions => view! { <sessions::Sessions /> }.into_any(),
    };
    view! {
        <div class="page set">
            <nav class="set-nav" aria-label=t_later().settings.sections>
                {links}
            </nav>
            <div class="stack stack-4">{body}</div>
        </div>
    }
}
