//! Where an answer is written.
//!
//! Invariants: a text is kept on this device from the first letter until the server has it; a
//! double click sends once, because the first click empties the draft.

mod attach;
mod emoji;
mod window_line;

use std::sync::Arc;

use leptos::{ev, html, prelude::*, task::spawn_local};
use shared::{
    channels::ChannelState,
    conversations::Thread,
    files::StoredFile,
    messages::{Content, Media, MessageKind},
    permission::Permission,
};

use super::{bubble::quoted, thread::Talk};
use crate::{
    browser::{
        clock::{self, ticks},
        dom,
    },
    desk::{Desk, desk},
    i18n::t,
    later::{Later, later_layer},
    live::Freshness,
    session::here,
    stores::{Draft, text_of, window_of},
    ui::{Icon, glyph, live, told},
};

use attach::{AttachButton, Attached, Uploads, files_of};
use emoji::EmojiButton;
use window_line::WindowLine;

/// The provider shows so long that somebody is writing.
const TYPING_LASTS_MS: f64 = 20_000.0;

/// The composer, or why nothing can be written.
#[component]
pub(super) fn Composer(
    /// The thread, as soon as it is known.
    thread: Memo<Option<Arc<Thread>>>,
    /// With whom.
    name: Memo<String>,
) -> impl IntoView {
    let here = here();
    let desk = desk();
    let words = &t().inbox;
    let blocked = Memo::new(move |_| {
        let channel = thread.with(|thread| thread.as_ref().map(|thread| thread.channel));
        let channel = channel.and_then(|id| desk.channels.with(|channels| channels.get(id)));
        let is_gone = channel
            .is_some_and(|channel| matches!(channel.state, ChannelState::Disconnected { .. }));
        if !here.may(Permission::SendMessages) {
            Some(words.read_only)
        } else if here.company.with(|company| company.is_suspended) {
            Some(words.suspended_note)
        } else if is_gone {
            Some(words.channel_gone)
        } else {
            None
        }
    });
    live(move || match blocked.get() {
        Some(why) => view! {
            <div class="composer">
                <p class="composer-note">{glyph(Icon::Lock, "i i-sm")}<span>{why}</span></p>
            </div>
        }
        .into_any(),
        None => view! { <Writing thread name /> }.into_any(),
    })
}

/// What is being written, and the steps that change it.
#[derive(Clone, Copy)]
struct Writing {
    talk: Talk,
    text: RwSignal<String>,
    files: RwSignal<Vec<StoredFile>>,
    told_ms: StoredValue<f64>,
}

impl Writing {
    /// Lets the person see that somebody is writing; a line that is down forgets it.
    fn tell(self, desk: Desk) {
        let now = clock::device_ms();
        let is_due = now - self.told_ms.get_value() > TYPING_LASTS_MS;
        if is_due && !self.text.with_untracked(|text| text.trim().is_empty()) {
            self.told_ms.set_value(now);
            spawn_local(async move {
                let _told = desk.api.typing(self.talk.id).await;
            });
        }
    }

    fn draft(self) -> Draft {
        Draft {
            text: self.text.get_untracked(),
            reply_to: self.talk.reply_to.get_untracked(),
            files: self.files.get_untracked(),
        }
    }

    fn read(self, draft: Draft) {
        self.text.set(draft.text);
        self.files.set(draft.files);
    }
}

