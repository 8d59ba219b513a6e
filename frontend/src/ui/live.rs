//! Parts of a page that change.

use leptos::prelude::*;

/// A part that is drawn anew when what it reads changes.
///
/// All such parts are of one type, so that what the framework does for a changing part is compiled
/// once and not for each of them: the first load has a budget.
pub(crate) fn live<V: IntoAny>(part: impl Fn() -> V + Send + 'static) -> AnyView {
    let part: Box<dyn FnMut() -> AnyView + Send> = Box::new(move || part().into_any());
    part.into_any()
}

/// What an attribute says, drawn anew when what it reads changes; of one type, as [`live`].
pub(crate) fn told<V: 'static>(
    words: impl FnMut() -> V + Send + 'static,
) -> Box<dyn FnMut() -> V + Send> {
    Box::new(words)
}
