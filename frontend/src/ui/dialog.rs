//! Layers above the page, by the browser's own `<dialog>`: it keeps the focus inside, closes on
//! Esc and gives the focus back.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::EventTarget;

use super::icon::{Icon, glyph};

/// A dialog that is there while `open` is true.
#[component]
pub(crate) fn Dialog(
    /// Whether it is there.
    open: RwSignal<bool>,
    /// Its class of the stylesheet: `dialog`, `drawer` or `palette`.
    #[prop(default = "dialog")]
    class: &'static str,
    /// Its name.
    #[prop(into)]
    label: String,
    /// Drawn anew each time it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if open.get() {
            if !dialog.open() {
                // It is in the page and not open, so that it can be shown.
                let _shown = dialog.show_modal();
            }
        } else if dialog.open() {
            dialog.close();
        }
    });
    let on_backdrop = move |event: leptos::ev::MouseEvent| {
        let is_backdrop = match (event.target(), node.get()) {
            (Some(target), Some(dialog)) => target == *dialog.unchecked_ref::<EventTarget>(),
            _ => false,
        };
        if is_backdrop {
            open.set(false);
        }
    };
    view! {
        <dialog
            class=class
            node_ref=node
            aria-label=label
            on:close=move |_| open.set(false)
            on:click=on_backdrop
        >
            <Show when=move || open.get()>{children()}</Show>
        </dialog>
    }
}

/// A question with a title, a sentence and two answers.
#[component]
pub(crate) fn Confirm(
    /// Whether it is asked.
    open: RwSignal<bool>,
    /// The question.
    #[prop(into)]
    title: String,
    /// What will happen.
    #[prop(into)]
    text: String,
    /// The word for yes.
    yes: &'static str,
    /// The word for no.
    no: &'static str,
    /// The answer was yes.
    #[prop(into)]
    on_yes: Callback<()>,
) -> impl IntoView {
    let label = title.clone();
    view! {
        <Dialog open label>
            <div class="dialog-h">
                <h2 class="grow">{title.clone()}</h2>
            </div>
            <div class="dialog-b">
                <p>{text.clone()}</p>
            </div>
            <div class="dialog-f">
                <button class="btn" type="button" on:click=move |_| open.set(false)>
                    {no}
                </button>
                <button
                    class="btn btn-danger"
                    type="button"
                    on:click=move |_| {
                        open.set(false);
                        on_yes.run(());
                    }
                >
                    {yes}
                </button>
            </div>
        </Dialog>
    }
}

/// The head of a dialog: its title and the button that closes it.
#[component]
pub(crate) fn DialogHead(
    /// The title.
    #[prop(into)]
    title: String,
    /// The name of the closing button.
    close: &'static str,
    /// What it closes.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <div class="dialog-h">
            <h2 class="grow">{title}</h2>
            <button
                class="btn-icon sm"
                type="button"
                aria-label=close
                on:click=move |_| open.set(false)
            >
                {glyph(Icon::X, "i")}
            </button>
        </div>
    }
}
