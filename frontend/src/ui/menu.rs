//! Menus, by the browser's own popovers: they close on Esc and on a click beside them, and give
//! the focus back to their button.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, KeyboardEvent};

use super::live::told;

/// A menu whose button names it in `popovertarget`.
#[component]
pub(crate) fn Menu(
    /// The id that the button names.
    #[prop(into)]
    id: String,
    /// Its name.
    label: &'static str,
    /// Where it stands: a placement class of the stylesheet.
    #[prop(default = "")]
    place: &'static str,
    /// The items.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let class = format!("menu {place}");
    view! {
        <div
            class=class
            id=id
            popover=""
            role="menu"
            aria-label=label
            node_ref=node
            on:keydown=move |event| walk_menu(&event)
            on:toggle=move |_| {
                if let Some(menu) = node.get() {
                    focus_first(&menu);
                }
            }
        >
            {children()}
        </div>
    }
}

fn items(menu: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(found) = menu.query_selector_all("[role^='menuitem']") else { return Vec::new() };
    (0..found.length())
        .filter_map(|index| found.item(index)?.dyn_into::<HtmlElement>().ok())
        .collect()
}

fn focus_first(menu: &HtmlElement) {
    let is_open = menu.matches(":popover-open").unwrap_or(false);
    if let (true, Some(first)) = (is_open, items(menu).first()) {
        let _moved = first.focus();
    }
}

/// Arrows, Home and End walk through the items of the menu that has the focus.
fn walk_menu(event: &KeyboardEvent) {
    let Some(menu) = event.current_target().and_then(|node| node.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let items = items(&menu);
    let active = document().active_element();
    let here = items.iter().position(|item| active.as_ref() == Some(item.as_ref()));
    let last = items.len().saturating_sub(1);
    let next = match (event.key().as_str(), here) {
        ("ArrowDown", Some(at)) if at < last => at + 1,
        ("ArrowDown" | "Home", _) => 0,
        ("ArrowUp", Some(at)) if at > 0 => at - 1,
        ("ArrowUp" | "End", _) => last,
        _ => return,
    };
    event.prevent_default();
    if let Some(item) = items.get(next) {
        let _moved = item.focus();
    }
}

/// Something a menu does; the menu closes.
#[component]
pub(crate) fn MenuItem(
    /// Whether it is the present choice; nothing for a plain command.
    #[prop(optional, into)]
    checked: Option<Signal<bool>>,
    /// It was chosen.
    #[prop(into)]
    on_choice: Callback<()>,
    /// Its icon and words.
    children: Children,
) -> impl IntoView {
    let role = if checked.is_some() { "menuitemradio" } else { "menuitem" };
    let choose = move |event: leptos::ev::MouseEvent| {
        let button = event.current_target().and_then(|node| node.dyn_into::<HtmlElement>().ok());
        let menu = button.and_then(|button| button.closest("[popover]").ok().flatten());
        if let Some(menu) = menu.and_then(|menu| menu.dyn_into::<HtmlElement>().ok()) {
            // It is open, for one of its items was just chosen.
            let _hidden = menu.hide_popover();
        }
        on_choice.run(());
    };
    view! {
        <button
            class="menu-i"
            type="button"
            role=role
            tabindex="-1"
            aria-checked=told(move || {
                checked.map(|checked| if checked.get() { "true" } else { "false" })
            })
            on:click=choose
        >
            {children()}
        </button>
    }
}
