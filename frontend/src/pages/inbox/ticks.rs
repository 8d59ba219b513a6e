//! The small signs of how far a message came.
//!
//! Invariants: a clock while it is queued or picked, a question mark while nobody knows, and never
//! a tick before the provider has accepted it; each sign has hidden words.

use leptos::prelude::*;
use shared::messages::MessageState;

use crate::{
    i18n::t,
    ui::{Icon, glyph},
};

/// The sign of a state, and its class.
pub(super) const fn sign(state: MessageState) -> (Icon, &'static str) {
    match state {
        MessageState::Queued | MessageState::Picked => (Icon::Clock, "i tk"),
        MessageState::Unknown => (Icon::CircleHelp, "i tk"),
        MessageState::Accepted | MessageState::Sent => (Icon::Check, "i tk"),
        MessageState::Delivered => (Icon::CheckCheck, "i tk"),
        MessageState::Read | MessageState::Played => (Icon::CheckCheck, "i tk tk-read"),
        MessageState::Failed | MessageState::Suppressed => (Icon::CircleAlert, "i tk tk-fail"),
        MessageState::Withdrawn => (Icon::X, "i tk"),
    }
}

/// The sign with its words.
pub(super) fn tick(state: MessageState) -> AnyView {
    let (icon, class) = sign(state);
    view! {
        {glyph(icon, class)}
        <span class="sr">{(t().message.state)(state)}</span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::sign;
    use crate::ui::Icon;
    use shared::messages::MessageState as State;

    #[test]
    fn nothing_ticks_before_it_was_accepted() {
        for state in
            [State::Queued, State::Picked, State::Unknown, State::Failed, State::Suppressed]
        {
            let (icon, _) = sign(state);
            assert!(icon != Icon::Check && icon != Icon::CheckCheck, "{state:?}");
        }
        assert_eq!(sign(State::Accepted).0, Icon::Check);
        assert_eq!(sign(State::Delivered), (Icon::CheckCheck, "i tk"));
        assert_eq!(sign(State::Read), (Icon::CheckCheck, "i tk tk-read"));
    }
}
