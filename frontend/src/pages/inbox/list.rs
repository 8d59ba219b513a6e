//! The list of threads: ten thousand of them, a few in the page.

use leptos::{ev, html, prelude::*};
use shared::ids::ConversationId;

use super::{open_thread, row::Row};
use crate::{
    address::{Address, Page, go},
    browser::{dom, format, number::nearest},
    desk::{Desk, Load, desk},
    i18n::t,
    shell::Preferences,
    stores::{Channels, Filter, Movement, Outbox, Threads},
    ui::{
        Banner, Empty, Icon, RowSkeletons, Seg, Tone, glyph, live, rows_in_page, scroll_to_row,
        told,
    },
    words,
};

/// The next page is asked for when so many rows are left below.
const AHEAD: usize = 80;

/// Where the reader is in the list.
#[derive(Clone, Copy)]
struct Place {
    top: RwSignal<f64>,
    height: RwSignal<f64>,
    row: RwSignal<f64>,
    has_pointer: RwSignal<bool>,
    has_keyboard: RwSignal<bool>,
}

/// The list with its head and its filters.
#[component]
pub(super) fn List() -> impl IntoView {
    let desk = desk();
    let filter = RwSignal::new(Filter::default());
    let is_searching = RwSignal::new(false);
    let shown = Memo::new(move |_| {
        desk.threads.with(|threads| filter.with(|filter| threads.shown(filter)))
    });
    view! {
        <section class="ib-list" aria-label=t().inbox.list>
            <Head filter is_searching shown />
            <Filters filter />
            <Notices />
            <Rows filter shown />
        </section>
    }
}

#[component]
fn Head(
    filter: RwSignal<Filter>,
    is_searching: RwSignal<bool>,
    shown: Memo<Vec<ConversationId>>,
) -> impl IntoView {
    let desk = desk();
    let words = &t().inbox;
    let count = move || {
        let more = desk.threads.with(|threads| threads.next().is_some());
        let count = format::number(u64::try_from(shown.with(Vec::len)).unwrap_or_default());
        if more { format!("{count}+") } else { count }
    };
    let close = move || {
        is_searching.set(false);
        filter.update(|filter| {
            filter.words.clear();
            filter.found.clear();
        });
    };
    let listener = window_event_listener(ev::keydown, move |event| {
        if event.key() == "/" && !dom::is_writing(&event) && !dom::has_layer() {
            event.prevent_default();
            is_searching.set(true);
            dom::focus_soon("search-threads");
        }
    });
    on_cleanup(move || listener.remove());
    let head = move || {
        if is_searching.get() {
            view! {
                <div class="input-wrap grow">
                    {glyph(Icon::Search, "i i-sm")}
                    <input
                        class="input input-quiet"
                        id="search-threads"
                        type="search"
                        aria-label=words.search
                        placeholder=words.search
                        autocomplete="off"
                        prop:value=told(move || filter.with(|filter| filter.words.clone()))
                        on:input:target=move |event| {
                            let words = event.target().value();
                            filter
                                .update(|filter| {
                                    filter.words = words;
                                    filter.found.clear();
                                });
                            desk.find_threads(filter);
                        }
                        on:keydown=move |event| {
                            if event.key() == "Escape" {
                                event.stop_propagation();
                                close();
                            }
                        }
                    />
                </div>
                <button
                    class="btn-icon sm"
                    type="button"
                    aria-label=words.close_search
                    on:click=move |_| close()
                >
                    {glyph(Icon::X, "i")}
                </button>
            }
            .into_any()
        } else {
            view! {
                <h2 class="grow clip">
                    {words.all} " " <span class="muted">{live(count)}</span>
                </h2>
                <button
                    class="btn-icon sm"
                    type="button"
                    aria-label=words.search_label
                    on:click=move |_| {
                        is_searching.set(true);
                        dom::focus_soon("search-threads");
                    }
                >
                    {glyph(Icon::Search, "i")}
                </button>
            }
            .into_any()
        }
    };
    view! { <div class="ib-h">{live(head)}</div> }
}

