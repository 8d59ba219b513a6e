//! A new token or a new secret for a number.

use std::sync::Arc;

use leptos::{ev, prelude::*, task::spawn_local};
use shared::channels::{Channel, ReplaceCredentials};

use crate::{
    desk::desk,
    i18n::{t, t_later},
    ui::{Dialog, DialogHead, Field, FieldKind, FormError, Icon, live, toast},
    words,
};

/// The dialog; it is there while a channel is chosen.
#[component]
pub(super) fn RenewDialog(
    /// The chosen channel.
    renewing: RwSignal<Option<Arc<Channel>>>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(renewing.with(Option::is_some)));
    Effect::new(move |before: Option<bool>| {
        let is_open = open.get();
        if before == Some(true) && !is_open {
            renewing.set(None);
        }
        is_open
    });
    view! {
        <Dialog open label=t_later().channels.credentials>
            {live(move || renewing.get().map(|channel| view! { <Form open channel /> }))}
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, channel: Arc<Channel>) -> impl IntoView {
    let desk = desk();
    let words = &t_later().channels;
    let token = RwSignal::new(String::new());
    let secret = RwSignal::new(String::new());
    let drop_old = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let is_busy = RwSignal::new(false);
    let id = channel.id;
    let given = |value: RwSignal<String>| {
        Some(value.get_untracked().trim().to_owned()).filter(|text| !text.is_empty())
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let credentials = ReplaceCredentials {
            access_token: given(token),
            app_secret: given(secret),
            drop_old_secret: drop_old.get_untracked(),
        };
        let is_nothing = credentials.access_token.is_none()
            && credentials.app_secret.is_none()
            && !credentials.drop_old_secret;
        if is_nothing {
            return error.set(Some(words.nothing_given.to_owned()));
        }
        is_busy.set(true);
        spawn_local(async move {
            let answer = desk.api.replace_credentials(id, &credentials).await;
            is_busy.set(false);
            match answer {
                Ok(()) => {
                    toast(Icon::Check, words.renewed);
                    desk.load_channels();
                    open.set(false);
                }
                Err(failure) => error.set(Some(words::sentence(&failure))),
            }
        });
    };
    view! {
        <DialogHead title=(words.renew_title)(&channel.name) close=t().common.close open />
        <form novalidate on:submit=submit>
            <div class="dialog-b">
                <p class="fs-13">{words.renew_text}</p>
                <Field
                    id="renew-token"
                    label=words.new_token
                    kind=FieldKind::Secret
                    value=token
                />
                <Field
                    id="renew-secret"
                    label=words.new_secret
                    kind=FieldKind::Secret
                    value=secret
                />
                <label class="check">
                    <input type="checkbox" bind:checked=drop_old />
                    {words.drop_old_secret}
                </label>
                <FormError id="renew-error".to_owned() error />
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
                    {t().common.save}
                </button>
            </div>
        </form>
    }
}
