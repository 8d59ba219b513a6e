//! Erasing a person: in the danger area, with her name typed.

use std::sync::Arc;

use leptos::{ev, prelude::*, task::spawn_local};
use shared::{contacts::Contact, ids::ContactId, permission::Permission};

use crate::{
    browser::{dom, letters::lower},
    desk::desk,
    i18n::{t, t_later},
    later::{Later, later_layer},
    session::here,
    ui::{Dialog, DialogHead, Field, Icon, glyph, live, toast},
    words,
};

/// The button, for those who may.
#[component]
pub(super) fn Erase(contact: Memo<Option<Arc<Contact>>>) -> impl IntoView {
    let here = here();
    let open = RwSignal::new(false);
    live(move || {
        let contact = contact.get().filter(|contact| !contact.is_erased)?;
        here.may(Permission::EraseContacts).then(|| {
            view! {
                <div class="ib-sec">
                    <button
                        class="btn btn-sm btn-text-bad"
                        type="button"
                        on:click=move |_| open.set(true)
                    >
                        {glyph(Icon::Trash, "i i-sm")}
                        {t().inbox.erase}
                    </button>
                    {later_layer(open, Later::Erase { open, id: contact.id })}
                </div>
            }
        })
    })
}

/// The question, when it is asked.
#[component]
pub(crate) fn EraseDialog(
    /// Whether it is there.
    open: RwSignal<bool>,
    /// Whom.
    id: ContactId,
) -> impl IntoView {
    let desk = desk();
    let contact = Memo::new(move |_| desk.contacts.with(|known| known.get(&id).cloned()));
    live(move || {
        contact.get().map(|contact| {
            let title = (t_later().people.erase_title)(&contact.name);
            view! {
                <Dialog open label=title.clone()>
                    <DialogHead title=title.clone() close=t().common.close open />
                    <Form contact=contact.clone() open />
                </Dialog>
            }
        })
    })
}

const FIELD: &str = "erase-name";

#[component]
fn Form(contact: Arc<Contact>, open: RwSignal<bool>) -> impl IntoView {
    let desk = desk();
    let words = &t_later().people;
    let (id, name) = (contact.id, contact.name.clone());
    dom::focus_soon(FIELD);
    let typed = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let is_busy = RwSignal::new(false);
    let erase = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let confirm = typed.get_untracked().trim().to_owned();
        if lower(&confirm) != lower(name.trim()) {
            error.set(Some(words.erase_mistyped.to_owned()));
            return dom::focus_soon(FIELD);
        }
        is_busy.set(true);
        spawn_local(async move {
            match desk.api.erase_contact(id, confirm).await {
                Ok(()) => {
                    let _gone = open.try_set(false);
                    desk.load_contact(id);
                    desk.reload();
                    toast(Icon::Check, words.erase_done);
                }
                Err(failure) => {
                    let _gone = error.try_set(Some(words::sentence(&failure)));
                }
            }
            let _gone = is_busy.try_set(false);
        });
    };
    view! {
        <form novalidate on:submit=erase>
            <div class="dialog-b">
                <p>{words.erase_text}</p>
                <Field id=FIELD label=words.erase_name value=typed error />
            </div>
            <div class="dialog-f">
                <button class="btn" type="button" on:click=move |_| open.set(false)>
                    {t().common.cancel}
                </button>
                <button class="btn btn-danger" type="submit" disabled=is_busy>
                    {t().inbox.erase}
                </button>
            </div>
        </form>
    }
}