#[component]
fn Filters(filter: RwSignal<Filter>) -> impl IntoView {
    let desk = desk();
    let words = &t().inbox;
    let channels = move || {
        let channels = desk.channels.with(Channels::list);
        (channels.len() > 1).then(|| {
            let options = channels
                .into_iter()
                .map(|channel| {
                    let id = channel.id;
                    view! {
                        <option
                            value=id.to_string()
                            selected=told(move || filter.with(|filter| filter.channel == Some(id)))
                        >
                            {channel.name.clone()}
                        </option>
                    }
                })
                .collect_view();
            view! {
                <select
                    class="select select-sm push"
                    aria-label=t().shell.channels
                    on:change:target=move |event| {
                        let channel = event.target().value().parse().ok();
                        filter.update(|filter| filter.channel = channel);
                    }
                >
                    <option value="">{words.all_channels}</option>
                    {options}
                </select>
            }
        })
    };
    view! {
        <div class="ib-f">
            <Seg
                label=words.show
                options=vec![(false, words.all), (true, words.only_unread)]
                value=Signal::derive(move || filter.with(|filter| filter.unread_only))
                on_choice=move |unread_only| {
                    filter.update(|filter| filter.unread_only = unread_only);
                }
            />
            {live(channels)}
        </div>
    }
}

/// My line is down, or this screen stands still: said where the rows would change.
#[component]
fn Notices() -> impl IntoView {
    use crate::live::Freshness;
    let desk = desk();
    let shell = &t().shell;
    let notice = Memo::new(move |_| match desk.feed.freshness.get() {
        Freshness::Down(6..) => Some(None),
        Freshness::Still(since) => Some(Some(since)),
        _ => None,
    });
    live(move || {
        notice.get().map(|still| match still {
            None => view! {
                <div class="ib-notice">
                    <Banner tone=Tone::Warn icon=Icon::WifiOff>
                        <p>
                            <b>{shell.offline}". "</b>
                            {live(move || (shell.held)(desk.outbox.with(Outbox::n_waiting)))}
                        </p>
                    </Banner>
                </div>
            }
            .into_any(),
            Some(since) => view! {
                <div class="ib-notice">
                    <Banner tone=Tone::Warn icon=Icon::Hourglass>
                        <p>{(shell.still_explained)(&format::time(since))}</p>
                    </Banner>
                </div>
            }
            .into_any(),
        })
    })
}

#[component]
fn Rows(filter: RwSignal<Filter>, shown: Memo<Vec<ConversationId>>) -> impl IntoView {
    let desk = desk();
    let words = &t().inbox;
    let scroller = NodeRef::<html::Div>::new();
    let probe = NodeRef::<html::Div>::new();
    let place = Place {
        top: RwSignal::new(0.0),
        height: RwSignal::new(900.0),
        row: RwSignal::new(74.0),
        has_pointer: RwSignal::new(false),
        has_keyboard: RwSignal::new(false),
    };
    measure(place, scroller, probe);
    hold(desk, place);

    let window = Memo::new(move |_| {
        rows_in_page(place.top.get(), place.height.get(), place.row.get(), shown.with(Vec::len))
    });
    let slice = Memo::new(move |_| {
        let (first, last) = window.get();
        shown.with(|shown| {
            let rows = shown.get(first..last).unwrap_or_default();
            rows.iter().copied().zip(first..).collect::<Vec<_>>()
        })
    });
    load_ahead(desk, filter, shown, window);

    let open = open_thread();
    let cursor = RwSignal::new(None::<ConversationId>);
    let stop = Memo::new(move |_| {
        let chosen = cursor.get().or_else(|| open.get());
        let is_there =
            |id: &ConversationId| slice.with(|slice| slice.iter().any(|(row, _)| row == id));
        chosen.filter(is_there).or_else(|| slice.with(|slice| slice.first().map(|(id, _)| *id)))
    });
    walk(desk, place, scroller, shown, cursor, stop);

    let total = move || {
        let more = desk.threads.with(|threads| threads.next().is_some());
        shown.with(Vec::len) + if more { 3 } else { 0 }
    };
    let state = Memo::new(move |_| {
        let is_loaded = desk.threads.with(Threads::is_loaded);
        let more = desk.threads.with(|threads| threads.next().is_some());
        match (is_loaded, shown.with(Vec::is_empty), desk.threads_load.get()) {
            (false, _, Load::Failed(_)) => State::Failed,
            (false, ..) => State::Loading,
            (true, false, _) => State::Rows,
            (true, true, _) if filter.with(Filter::is_on) && more => State::Looking,
            (true, true, _) if filter.with(Filter::is_on) => State::Filtered,
            (true, true, _) => State::Empty,
        }
    });
    view! {
        <div
            class="vlist"
            node_ref=scroller
            on:scroll=move |_| {
                if let Some(scroller) = scroller.get_untracked() {
                    place.top.set(dom::scroll_top(&scroller));
                }
            }
            // A pointer that merely rests where the list appeared is nobody reading it.
            on:pointermove=move |event: ev::PointerEvent| {
                let is_in = event.pointer_type() == "mouse";
                if place.has_pointer.get_untracked() != is_in {
                    place.has_pointer.set(is_in);
                }
            }
            on:pointerleave=move |_| place.has_pointer.set(false)
            on:focusin=move |event: ev::FocusEvent| {
                place.has_keyboard.set(dom::is_focus_visible(&event));
            }
            on:focusout=move |_| place.has_keyboard.set(false)
        >
            <Pill place scroller />
            <div class="vprobe" node_ref=probe aria-hidden="true"></div>
            {live(move || match state.get() {
                State::Rows => ().into_any(),
                other => other.view(desk, filter),
            })}
            <ul
                class="vrows"
                role="list"
                aria-label=told(move || (words.list_total)(&total_words(desk, shown)))
                style:--n=told(move || total().to_string())
                hidden=told(move || state.get() != State::Rows)
            >
                <For each=move || slice.get() key=|(id, _)| *id let((id, _))>
                    <Row id slice shown open stop />
                </For>
            </ul>
            <OlderFailed />
        </div>
    }
}