#[component]
fn Writing(thread: Memo<Option<Arc<Thread>>>, name: Memo<String>) -> impl IntoView {
    let desk = desk();
    let talk: Talk = expect_context();
    let words = &t().inbox;
    let draft = desk.draft(talk.id);
    let writing = Writing {
        talk,
        text: RwSignal::new(draft.text),
        files: RwSignal::new(draft.files),
        told_ms: StoredValue::new(0.0),
    };
    let uploads = Uploads::new(desk, thread, writing.files);
    let input = NodeRef::<html::Textarea>::new();
    let template = RwSignal::new(false);
    let is_dragged = RwSignal::new(false);
    keep(desk, writing);

    let clock = ticks();
    let is_open = Memo::new(move |_| {
        let closes_at = thread.with(|thread| thread.as_ref().and_then(|row| row.window_closes_at));
        // Until the thread is known nothing is said about its window.
        thread.with(Option::is_none) || window_of(closes_at, clock.get()).is_open()
    });
    let send = move || {
        if !is_open.get_untracked() || uploads.is_busy() {
            return;
        }
        let draft = writing.draft();
        if draft.is_empty() {
            return;
        }
        writing.read(Draft::default());
        writing.told_ms.set_value(0.0);
        talk.reply_to.set(None);
        desk.keep_draft(talk.id, &Draft::default());
        for (content, reply_to) in to_send(draft) {
            desk.send(talk.id, content, reply_to);
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let is_plain = !(event.shift_key() || event.alt_key() || event.is_composing());
        if event.key() == "Enter" && is_plain {
            event.prevent_default();
            send();
        }
    };
    let rows = move || {
        let lines = writing.text.with(|text| text.lines().map(|line| 1 + line.len() / 90).sum());
        let lines: usize = lines;
        lines.clamp(2, 8).to_string()
    };
    let is_empty = Memo::new(move |_| {
        writing.text.with(|text| text.trim().is_empty()) && writing.files.with(Vec::is_empty)
    });
    view! {
        <form
            class=told(move || match (is_open.get(), is_dragged.get()) {
                (false, _) => "composer closed",
                (true, true) => "composer is-note",
                (true, false) => "composer",
            })
            aria-label=words.reply_form
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
            on:dragover=move |event| {
                event.prevent_default();
                is_dragged.set(true);
            }
            on:dragleave=move |_| is_dragged.set(false)
            on:drop=move |event| {
                event.prevent_default();
                is_dragged.set(false);
                uploads.add(files_of(event.data_transfer()));
            }
        >
            <div class="composer-h">
                <WaitNote thread />
                <WindowLine thread />
            </div>
            <ReplyTo name />
            <Attached uploads files=writing.files />
            <label class="sr" for="composer">
                {live(move || (words.message_to)(&name.get()))}
            </label>
            <textarea
                class="composer-in"
                id="composer"
                rows=rows
                node_ref=input
                placeholder=told(move || if is_dragged.get() { words.drop_here } else { words.placeholder })
                prop:value=writing.text
                on:input:target=move |event| {
                    writing.text.set(event.target().value());
                    if is_open.get_untracked() {
                        writing.tell(desk);
                    }
                }
                on:keydown=on_key
                on:paste=move |event| {
                    let files = files_of(event.clipboard_data());
                    if !files.is_empty() {
                        event.prevent_default();
                        uploads.add(files);
                    }
                }
            ></textarea>
            <Closed thread is_open is_empty />
            <div class="composer-f">
                {live(move || {
                    is_open
                        .get()
                        .then(|| {
                            view! {
                                <AttachButton uploads />
                                <EmojiButton input text=writing.text />
                            }
                        })
                })}
                <span class="push">
                    {live(move || {
                        if is_open.get() {
                            view! {
                                <button
                                    class="btn btn-primary"
                                    type="submit"
                                    aria-disabled=told(move || {
                                        (is_empty.get() || uploads.is_busy_now()).then_some("true")
                                    })
                                >
                                    {words.send}
                                </button>
                            }
                                .into_any()
                        } else {
                            view! {
                                <button
                                    class="btn btn-primary"
                                    type="button"
                                    on:click=move |_| template.set(true)
                                >
                                    {glyph(Icon::Template, "i i-sm")}
                                    {words.use_template}
                                </button>
                            }
                                .into_any()
                        }
                    })}
                </span>
            </div>
        </form>
        {later_layer(template, Later::Template { open: template })}
    }
}

/// Everything that changes is kept at once.
fn keep(desk: Desk, writing: Writing) {
    let talk = writing.talk;
    Effect::new(move |before: Option<()>| {
        writing.text.track();
        writing.files.track();
        talk.reply_to.track();
        if before.is_some() {
            desk.keep_draft(talk.id, &writing.draft());
        }
    });
    Effect::new(move |before: Option<()>| {
        talk.draft_changed.track();
        if before.is_some() {
            writing.read(desk.draft(talk.id));
        }
    });
}

/// A draft as the messages it becomes: each file one, the first with the text below it.
fn to_send(draft: Draft) -> Vec<(Content, Option<shared::ids::MessageId>)> {
    let text = draft.text.trim().to_owned();
    if draft.files.is_empty() {
        return vec![(Content::Text { body: text }, draft.reply_to)];
    }
    let takes_caption = |kind| !matches!(kind, MessageKind::Audio);
    let mut caption = Some(text).filter(|text| !text.is_empty());
    let mut messages = Vec::new();
    for file in draft.files {
        let kind = kind_of(&file.mime_type);
        let caption = if takes_caption(kind) { caption.take() } else { None };
        messages.push(Content::Media(Media {
            media: kind,
            file: Some(file.id),
            mime_type: Some(file.mime_type),
            file_name: Some(file.name),
            caption,
            is_voice: false,
            is_animated: false,
            size_bytes: Some(file.size_bytes),
            missing: None,
        }));
    }
    messages.extend(caption.map(|body| Content::Text { body }));
    let mut reply_to = draft.reply_to;
    messages.into_iter().map(|content| (content, reply_to.take())).collect()
}

fn kind_of(mime_type: &str) -> MessageKind {
    match mime_type {
        "image/jpeg" | "image/png" => MessageKind::Image,
        "image/webp" => MessageKind::Sticker,
        "video/mp4" | "video/3gpp" => MessageKind::Video,
        _ if mime_type.starts_with("audio/") => MessageKind::Audio,
        _ => MessageKind::Document,
    }
}

/// What is written waits: my line is down, or the channel is paused.
#[component]
fn WaitNote(thread: Memo<Option<Arc<Thread>>>) -> impl IntoView {
    let desk = desk();
    let words = &t().inbox;
    let note = Memo::new(move |_| {
        if matches!(desk.feed.freshness.get(), Freshness::Down(6..)) {
            return Some((Icon::WifiOff, words.no_line_note));
        }
        let channel = thread.with(|thread| thread.as_ref().map(|thread| thread.channel))?;
        let channel = desk.channels.with(|channels| channels.get(channel))?;
        matches!(channel.state, ChannelState::Paused { .. })
            .then_some((Icon::Pause, words.channel_paused_note))
    });
    live(move || {
        note.get().map(|(icon, text)| {
            view! {
                <span class="row warn-t" role="status">
                    {glyph(icon, "i i-sm")}
                    <span>{text}</span>
                </span>
            }
        })
    })
}

/// The message that is being answered.
#[component]
fn ReplyTo(name: Memo<String>) -> impl IntoView {
    let desk = desk();
    let talk: Talk = expect_context();
    let words = &t().inbox;
    let quote = Memo::new(move |_| {
        let message = desk.talk.with(|known| talk.reply_to.get().and_then(|id| known.get(id)))?;
        Some(shared::messages::Quote {
            id: Some(message.id),
            is_outbound: message.is_outbound,
            kind: message.kind,
            preview: message.content.as_ref().and_then(text_of).map(str::to_owned),
        })
    });
    live(move || {
        quote.get().map(|quote| {
            view! {
                <div class="composer-q">
                    <span class="sr">{words.replying_to}</span>
                    {quoted(&quote, name)}
                    <button
                        class="btn-icon sm"
                        type="button"
                        aria-label=words.drop_reply
                        on:click=move |_| {
                            talk.reply_to.set(None);
                            dom::focus_soon("composer");
                        }
                    >
                        {glyph(Icon::X, "i i-sm")}
                    </button>
                </div>
            }
        })
    })
}

/// Why only a template can go out, and that the text is kept.
#[component]
fn Closed(
    thread: Memo<Option<Arc<Thread>>>,
    is_open: Memo<bool>,
    is_empty: Memo<bool>,
) -> impl IntoView {
    let words = &t().inbox;
    live(move || {
        (!is_open.get()).then(|| {
            let has_written = thread
                .with(|thread| thread.as_ref().is_some_and(|row| row.window_closes_at.is_some()));
            let why = if has_written { words.closed_text } else { words.never_text };
            view! {
                <p class="composer-note" role="status">
                    <span>
                        {why}
                        {live(move || (!is_empty.get()).then(|| view! { " " <b>{words.draft_kept}</b> }))}
                    </span>
                </p>
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::to_send;
    use crate::stores::Draft;
    use shared::{
        files::StoredFile,
        messages::{Content, MessageKind},
    };

    fn file(n: u128, mime_type: &str) -> StoredFile {
        StoredFile {
            id: uuid::Uuid::from_u128(n).into(),
            mime_type: mime_type.to_owned(),
            name: format!("arquivo-{n}"),
            size_bytes: 10,
        }
    }

    #[test]
    fn a_text_is_one_message_without_its_outer_spaces() {
        let draft = Draft { text: " Oi \n".to_owned(), ..Draft::default() };
        let sent = to_send(draft);
        assert_eq!(sent, [(Content::Text { body: "Oi".to_owned() }, None)]);
    }

    #[test]
    fn the_text_stands_below_the_first_file_that_can_have_one() {
        let draft = Draft {
            text: "Segue".to_owned(),
            files: vec![file(1, "audio/ogg"), file(2, "application/pdf"), file(3, "image/png")],
            reply_to: Some(uuid::Uuid::from_u128(9).into()),
        };
        let sent = to_send(draft);
        let captions: Vec<_> = sent
            .iter()
            .map(|(content, _)| match content {
                Content::Media(media) => (media.media, media.caption.as_deref()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            captions,
            [
                (MessageKind::Audio, None),
                (MessageKind::Document, Some("Segue")),
                (MessageKind::Image, None)
            ]
        );
        assert!(sent[0].1.is_some() && sent[1].1.is_none());
    }

    #[test]
    fn a_sound_alone_lets_the_text_follow() {
        let draft =
            Draft { text: "Ouça".to_owned(), files: vec![file(1, "audio/ogg")], reply_to: None };
        assert_eq!(to_send(draft).len(), 2);
    }
}
