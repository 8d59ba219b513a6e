//! The list of shortcuts.

use leptos::prelude::*;

use crate::{
    i18n::t,
    ui::{Dialog, DialogHead},
};

/// The list.
#[component]
pub(crate) fn Shortcuts(
    /// Whether it is there.
    open: RwSignal<bool>,
) -> impl IntoView {
    let words = &t().shell;
    let keys: [(&'static [&'static str], &'static str); 12] = [
        (&["Ctrl K"], words.key_palette),
        (&["?"], words.key_shortcuts),
        (&["G", "C"], words.conversations),
        (&["G", "K"], words.channels),
        (&["J", "K"], words.key_next),
        (&["Enter"], words.key_open),
        (&["R"], words.key_reply),
        (&["/"], words.key_search),
        (&["D"], words.key_contact),
        (&["Enter"], words.key_send),
        (&["Shift Enter"], words.key_break),
        (&["Esc"], words.key_close),
    ];
    view! {
        <Dialog open label=words.shortcuts>
            <DialogHead title=words.shortcuts close=t().common.close open />
            <div class="dialog-b">
                <dl class="sheet">
                    {keys
                        .into_iter()
                        .map(|(keys, word)| {
                            let keys = keys
                                .iter()
                                .map(|key| view! { <kbd>{*key}</kbd> })
                                .collect_view();
                            view! {
                                <dt>{word}</dt>
                                <dd class="row">{keys}</dd>
                            }
                        })
                        .collect_view()}
                </dl>
            </div>
        </Dialog>
    }
}
