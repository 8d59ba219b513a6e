//! The states that every list has beside its rows: loading and empty.

use leptos::prelude::*;

use super::icon::{Icon, glyph};

/// One sentence and what to do about it.
#[component]
pub(crate) fn Empty(
    /// What it is about.
    icon: Icon,
    /// The short of it.
    title: String,
    /// The sentence.
    text: String,
    /// The button, if something can be done.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            {glyph(icon, "i i-xl")}
            <h3>{title}</h3>
            <p>{text}</p>
            {children.map(|children| children())}
        </div>
    }
}

/// Rows of a list whose content is still on its way, in their final geometry.
#[component]
pub(crate) fn RowSkeletons(
    /// How many.
    count: usize,
    /// What a screen reader hears.
    label: &'static str,
) -> impl IntoView {
    let widths = [("46%", "84%", "34%"), ("38%", "76%", "26%"), ("52%", "90%", "40%")];
    let rows = widths
        .into_iter()
        .cycle()
        .take(count)
        .map(|(first, second, third)| {
            view! {
                <div class="conv" aria-hidden="true">
                    <span class="skel skel-face"></span>
                    <span class="stack stack-2">
                        <span class="skel" style:inline-size=first></span>
                        <span class="skel" style:inline-size=second></span>
                        <span class="skel skel-thin" style:inline-size=third></span>
                    </span>
                </div>
            }
        })
        .collect_view();
    view! {
        <p class="sr" role="status">{label}</p>
        {rows}
    }
}
