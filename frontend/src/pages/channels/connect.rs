//! Connecting a number: five values, checked before anything is saved, then a checklist that turns
//! green by itself.

use leptos::{ev, prelude::*, task::spawn_local};
use shared::{
    channels::{ConnectChannel, ConnectedChannel},
    ids::ChannelId,
};

use super::proof::Proof;
use crate::{
    browser::dom,
    desk::desk,
    i18n::{t, t_later},
    ui::{Banner, CopyField, Dialog, DialogHead, Field, FieldKind, Icon, Tone, live},
    words,
};

/// The dialog.
#[component]
pub(super) fn ConnectDialog(
    /// Whether it is there.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <Dialog open label=t_later().channels.form_title>
            <DialogHead title=t_later().channels.form_title close=t().common.close open />
            <Steps open />
        </Dialog>
    }
}

#[component]
fn Steps(open: RwSignal<bool>) -> impl IntoView {
    let connected = RwSignal::new(None::<ConnectedChannel>);
    live(move || match connected.get() {
        None => view! { <Form open connected /> }.into_any(),
        Some(connected) => view! { <Connected open connected /> }.into_any(),
    })
}

#[component]
fn Form(open: RwSignal<bool>, connected: RwSignal<Option<ConnectedChannel>>) -> impl IntoView {
    let desk = desk();
    let words = &t_later().channels;
    let [name, phone_number_id, waba_id, access_token, app_secret]: [RwSignal<String>; 5] =
        std::array::from_fn(|_| RwSignal::new(String::new()));
    let is_tried = RwSignal::new(false);
    let is_busy = RwSignal::new(false);
    let refused = RwSignal::new(None::<String>);
    // The same click twice is one connection; another try is another one.
    let key = RwSignal::new(dom::fresh_key());
    let missing = move |value: RwSignal<String>| {
        Signal::derive(move || {
            let is_missing = is_tried.get() && value.with(|text| text.trim().is_empty());
            is_missing.then(|| words.missing.to_owned())
        })
    };
    let text = move |value: RwSignal<String>| value.get_untracked().trim().to_owned();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        is_tried.set(true);
        let fields = [
            (name, "ch-name"),
            (phone_number_id, "ch-phone"),
            (waba_id, "ch-waba"),
            (access_token, "ch-token"),
            (app_secret, "ch-secret"),
        ];
        let empty = fields.iter().find(|(value, _)| text(*value).is_empty());
        if let Some((_, id)) = empty {
            return dom::focus_soon(id);
        }
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        refused.set(None);
        spawn_local(async move {
            let connect = ConnectChannel {
                name: text(name),
                phone_number_id: text(phone_number_id),
                waba_id: text(waba_id),
                access_token: text(access_token),
                app_secret: text(app_secret),
            };
            let answer = desk.api.connect_channel(&connect, &key.get_untracked()).await;
            is_busy.set(false);
            match answer {
                Ok(done) => {
                    desk.load_channels();
                    connected.set(Some(done));
                }
                Err(failure) => {
                    if !failure.may_pass() {
                        key.set(dom::fresh_key());
                    }
                    refused.set(Some(words::sentence(&failure)));
                }
            }
        });
    };
    view! {
        <form novalidate on:submit=submit>
            <div class="dialog-b">
                <p class="fs-13">{words.form_text}</p>
                <Field
                    id="ch-name"
                    label=words.name
                    value=name
                    hint=words.name_hint
                    error=missing(name)
                />
                <Field
                    id="ch-phone"
                    label=words.phone_number_id
                    value=phone_number_id
                    hint=words.phone_number_id_hint
                    error=missing(phone_number_id)
                />
                <Field
                    id="ch-waba"
                    label=words.waba_id
                    value=waba_id
                    hint=words.waba_id_hint
                    error=missing(waba_id)
                />
                <Field
                    id="ch-token"
                    label=words.token
                    kind=FieldKind::Secret
                    value=access_token
                    hint=words.token_hint
                    error=missing(access_token)
                />
                <Field
                    id="ch-secret"
                    label=words.secret
                    kind=FieldKind::Secret
                    value=app_secret
                    hint=words.secret_hint
                    error=missing(app_secret)
                />
                {live(move || {
                    refused
                        .get()
                        .map(|sentence| {
                            view! {
                                <Banner tone=Tone::Bad icon=Icon::TriangleAlert>
                                    <p>
                                        <b>{words.refused_nothing_saved}" "</b>
                                        {sentence}
                                    </p>
                                </Banner>
                            }
                        })
                })}
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
                    {words.check_and_connect}
                </button>
            </div>
        </form>
    }
}

#[component]
fn Connected(open: RwSignal<bool>, connected: ConnectedChannel) -> impl IntoView {
    let words = &t_later().channels;
    let id = connected.channel.id;
    view! {
        <div class="dialog-b">
            <Banner tone=Tone::Good icon=Icon::CircleCheck>
                <p>
                    <b>{words.connected}" "</b>
                    {words.connected_text}
                </p>
            </Banner>
            <CopyField
                id="ch-callback"
                label=words.callback_url
                value=connected.callback_url
                copy=t().common.copy
                copied=t().common.copied
            />
            <CopyField
                id="ch-verify"
                label=words.verify_token
                value=connected.verify_token
                copy=t().common.copy
                copied=t().common.copied
            />
            <p class="hint">{words.shown_once}</p>
            <h3>{words.checklist}</h3>
            <LiveProof id />
        </div>
        <div class="dialog-f">
            <button class="btn btn-primary" type="button" on:click=move |_| open.set(false)>
                {words.finish}
            </button>
        </div>
    }
}

/// The checklist as the feed tells it.
#[component]
fn LiveProof(id: ChannelId) -> impl IntoView {
    let desk = desk();
    let proof = Memo::new(move |_| {
        desk.channels.with(|channels| channels.get(id)).map(|channel| channel.proof.clone())
    });
    live(move || proof.get().map(|proof| view! { <Proof proof /> }))
}
