//! Making one person of two contacts.

use leptos::{ev, prelude::*, task::spawn_local};
use shared::{contacts::Contact, ids::ContactId};

use crate::{
    browser::dom,
    desk::{Desk, desk},
    i18n::{t, t_later},
    ui::{Dialog, DialogHead, FormError, Icon, live, toast, told},
    words,
};

/// At most so many contacts are offered.
const OFFERED: usize = 8;

/// The dialog: the other contact becomes part of this one.
#[component]
pub(crate) fn MergeDialog(
    /// Whether it is there.
    open: RwSignal<bool>,
    /// The contact that stays.
    id: ContactId,
) -> impl IntoView {
    let desk = desk();
    let name = Memo::new(move |_| {
        let contact = desk.contacts.with(|known| known.get(&id).cloned());
        contact.map(|contact| contact.name.clone()).unwrap_or_default()
    });
    view! {
        <Dialog open label=t_later().people.merge>
            <DialogHead
                title=(t_later().people.merge_title)(&name.get_untracked())
                close=t().common.close
                open
            />
            <Form open id name />
        </Dialog>
    }
}

/// Whom one may choose from, and who is chosen.
#[derive(Clone, Copy)]
struct Offer {
    typed: RwSignal<String>,
    found: RwSignal<Option<Vec<Contact>>>,
    chosen: RwSignal<Option<ContactId>>,
}

impl Offer {
    fn search(self, desk: Desk, id: ContactId) {
        let words = self.typed.get_untracked();
        spawn_local(async move {
            let answer = desk.api.contacts(words.trim(), OFFERED + 1).await;
            // Somebody who types on is asked about again.
            if self.typed.try_get_untracked() != Some(words) {
                return;
            }
            let mut found = answer.map(|page| page.items).unwrap_or_default();
            found.retain(|other| other.id != id && !other.is_erased && other.merged.is_empty());
            found.truncate(OFFERED);
            if !found.iter().any(|other| Some(other.id) == self.chosen.get_untracked()) {
                self.chosen.set(None);
            }
            self.found.set(Some(found));
        });
    }

    fn chosen_name(self) -> Option<String> {
        let id = self.chosen.get()?;
        self.found.with(|found| {
            let other = found.as_ref()?.iter().find(|other| other.id == id)?;
            Some(other.name.clone())
        })
    }
}

#[component]
fn Form(open: RwSignal<bool>, id: ContactId, name: Memo<String>) -> impl IntoView {
    let desk = desk();
    let words = &t_later().people;
    let offer = Offer {
        typed: RwSignal::new(String::new()),
        found: RwSignal::new(None),
        chosen: RwSignal::new(None),
    };
    let error = RwSignal::new(None::<String>);
    // Whoever has chosen is not told to choose any more.
    Effect::new(move |_| {
        if offer.chosen.get().is_some() {
            error.set(None);
        }
    });
    offer.search(desk, id);
    dom::focus_soon("merge-search");
    let merge = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let chosen = offer.chosen.get_untracked();
        let Some((other, other_name)) = chosen.zip(untrack(|| offer.chosen_name())) else {
            return error.set(Some(words.choose_first.to_owned()));
        };
        error.set(None);
        spawn_local(async move {
            match desk.api.merge_contact(other, id).await {
                Ok(()) => {
                    desk.load_contact(id);
                    let _gone = open.try_set(false);
                    toast(Icon::Check, (words.merged)(&other_name));
                }
                Err(failure) => {
                    let _gone = error.try_set(Some(words::sentence(&failure)));
                }
            }
        });
    };
    view! {
        <form novalidate on:submit=merge>
            <div class="dialog-b">
                <p class="fs-13 text-2">{words.merge_text}</p>
                <div class="field">
                    <label for="merge-search">{words.search}</label>
                    <input
                        class="input"
                        id="merge-search"
                        type="search"
                        autocomplete="off"
                        placeholder=words.search_hint
                        prop:value=offer.typed
                        on:input:target=move |event| {
                            offer.typed.set(event.target().value());
                            offer.search(desk, id);
                        }
                    />
                </div>
                <fieldset>
                    <legend class="sr">{words.found}</legend>
                    {live(move || offered(offer))}
                </fieldset>
                {live(move || {
                    offer
                        .chosen_name()
                        .map(|other| {
                            view! {
                                <p class="fs-13" role="status">
                                    {(words.chosen)(&other, &name.get())}
                                </p>
                            }
                        })
                })}
                <FormError id="merge-error".to_owned() error />
            </div>
            <div class="dialog-f">
                <button class="btn" type="button" on:click=move |_| open.set(false)>
                    {t().common.cancel}
                </button>
                <button class="btn btn-primary" type="submit">
                    {words.merge}
                </button>
            </div>
        </form>
    }
}

fn offered(offer: Offer) -> AnyView {
    let Some(found) = offer.found.get() else { return ().into_any() };
    if found.is_empty() {
        return view! { <p class="fs-13 muted">{t_later().people.none}</p> }.into_any();
    }
    found
        .into_iter()
        .map(|other| {
            let id = other.id;
            let addresses = addresses(&other);
            view! {
                <label class="pick">
                    <input
                        type="radio"
                        name="merge"
                        prop:checked=told(move || offer.chosen.get() == Some(id))
                        on:change=move |_| offer.chosen.set(Some(id))
                    />
                    <span class="who grow">
                        <span class="fs-13 med clip">{other.name}</span>
                        <small class="clip">{addresses}</small>
                    </span>
                </label>
            }
        })
        .collect_view()
        .into_any()
}

/// Where a contact writes from.
fn addresses(contact: &Contact) -> String {
    let present = contact.identities.iter().filter(|identity| !identity.is_former);
    present.map(|identity| identity.address.as_str()).collect::<Vec<_>>().join(", ")
}
