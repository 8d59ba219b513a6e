//! A deed that needs a reason.

use leptos::{ev, prelude::*};

use crate::{
    browser::dom,
    i18n::{t, t_later},
    ui::{Dialog, DialogHead, Field},
};

/// Asks for the reason, then does it.
#[component]
pub(super) fn ReasonDialog(
    /// The id of the field.
    id: &'static str,
    /// Whether it is asked.
    open: RwSignal<bool>,
    /// What it is about.
    title: String,
    /// What stops, what does not.
    text: &'static str,
    /// The word on the button.
    submit: &'static str,
    /// The reason was given.
    #[prop(into)]
    on_reason: Callback<String>,
) -> impl IntoView {
    let label = title.clone();
    view! {
        <Dialog open label>
            <DialogHead title=title.clone() close=t().common.close open />
            <Form id open text submit on_reason />
        </Dialog>
    }
}

#[component]
fn Form(
    id: &'static str,
    open: RwSignal<bool>,
    text: &'static str,
    submit: &'static str,
    on_reason: Callback<String>,
) -> impl IntoView {
    let words = &t_later().platform;
    let reason = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let give = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let given = reason.get_untracked().trim().to_owned();
        if given.is_empty() {
            error.set(Some(words.reason_missing.to_owned()));
            return dom::focus_soon(id);
        }
        open.set(false);
        on_reason.run(given);
    };
    view! {
        <form novalidate on:submit=give>
            <div class="dialog-b">
                <p>{text}</p>
                <Field id label=words.reason value=reason error />
            </div>
            <div class="dialog-f">
                <button class="btn" type="button" on:click=move |_| open.set(false)>
                    {t().common.cancel}
                </button>
                <button class="btn btn-primary" type="submit">
                    {submit}
                </button>
            </div>
        </form>
    }
}
