//! Keys that work on every page: the palette, the list of shortcuts, and `G` followed by a place.

use leptos::{ev, prelude::*};
use shared::ids::CompanyId;

use crate::{
    address::{Address, Page, Part, go},
    browser::{clock, dom},
};

/// `G` waits so long for its second key.
const TOGETHER_MS: f64 = 1_200.0;

/// Listens as long as the frame is there.
pub(super) fn watch_keys(company: CompanyId, palette: RwSignal<bool>, shortcuts: RwSignal<bool>) {
    let went_ms = StoredValue::new(0.0_f64);
    let listener = window_event_listener(ev::keydown, move |event| {
        if event.is_composing() || event.alt_key() {
            return;
        }
        let key = event.key();
        let with_control = event.ctrl_key() || event.meta_key();
        if with_control && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            palette.update(|open| *open = !*open);
            return;
        }
        if with_control || dom::is_writing(&event) || dom::has_layer() {
            return;
        }
        let is_second = clock::device_ms() - went_ms.get_value() < TOGETHER_MS;
        went_ms.set_value(0.0);
        let place = match (is_second, key.as_str()) {
            (_, "?") => {
                event.prevent_default();
                shortcuts.set(true);
                return;
            }
            (false, "g" | "G") => {
                went_ms.set_value(clock::device_ms());
                return;
            }
            (true, "c" | "C") => Page::Talks(None),
            (true, "k" | "K") => Page::Channels,
            (true, "s" | "S") => Page::Settings(Part::Team),
            _ => return,
        };
        event.prevent_default();
        go(Address::Company(company, place));
    });
    on_cleanup(move || listener.remove());
}
