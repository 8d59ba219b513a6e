//! Short messages about what was just done, with one thing to do about it.

use std::{cell::Cell, time::Duration};

use leptos::prelude::*;

use super::icon::{Icon, glyph};

const STAYS: Duration = Duration::from_secs(6);

#[derive(Clone)]
struct Toast {
    id: u64,
    icon: Icon,
    text: String,
}

thread_local! {
    // Messages are shown from answers, which come when no part of the page is being drawn.
    static SHELF: Cell<Option<Toasts>> = const { Cell::new(None) };
}

/// The messages on the page.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    last: StoredValue<u64>,
}

impl Toasts {
    /// None yet; from now on messages are shown here.
    pub(crate) fn new() -> Self {
        let toasts = Self { shown: RwSignal::new(Vec::new()), last: StoredValue::new(0) };
        SHELF.set(Some(toasts));
        toasts
    }

    fn show(self, icon: Icon, text: String) {
        let id = self.last.get_value() + 1;
        self.last.set_value(id);
        self.shown.update(|shown| {
            // The newest three are enough; more would cover the page.
            if shown.len() >= 3 {
                shown.remove(0);
            }
            shown.push(Toast { id, icon, text });
        });
        set_timeout(move || self.drop(id), STAYS);
    }

    fn drop(self, id: u64) {
        // The page may be gone by now.
        let _gone = self.shown.try_update(|shown| shown.retain(|toast| toast.id != id));
    }
}

/// Shows a message.
pub(crate) fn toast(icon: Icon, text: impl Into<String>) {
    if let Some(toasts) = SHELF.get() {
        toasts.show(icon, text.into());
    }
}

/// Where the messages appear.
#[component]
pub(crate) fn ToastShelf(
    /// The word on the button that takes a message away.
    close: &'static str,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|toast| toast.id let:toast>
                <div class="toast">
                    {glyph(toast.icon, "i")}
                    <span>{toast.text.clone()}</span>
                    <button
                        class="btn btn-sm"
                        type="button"
                        on:click=move |_| toasts.drop(toast.id)
                    >
                        {close}
                    </button>
                </div>
            </For>
        </div>
    }
}
