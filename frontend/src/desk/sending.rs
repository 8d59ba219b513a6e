//! Sending: what is written goes to the outbox at once and from there to the server, as often as it
//! takes, under one key.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::{CompanyId, ConversationId, MessageId},
    messages::{Content, Message, Quote, SendMessage},
};

use super::Desk;
use crate::{
    api::Failure,
    browser::{clock, dom, storage},
    stores::{Conversation, Draft, Outbox, Outgoing, Progress},
    ui::{Icon, toast},
    words,
};

/// How a person ends a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// She has seen that it arrived.
    Arrived,
    /// She wants it sent once more.
    SendAgain,
}

fn key(company: CompanyId) -> String {
    format!("outbox.{company}")
}

/// What an earlier page left without an answer.
pub(super) fn restore(company: CompanyId) -> Outbox {
    storage::read_json(&key(company)).unwrap_or_default()
}

impl Desk {
    /// Sends what waits, at the beginning and whenever the line comes back.
    pub(super) fn keep_sending(self) {
        Effect::new(move |_| {
            self.feed.freshness.track();
            self.pump();
        });
    }

    /// Sends something to a thread.
    pub(crate) fn send(
        self,
        conversation: ConversationId,
        content: Content,
        reply_to: Option<MessageId>,
    ) {
        let quotes = reply_to
            .and_then(|id| self.talk.with_untracked(|talk| talk.get(id)))
            .map(|message| quote(&message));
        self.outbox.update(|outbox| {
            outbox.add(Outgoing {
                key: dom::fresh_key(),
                conversation,
                content,
                reply_to,
                quotes,
                at: clock::now(),
                progress: Progress::Waiting,
            });
        });
        self.keep_outbox();
        self.pump();
    }

    /// A message that failed goes out again, as a new one.
    pub(crate) fn send_again(self, message: &Message) {
        if let Some(content) = message.content.clone() {
            let reply_to = message.quotes.as_ref().and_then(|quote| quote.id);
            self.send(message.conversation, content, reply_to);
        }
    }

    /// What a person decides about a message of which nobody knows whether it arrived.
    pub(crate) fn decide(self, message: MessageId, doubt: Doubt) {
        spawn_local(async move {
            let done = match doubt {
                Doubt::Arrived => self.api.confirm(message).await,
                Doubt::SendAgain => self.api.say_again(message).await,
            };
            if let Err(failure) = done {
                toast(Icon::CircleAlert, words::sentence(&failure));
            }
        });
    }

    /// Something that the server refused goes out again, as a new one.
    pub(crate) fn retry(self, key: &str) {
        let dropped = self.outbox.try_update(|outbox| outbox.take(key)).flatten();
        if let Some(refused) = dropped {
            self.send(refused.conversation, refused.content, refused.reply_to);
        }
    }

    /// Something that the server refused is dropped.
    pub(crate) fn drop_outgoing(self, key: &str) {
        self.outbox.update(|outbox| drop(outbox.take(key)));
        self.keep_outbox();
    }

    /// A text goes back to the draft, behind what stands there.
    pub(crate) fn back_to_draft(self, thread: ConversationId, content: &Content) -> Option<Draft> {
        let Content::Text { body } = content else { return None };
        let mut draft = self.draft(thread);
        if !draft.text.trim().is_empty() {
            draft.text.push('\n');
        }
        draft.text.push_str(body);
        self.keep_draft(thread, &draft);
        Some(draft)
    }

    /// Reacts to a message; an empty emoji takes the reaction back.
    pub(crate) fn react(self, message: MessageId, emoji: String) {
        spawn_local(async move {
            if let Err(failure) = self.api.react(message, emoji).await {
                toast(Icon::CircleAlert, words::sentence(&failure));
            }
        });
    }

    /// These messages are on the screen: what stood for them may go.
    pub(super) fn seen(self, ids: &[MessageId]) {
        let waits = self.outbox.with_untracked(|outbox| !outbox.is_empty());
        if waits {
            self.outbox.update(|outbox| ids.iter().for_each(|id| outbox.seen(*id)));
        }
    }

    fn keep_outbox(self) {
        let kept = self.outbox.with_untracked(Outbox::to_keep);
        if kept.is_empty() {
            storage::forget(&key(self.company));
        } else {
            storage::write_json(&key(self.company), &kept);
        }
    }

    fn pump(self) {
        while let Some(next) = self.outbox.with_untracked(|outbox| outbox.next().cloned()) {
            self.outbox.update(|outbox| outbox.set(&next.key, Progress::Asking));
            self.ask(next);
        }
    }

    fn ask(self, outgoing: Outgoing) {
        spawn_local(async move {
            let message = SendMessage { content: outgoing.content, reply_to: outgoing.reply_to };
            let answer = self.api.send(outgoing.conversation, &message, &outgoing.key).await;
            let progress = match answer {
                Ok(queued) => Progress::Queued { message: queued.message },
                Err(failure) if failure.may_pass() => Progress::Waiting,
                Err(Failure::Refused(problem)) => {
                    Progress::Refused { code: problem.code, detail: problem.detail }
                }
                Err(_unreadable) => {
                    Progress::Refused { code: String::new(), detail: String::new() }
                }
            };
            self.answered(outgoing.conversation, &outgoing.key, progress);
        });
    }

    fn answered(self, thread: ConversationId, key: &str, progress: Progress) {
        let waits = progress == Progress::Waiting;
        let queued = if let Progress::Queued { message } = progress { Some(message) } else { None };
        let is_there = self.outbox.try_update(|outbox| outbox.set(key, progress)).is_some();
        if !is_there {
            return;
        }
        if let Some(message) = queued {
            // It may have come by the feed before the answer; in another thread nobody looks at it.
            let is_seen = self.talk.with_untracked(|talk| {
                Conversation::id(talk) != Some(thread) || talk.get(message).is_some()
            });
            if is_seen {
                self.seen(&[message]);
            }
        }
        self.keep_outbox();
        if waits {
            set_timeout(
                move || {
                    if self.outbox.try_with_untracked(|_| ()).is_some() {
                        self.pump();
                    }
                },
                Duration::from_secs(3),
            );
        } else {
            self.pump();
        }
    }
}

fn quote(message: &Message) -> Quote {
    Quote {
        id: Some(message.id),
        is_outbound: message.is_outbound,
        kind: message.kind,
        preview: message.content.as_ref().and_then(crate::stores::text_of).map(str::to_owned),
    }
}
