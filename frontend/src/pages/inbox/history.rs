//! What was said, from the oldest to the newest.
//!
//! Invariants: it opens at the first unread message, or at the newest; older messages load upward
//! and leave the line being read where it is; a new message scrolls only a reader who is at the end.

use std::time::Duration;

use leptos::{html, prelude::*};
use shared::ids::MessageId;
use web_sys::Element;

use super::{bubble::Bubble, outgoing::OutgoingBubbles, thread::Talk};
use crate::{
    browser::{clock::ticks, dom, format, size::SizeWatch},
    desk::{Desk, Load, desk},
    i18n::t,
    stores::{Conversation, Item, Older},
    ui::{Banner, Empty, Icon, Tone, glyph, live, toast, told},
    words,
};

/// So near to the end counts as being there.
const NEAR_PX: f64 = 60.0;
/// Older messages are asked for so far before the top.
const AHEAD_PX: f64 = 900.0;
/// A message that was jumped to shines for so long.
const FLASH: Duration = Duration::from_millis(1_300);

/// The history of the open conversation.
#[component]
pub(super) fn History(
    /// With whom.
    name: Memo<String>,
) -> impl IntoView {
    let desk = desk();
    let talk: Talk = expect_context();
    let words = &t().inbox;
    let scroller = NodeRef::<html::Div>::new();
    let items = Memo::new(move |_| desk.talk.with(|talk| talk.items(format::day_key)));
    let n_below = RwSignal::new(0_usize);
    let spot = Spot::new();
    keep_place(desk, scroller, items, spot, n_below);
    stay_at_end(scroller, spot);
    jump(desk, talk);

    let is_loaded = Memo::new(move |_| desk.talk.with(Conversation::is_loaded));
    let state = move || {
        let load = desk.talk_load.get();
        match (is_loaded.get(), load) {
            (true, Load::Failed(_)) => view! {
                <div class="ib-notice">
                    <Banner tone=Tone::Bad icon=Icon::TriangleAlert>
                        <p>{words.messages_failed}</p>
                        <Again desk talk />
                    </Banner>
                </div>
            }
            .into_any(),
            (false, Load::Failed(failure)) => view! {
                <div class="ib-notice">
                    <Banner tone=Tone::Bad icon=Icon::TriangleAlert>
                        <p>
                            <b>{words.messages_failed}" "</b>
                            {words::sentence(&failure)}
                        </p>
                        <Again desk talk />
                    </Banner>
                </div>
            }
            .into_any(),
            (false, _) => view! { <Loading /> }.into_any(),
            (true, _) => ().into_any(),
        }
    };
    let top = move || {
        is_loaded.get().then(|| {
            let older = desk.talk.with(|talk| talk.older().clone());
            match older {
                Older::More(_) => view! {
                    <li class="sys">
                        <span role="status">{words.loading_older}</span>
                    </li>
                }
                .into_any(),
                _ if items.with(Vec::is_empty) => view! {
                    <li class="msgs-none">
                        <Empty
                            icon=Icon::MessageCircle
                            title=words.empty_talk.to_owned()
                            text=String::new()
                        />
                    </li>
                }
                .into_any(),
                _ => view! { <li class="sys">{words.begins_here}</li> }.into_any(),
            }
        })
    };
    view! {
        <div
            class="ib-scroll"
            role="log"
            aria-label=words.history
            tabindex="0"
            node_ref=scroller
            on:scroll=move |_| {
                if let Some(scroller) = scroller.get_untracked() {
                    spot.take(&scroller);
                    if spot.is_at_end() {
                        n_below.set(0);
                    }
                    if dom::scroll_top(&scroller) < AHEAD_PX {
                        desk.load_older();
                    }
                }
            }
        >
            {live(state)}
            <ol class="msgs" aria-label=told(move || (words.messages_with)(&name.get()))>
                {live(top)}
                <For each=move || items.get() key=Item::clone let:item>
                    <Line item name />
                </For>
                <OutgoingBubbles scroller />
            </ol>
            <Below scroller n_below />
        </div>
    }
}

#[component]
fn Again(desk: Desk, talk: Talk) -> impl IntoView {
    view! {
        <button
            class="btn btn-sm"
            type="button"
            on:click=move |_| {
                if desk.talk.with_untracked(Conversation::is_loaded) {
                    desk.load_older();
                } else {
                    desk.load_newest(talk.id, 0);
                }
            }
        >
            {t().common.try_again}
        </button>
    }
}

#[component]
fn Loading() -> impl IntoView {
    view! {
        <p class="sr" role="status">
            {t().inbox.loading_messages}
        </p>
        <div class="msgs late" aria-hidden="true">
            <span class="skel skel-msg"></span>
            <span class="skel skel-msg skel-out"></span>
            <span class="skel skel-msg"></span>
        </div>
    }
}

#[component]
fn Line(item: Item, name: Memo<String>) -> impl IntoView {
    let clock = ticks();
    match item {
        Item::Day(_, at) => {
            let day = words::day(at, clock.now.get_untracked());
            view! { <li class="day">{day}</li> }.into_any()
        }
        Item::Unread => view! {
            <li class="unread-line" id="unread-line">
                <span>{t().inbox.new_messages}</span>
            </li>
        }
        .into_any(),
        Item::Message(id, goes_on) => view! { <Bubble id goes_on name /> }.into_any(),
    }
}

