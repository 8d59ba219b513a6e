//! A value that is shown to be copied.

use std::time::Duration;

use leptos::prelude::*;

use super::{
    icon::{Icon, glyph},
    live::live,
};
use crate::browser::dom;

/// How long the button says that it was done.
const SAYS_SO: Duration = Duration::from_secs(2);

/// The value and its button.
#[component]
pub(crate) fn CopyField(
    /// The id of the value.
    id: &'static str,
    /// What it is.
    label: &'static str,
    /// The value.
    value: String,
    /// The word on the button.
    copy: &'static str,
    /// The word after it was pressed.
    copied: &'static str,
) -> impl IntoView {
    let is_done = RwSignal::new(false);
    let text = value.clone();
    view! {
        <div class="field">
            <span class="label" id=format!("{id}-label")>
                {label}
            </span>
            <div class="secret">
                <code id=id aria-labelledby=format!("{id}-label")>
                    {value}
                </code>
                <button
                    class="btn btn-sm"
                    type="button"
                    on:click=move |_| {
                        dom::copy(&text);
                        is_done.set(true);
                        set_timeout(
                            move || {
                                let _gone = is_done.try_set(false);
                            },
                            SAYS_SO,
                        );
                    }
                >
                    {glyph(Icon::Copy, "i i-sm")}
                    {live(move || if is_done.get() { copied } else { copy })}
                </button>
            </div>
        </div>
    }
}
