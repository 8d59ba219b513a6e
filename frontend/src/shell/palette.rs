//! The command palette: actions, places and conversations by a few letters.

use leptos::{ev, html, prelude::*, task::spawn_local};
use shared::permission::Permission;

use super::preferences::{Preferences, Theme};
use crate::{
    address::{Address, Page, Part, go},
    desk::desk,
    i18n::{t, t_later},
    session::{here, session},
    stores::{Filter, fold},
    ui::{Dialog, Icon, glyph, live},
};

/// At most so many conversations are offered.
const CONVERSATIONS: usize = 8;

#[derive(Clone, PartialEq)]
enum Deed {
    Go(Address),
    Choose(Theme),
    Shortcuts,
    SignOut,
}

#[derive(Clone, PartialEq)]
struct Entry {
    section: &'static str,
    icon: Icon,
    word: String,
    more: String,
    deed: Deed,
}

/// The palette.
#[component]
pub(crate) fn Palette(
    /// Whether it is there.
    open: RwSignal<bool>,
    /// Opens the list of shortcuts.
    shortcuts: RwSignal<bool>,
) -> impl IntoView {
    let session = session();
    let preferences = expect_context::<Preferences>();
    let input = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let entries = entries(input);
    Effect::new(move |_| {
        if open.get() {
            input.set(String::new());
            at.set(0);
        }
    });
    let run = Callback::new(move |deed: Deed| {
        open.set(false);
        match deed {
            Deed::Go(address) => go(address),
            Deed::Choose(theme) => preferences.choose_theme(theme),
            Deed::Shortcuts => shortcuts.set(true),
            Deed::SignOut => spawn_local(session.sign_out()),
        }
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let last = entries.with(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = if *at < last { *at + 1 } else { 0 }),
            "ArrowUp" => at.update(|at| *at = if *at > 0 { *at - 1 } else { last }),
            "Enter" => {
                if let Some(entry) = entries.with(|entries| entries.get(at.get()).cloned()) {
                    run.run(entry.deed);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <Dialog open class="palette" label=t().shell.search>
            <div class="palette-in">
                {glyph(Icon::Search, "i")}
                <PaletteInput input at entries on_key=Callback::new(on_key) />
            </div>
            <div class="palette-l" id="palette-list" role="listbox" aria-label=t().shell.search>
                {live(move || rows(&entries.get(), at, run))}
            </div>
            <div class="palette-f">
                <span>
                    <kbd>"↑"</kbd>
                    <kbd>"↓"</kbd>
                    {t().shell.palette_choose}
                </span>
                <span>
                    <kbd>"Esc"</kbd>
                    {t().common.close}
                </span>
            </div>
        </Dialog>
    }
}

#[component]
fn PaletteInput(
    input: RwSignal<String>,
    at: RwSignal<usize>,
    entries: Memo<Vec<Entry>>,
    on_key: Callback<ev::KeyboardEvent>,
) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = node.get() {
            let _moved = input.focus();
        }
    });
    view! {
        <input
            node_ref=node
            role="combobox"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-autocomplete="list"
            aria-label=t().shell.search
            aria-activedescendant=move || {
                (at.get() < entries.with(Vec::len)).then(|| format!("palette-{}", at.get()))
            }
            placeholder=t().shell.search
            autocomplete="off"
            spellcheck="false"
            prop:value=input
            on:input:target=move |event| {
                input.set(event.target().value());
                at.set(0);
            }
            on:keydown=move |event| on_key.run(event)
        />
    }
}

fn rows(entries: &[Entry], at: RwSignal<usize>, run: Callback<Deed>) -> AnyView {
    if entries.is_empty() {
        return view! { <p class="menu-i muted">{t().shell.search_nothing}</p> }.into_any();
    }
    let mut section = "";
    entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let head = (entry.section != section).then(|| {
                section = entry.section;
                view! { <div class="menu-t" role="presentation">{entry.section}</div> }
            });
            let deed = entry.deed.clone();
            view! {
                {head}
                <div
                    class="menu-i"
                    role="option"
                    id=format!("palette-{index}")
                    aria-selected=move || if at.get() == index { "true" } else { "false" }
                    on:click=move |_| run.run(deed.clone())
                    on:pointermove=move |_| at.set(index)
                >
                    {glyph(entry.icon, "i i-sm")}
                    <span class="clip">{entry.word.clone()}</span>
                    <span class="push">{entry.more.clone()}</span>
                </div>
            }
        })
        .collect_view()
        .into_any()
}

fn entries(input: RwSignal<String>) -> Memo<Vec<Entry>> {
    let here = here();
    let desk = desk();
    let words = &t().shell;
    let company = desk.company;
    Memo::new(move |_| {
        let typed = input.get();
        let folded = fold(typed.trim());
        let fixed = |section, icon, word: &str, deed| Entry {
            section,
            icon,
            word: word.to_owned(),
            more: String::new(),
            deed,
        };
        let to = |page| Deed::Go(Address::Company(company, page));
        let mut all = vec![
            fixed(words.palette_go, Icon::Inbox, words.conversations, to(Page::Talks(None))),
            fixed(words.palette_go, Icon::Radio, words.channels, to(Page::Channels)),
        ];
        if here.may(Permission::ReadTeam) {
            all.push(fixed(
                words.palette_go,
                Icon::Users,
                t_later().settings.team,
                to(Page::Settings(Part::Team)),
            ));
        }
        if here.may(Permission::ReadApiKeys) {
            all.push(fixed(
                words.palette_go,
                Icon::Key,
                t_later().settings.keys,
                to(Page::Settings(Part::Keys)),
            ));
        }
        all.extend([
            fixed(
                words.palette_go,
                Icon::ShieldCheck,
                t_later().settings.sessions,
                to(Page::Settings(Part::Sessions)),
            ),
            fixed(words.palette_actions, Icon::Sun, words.theme_light, Deed::Choose(Theme::Light)),
            fixed(words.palette_actions, Icon::Moon, words.theme_dark, Deed::Choose(Theme::Dark)),
            fixed(
                words.palette_actions,
                Icon::Monitor,
                words.theme_system,
                Deed::Choose(Theme::System),
            ),
            fixed(words.palette_actions, Icon::Keyboard, words.shortcuts, Deed::Shortcuts),
            fixed(words.palette_actions, Icon::LogOut, words.sign_out, Deed::SignOut),
        ]);
        all.retain(|entry| fold(&entry.word).contains(&folded));
        let filter = Filter { words: typed, ..Filter::default() };
        desk.threads.with(|threads| {
            let found = threads.shown(&filter).into_iter().take(CONVERSATIONS);
            all.extend(found.filter_map(|id| threads.get(id)).map(|thread| Entry {
                section: words.palette_people,
                icon: Icon::MessageCircle,
                word: thread.name.clone(),
                more: thread.address.clone(),
                deed: to(Page::Talks(Some(thread.id))),
            }));
        });
        all
    })
}
