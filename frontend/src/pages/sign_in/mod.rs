//! Signing in.
//!
//! Invariants: the same sentence for an unknown address and a wrong password; the form stays usable
//! after every refusal, and what was typed stays.

mod panel;

use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    address::{Address, way},
    api::{Api, Failure},
    browser::dom,
    i18n::{self, Language, t},
    session::{Who, session},
    shell::Preferences,
    ui::{Banner, Field, FieldKind, Icon, Mark, Tone, live, told},
    words,
};

use panel::Panel;

/// The page.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let session = session();
    let way = way();
    dom::set_title(&format!("{} · Master IA", t().sign_in.title));
    Effect::new(move |_| {
        if session.who.with(|who| matches!(who, Who::Somebody(_))) {
            way.replace(Address::Home);
        }
    });
    view! { <Page /> }
}

#[component]
fn Page() -> impl IntoView {
    let session = session();
    let words = &t().sign_in;
    let was_signed_out = session.who.with_untracked(|who| *who == Who::Nobody(true));
    view! {
        <div class="auth">
            <main class="auth-l" id="main">
                <div class="brandline">
                    <Mark />
                    <span>"Master IA"</span>
                </div>
                <div class="auth-c">
                    <div class="stack stack-1">
                        <h1>{words.title}</h1>
                        <p class="text-2 fs-13">{words.hello}</p>
                    </div>
                    {was_signed_out
                        .then(|| {
                            view! {
                                <Banner tone=Tone::Warn icon=Icon::Lock>
                                    <p>{words.signed_out}</p>
                                </Banner>
                            }
                        })}
                    <Form />
                </div>
                <Foot />
            </main>
            <Panel />
        </div>
    }
}

#[component]
fn Form() -> impl IntoView {
    let api = expect_context::<Api>();
    let session = session();
    let words = &t().sign_in;
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let email_error = RwSignal::new(None::<String>);
    let password_error = RwSignal::new(None::<String>);
    let is_busy = RwSignal::new(false);

    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        let missing = |value: RwSignal<String>, word: &str| {
            value.with_untracked(|text| text.trim().is_empty()).then(|| word.to_owned())
        };
        email_error.set(missing(email, words.email_missing));
        password_error.set(missing(password, words.password_missing));
        if email_error.with_untracked(Option::is_some) {
            return dom::focus_soon("email");
        }
        if password_error.with_untracked(Option::is_some) {
            return dom::focus_soon("password");
        }
        is_busy.set(true);
        spawn_local(async move {
            let answer = api
                .sign_in(email.get_untracked().trim().to_owned(), password.get_untracked())
                .await;
            is_busy.set(false);
            match answer {
                Ok(me) => session.enter(me),
                Err(failure) => {
                    password_error.set(Some(refusal(&failure)));
                    dom::focus_soon("password");
                }
            }
        });
    };
    view! {
        <form class="stack stack-4 field-lg" novalidate on:submit=submit>
            <Field
                id="email"
                label=words.email
                kind=FieldKind::Email
                value=email
                error=email_error
            />
            <Field
                id="password"
                label=words.password
                kind=FieldKind::Password
                value=password
                error=password_error
            />
            <button
                class="btn btn-primary btn-lg btn-block"
                type="submit"
                aria-busy=told(move || is_busy.get().then_some("true"))
            >
                {words.submit}
            </button>
        </form>
    }
}

/// The waiting time is said when the server says it.
fn refusal(failure: &Failure) -> String {
    if let Failure::Refused(problem) = failure
        && let Some(wait) = problem.values.get("retry_after_s").and_then(serde_json::Value::as_i64)
    {
        let span = (t().time.span)(chrono::TimeDelta::seconds(wait));
        return (t().problem.too_many)(&span);
    }
    words::sentence(failure)
}

#[component]
fn Foot() -> impl IntoView {
    let preferences = expect_context::<Preferences>();
    let api = expect_context::<Api>();
    let words = &t().sign_in;
    let language = |language: Language, word: &'static str| {
        if i18n::language() == language {
            view! { <span lang=language.tag()>{word}</span> }.into_any()
        } else {
            view! {
                <button
                    class="linkbtn"
                    type="button"
                    lang=language.tag()
                    on:click=move |_| preferences.choose_language(language)
                >
                    {word}
                </button>
            }
            .into_any()
        }
    };
    view! {
        <div class="row fs-12 muted">
            {language(Language::Portuguese, "Português (Brasil)")}
            <span aria-hidden="true">"·"</span>
            {language(Language::English, "English")}
            <span class="push row">
                <span class=told(move || {
                    if api.reached.get() { "dot dot-ok" } else { "dot dot-bad" }
                })></span>
                {live(move || if api.reached.get() { words.all_works } else { words.not_reached })}
            </span>
        </div>
    }
}
