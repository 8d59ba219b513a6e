//! The one polite live region of the page.

use std::cell::Cell;

use leptos::prelude::*;

thread_local! {
    static SAID: Cell<Option<RwSignal<String>>> = const { Cell::new(None) };
}

/// The region itself; one per page.
#[component]
pub(crate) fn LiveRegion() -> impl IntoView {
    let said = RwSignal::new(String::new());
    SAID.set(Some(said));
    view! { <div class="sr" role="status" aria-live="polite">{said}</div> }
}

/// Says a sentence to people who do not see the page.
pub(crate) fn announce(sentence: String) {
    if let Some(said) = SAID.get() {
        let _gone = said.try_set(sentence);
    }
}
