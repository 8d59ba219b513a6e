//! The person beside the conversation.

use std::sync::Arc;

use leptos::{ev, prelude::*, task::spawn_local};
use shared::{
    contacts::{Contact, Identity},
    conversations::Thread,
    ids::ContactId,
    permission::Permission,
};

use super::{Pane, erase::Erase, row::medium_icon};
use crate::{
    address::{Address, Page},
    browser::{dom, format},
    desk::desk,
    i18n::t,
    later::{Later, later_layer},
    session::here,
    ui::{Avatar, Icon, glyph, live, toast},
    words,
};

/// The pane.
#[component]
pub(super) fn ContactPane(
    /// The thread, as soon as it is known.
    thread: Memo<Option<Arc<Thread>>>,
) -> impl IntoView {
    let desk = desk();
    let here = here();
    let Pane(is_side_open) = expect_context();
    let id = Memo::new(move |_| thread.with(|thread| thread.as_ref().map(|thread| thread.contact)));
    Effect::new(move |_| {
        if let (Some(id), true) = (id.get(), here.may(Permission::ReadContacts)) {
            desk.look_at(id);
        }
    });
    let contact = Memo::new(move |_| {
        desk.contacts.with(|known| id.get().and_then(|id| known.get(&id).cloned()))
    });
    let label =
        move || thread.with(|thread| thread.as_ref().map(|thread| (t().inbox.about)(&thread.name)));
    view! {
        <aside class="ib-side" aria-label=label>
            <button
                class="btn-icon sm ib-back"
                type="button"
                aria-label=t().common.back
                on:click=move |_| is_side_open.set(false)
            >
                {glyph(Icon::ArrowLeft, "i")}
            </button>
            {live(move || {
                thread.get().map(|thread| view! { <Person thread contact /> })
            })}
        </aside>
    }
}

#[component]
fn Person(thread: Arc<Thread>, contact: Memo<Option<Arc<Contact>>>) -> impl IntoView {
    let words = &t().inbox;
    let name = thread.name.clone();
    let since = move || {
        contact.get().map(|contact| (words.contact_since)(&format::date(contact.created_at)))
    };
    let seed = thread.contact.to_string();
    let channel = thread.channel;
    let address = thread.address.clone();
    let desk = desk();
    let answers = move || {
        desk.channels.with(|channels| channels.get(channel)).map(|channel| {
        view! {
            <dl class="dl">
                <dt>{words.answers_from}</dt>
                <dd>{channel.name.clone()} " " <span class="muted">{channel.display_number.clone()}</span></dd>
            </dl>
        }
    })
    };
    view! {
        <div class="ib-sec">
            <div class="row">
                <Avatar name=name.clone() seed size="avatar-lg" />
                <div class="who grow">
                    <h2>{name.clone()}</h2>
                    <small>{live(since)}</small>
                </div>
                <Rename contact />
            </div>
            {live(move || match contact.get() {
                Some(contact) if contact.is_erased => {
                    view! { <p class="fs-13 muted">{words.erased_text}</p> }.into_any()
                }
                Some(contact) => identities(&contact),
                None => {
                    view! {
                        <dl class="dl">
                            <dt>{words.addresses}</dt>
                            <dd>{address.clone()}</dd>
                        </dl>
                    }
                        .into_any()
                }
            })}
        </div>
        <div class="ib-sec">{live(answers)}</div>
        <Merged contact />
        {live(move || contact.get().filter(|contact| contact.conversations.len() > 1).map(|contact| {
            view! { <Threads contact here=thread.id /> }
        }))}
        <Erase contact />
    }
}

fn identities(contact: &Contact) -> AnyView {
    let rows = contact.identities.iter().map(identity).collect_view();
    view! { <dl class="dl">{rows}</dl> }.into_any()
}

fn identity(identity: &Identity) -> AnyView {
    let former = identity
        .is_former
        .then(|| view! { " " <span class="badge badge-line">{t().inbox.former}</span> });
    view! {
        <dt class="row">
            {glyph(medium_icon(identity.medium), "i i-xs")}
            {(t().inbox.address_kind)(identity.kind)}
        </dt>
        <dd class="row">
            <span class="clip" title=identity.address.clone()>
                {words::phone(&identity.address)}
            </span>
            {former}
        </dd>
    }
    .into_any()
}

