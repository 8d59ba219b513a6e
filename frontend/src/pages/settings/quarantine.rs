//! Deliveries that could not be understood, and another try at them.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    channels::{Quarantined, RawDelivery},
    permission::Permission,
};

use super::{raw::RawDialog, table::Rows};
use crate::{
    browser::format,
    desk::desk,
    i18n::t_later,
    session::here,
    ui::{Empty, Icon, glyph, live, toast},
    words,
};

/// The part.
#[component]
pub(super) fn Quarantine() -> impl IntoView {
    let desk = desk();
    let words = &t_later().settings;
    let rows = Rows::ask(move || desk.api.quarantine());
    let shown = Shown { open: RwSignal::new(false), delivery: RwSignal::new(None) };
    let is_empty =
        Memo::new(move |_| rows.items.with(|rows| rows.as_ref().is_some_and(Vec::is_empty)));
    view! {
        <section class="card" aria-labelledby="quarantine-title">
            <div class="card-h">
                <h2 id="quarantine-title">{words.quarantine}</h2>
                <span class="muted fs-12">
                    {live(move || rows.items.with(|rows| rows.as_ref().map(Vec::len)))}
                </span>
            </div>
            <p class="card-b fs-13 text-2">{words.quarantine_text}</p>
            {rows.state()}
            {live(move || {
                if is_empty.get() {
                    view! {
                        <Empty
                            icon=Icon::ShieldCheck
                            title=words.quarantine_empty.to_owned()
                            text=words.quarantine_empty_text.to_owned()
                        />
                    }
                        .into_any()
                } else {
                    view! { <Table rows shown /> }.into_any()
                }
            })}
        </section>
        <RawDialog open=shown.open delivery=shown.delivery />
    }
}

/// The delivery that is looked at.
#[derive(Clone, Copy)]
struct Shown {
    open: RwSignal<bool>,
    delivery: RwSignal<Option<RawDelivery>>,
}

#[component]
fn Table(rows: Rows<Quarantined>, shown: Shown) -> impl IntoView {
    let words = &t_later().settings;
    view! {
        <div class="table-wrap" tabindex="0" role="group" aria-label=words.table>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{words.received}</th>
                        <th scope="col">{words.provider}</th>
                        <th scope="col">{words.reason}</th>
                        <th scope="col">
                            <span class="sr">{words.replay}</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {live(move || {
                        rows.items
                            .get()
                            .unwrap_or_default()
                            .into_iter()
                            .map(|delivery| view! { <Row delivery rows shown /> })
                            .collect_view()
                    })}
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(delivery: Quarantined, rows: Rows<Quarantined>, shown: Shown) -> impl IntoView {
    let desk = desk();
    let here = here();
    let words = &t_later().settings;
    let channel = delivery.channel;
    let place = move || {
        let name = channel
            .and_then(|id| desk.channels.with(|channels| channels.get(id)))
            .map(|channel| channel.name.clone());
        name.unwrap_or_default()
    };
    let id = delivery.id;
    let received = format::full(delivery.received_at);
    let label = (words.replay_of)(&received);
    let replay = move |_| {
        spawn_local(async move {
            match desk.api.replay(id).await {
                Ok(()) => toast(Icon::Check, words.replayed),
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
            rows.again();
        });
    };
    let show = move |_| {
        spawn_local(async move {
            match desk.api.open_delivery(id).await {
                Ok(delivery) => {
                    shown.delivery.set(Some(delivery));
                    shown.open.set(true);
                }
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
        });
    };
    let show_label = (words.show_of)(&received);
    let deed = if delivery.is_digested {
        view! { <span class="badge badge-ok">{words.digested}</span> }.into_any()
    } else {
        let may_replay = here.may_always(Permission::ReplayQuarantine);
        let button = move || {
            may_replay.get().then(|| {
                view! {
                    <button
                        class="btn btn-sm"
                        type="button"
                        aria-label=label.clone()
                        on:click=replay
                    >
                        {glyph(Icon::Rotate, "i i-sm")}
                        {words.replay}
                    </button>
                }
            })
        };
        button.into_any()
    };
    view! {
        <tr>
            <th scope="row">{received.clone()}</th>
            <td>
                <span class="cell2">
                    <span>{delivery.provider.clone()}</span>
                    <small>{place}</small>
                </span>
            </td>
            <td class="mono">{delivery.reason.clone()}</td>
            <td class="num">
                <span class="row">
                    <button class="btn btn-sm" type="button" aria-label=show_label on:click=show>
                        {words.show}
                    </button>
                    {deed}
                </span>
            </td>
        </tr>
    }
}
