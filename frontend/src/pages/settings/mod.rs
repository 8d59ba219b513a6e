//! The settings: the company's team and keys, one's own sessions, what could not be understood.

mod keys;
mod new_key;
mod quarantine;
mod sessions;
mod table;
mod team;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use shared::permission::Permission;

use crate::{
    desk::desk,
    i18n::t,
    session::here,
    shell::{NoPermission, page},
    ui::{Icon, glyph},
};

/// A part of the settings: its address, icon and name, and what it needs.
type Part = (&'static str, Icon, &'static str, Option<Permission>);

fn parts() -> [Part; 4] {
    let words = &t().settings;
    [
        ("equipe", Icon::Users, words.team, Some(Permission::ReadTeam)),
        ("chaves", Icon::Key, words.keys, Some(Permission::ReadApiKeys)),
        ("quarentena", Icon::ShieldAlert, words.quarantine, Some(Permission::ReadQuarantine)),
        ("seguranca", Icon::ShieldCheck, words.sessions, None),
    ]
}

/// The page.
#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    let here = here();
    let desk = desk();
    page(t().settings.title, false);
    let params = use_params_map();
    let section =
        Memo::new(move |_| params.with(|params| params.get("section")).unwrap_or_default());
    let may =
        move |permission: Option<Permission>| permission.is_none_or(|needed| here.may(needed));
    let links = move || {
        parts()
            .into_iter()
            .filter(|(.., permission)| may(*permission))
            .map(|(path, icon, word, _)| {
                view! {
                    <a
                        href=format!("/e/{}/config/{path}", desk.company)
                        aria-current=move || (section.get() == path).then_some("page")
                    >
                        {glyph(icon, "i")}
                        {word}
                    </a>
                }
            })
            .collect_view()
    };
    let body = move || {
        let section = section.get();
        let needed =
            parts().into_iter().find(|(path, ..)| *path == section).and_then(|part| part.3);
        if !may(needed) {
            return view! { <NoPermission /> }.into_any();
        }
        match section.as_str() {
            "equipe" => view! { <team::Team /> }.into_any(),
            "chaves" => view! { <keys::Keys /> }.into_any(),
            "quarentena" => view! { <quarantine::Quarantine /> }.into_any(),
            _ => view! { <sessions::Sessions /> }.into_any(),
        }
    };
    view! {
        <div class="page set">
            <nav class="set-nav" aria-label=t().settings.sections>
                {links}
            </nav>
            <div class="stack stack-4">{body}</div>
        </div>
    }
}
