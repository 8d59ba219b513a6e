//! The platform's console: companies with counters and metadata, never what was said (D31).

mod drawer;
mod quarantine;
mod quota;
mod reason;

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use shared::{permission::Quota, platform::Company};

use crate::{
    api::{Api, Failure},
    browser::format,
    i18n::{t, t_later},
    shell::page,
    stores::fold,
    ui::{Avatar, Banner, Empty, Icon, Tone, glyph, live},
    words,
};

use drawer::CompanyDrawer;
use quarantine::Quarantine;

/// The companies, and how their load stands.
#[derive(Clone, Copy)]
struct Companies {
    api: Api,
    rows: RwSignal<Option<Vec<Arc<Company>>>>,
    failure: RwSignal<Option<Failure>>,
}

impl Companies {
    fn load(self) {
        spawn_local(async move {
            let mut all = Vec::new();
            let mut after: Option<String> = None;
            loop {
                match self.api.companies(after.as_deref()).await {
                    Ok(page) => {
                        all.extend(page.items.into_iter().map(Arc::new));
                        after = page.next;
                    }
                    Err(failure) => {
                        let _gone = self.failure.try_set(Some(failure));
                        return;
                    }
                }
                if after.is_none() {
                    break;
                }
            }
            let _gone = self.failure.try_set(None);
            let _gone = self.rows.try_set(Some(all));
        });
    }
}

/// The page.
#[component]
pub(crate) fn PlatformPage() -> impl IntoView {
    page(t_later().platform.title, false);
    let words = &t_later().platform;
    let companies = Companies {
        api: expect_context(),
        rows: RwSignal::new(None),
        failure: RwSignal::new(None),
    };
    companies.load();
    let filter = RwSignal::new(String::new());
    let open = RwSignal::new(None::<Arc<Company>>);
    let shown = Memo::new(move |_| {
        let words = fold(filter.get().trim());
        let rows = companies.rows.get().unwrap_or_default();
        rows.into_iter().filter(|row| fold(&row.name).contains(&words)).collect::<Vec<_>>()
    });
    let is_nothing =
        Memo::new(move |_| companies.rows.with(Option::is_some) && shown.with(Vec::is_empty));
    view! {
        <div class="page">
            {live(move || {
                companies
                    .failure
                    .get()
                    .map(|failure| {
                        view! {
                            <Banner tone=Tone::Bad icon=Icon::TriangleAlert>
                                <p>{words::sentence(&failure)}</p>
                                <button
                                    class="btn btn-sm"
                                    type="button"
                                    on:click=move |_| companies.load()
                                >
                                    {t().common.try_again}
                                </button>
                            </Banner>
                        }
                    })
            })}
            <section class="card" aria-labelledby="companies-title">
                <div class="card-h">
                    <h2 id="companies-title">{words.companies}</h2>
                    <span class="muted fs-12">{live(move || shown.with(Vec::len))}</span>
                    <div class="input-wrap push">
                        {glyph(Icon::Search, "i i-sm")}
                        <input
                            class="input input-quiet"
                            type="search"
                            aria-label=words.filter
                            placeholder=words.filter_hint
                            bind:value=filter
                        />
                    </div>
                </div>
                {live(move || {
                    if is_nothing.get() {
                        view! {
                            <Empty
                                icon=Icon::SearchX
                                title=words.nothing.to_owned()
                                text=words.nothing_text.to_owned()
                            />
                        }
                            .into_any()
                    } else {
                        view! { <Table shown open /> }.into_any()
                    }
                })}
            </section>
            <Quarantine companies />
        </div>
        <CompanyDrawer open companies />
    }
}

#[component]
fn Table(shown: Memo<Vec<Arc<Company>>>, open: RwSignal<Option<Arc<Company>>>) -> impl IntoView {
    let words = &t_later().platform;
    view! {
        <div class="table-wrap" tabindex="0" role="group" aria-label=words.companies>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{words.company}</th>
                        <th scope="col">{words.state}</th>
                        <th scope="col" class="num">{words.members}</th>
                        <th scope="col" class="num">{words.channels}</th>
                        <th scope="col" class="num">{words.use_of_month}</th>
                        <th scope="col">
                            <span class="sr">{words.open}</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {live(move || {
                        shown.get().into_iter().map(|row| view! { <Row row open /> }).collect_view()
                    })}
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(row: Arc<Company>, open: RwSignal<Option<Arc<Company>>>) -> impl IntoView {
    let words = &t_later().platform;
    let number = |count: i64| format::number(u64::try_from(count).unwrap_or_default());
    let used = row.quotas.get(&Quota::MessagesPerMonth).map_or_else(
        || words.no_quota.to_owned(),
        |quota| (words.used_of)(&number(quota.used), &number(quota.limit)),
    );
    let state = state(row.is_suspended);
    let label = (words.open_of)(&row.name);
    let chosen = row.clone();
    view! {
        <tr>
            <th scope="row">
                <span class="row">
                    <Avatar name=row.name.clone() seed=row.id.to_string() size="avatar-sm sq" />
                    <span class="cell2">
                        <span>{row.name.clone()}</span>
                        <small>{(words.since)(&format::date(row.created_at))}</small>
                    </span>
                </span>
            </th>
            <td>{state}</td>
            <td class="num">{number(row.n_members)}</td>
            <td class="num">{number(row.n_channels)}</td>
            <td class="num">{used}</td>
            <td class="num">
                <button
                    class="btn btn-sm"
                    type="button"
                    aria-label=label
                    on:click=move |_| open.set(Some(chosen.clone()))
                >
                    {words.open}
                </button>
            </td>
        </tr>
    }
}

fn state(is_suspended: bool) -> AnyView {
    let words = &t_later().platform;
    if is_suspended {
        view! {
            <span class="badge badge-bad">{glyph(Icon::Pause, "i")}{words.suspended}</span>
        }
        .into_any()
    } else {
        view! { <span class="badge badge-ok">{glyph(Icon::Check, "i")}{words.active}</span> }
            .into_any()
    }
}
