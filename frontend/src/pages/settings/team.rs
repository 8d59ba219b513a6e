//! The members of the company and their roles.

use leptos::{ev, prelude::*, task::spawn_local};
use shared::{
    ids::UserId,
    permission::{Permission, Role},
    team::{AddMember, Member},
};

use super::table::Rows;
use crate::{
    browser::{dom, format},
    desk::desk,
    i18n::{t, t_later},
    session::{here, session},
    ui::{
        Avatar, Confirm, Dialog, DialogHead, Field, FieldKind, FormError, Icon, glyph, live, toast,
    },
    words,
};

/// The part.
#[component]
pub(super) fn Team() -> impl IntoView {
    let desk = desk();
    let here = here();
    let words = &t_later().settings;
    let invite = RwSignal::new(false);
    let removing = RwSignal::new(None::<(UserId, String)>);
    let rows = Rows::ask(move || desk.api.members());
    let may_manage = here.may_always(Permission::ManageTeam);
    view! {
        <section class="card" aria-labelledby="team-title">
            <div class="card-h">
                <h2 id="team-title">{words.team}</h2>
                <span class="muted fs-12">
                    {live(move || rows.items.with(|rows| rows.as_ref().map(Vec::len)))}
                </span>
                {live(move || {
                    may_manage
                        .get()
                        .then(|| {
                            view! {
                                <button
                                    class="btn btn-primary btn-sm push"
                                    type="button"
                                    on:click=move |_| invite.set(true)
                                >
                                    {glyph(Icon::UserPlus, "i i-sm")}
                                    {words.invite}
                                </button>
                            }
                        })
                })}
            </div>
            {rows.state()}
            <div class="table-wrap" tabindex="0" role="group" aria-label=words.table>
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{words.member}</th>
                            <th scope="col">{words.role}</th>
                            <th scope="col">{words.since}</th>
                            <th scope="col">
                                <span class="sr">{t().common.remove}</span>
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {live(move || {
                            rows.items
                                .get()
                                .unwrap_or_default()
                                .into_iter()
                                .map(|member| {
                                    view! { <Row member may_manage rows removing /> }
                                })
                                .collect_view()
                        })}
                    </tbody>
                </table>
            </div>
        </section>
        <InviteDialog open=invite rows />
        <RemoveDialog removing rows />
    }
}

#[component]
fn Row(
    member: Member,
    may_manage: Memo<bool>,
    rows: Rows<Member>,
    removing: RwSignal<Option<(UserId, String)>>,
) -> impl IntoView {
    let session = session();
    let words = &t_later().settings;
    let user = member.user;
    let is_me = untrack(|| session.me()).is_some_and(|me| me.user == user);
    let name = member.name.clone();
    let role = member.role;
    let role_cell = {
        let name = name.clone();
        move || {
            if may_manage.get() && !is_me {
                view! { <RoleSelect user role name=name.clone() rows /> }.into_any()
            } else {
                view! { <span>{(t().common.role)(role)}</span> }.into_any()
            }
        }
    };
    let remove = {
        let name = name.clone();
        move || {
            (may_manage.get() && !is_me).then(|| {
                let name = name.clone();
                view! {
                    <button
                        class="btn-icon sm"
                        type="button"
                        aria-label=(words.remove_of)(&name)
                        on:click=move |_| removing.set(Some((user, name.clone())))
                    >
                        {glyph(Icon::Trash, "i i-sm")}
                    </button>
                }
            })
        }
    };
    view! {
        <tr>
            <th scope="row">
                <span class="row">
                    <Avatar name=name.clone() seed=user.to_string() size="avatar-sm" />
                    <span class="cell2">
                        <span>
                            {name.clone()}
                            {is_me
                                .then(|| view! { " " <span class="badge badge-line">{words.you}</span> })}
                            {(!member.is_active)
                                .then(|| {
                                    view! { " " <span class="badge badge-warn">{words.inactive}</span> }
                                })}
                        </span>
                        <small>{member.email.clone()}</small>
                    </span>
                </span>
            </th>
            <td>{role_cell}</td>
            <td>{format::date(member.since)}</td>
            <td class="num">{remove}</td>
        </tr>
    }
}

