//! Focus, visibility, titles and clipboards.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::number::nearest;

/// Whether the tab is in the background.
pub(crate) fn is_hidden() -> bool {
    document().hidden()
}

/// An element by its id.
pub(crate) fn by_id(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Moves the focus, after the page has been drawn.
pub(crate) fn focus_soon(id: &str) {
    let id = id.to_owned();
    request_animation_frame(move || {
        if let Some(element) = by_id(&id) {
            // Focus that cannot move is no error.
            let _moved = element.focus();
        }
    });
}

/// The name of the tab.
pub(crate) fn set_title(title: &str) {
    document().set_title(title);
}

/// An attribute of the root element, taken away when there is no value.
pub(crate) fn set_root(name: &str, value: Option<&str>) {
    let Some(root) = document().document_element() else { return };
    let _set = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Takes the first paint away.
pub(crate) fn remove(id: &str) {
    if let Some(element) = by_id(id) {
        element.remove();
    }
}

/// Whether a key was pressed while text is being written.
pub(crate) fn is_writing(event: &KeyboardEvent) -> bool {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return false;
    };
    let tag = target.tag_name();
    matches!(tag.as_str(), "INPUT" | "TEXTAREA" | "SELECT")
}

/// Whether a layer (a dialog or an open menu) lies above the page.
pub(crate) fn has_layer() -> bool {
    document().query_selector("dialog[open], [popover]:popover-open").ok().flatten().is_some()
}

/// Whether one list or pane has the keyboard.
pub(crate) fn holds_focus(element: &Element) -> bool {
    document().active_element().is_some_and(|active| element.contains(Some(&active)))
}

/// Puts a text on the clipboard.
pub(crate) fn copy(text: &str) {
    let _started = window().navigator().clipboard().write_text(text);
}

/// A number that is new on this device: idempotency keys and the ids of form fields.
pub(crate) fn fresh_key() -> String {
    // Ids of the product come from the server; this is the browser's own randomness.
    match window().crypto() {
        Ok(crypto) => crypto.random_uuid(),
        Err(_none) => format!(
            "{}-{}",
            nearest(super::clock::device_ms()),
            nearest(js_sys::Math::random() * 1e15)
        ),
    }
}

/// Pixels of a scroll position as JavaScript's own numbers.
pub(crate) fn scroll_top(element: &Element) -> f64 {
    f64::from(element.scroll_top())
}

/// Sets a scroll position.
pub(crate) fn set_scroll_top(element: &Element, top: f64) {
    element.set_scroll_top(i32::try_from(nearest(top.max(0.0))).unwrap_or(i32::MAX));
}

/// Whether the focus came by the keyboard.
pub(crate) fn is_focus_visible(event: &web_sys::FocusEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.matches(":focus-visible").unwrap_or(false))
}

/// Takes the focus from whatever has it.
pub(crate) fn blur() {
    let active =
        document().active_element().and_then(|active| active.dyn_into::<HtmlElement>().ok());
    if let Some(active) = active {
        let _left = active.blur();
    }
}

/// Closes a popover.
pub(crate) fn hide_popover(id: &str) {
    if let Some(popover) = by_id(id) {
        let _hidden = popover.hide_popover();
    }
}

/// A popover may become so wide.
const WIDE_PX: f64 = 300.0;

/// Puts the popover that a button opens beside the button, inside the window.
pub(crate) fn place_near(event: &leptos::ev::MouseEvent) {
    let Some(button) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok())
    else {
        return;
    };
    let popover = button.get_attribute("popovertarget").and_then(|id| by_id(&id));
    let Some(popover) = popover else { return };
    let near = button.get_bounding_client_rect();
    request_animation_frame(move || {
        let own = popover.get_bounding_client_rect();
        let Some(root) = document().document_element() else { return };
        let (wide, high) = (f64::from(root.client_width()), f64::from(root.client_height()));
        let left = near.left().min(wide - own.width().max(WIDE_PX) - 8.0).max(8.0);
        // What comes into it later makes it grow away from its button.
        let (side, other, away) = if near.top() > high / 2.0 {
            ("bottom", "top", high - near.top() + 4.0)
        } else {
            ("top", "bottom", near.bottom() + 4.0)
        };
        let style = popover.style();
        let _left = style.set_property("left", &format!("{}px", nearest(left)));
        let _side = style.set_property(side, &format!("{}px", nearest(away)));
        let _other = style.set_property(other, "auto");
    });
}
