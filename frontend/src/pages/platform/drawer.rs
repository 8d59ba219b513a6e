//! One company: its features and quotas, suspension, and the way in.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use shared::{
    permission::{Feature, Quota},
    platform::{Company, Impersonate},
};

use super::{Companies, quota::QuotaMeter, reason::ReasonDialog};
use crate::{
    address::{Address, Page, go},
    browser::format,
    i18n::{t, t_later},
    session::session,
    ui::{Dialog, DialogHead, Icon, glyph, live, toast},
    words,
};

/// At most so long (D31).
const MINUTES: u8 = 30;

/// The drawer; it is there while a company is chosen.
#[component]
pub(super) fn CompanyDrawer(
    /// The chosen company.
    open: RwSignal<Option<Arc<Company>>>,
    /// The list it is from.
    companies: Companies,
) -> impl IntoView {
    let is_open = RwSignal::new(false);
    Effect::new(move |_| is_open.set(open.with(Option::is_some)));
    Effect::new(move |before: Option<bool>| {
        let now = is_open.get();
        if before == Some(true) && !now {
            open.set(None);
        }
        now
    });
    // What the list says now, also after a change.
    let company = Memo::new(move |_| {
        let id = open.with(|open| open.as_ref().map(|company| company.id))?;
        let now = companies.rows.with(|rows| {
            rows.as_ref().and_then(|rows| rows.iter().find(|row| row.id == id).cloned())
        });
        now.or_else(|| open.get())
    });
    view! {
        <Dialog open=is_open class="drawer" label=t_later().platform.company>
            {live(move || company.get().map(|company| view! { <Body is_open company companies /> }))}
        </Dialog>
    }
}

#[component]
fn Body(is_open: RwSignal<bool>, company: Arc<Company>, companies: Companies) -> impl IntoView {
    let words = &t_later().platform;
    let suspending = RwSignal::new(false);
    let entering = RwSignal::new(false);
    let features = Feature::ALL
        .into_iter()
        .map(|feature| view! { <FeatureSwitch company=company.clone() feature companies /> })
        .collect_view();
    let quotas = Quota::ALL
        .into_iter()
        .map(|quota| view! { <QuotaMeter company=company.clone() quota companies /> })
        .collect_view();
    let (id, name) = (company.id, company.name.clone());
    let release = move |_| {
        let name = name.clone();
        spawn_local(async move {
            match companies.api.unsuspend(id).await {
                Ok(()) => toast(Icon::Check, (words.resumed_done)(&name)),
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
            companies.load();
        });
    };
    let suspend_button = if company.is_suspended {
        view! {
            <button class="btn" type="button" on:click=release>
                {glyph(Icon::Play, "i i-sm")}
                {words.resume}
            </button>
        }
        .into_any()
    } else {
        view! {
            <button
                class="btn btn-text-bad"
                type="button"
                on:click=move |_| suspending.set(true)
            >
                {glyph(Icon::Pause, "i i-sm")}
                {words.suspend}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="drawer-h">
            <DialogHead title=company.name.clone() close=t().common.close open=is_open />
            <div class="row">
                {super::state(company.is_suspended)}
                <span class="fs-12 muted">{(words.since)(&format::date(company.created_at))}</span>
            </div>
        </div>
        <div class="drawer-b">
            <div class="ib-sec">
                <h3>{words.features}</h3>
                {features}
            </div>
            <div class="ib-sec">{quotas}</div>
        </div>
        <div class="drawer-f">
            {suspend_button}
            <button
                class="btn push"
                type="button"
                on:click=move |_| entering.set(true)
            >
                {glyph(Icon::UserCog, "i i-sm")}
                {words.enter}
            </button>
        </div>
        <SuspendDialog open=suspending company=company.clone() companies />
        <EnterDialog open=entering company />
    }
}

#[component]
fn FeatureSwitch(company: Arc<Company>, feature: Feature, companies: Companies) -> impl IntoView {
    let words = &t_later().platform;
    let id = company.id;
    let is_on = company.features.contains(&feature);
    let name = (words.feature)(feature);
    let set = move |is_on: bool| {
        spawn_local(async move {
            match companies.api.set_feature(id, feature, is_on).await {
                Ok(()) => {
                    let say = if is_on { words.feature_on } else { words.feature_off };
                    toast(Icon::Check, say(name));
                }
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
            companies.load();
        });
    };
    view! {
        <label class="switch">
            <input
                type="checkbox"
                role="switch"
                prop:checked=is_on
                on:change:target=move |event| set(event.target().checked())
            />
            {name}
        </label>
    }
}

#[component]
fn SuspendDialog(
    open: RwSignal<bool>,
    company: Arc<Company>,
    companies: Companies,
) -> impl IntoView {
    let words = &t_later().platform;
    let (id, name) = (company.id, company.name.clone());
    let title = (words.suspend_title)(&name);
    let suspend = move |reason: String| {
        let name = name.clone();
        spawn_local(async move {
            match companies.api.suspend(id, reason).await {
                Ok(()) => toast(Icon::Check, (words.suspended_done)(&name)),
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
            companies.load();
        });
    };
    view! {
        <ReasonDialog
            id="suspend-reason"
            open
            title
            text=words.suspend_text
            submit=words.suspend
            on_reason=suspend
        />
    }
}

#[component]
fn EnterDialog(open: RwSignal<bool>, company: Arc<Company>) -> impl IntoView {
    let words = &t_later().platform;
    let session = session();
    let api = expect_context::<crate::api::Api>();
    let id = company.id;
    let title = (words.enter_title)(&company.name);
    let enter = move |reason: String| {
        spawn_local(async move {
            let wish = Impersonate { company: id, reason, minutes: MINUTES };
            match api.impersonate(&wish).await {
                Ok(()) => {
                    session.ask().await;
                    go(Address::Company(id, Page::Talks(None)));
                }
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
        });
    };
    view! {
        <ReasonDialog
            id="enter-reason"
            open
            title
            text=words.enter_text
            submit=words.enter
            on_reason=enter
        />
    }
}
