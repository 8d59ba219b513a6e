//! What could not be understood anywhere: there while something waits.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    channels::{Quarantined, RawDelivery},
    ids::DeliveryId,
};

use super::{Companies, reason::ReasonDialog};
use crate::{
    browser::format,
    i18n::t_later,
    pages::settings::{raw::RawDialog, table::Rows},
    ui::{Icon, glyph, live, toast},
    words,
};

/// The delivery that is to be opened, and the one that is.
#[derive(Clone, Copy)]
struct Opening {
    asked: RwSignal<bool>,
    id: RwSignal<Option<DeliveryId>>,
    open: RwSignal<bool>,
    delivery: RwSignal<Option<RawDelivery>>,
}

/// The part.
#[component]
pub(super) fn Quarantine(companies: Companies) -> impl IntoView {
    let words = &t_later().platform;
    let api = companies.api;
    let rows = Rows::ask(move || api.platform_quarantine());
    let opening = Opening {
        asked: RwSignal::new(false),
        id: RwSignal::new(None),
        open: RwSignal::new(false),
        delivery: RwSignal::new(None),
    };
    let on_reason = move |reason: String| {
        let Some(id) = opening.id.get_untracked() else { return };
        spawn_local(async move {
            match api.platform_open(id, reason).await {
                Ok(delivery) => {
                    opening.delivery.set(Some(delivery));
                    opening.open.set(true);
                }
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
        });
    };
    let is_there =
        Memo::new(move |_| rows.items.with(|rows| rows.as_ref().is_some_and(|r| !r.is_empty())));
    view! {
        {live(move || {
            is_there
                .get()
                .then(|| {
                    view! {
                        <section class="card" aria-labelledby="platform-quarantine">
                            <div class="card-h">
                                <h2 id="platform-quarantine">{words.quarantine}</h2>
                            </div>
                            <p class="card-b fs-13 text-2">{words.quarantine_text}</p>
                            <Table companies rows opening />
                        </section>
                    }
                })
        })}
        <ReasonDialog
            id="open-reason"
            open=opening.asked
            title=t_later().settings.show.to_owned()
            text=words.open_text
            submit=t_later().settings.show
            on_reason
        />
        <RawDialog open=opening.open delivery=opening.delivery />
    }
}

#[component]
fn Table(companies: Companies, rows: Rows<Quarantined>, opening: Opening) -> impl IntoView {
    let words = &t_later().settings;
    view! {
        <div class="table-wrap" tabindex="0" role="group" aria-label=words.quarantine>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{words.received}</th>
                        <th scope="col">{t_later().platform.company}</th>
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
                            .map(|delivery| view! { <Row companies delivery rows opening /> })
                            .collect_view()
                    })}
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(
    companies: Companies,
    delivery: Quarantined,
    rows: Rows<Quarantined>,
    opening: Opening,
) -> impl IntoView {
    let words = &t_later().settings;
    let id = delivery.id;
    let received = format::full(delivery.received_at);
    let owner = delivery.company;
    let of_whom = move || match owner {
        None => t_later().platform.of_nobody.to_owned(),
        Some(owner) => companies.rows.with(|rows| {
            let known = rows.iter().flatten().find(|row| row.id == owner);
            known.map(|row| row.name.clone()).unwrap_or_default()
        }),
    };
    let replay = move |_| {
        spawn_local(async move {
            match companies.api.platform_replay(id).await {
                Ok(()) => toast(Icon::Check, words.replayed),
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
            rows.again();
        });
    };
    let show = move |_| {
        opening.id.set(Some(id));
        opening.asked.set(true);
    };
    let show_button = owner.is_none().then(|| {
        let label = (words.show_of)(&received);
        view! {
            <button class="btn btn-sm" type="button" aria-label=label on:click=show>
                {words.show}
            </button>
        }
    });
    let deed = if delivery.is_digested {
        view! { <span class="badge badge-ok">{words.digested}</span> }.into_any()
    } else {
        let label = (words.replay_of)(&received);
        view! {
            <button class="btn btn-sm" type="button" aria-label=label on:click=replay>
                {glyph(Icon::Rotate, "i i-sm")}
                {words.replay}
            </button>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row">{received}</th>
            <td>{of_whom}</td>
            <td class="mono">{delivery.reason.clone()}</td>
            <td class="num">
                <span class="row">{show_button} {deed}</span>
            </td>
        </tr>
    }
}
