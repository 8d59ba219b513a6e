//! Going from one address to another, with the browser's own history.

use std::cell::Cell;

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{HtmlAnchorElement, MouseEvent};

use super::Address;

thread_local! {
    // One is sent somewhere from answers too, which come when no part of the page is being drawn.
    static WAY: Cell<Option<Way>> = const { Cell::new(None) };
}

/// Where one is, as a signal.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    /// The present address.
    pub address: RwSignal<Address>,
}

impl Way {
    /// Begins at the address of the page and follows its links from now on.
    pub(crate) fn begin() -> Self {
        let way = Self { address: RwSignal::new(here()) };
        WAY.set(Some(way));
        // Both live as long as the program.
        let _forever = window_event_listener(ev::popstate, move |_| way.address.set(here()));
        let _forever = window_event_listener(ev::click, move |event| follow(&event));
        way
    }
}

/// Where one is.
pub(crate) fn way() -> Way {
    expect_context()
}

/// Goes somewhere.
pub(crate) fn go(address: Address) {
    let Some(way) = WAY.get() else { return };
    if way.address.get_untracked() != address {
        write(&address.to_string(), false);
        way.address.set(address);
    }
}

impl Way {
    /// Goes somewhere so that Back does not lead here again.
    pub(crate) fn replace(self, address: Address) {
        if self.address.get_untracked() != address {
            write(&address.to_string(), true);
            self.address.set(address);
        }
    }
}

fn here() -> Address {
    Address::of(&window().location().pathname().unwrap_or_default())
}

fn write(path: &str, in_place: bool) {
    let Ok(history) = window().history() else { return };
    // A path of our own is always a good one.
    let _written = if in_place {
        history.replace_state_with_url(&JsValue::NULL, "", Some(path))
    } else {
        history.push_state_with_url(&JsValue::NULL, "", Some(path))
    };
}

/// Follows a link of the page; new tabs, downloads and other hosts are the browser's.
fn follow(event: &MouseEvent) {
    let is_plain = event.button() == 0
        && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
    if !is_plain || event.default_prevented() {
        return;
    }
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let link = target.and_then(|target| target.closest("a[href]").ok().flatten());
    let Some(link) = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()) else {
        return;
    };
    let is_ours = link.target().is_empty()
        && link.hash().is_empty()
        && window().location().origin().is_ok_and(|origin| origin == link.origin());
    let address = Address::of(&link.pathname());
    if is_ours && address != Address::Unknown {
        event.prevent_default();
        go(address);
    }
}
