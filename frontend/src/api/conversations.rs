//! Threads and messages.

use shared::{
    conversations::{MarkRead, Thread},
    ids::{ConversationId, MessageId},
    messages::{Message, Queued, React, SendMessage},
    page::Page,
};

use super::{Answer, Api};

/// How many threads a page has.
pub(crate) const THREADS_A_PAGE: usize = 200;
/// How many messages a page has.
const MESSAGES_A_PAGE: usize = 50;

fn key(after: Option<&str>) -> String {
    match after {
        Some(after) => format!("&after={}", js_sys::encode_uri_component(after)),
        None => String::new(),
    }
}

impl Api {
    /// The threads, the last active first.
    pub(crate) async fn threads(self, after: Option<&str>) -> Answer<Page<Thread>> {
        self.get(&format!("/api/v1/conversations?limit={THREADS_A_PAGE}{}", key(after))).await
    }

    /// The threads of those whom a text finds.
    pub(crate) async fn find_threads(self, words: &str) -> Answer<Page<Thread>> {
        let words = js_sys::encode_uri_component(words);
        self.get(&format!("/api/v1/conversations?limit=50&search={words}")).await
    }

    /// One thread.
    pub(crate) async fn thread(self, id: ConversationId) -> Answer<Thread> {
        self.get(&format!("/api/v1/conversations/{id}")).await
    }

    /// A thread's messages, the newest first.
    pub(crate) async fn messages(
        self,
        id: ConversationId,
        after: Option<&str>,
    ) -> Answer<Page<Message>> {
        let path =
            format!("/api/v1/conversations/{id}/messages?limit={MESSAGES_A_PAGE}{}", key(after));
        self.get(&path).await
    }

    /// Sends; the key names the message.
    pub(crate) async fn send(
        self,
        id: ConversationId,
        message: &SendMessage,
        key: &str,
    ) -> Answer<Queued> {
        self.post_keyed(&format!("/api/v1/conversations/{id}/messages"), message, key).await
    }

    /// Everything up to a message was seen.
    pub(crate) async fn mark_read(self, id: ConversationId, through: MessageId) -> Answer<()> {
        self.tell(&format!("/api/v1/conversations/{id}/read"), &MarkRead { through }).await
    }

    /// Somebody is writing: the person sees it for some seconds.
    pub(crate) async fn typing(self, id: ConversationId) -> Answer<()> {
        let path = format!("/api/v1/conversations/{id}/typing");
        self.tell(&path, &serde_json::Map::new()).await
    }

    /// Says it once more, as a new message; asked twice, it is one.
    pub(crate) async fn say_again(self, id: MessageId) -> Answer<()> {
        self.tell_keyed(&format!("/api/v1/messages/{id}/retry"), &(), &format!("again-{id}")).await
    }

    /// A person has seen that a message without an outcome arrived.
    pub(crate) async fn confirm(self, id: MessageId) -> Answer<()> {
        self.tell(&format!("/api/v1/messages/{id}/confirm"), &()).await
    }

    /// Reacts to a message; an empty emoji takes the reaction back.
    pub(crate) async fn react(self, id: MessageId, emoji: String) -> Answer<()> {
        self.tell(&format!("/api/v1/messages/{id}/reaction"), &React { emoji }).await
    }
}
