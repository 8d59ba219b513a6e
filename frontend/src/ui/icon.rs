//! Icons: Lucide's shapes, which stand once in `index.html` and are used by name.

use leptos::prelude::*;

macro_rules! icons {
    ($($name:ident => $id:literal),* $(,)?) => {
        /// An icon of the page's sprite.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Icon { $($name),* }

        impl Icon {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name),*];

            const fn href(self) -> &'static str {
                match self { $(Self::$name => concat!("#i-", $id)),* }
            }
        }
    };
}

icons! {
    Activity => "activity", ArrowDown => "arrow-down", ArrowLeft => "arrow-left",
    ArrowUp => "arrow-up", Building => "building-2", Check => "check",
    CheckCheck => "check-check", ChevronsUpDown => "chevrons-up-down",
    CircleAlert => "circle-alert", CircleCheck => "circle-check", CircleDashed => "circle-dashed",
    CircleHelp => "circle-help", CircleX => "circle-x", Clock => "clock-3",
    Contact => "contact-round", Copy => "copy", Expand => "expand",
    FileQuestion => "file-question-mark", FileText => "file-text",
    Hourglass => "hourglass", Image => "image", Inbox => "inbox",
    Key => "key-round", Keyboard => "keyboard", Languages => "languages",
    List => "list", ListTodo => "list-todo", Lock => "lock",
    LogOut => "log-out", MapPin => "map-pin", Menu => "menu", MessageCircle => "message-circle",
    MessageText => "message-square-text", Mic => "mic", Monitor => "monitor", Moon => "moon",
    Paperclip => "paperclip", Pause => "pause", PenLine => "pen-line", Phone => "phone",
    Play => "play", Plug => "plug", Plus => "plus", Radio => "radio-tower",
    Refresh => "refresh-cw", Reply => "reply", Rotate => "rotate-cw", Search => "search",
    SearchX => "search-x", Settings => "settings-2",
    ShieldAlert => "shield-alert", ShieldCheck => "shield-check", Smile => "smile", Sun => "sun",
    Template => "layout-template", Trash => "trash-2", TriangleAlert => "triangle-alert",
    User => "user-round", UserCog => "user-round-cog", UserPlus => "user-round-plus",
    Users => "users", Video => "video", WifiOff => "wifi-off", X => "x",
}

/// An icon with the size classes of the stylesheet; hidden from screen readers, because the
/// control around it carries the name.
pub(crate) fn glyph(icon: Icon, class: &'static str) -> AnyView {
    view! {
        <svg class=class aria-hidden="true">
            <use_ href=icon.href()></use_>
        </svg>
    }
    .into_any()
}

/// The product's mark.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 28 28" aria-hidden="true">
            <rect width="28" height="28" rx="7" fill="#0f5673"></rect>
            <path
                d="M6.5 20V9.6l7.5 7 7.5-7"
                fill="none"
                stroke="#fffefb"
                stroke-width="2.6"
                stroke-linecap="round"
                stroke-linejoin="round"
            ></path>
            <circle cx="21.5" cy="19" r="2.1" fill="#f0875c"></circle>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::Icon;

    #[test]
    fn every_icon_stands_in_the_page() {
        let page = include_str!("../../index.html");
        for icon in Icon::ALL {
            let symbol = format!("id=\"{}\"", icon.href().trim_start_matches('#'));
            assert!(page.contains(&symbol), "index.html has no symbol {symbol}");
        }
    }

    #[test]
    fn the_page_carries_no_icon_that_nobody_uses() {
        let page = include_str!("../../index.html");
        for part in page.split("<symbol id=\"").skip(1) {
            let id = part.split('"').next().unwrap();
            assert!(
                Icon::ALL.iter().any(|icon| icon.href() == format!("#{id}")),
                "nobody uses the symbol {id}"
            );
        }
    }
}
