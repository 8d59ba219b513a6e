//! A labelled field of a form, with its hint and its error.

use leptos::prelude::*;

use super::{
    icon::{Icon, glyph},
    live::{live, told},
};

/// What may be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// Any text.
    Text,
    /// An e-mail address that the browser may fill in.
    Email,
    /// A password that the browser may fill in.
    Password,
    /// A secret of another system, which no browser should keep.
    Secret,
}

impl FieldKind {
    const fn input_type(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Password | Self::Secret => "password",
        }
    }

    const fn autocomplete(self) -> &'static str {
        match self {
            Self::Text | Self::Secret => "off",
            Self::Email => "username",
            Self::Password => "current-password",
        }
    }
}

/// The field.
#[component]
pub(crate) fn Field(
    /// The id of the input; its hint and error get names from it.
    id: &'static str,
    /// The visible label.
    label: &'static str,
    /// What may be typed.
    #[prop(default = FieldKind::Text)]
    kind: FieldKind,
    /// The text.
    value: RwSignal<String>,
    /// What is wrong with it, if anything.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
    /// A sentence below the field.
    #[prop(default = "")]
    hint: &'static str,
) -> impl IntoView {
    let error_id = format!("{id}-error");
    let hint_id = format!("{id}-hint");
    let described = {
        let (error_id, hint_id) = (error_id.clone(), hint_id.clone());
        move || match (error.with(Option::is_some), hint.is_empty()) {
            (true, _) => Some(error_id.clone()),
            (false, false) => Some(hint_id.clone()),
            (false, true) => None,
        }
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                class="input"
                id=id
                type=kind.input_type()
                autocomplete=kind.autocomplete()
                spellcheck="false"
                aria-invalid=told(move || error.with(Option::is_some).then_some("true"))
                aria-describedby=described
                bind:value=value
            />
            {(!hint.is_empty()).then(|| view! { <span class="hint" id=hint_id>{hint}</span> })}
            <FormError id=error_id error />
        </div>
    }
}

/// What is wrong, where it is wrong.
#[component]
pub(crate) fn FormError(
    /// The id that the field names.
    id: String,
    /// The sentence.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    live(move || {
        let id = id.clone();
        error.get().map(|sentence| {
            view! {
                <span class="err" id=id>
                    {glyph(Icon::CircleAlert, "i i-sm")}
                    <span>{sentence}</span>
                </span>
            }
        })
    })
}