#[component]
fn RoleSelect(user: UserId, role: Role, name: String, rows: Rows<Member>) -> impl IntoView {
    let desk = desk();
    let words = &t_later().settings;
    let label = (words.role_of)(&name);
    let change = move |word: String| {
        let Some(new) = Role::from_word(&word) else { return };
        let name = name.clone();
        spawn_local(async move {
            match desk.api.change_role(user, new).await {
                Ok(()) => {
                    toast(Icon::Check, (words.role_changed)(&name, (t().common.role)(new)));
                }
                Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
            }
            // Refused or not: the table shows what holds.
            rows.again();
        });
    };
    let options = Role::ALL
        .into_iter()
        .map(|option| {
            view! {
                <option
                    value=option.as_str()
                    selected=option == role
                    title=(t_later().settings.role_may)(option)
                >
                    {(t().common.role)(option)}
                </option>
            }
        })
        .collect_view();
    view! {
        <select
            class="select select-sm"
            aria-label=label
            on:change:target=move |event| change(event.target().value())
        >
            {options}
        </select>
    }
}

#[component]
fn InviteDialog(open: RwSignal<bool>, rows: Rows<Member>) -> impl IntoView {
    view! {
        <Dialog open label=t_later().settings.invite_title>
            <DialogHead title=t_later().settings.invite_title close=t().common.close open />
            <InviteForm open rows />
        </Dialog>
    }
}

#[component]
fn InviteForm(open: RwSignal<bool>, rows: Rows<Member>) -> impl IntoView {
    let desk = desk();
    let words = &t_later().settings;
    let [name, email, password]: [RwSignal<String>; 3] =
        std::array::from_fn(|_| RwSignal::new(String::new()));
    let role = RwSignal::new(Role::Operator);
    let is_tried = RwSignal::new(false);
    let is_busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let key = RwSignal::new(dom::fresh_key());
    let missing = move |value: RwSignal<String>| {
        Signal::derive(move || {
            let is_missing = is_tried.get() && value.with(|text| text.trim().is_empty());
            is_missing.then(|| words.fill_in.to_owned())
        })
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        is_tried.set(true);
        let member = AddMember {
            name: name.get_untracked().trim().to_owned(),
            email: email.get_untracked().trim().to_owned(),
            role: role.get_untracked(),
            password: Some(password.get_untracked()).filter(|password| !password.is_empty()),
        };
        if member.name.is_empty() {
            return dom::focus_soon("invite-name");
        }
        if member.email.is_empty() {
            return dom::focus_soon("invite-email");
        }
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        spawn_local(async move {
            let answer = desk.api.add_member(&member, &key.get_untracked()).await;
            is_busy.set(false);
            match answer {
                Ok(()) => {
                    toast(Icon::Check, (words.invited)(&member.name));
                    open.set(false);
                    rows.again();
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
    let roles = Role::ALL
        .into_iter()
        .map(|option| {
            view! {
                <option value=option.as_str() selected=option == Role::Operator>
                    {(t().common.role)(option)}
                </option>
            }
        })
        .collect_view();
    view! {
        <form novalidate on:submit=submit>
            <div class="dialog-b">
                <p class="fs-13">{words.invite_text}</p>
                <Field id="invite-name" label=words.person_name value=name error=missing(name) />
                <Field id="invite-email" label=words.email value=email error=missing(email) />
                <div class="field">
                    <label for="invite-role">{words.role}</label>
                    <select
                        class="select"
                        id="invite-role"
                        on:change:target=move |event| {
                            if let Some(chosen) = Role::from_word(&event.target().value()) {
                                role.set(chosen);
                            }
                        }
                    >
                        {roles}
                    </select>
                    <span class="hint">{live(move || (t_later().settings.role_may)(role.get()))}</span>
                </div>
                <Field
                    id="invite-password"
                    label=words.first_password
                    kind=FieldKind::Secret
                    value=password
                    hint=words.first_password_hint
                />
                <FormError id="invite-error".to_owned() error />
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
                    {words.invite}
                </button>
            </div>
        </form>
    }
}

#[component]
fn RemoveDialog(removing: RwSignal<Option<(UserId, String)>>, rows: Rows<Member>) -> impl IntoView {
    let desk = desk();
    let words = &t_later().settings;
    live(move || {
        removing.get().map(|(user, name)| {
            let open = RwSignal::new(true);
            Effect::new(move |_| {
                if !open.get() {
                    removing.set(None);
                }
            });
            let title = (words.remove_title)(&name);
            let remove = move |()| {
                let name = name.clone();
                spawn_local(async move {
                    match desk.api.remove_member(user).await {
                        Ok(()) => toast(Icon::Check, (words.removed)(&name)),
                        Err(failure) => toast(Icon::CircleAlert, words::sentence(&failure)),
                    }
                    rows.again();
                });
            };
            view! {
                <Confirm
                    open
                    title
                    text=words.remove_text
                    yes=t().common.remove
                    no=t().common.cancel
                    on_yes=remove
                />
            }
        })
    })
}