/// New messages below a reader who has scrolled up.
#[component]
fn Below(scroller: NodeRef<html::Div>, n_below: RwSignal<usize>) -> impl IntoView {
    let go = move |_| {
        n_below.set(0);
        if let Some(scroller) = scroller.get_untracked() {
            to_end(&scroller);
        }
    };
    live(move || {
        (n_below.get() > 0).then(|| {
            view! {
                <div class="newbelow">
                    <button
                        class="btn btn-sm"
                        type="button"
                        title=t().inbox.to_newest
                        on:click=go
                    >
                        {glyph(Icon::ArrowDown, "i i-sm")}
                        {live(move || (t().inbox.n_below)(n_below.get()))}
                    </button>
                </div>
            }
        })
    })
}

/// Where the reader is, as it was after the last scroll.
#[derive(Clone, Copy)]
struct Spot {
    top: StoredValue<f64>,
    height: StoredValue<f64>,
    view: StoredValue<f64>,
}

impl Spot {
    fn new() -> Self {
        Self {
            top: StoredValue::new(0.0),
            height: StoredValue::new(0.0),
            view: StoredValue::new(0.0),
        }
    }

    fn take(self, scroller: &Element) {
        self.top.set_value(dom::scroll_top(scroller));
        self.height.set_value(f64::from(scroller.scroll_height()));
        self.view.set_value(f64::from(scroller.client_height()));
    }

    fn is_at_end(self) -> bool {
        self.height.get_value() - self.top.get_value() - self.view.get_value() < NEAR_PX
    }
}

/// Scrolls to the newest message.
pub(super) fn to_end(scroller: &Element) {
    dom::set_scroll_top(scroller, f64::from(scroller.scroll_height()));
}

fn first_message(items: &[Item]) -> Option<MessageId> {
    items.iter().find_map(|item| if let Item::Message(id, _) = item { Some(*id) } else { None })
}

fn keep_place(
    desk: Desk,
    scroller: NodeRef<html::Div>,
    items: Memo<Vec<Item>>,
    spot: Spot,
    n_below: RwSignal<usize>,
) {
    Effect::new(move |before: Option<(Option<MessageId>, usize)>| {
        let (first, count) = items.with(|items| (first_message(items), items.len()));
        let before = before.filter(|(first, _)| first.is_some());
        // Before the next paint the new lines are in the page.
        request_animation_frame(move || {
            let Some(scroller) = scroller.try_get_untracked().flatten() else { return };
            match before {
                None if first.is_none() => return,
                None => open_at(&scroller),
                Some((was_first, _)) if was_first != first => {
                    let grown = f64::from(scroller.scroll_height()) - spot.height.get_value();
                    dom::set_scroll_top(&scroller, spot.top.get_value() + grown);
                }
                Some((_, was_count)) => {
                    if spot.is_at_end() {
                        to_end(&scroller);
                        desk.mark_read();
                    } else if count > was_count {
                        n_below.update(|below| *below += count - was_count);
                    }
                }
            }
            spot.take(&scroller);
            // A first page that does not fill the pane needs the next one.
            if scroller.scroll_height() <= scroller.client_height() + 200 {
                desk.load_older();
            }
        });
        (first, count)
    });
}

/// A reader at the end stays there while pictures come and the composer grows.
fn stay_at_end(scroller: NodeRef<html::Div>, spot: Spot) {
    let watch = StoredValue::new_local(None::<SizeWatch>);
    Effect::new(move |_| {
        let Some(pane) = scroller.get() else { return };
        let resized = move || {
            if let Some(pane) = scroller.try_get_untracked().flatten() {
                if spot.is_at_end() {
                    to_end(&pane);
                }
                spot.take(&pane);
            }
        };
        watch.set_value(SizeWatch::of(&pane, resized));
    });
}

fn open_at(scroller: &Element) {
    match dom::by_id("unread-line") {
        Some(line) => {
            let above = f64::from(line.offset_top()) - 72.0;
            dom::set_scroll_top(scroller, above);
        }
        None => to_end(scroller),
    }
}

/// A quoted message comes into view, also when it must be loaded first.
fn jump(desk: Desk, talk: Talk) {
    let n_loads = StoredValue::new(0_u8);
    Effect::new(move |_| {
        let Some(id) = talk.jump_to.get() else { return };
        let (is_here, older) =
            desk.talk.with(|talk| (talk.get(id).is_some(), talk.older().clone()));
        if is_here {
            talk.jump_to.set(None);
            n_loads.set_value(0);
            request_animation_frame(move || request_animation_frame(move || show(id)));
        } else if matches!(older, Older::More(_)) && n_loads.get_value() < 40 {
            if desk.talk_load.get() == Load::Idle {
                n_loads.update_value(|loads| *loads += 1);
                desk.load_older();
            }
        } else {
            talk.jump_to.set(None);
            n_loads.set_value(0);
            toast(Icon::SearchX, t().message.quote_gone);
        }
    });
}

fn show(id: MessageId) {
    let Some(line) = dom::by_id(&format!("m-{id}")) else { return };
    line.scroll_into_view();
    let _moved = line.focus();
    let classes = line.class_list();
    let _shines = classes.add_1("flash");
    set_timeout(move || drop(classes.remove_1("flash")), FLASH);
}