fn total_words(desk: Desk, shown: Memo<Vec<ConversationId>>) -> String {
    let more = desk.threads.with(|threads| threads.next().is_some());
    let count = format::number(u64::try_from(shown.with(Vec::len)).unwrap_or_default());
    if more { format!("{count}+") } else { count }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Loading,
    Failed,
    Empty,
    Looking,
    Filtered,
    Rows,
}

impl State {
    fn view(self, desk: Desk, filter: RwSignal<Filter>) -> AnyView {
        let words = &t().inbox;
        match self {
            Self::Rows => ().into_any(),
            Self::Loading => view! { <RowSkeletons count=8 label=words.loading /> }.into_any(),
            Self::Failed => view! {
                <div class="ib-notice">
                    <Banner tone=Tone::Bad icon=Icon::TriangleAlert>
                        <p>
                            <b>{words.list_failed}" "</b>
                            {failed_words(desk)}
                        </p>
                        <button
                            class="btn btn-sm"
                            type="button"
                            on:click=move |_| desk.load_threads(true)
                        >
                            {t().common.try_again}
                        </button>
                    </Banner>
                </div>
            }
            .into_any(),
            Self::Looking => {
                let seen = move || u64::try_from(desk.threads.with(Threads::len)).unwrap_or_default();
                view! {
                    <p class="ib-notice muted fs-13" role="status">
                        {live(move || (words.still_looking)(&format::number(seen())))}
                    </p>
                    <RowSkeletons count=3 label=words.loading />
                }
                .into_any()
            }
            Self::Empty => view! {
                <Empty icon=Icon::Inbox title=words.empty.to_owned() text=words.empty_text.to_owned()>
                    <a class="btn" href=Address::Company(desk.company, Page::Channels).to_string()>
                        {words.empty_connect}
                    </a>
                </Empty>
            }
            .into_any(),
            Self::Filtered => {
                let (typed, unread_only) =
                    filter.with(|filter| (filter.words.trim().to_owned(), filter.unread_only));
                let text = match (typed.is_empty(), unread_only) {
                    (true, _) => words.no_match_unread.to_owned(),
                    (false, false) => (words.no_match_words)(&typed),
                    (false, true) => (words.no_match_both)(&typed),
                };
                view! {
                    <Empty icon=Icon::SearchX title=words.no_match.to_owned() text>
                        <button
                            class="btn"
                            type="button"
                            on:click=move |_| filter.set(Filter::default())
                        >
                            {words.clear_filters}
                        </button>
                    </Empty>
                }
                .into_any()
            }
        }
    }
}

fn failed_words(desk: Desk) -> Option<String> {
    desk.threads_load.with(|load| match load {
        Load::Failed(failure) => Some(words::sentence(failure)),
        _ => None,
    })
}

/// What waits above, and the way there.
#[component]
fn Pill(place: Place, scroller: NodeRef<html::Div>) -> impl IntoView {
    let desk = desk();
    let n_above = Memo::new(move |_| desk.threads.with(Threads::n_above));
    let go = move |_| {
        desk.threads.update(Threads::release);
        if let Some(scroller) = scroller.get_untracked() {
            dom::set_scroll_top(&scroller, 0.0);
        }
        place.top.set(0.0);
    };
    live(move || {
        (n_above.get() > 0).then(|| {
            view! {
                <div class="newpill">
                    <button class="btn btn-sm" type="button" on:click=go>
                        {glyph(Icon::ArrowUp, "i i-sm")}
                        {live(move || (t().inbox.n_above)(n_above.get()))}
                    </button>
                </div>
            }
        })
    })
}

