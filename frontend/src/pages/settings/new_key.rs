//! Making a key; its secret is shown once.

use chrono::TimeDelta;
use leptos::{ev, prelude::*, task::spawn_local};
use shared::{
    permission::Permission,
    team::{ApiKey, CreateApiKey},
};

use super::table::Rows;
use crate::{
    browser::{clock, dom},
    desk::desk,
    i18n::{t, t_later},
    session::here,
    ui::{Banner, CopyField, Dialog, DialogHead, Field, FormError, Icon, Tone, live},
    words,
};

/// How long a key may be valid.
const DAYS: [u16; 4] = [30, 90, 180, 365];

/// The dialog.
#[component]
pub(super) fn NewKeyDialog(
    /// Whether it is there.
    open: RwSignal<bool>,
    /// The list that the key joins.
    rows: Rows<ApiKey>,
) -> impl IntoView {
    view! {
        <Dialog open label=t_later().settings.new_key>
            <DialogHead title=t_later().settings.new_key close=t().common.close open />
            <Steps open rows />
        </Dialog>
    }
}

#[component]
fn Steps(open: RwSignal<bool>, rows: Rows<ApiKey>) -> impl IntoView {
    let secret = RwSignal::new(None::<String>);
    let words = &t_later().settings;
    live(move || match secret.get() {
        None => view! { <Form open rows secret /> }.into_any(),
        Some(secret) => view! {
            <div class="dialog-b">
                <Banner tone=Tone::Good icon=Icon::CircleCheck>
                    <p>
                        <b>{words.created}". "</b>
                        {words.secret_once}
                    </p>
                </Banner>
                <CopyField
                    id="key-secret"
                    label=words.keys
                    value=secret
                    copy=t().common.copy
                    copied=t().common.copied
                />
            </div>
            <div class="dialog-f">
                <button class="btn btn-primary" type="button" on:click=move |_| open.set(false)>
                    {t().common.close}
                </button>
            </div>
        }
        .into_any(),
    })
}

#[component]
fn Form(
    open: RwSignal<bool>,
    rows: Rows<ApiKey>,
    secret: RwSignal<Option<String>>,
) -> impl IntoView {
    let desk = desk();
    let here = here();
    let words = &t_later().settings;
    let name = RwSignal::new(String::new());
    let scopes = RwSignal::new(Vec::<Permission>::new());
    let days = RwSignal::new(Some(90_u16));
    let name_error = RwSignal::new(None::<String>);
    let error = RwSignal::new(None::<String>);
    let is_busy = RwSignal::new(false);
    let key = RwSignal::new(dom::fresh_key());
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let create = CreateApiKey {
            name: name.get_untracked().trim().to_owned(),
            scopes: scopes.get_untracked(),
            expires_at: days
                .get_untracked()
                .map(|days| clock::now() + TimeDelta::days(i64::from(days))),
        };
        name_error.set(create.name.is_empty().then(|| words.fill_in.to_owned()));
        error.set(create.scopes.is_empty().then(|| words.scopes_missing.to_owned()));
        if create.name.is_empty() {
            return dom::focus_soon("key-name");
        }
        if create.scopes.is_empty() || is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        spawn_local(async move {
            let answer = desk.api.create_api_key(&create, &key.get_untracked()).await;
            is_busy.set(false);
            match answer {
                Ok(created) => {
                    rows.again();
                    secret.set(Some(created.secret));
                }
                Err(failure) => {
                    if !failure.may_pass() {
                        key.set(dom::fresh_key());
                    }
                    error.set(Some(words::sentence(&failure)));
                }
            }
        });
    };
    let boxes = Permission::ALL
        .into_iter()
        .filter(|permission| untrack(|| here.may(*permission)))
        .map(|permission| {
            view! {
                <label class="check">
                    <input
                        type="checkbox"
                        on:change:target=move |event| {
                            let is_on = event.target().checked();
                            scopes
                                .update(|scopes| {
                                    scopes.retain(|scope| *scope != permission);
                                    if is_on {
                                        scopes.push(permission);
                                    }
                                });
                        }
                    />
                    {(t_later().settings.permission)(permission)}
                </label>
            }
        })
        .collect_view();
    let spans = DAYS
        .into_iter()
        .map(|days| {
            view! {
                <option value=days.to_string() selected=days == 90>
                    {(words.expires_days)(days)}
                </option>
            }
        })
        .collect_view();
    view! {
        <form novalidate on:submit=submit>
            <div class="dialog-b">
                <Field
                    id="key-name"
                    label=words.key_name
                    value=name
                    hint=words.key_name_hint
                    error=name_error
                />
                <fieldset class="stack stack-1">
                    <legend class="label">{words.scopes}</legend>
                    <div class="boxes">{boxes}</div>
                </fieldset>
                <div class="field">
                    <label for="key-expires">{words.expires}</label>
                    <select
                        class="select"
                        id="key-expires"
                        on:change:target=move |event| days.set(event.target().value().parse().ok())
                    >
                        {spans}
                        <option value="">{words.expires_never}</option>
                    </select>
                </div>
                <FormError id="key-error".to_owned() error />
            </div>
            <div class="dialog-f">
                <button class="btn" type="button" on:click=move |_| open.set(false)>
                    {t().common.cancel}
                </button>
                <button
                    class="btn btn-primary"
                    type="submit"
                    aria-busy=move || is_busy.get().then_some("true")
                >
                    {words.create}
                </button>
            </div>
        </form>
    }
}
