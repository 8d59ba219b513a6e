//! The page's own name, as the bar, the tab and a screen reader show it.

use leptos::prelude::*;

use crate::browser::dom;

/// What the page tells the frame around it.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    /// The name of the page.
    pub title: RwSignal<&'static str>,
    /// Whether the page fills the frame to its edges and scrolls by itself.
    pub is_flush: RwSignal<bool>,
    /// How many threads are unread, for the tab's name.
    pub n_unread: RwSignal<usize>,
}

impl Frame {
    /// A frame without a page.
    pub(super) fn new() -> Self {
        let frame = Self {
            title: RwSignal::new(""),
            is_flush: RwSignal::new(false),
            n_unread: RwSignal::new(0),
        };
        Effect::new(move |_| {
            let title = frame.title.get();
            match frame.n_unread.get() {
                0 => dom::set_title(&format!("{title} · Master IA")),
                count => dom::set_title(&format!("({count}) {title} · Master IA")),
            }
        });
        frame
    }
}

/// Says what page this is. `is_flush` pages fill the frame and scroll by themselves.
pub(crate) fn page(title: &'static str, is_flush: bool) {
    if let Some(frame) = use_context::<Frame>() {
        frame.is_flush.set(is_flush);
        if frame.title.get_untracked() != title {
            let is_first = frame.title.get_untracked().is_empty();
            frame.title.set(title);
            // Another page: a keyboard begins at its name.
            if !is_first {
                dom::focus_soon("title");
            }
        }
    }
}
