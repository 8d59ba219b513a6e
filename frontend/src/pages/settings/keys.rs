//! Keys for the company's own programs.

use leptos::{prelude::*, task::spawn_local};
use shared::{ids::ApiKeyId, permission::Permission, team::ApiKey};

use super::{new_key::NewKeyDialog, table::Rows};
use crate::{
    browser::{clock::ticks, format},
    desk::desk,
    i18n::{t, t_later},
    session::here,
    ui::{Confirm, Empty, Icon, glyph, live, toast},
    words,
};

/// The part.
#[component]
pub(super) fn Keys() -> impl IntoView {
    let desk = desk();
    let here = here();
    let words = &t_later().settings;
    let rows = Rows::ask(move || desk.api.api_keys());
    let create = RwSignal::new(false);
    let revoking = RwSignal::new(None::<(ApiKeyId, String)>);
    let may_manage = here.may_always(Permission::ManageApiKeys);
    let is_empty =
        Memo::new(move |_| rows.items.with(|rows| rows.as_ref().is_some_and(Vec::is_empty)));
    view! {
        <section class="card" aria-labelledby="keys-title">
            <div class="card-h">
                <h2 id="keys-title">{words.keys}</h2>
                {live(move || {
                    may_manage
                        .get()
                        .then(|| {
                            view! {
                                <button
                                    class="btn btn-primary btn-sm push"
                                    type="button"
                                    on:click=move |_| create.set(true)
                                >
                                    {glyph(Icon::Plus, "i i-sm")}
                                    {words.new_key}
                                </button>
                            }
                        })
                })}
            </div>
            <p class="card-b fs-13 text-2">{words.keys_text}</p>
            {rows.state()}
            {live(move || {
                if is_empty.get() {
                    view! {
                        <Empty
                            icon=Icon::Key
                            title=words.no_keys.to_owned()
                            text=words.no_keys_text.to_owned()
                        />
                    }
                        .into_any()
                } else {
                    view! { <Table rows may_manage revoking /> }.into_any()
                }
            })}
        </section>
        <NewKeyDialog open=create rows />
        <RevokeDialog revoking rows />
    }
}

#[component]
fn Table(
    rows: Rows<ApiKey>,
    may_manage: Memo<bool>,
    revoking: RwSignal<Option<(ApiKeyId, String)>>,
) -> impl IntoView {
    let words = &t_later().settings;
    view! {
        <div class="table-wrap" tabindex="0" role="group" aria-label=words.table>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{words.key_name}</th>
                        <th scope="col">{words.scopes}</th>
                        <th scope="col">{words.expires}</th>
                        <th scope="col">{words.used}</th>
                        <th scope="col">
                            <span class="sr">{words.revoke}</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {live(move || {
                        rows.items
                            .get()
                            .unwrap_or_default()
                            .into_iter()
                            .map(|key| view! { <Row key_row=key may_manage revoking /> })
                            .collect_view()
                    })}
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(
    key_row: ApiKey,
    may_manage: Memo<bool>,
    revoking: RwSignal<Option<(ApiKeyId, String)>>,
) -> impl IntoView {
    let words = &t_later().settings;
    let now = ticks().now.get_untracked();
    let scopes = key_row
        .scopes
        .iter()
        .map(|scope| (t_later().settings.permission)(*scope))
        .collect::<Vec<_>>()
        .join(", ");
    let expires = key_row.expires_at.map_or_else(|| words.expires_never.to_owned(), format::date);
    let used =
        key_row.used_at.map_or_else(|| words.used_never.to_owned(), |at| words::ago(at, now));
    let (id, name, is_active) = (key_row.id, key_row.name.clone(), key_row.is_active);
    let revoke = move || {
        (may_manage.get() && is_active).then(|| {
            let name = name.clone();
            view! {
                <button
                    class="btn btn-sm"
                    type="button"
                    aria-label=(words.revoke_of)(&name)
                    on:click=move |_| revoking.set(Some((id, name.clone())))
                >
                    {words.revoke}
                </button>
            }
        })
    };
    view! {
        <tr>
            <th scope="row">
                <span class="cell2">
                    <span>
                        {key_row.name.clone()}
                        {(!is_active)
                            .then(|| view! { " " <span class="badge">{words.revoked}</span> })}
                    </span>
                    <small class="mono">{key_row.hint.clone()}"…"</small>
                </span>
            </th>
            <td class="fs-12 wide">{scopes}</td>
            <td>{expires}</td>
            <td>{used}</td>
            <td class="num">{revoke}</td>
        </tr>
    }
}

#[component]
fn RevokeDialog(
    revoking: RwSignal<Option<(ApiKeyId, String)>>,
    rows: Rows<ApiKey>,
) -> impl IntoView {
    let desk = desk();
    let words = &t_later().settings;
    live(move || {
        revoking.get().map(|(id, name)| {
            let open = RwSignal::new(true);
            Effect::new(move |_| {
                if !open.get() {
                    revoking.set(None);
                }
            });
            let revoke = move |()| {
                spawn_local(async move {
                    match desk.api.revoke_api_key(id).await {
                        Ok(()) => toast(Icon::Check, words.revoked),
                        Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
                    }
                    rows.again();
                });
            };
            view! {
                <Confirm
                    open
                    title=(words.revoke_title)(&name)
                    text=words.revoke_text
                    yes=words.revoke
                    no=t().common.cancel
                    on_yes=revoke
                />
            }
        })
    })
}
