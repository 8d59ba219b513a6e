//! A delivery as it came, in a dialog.

use leptos::prelude::*;
use serde_json::Value;
use shared::channels::RawDelivery;

use crate::{
    browser::format,
    i18n::{t, t_later},
    ui::{Banner, Dialog, DialogHead, Icon, Tone, live},
};

/// The dialog; there while `open` is true.
#[component]
pub(crate) fn RawDialog(
    /// Whether it is there.
    open: RwSignal<bool>,
    /// What it shows.
    delivery: RwSignal<Option<RawDelivery>>,
) -> impl IntoView {
    let words = &t_later().settings;
    view! {
        <Dialog open label=words.show>
            {live(move || {
                delivery
                    .get()
                    .map(|delivery| {
                        let title = (words.as_it_came)(&format::full(delivery.received_at));
                        view! {
                            <DialogHead title close=t().common.close open />
                            <div class="dialog-b">
                                <Banner tone=Tone::Warn icon=Icon::ShieldAlert>
                                    <p>{words.show_noted}</p>
                                </Banner>
                                <pre class="code" tabindex="0" data-testid="raw">
                                    {readable(&delivery)}
                                </pre>
                            </div>
                        }
                    })
            })}
        </Dialog>
    }
}

/// JSON with its lines; anything else as it is.
fn readable(delivery: &RawDelivery) -> String {
    let tree: Option<Value> = serde_json::from_str(&delivery.body).ok();
    let lines = tree.and_then(|tree| serde_json::to_string_pretty(&tree).ok());
    lines.unwrap_or_else(|| delivery.body.clone())
}