/// The older rows did not load; the ones above are fine.
#[component]
fn OlderFailed() -> impl IntoView {
    let desk = desk();
    let has_failed = Memo::new(move |_| {
        desk.threads.with(Threads::is_loaded)
            && desk.threads_load.with(|load| matches!(load, Load::Failed(_)))
    });
    live(move || {
        has_failed.get().then(|| {
            view! {
                <div class="ib-notice">
                    <Banner tone=Tone::Bad icon=Icon::TriangleAlert>
                        <p>{t().inbox.older_failed}</p>
                        <button
                            class="btn btn-sm"
                            type="button"
                            on:click=move |_| desk.load_threads(false)
                        >
                            {t().common.try_again}
                        </button>
                    </Banner>
                </div>
            }
        })
    })
}

fn measure(place: Place, scroller: NodeRef<html::Div>, probe: NodeRef<html::Div>) {
    let preferences = expect_context::<Preferences>();
    let take = move || {
        if let (Some(scroller), Some(probe)) = (scroller.get_untracked(), probe.get_untracked()) {
            place.height.set(f64::from(scroller.client_height()));
            let row = probe.get_bounding_client_rect().height();
            if row > 0.0 {
                place.row.set(row);
            }
        }
    };
    Effect::new(move |_| {
        scroller.track();
        preferences.is_compact.track();
        request_animation_frame(take);
    });
    let resized = window_event_listener(ev::resize, move |_| take());
    on_cleanup(move || resized.remove());
}

/// Rows move only when the list is at its top and nobody is in it.
fn hold(desk: Desk, place: Place) {
    let is_held = Memo::new(move |_| {
        place.top.get() > 4.0 || place.has_pointer.get() || place.has_keyboard.get()
    });
    Effect::new(move |_| {
        if is_held.get() {
            desk.movement.set(Movement::Held);
        } else {
            desk.movement.set(Movement::Free);
            if desk.threads.with_untracked(Threads::n_above) > 0 {
                desk.threads.update(Threads::release);
            }
        }
    });
}

fn load_ahead(
    desk: Desk,
    filter: RwSignal<Filter>,
    shown: Memo<Vec<ConversationId>>,
    window: Memo<(usize, usize)>,
) {
    Effect::new(move |_| {
        let is_idle = desk.threads_load.with(|load| *load == Load::Idle);
        let more = desk.threads.with(|threads| threads.next().is_some());
        // Words are looked for in all threads; without them, a little ahead is enough.
        let is_short = shown.with(Vec::len) < window.get().1 + AHEAD;
        let is_looking =
            filter.with(|filter| !filter.words.trim().is_empty() || filter.unread_only);
        if is_idle && more && (is_short || is_looking) {
            desk.load_threads(false);
        }
    });
}

/// `J`, `K` and the arrows move the keyboard through the rows.
fn walk(
    desk: Desk,
    place: Place,
    scroller: NodeRef<html::Div>,
    shown: Memo<Vec<ConversationId>>,
    cursor: RwSignal<Option<ConversationId>>,
    stop: Memo<Option<ConversationId>>,
) {
    let listener = window_event_listener(ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || dom::has_layer() {
            return;
        }
        let is_in_list = scroller.get_untracked().is_some_and(|list| dom::holds_focus(&list));
        let by: isize = match event.key().as_str() {
            "j" | "J" if !dom::is_writing(&event) => 1,
            "k" | "K" if !dom::is_writing(&event) => -1,
            "ArrowDown" if is_in_list => 1,
            "ArrowUp" if is_in_list => -1,
            "Enter" if is_in_list => {
                if let Some(id) = stop.get_untracked() {
                    event.prevent_default();
                    go(Address::Company(desk.company, Page::Talks(Some(id))));
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        let here = stop.get_untracked();
        let next = shown.with_untracked(|shown| {
            let at = shown.iter().position(|id| Some(*id) == here)?;
            // Without the keyboard in the list, the first step goes to the row itself.
            let at = if is_in_list { at.saturating_add_signed(by) } else { at };
            let at = at.min(shown.len().saturating_sub(1));
            shown.get(at).map(|id| (*id, at))
        });
        if let (Some((id, at)), Some(list)) = (next, scroller.get_untracked()) {
            cursor.set(Some(id));
            let top = dom::scroll_top(&list);
            let to =
                scroll_to_row(at, top, place.height.get_untracked(), place.row.get_untracked());
            if nearest(to) != nearest(top) {
                dom::set_scroll_top(&list, to);
                place.top.set(to);
            }
            dom::focus_soon(&format!("row-{id}"));
        }
    });
    on_cleanup(move || listener.remove());
}