#[component]
fn Threads(contact: Arc<Contact>, here: shared::ids::ConversationId) -> impl IntoView {
    let desk = desk();
    let words = &t().inbox;
    let rows = contact
        .conversations
        .iter()
        .copied()
        .map(|id| {
            let number = move || {
                let thread = desk.threads.with(|threads| threads.get(id));
                let channel = thread
                    .and_then(|thread| desk.channels.with(|channels| channels.get(thread.channel)));
                channel.map_or_else(
                    || t().shell.conversations.to_owned(),
                    |channel| channel.name.clone(),
                )
            };
            let mark =
                (id == here).then(|| view! { <span class="muted">{words.this_thread}</span> });
            view! {
                <li>
                    {glyph(Icon::MessageCircle, "i")}
                    <a href=Address::Company(desk.company, Page::Talks(Some(id))).to_string()>{live(number)}</a>
                    {mark}
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="ib-sec">
            <div class="sec-h">
                <span class="grow">{words.other_threads}</span>
            </div>
            <ul class="mini-tl">{rows}</ul>
        </div>
    }
}

/// The contacts that are part of this one, and the way to more and to fewer.
#[component]
fn Merged(contact: Memo<Option<Arc<Contact>>>) -> impl IntoView {
    let here = here();
    let words = &t().inbox;
    live(move || {
        let contact = contact.get().filter(|contact| !contact.is_erased)?;
        let may_merge = here.may(Permission::MergeContacts);
        if !may_merge && contact.merged.is_empty() {
            return None;
        }
        let (id, open) = (contact.id, RwSignal::new(false));
        let head =
            (!contact.merged.is_empty()).then(|| view! { <div class="sec-h">{words.merged}</div> });
        let rows =
            contact.merged.iter().map(|part| merged_row(&contact, *part, may_merge)).collect_view();
        let more = may_merge.then(|| {
            view! {
                <button class="btn btn-sm" type="button" on:click=move |_| open.set(true)>
                    {glyph(Icon::UserPlus, "i i-sm")}
                    {words.merge}
                </button>
                {later_layer(open, Later::Merge { open, id })}
            }
        });
        Some(view! {
            <div class="ib-sec">
                {head}
                <ul class="mini-tl">{rows}</ul>
                {more}
            </div>
        })
    })
}

fn merged_row(whole: &Contact, part: ContactId, may_merge: bool) -> AnyView {
    let desk = desk();
    let words = &t().inbox;
    let whole_id = whole.id;
    let hers = whole.identities.iter().find(|identity| identity.contact == part);
    let address = hers.map(|identity| identity.address.clone()).unwrap_or_default();
    let label = (words.unmerge_of)(&address);
    let separate = move |_| {
        spawn_local(async move {
            match desk.api.unmerge_contact(part).await {
                Ok(()) => toast(Icon::Check, words.unmerged),
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
            desk.load_contact(whole_id);
        });
    };
    let button = may_merge.then(|| {
        view! {
            <button class="btn btn-sm" type="button" aria-label=label on:click=separate>
                {words.unmerge}
            </button>
        }
    });
    view! {
        <li>
            {glyph(Icon::User, "i")}
            <span class="clip">{address}</span>
            {button}
        </li>
    }
    .into_any()
}

/// Gives the person another name.
#[component]
fn Rename(contact: Memo<Option<Arc<Contact>>>) -> impl IntoView {
    let here = here();
    let words = &t().inbox;
    let is_open = RwSignal::new(false);
    live(move || {
        let contact = contact.get().filter(|contact| !contact.is_erased)?;
        if !here.may(Permission::EditContacts) {
            return None;
        }
        Some(if is_open.get() {
            view! { <RenameForm contact is_open /> }.into_any()
        } else {
            view! {
                <button
                    class="btn-icon sm"
                    type="button"
                    aria-label=words.rename
                    on:click=move |_| {
                        is_open.set(true);
                        dom::focus_soon("contact-name");
                    }
                >
                    {glyph(Icon::PenLine, "i i-sm")}
                </button>
            }
            .into_any()
        })
    })
}

#[component]
fn RenameForm(contact: Arc<Contact>, is_open: RwSignal<bool>) -> impl IntoView {
    let desk = desk();
    let words = &t().inbox;
    let name = RwSignal::new(contact.name.clone());
    let id = contact.id;
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let new = name.get_untracked().trim().to_owned();
        if new.is_empty() {
            return;
        }
        spawn_local(async move {
            match desk.api.name_contact(id, new).await {
                Ok(()) => {
                    desk.load_contact(id);
                    let _gone = is_open.try_set(false);
                }
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
        });
    };
    view! {
        <form class="row" on:submit=submit>
            <label class="sr" for="contact-name">
                {words.new_name}
            </label>
            <input
                class="input input-quiet"
                id="contact-name"
                bind:value=name
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        event.stop_propagation();
                        is_open.set(false);
                    }
                }
            />
            <button class="btn btn-sm" type="submit">
                {t().common.save}
            </button>
        </form>
    }
}
