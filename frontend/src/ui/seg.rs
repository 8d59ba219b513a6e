//! A choice of few, all of them visible.

use leptos::prelude::*;

use super::live::told;

/// Buttons of which one is pressed.
#[component]
pub(crate) fn Seg<T>(
    /// What is chosen.
    label: &'static str,
    /// The choices and their words.
    options: Vec<(T, &'static str)>,
    /// The present choice.
    #[prop(into)]
    value: Signal<T>,
    /// A choice was made.
    #[prop(into)]
    on_choice: Callback<T>,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    let buttons = options
        .into_iter()
        .map(|(option, word)| {
            view! {
                <button
                    type="button"
                    aria-pressed=told(move || if value.get() == option { "true" } else { "false" })
                    on:click=move |_| on_choice.run(option)
                >
                    {word}
                </button>
            }
        })
        .collect_view();
    view! { <span class="seg seg-sm" role="group" aria-label=label>{buttons}</span> }
}
