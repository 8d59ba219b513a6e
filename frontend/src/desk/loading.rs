//! What the desk asks for: the lists, the open conversation, older messages, people.

use std::{sync::Arc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use shared::{
    ids::{ContactId, ConversationId},
    permission::Permission,
};

use super::{Desk, Load, topics};
use crate::{
    browser::dom,
    stores::{Conversation, Filter, Older},
};

/// So many conversations stay at hand when one is left.
const KEPT: usize = 12;
/// The feed has so long to say where it begins before the lists are loaded without it.
const PATIENCE: Duration = Duration::from_millis(1_200);
/// So long a hand rests before its words are asked for.
const A_REST: Duration = Duration::from_millis(250);

impl Desk {
    /// Loads at the beginning, and again whenever the feed cannot go on from its cursor.
    pub(super) fn keep_loaded(self) {
        Effect::new(move |_| {
            if self.feed.reloads.get() > 0 {
                self.reload();
            }
        });
        set_timeout(
            move || {
                let is_late = self.feed.reloads.try_get_untracked() == Some(0);
                if is_late {
                    self.reload();
                }
            },
            PATIENCE,
        );
    }

    /// Loads everything on the screen anew.
    pub(crate) fn reload(self) {
        if let Some(cursor) = self.feed.cursor() {
            self.api.wait_for(&cursor);
        }
        self.load_threads(true);
        self.load_channels();
        if let Some(open) = self.talk.with_untracked(Conversation::id) {
            self.kept.update_value(Vec::clear);
            self.load_newest(open, 0);
        }
    }

    fn may(self, permission: Permission) -> bool {
        self.session.company(self.company).is_some_and(|company| company.may(permission))
    }

    /// Loads the first page of threads, or the next one.
    pub(crate) fn load_threads(self, is_first: bool) {
        if !untrack(|| self.may(Permission::ReadConversations)) {
            return;
        }
        if !is_first && self.threads_load.get_untracked() == Load::Busy {
            return;
        }
        let after = self.threads.with_untracked(|threads| threads.next().map(str::to_owned));
        if !is_first && after.is_none() {
            return;
        }
        self.threads_load.set(Load::Busy);
        self.threads.update_untracked(crate::stores::Threads::begin_load);
        let after = if is_first { None } else { after };
        spawn_local(async move {
            let answer = self.api.threads(after.as_deref()).await;
            let load = match answer {
                Ok(page) => {
                    self.threads.try_update(|threads| threads.take(page, is_first));
                    Load::Idle
                }
                Err(failure) => Load::Failed(failure),
            };
            let _gone = self.threads_load.try_set(load);
        });
    }

    /// Asks for the threads of those whom the words of a filter find, once the hand rests.
    pub(crate) fn find_threads(self, filter: RwSignal<Filter>) {
        let words = filter.with_untracked(|filter| filter.words.trim().to_owned());
        if words.is_empty() {
            return;
        }
        let is_still_asked = move |words: &str| {
            filter.try_with_untracked(|filter| filter.words.trim() == words) == Some(true)
        };
        set_timeout(
            move || {
                if !is_still_asked(&words) {
                    return;
                }
                spawn_local(async move {
                    // Without an answer the list shows what it has.
                    let Ok(page) = self.api.find_threads(&words).await else { return };
                    if !is_still_asked(&words) {
                        return;
                    }
                    let found = page.items.iter().map(|thread| thread.id).collect();
                    self.threads.try_update(|threads| {
                        page.items.into_iter().for_each(|thread| threads.know(thread));
                    });
                    filter.try_update(|filter| filter.found = found);
                });
            },
            A_REST,
        );
    }

    /// Loads the channels.
    pub(crate) fn load_channels(self) {
        if !untrack(|| self.may(Permission::ReadChannels)) {
            return;
        }
        self.channels_load.set(Load::Busy);
        spawn_local(async move {
            let load = match self.api.channels().await {
                Ok(page) => {
                    self.channels.try_update(|channels| channels.take(page.items));
                    Load::Idle
                }
                Err(failure) => Load::Failed(failure),
            };
            let _gone = self.channels_load.try_set(load);
        });
    }

    /// Opens a conversation: from memory at once, from the server right after.
    pub(crate) fn open_talk(self, id: ConversationId) {
        let before = self.talk.get_untracked();
        if before.id() == Some(id) {
            return;
        }
        let mut known = None;
        self.kept.update_value(|kept| {
            if before.is_loaded() {
                kept.push(before);
            }
            if let Some(at) = kept.iter().position(|talk| talk.id() == Some(id)) {
                known = Some(kept.remove(at));
            }
            if kept.len() > KEPT {
                kept.remove(0);
            }
        });
        self.talk.set(known.unwrap_or_else(|| Conversation::of(id)));
        self.feed.listen(topics(Some(id)));
        let n_unread =
            self.threads.with_untracked(|threads| threads.get(id).map(|row| row.n_unread));
        self.load_newest(id, n_unread.unwrap_or_default());
        if n_unread.is_none() {
            self.load_thread(id);
        }
    }

    /// Nothing is open any more.
    pub(crate) fn close_talk(self) {
        let before = self.talk.get_untracked();
        if before.is_loaded() {
            self.kept.update_value(|kept| kept.push(before));
        }
        self.talk.set(Conversation::default());
        self.feed.listen(topics(None));
    }

    /// A thread that is opened by its address may not be among those loaded.
    fn load_thread(self, id: ConversationId) {
        spawn_local(async move {
            if let Ok(thread) = self.api.thread(id).await {
                self.threads.try_update(|threads| threads.know(thread));
            }
        });
    }

    /// Loads the newest messages of the open conversation.
    pub(crate) fn load_newest(self, id: ConversationId, n_unread: i64) {
        self.talk_load.set(Load::Busy);
        self.talk.update_untracked(Conversation::begin_load);
        spawn_local(async move {
            let answer = self.api.messages(id, None).await;
            if self.talk.try_with_untracked(Conversation::id).flatten() != Some(id) {
                return;
            }
            let load = match answer {
                Ok(page) => {
                    let ids: Vec<_> = page.items.iter().map(|message| message.id).collect();
                    self.talk.update(|talk| {
                        talk.take_newest(page);
                        talk.mark_unread(usize::try_from(n_unread).unwrap_or_default());
                    });
                    self.seen(&ids);
                    self.mark_read();
                    Load::Idle
                }
                Err(failure) => Load::Failed(failure),
            };
            self.talk_load.set(load);
        });
    }

    /// Loads what lies above the oldest message.
    pub(crate) fn load_older(self) {
        let older = self.talk.with_untracked(|talk| (talk.id(), talk.older().clone()));
        let (Some(id), Older::More(after)) = older else { return };
        if self.talk_load.get_untracked() == Load::Busy {
            return;
        }
        self.talk_load.set(Load::Busy);
        spawn_local(async move {
            let answer = self.api.messages(id, Some(&after)).await;
            if self.talk.try_with_untracked(Conversation::id).flatten() != Some(id) {
                return;
            }
            let load = match answer {
                Ok(page) => {
                    self.talk.update(|talk| talk.take_older(page));
                    Load::Idle
                }
                Err(failure) => Load::Failed(failure),
            };
            self.talk_load.set(load);
        });
    }

    /// Tells the server that the open conversation was seen, if somebody can see it.
    pub(crate) fn mark_read(self) {
        if dom::is_hidden() || !untrack(|| self.may(Permission::SendMessages)) {
            return;
        }
        let open = self.talk.with_untracked(|talk| talk.id().zip(talk.last_inbound()));
        let Some((id, through)) = open else { return };
        let is_unread = self
            .threads
            .with_untracked(|threads| threads.get(id).is_none_or(|row| row.n_unread > 0));
        if !is_unread {
            return;
        }
        self.threads.update(|threads| threads.read(id));
        spawn_local(async move {
            // The next message or the next opening tells it again.
            let _told = self.api.mark_read(id, through).await;
        });
    }

    /// Asks for a person, unless she is known.
    pub(crate) fn look_at(self, id: ContactId) {
        if self.contacts.with_untracked(|known| known.contains_key(&id)) {
            return;
        }
        self.load_contact(id);
    }

    /// Asks for a person.
    pub(crate) fn load_contact(self, id: ContactId) {
        spawn_local(async move {
            if let Ok(contact) = self.api.contact(id).await {
                self.contacts.try_update(|known| known.insert(id, Arc::new(contact)));
            }
        });
    }
}
