//! Where one's account is open.

use leptos::{prelude::*, task::spawn_local};
use shared::session::Session as Row;

use super::table::Rows;
use crate::{
    browser::{clock::ticks, format},
    desk::desk,
    i18n::{t, t_later},
    session::session,
    ui::{Icon, glyph, live, toast},
    words,
};

/// The part.
#[component]
pub(super) fn Sessions() -> impl IntoView {
    let desk = desk();
    let words = &t_later().settings;
    let rows = Rows::ask(move || desk.api.sessions());
    view! {
        <section class="card" aria-labelledby="sessions-title">
            <div class="card-h">
                <h2 id="sessions-title">{words.sessions}</h2>
            </div>
            <p class="card-b fs-13 text-2">{words.sessions_text}</p>
            {rows.state()}
            <div class="table-wrap" tabindex="0" role="group" aria-label=words.table>
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{words.client}</th>
                            <th scope="col">{words.address}</th>
                            <th scope="col">{words.since}</th>
                            <th scope="col">
                                <span class="sr">{words.end}</span>
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {live(move || {
                            rows.items
                                .get()
                                .unwrap_or_default()
                                .into_iter()
                                .map(|row| view! { <SessionRow row rows /> })
                                .collect_view()
                        })}
                    </tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn SessionRow(row: Row, rows: Rows<Row>) -> impl IntoView {
    let desk = desk();
    let session = session();
    let words = &t_later().settings;
    let now = ticks().now.get_untracked();
    let id = row.id;
    let is_current = row.is_current;
    let end = move |_| {
        spawn_local(async move {
            if is_current {
                return session.sign_out().await;
            }
            match desk.api.end_session(id).await {
                Ok(()) => toast(Icon::Check, words.ended),
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
            rows.again();
        });
    };
    // The word on the button is part of its name.
    let label = (!is_current).then(|| (words.end_of)(&row.client));
    view! {
        <tr>
            <th scope="row">
                <span class="row">
                    {glyph(Icon::Monitor, "i")}
                    <span class="cell2">
                        <span>
                            {row.client.clone()}
                            {is_current
                                .then(|| {
                                    view! { " " <span class="badge badge-ok">{words.this_session}</span> }
                                })}
                        </span>
                        <small>{(words.seen)(&words::ago(row.seen_at, now))}</small>
                    </span>
                </span>
            </th>
            <td>{row.address.clone()}</td>
            <td>{format::date(row.created_at)}</td>
            <td class="num">
                <button class="btn btn-sm" type="button" aria-label=label on:click=end>
                    {if is_current { t().shell.sign_out } else { words.end }}
                </button>
            </td>
        </tr>
    }
}
