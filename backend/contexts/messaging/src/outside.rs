//! What this context asks of others: threads, files, the provider's read marks.

use std::sync::Arc;

use futures::future::BoxFuture;
use kernel::{
    commit::{Append, Claim, Context},
    error::Error,
};
use shared::ids::{ChannelId, ContactId, ConversationId, FileId, MessageId};
use uuid::Uuid;

/// A person to write to, as a program names her.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// A phone number, as written.
    Phone(String),
    /// A contact.
    Contact(ContactId),
}

/// A thread that is there, or will be with these parts of a commit.
#[derive(Debug)]
pub struct Opened {
    /// The thread.
    pub conversation: ConversationId,
    /// The contact whose address it is.
    pub contact: ContactId,
    /// The address.
    pub to: events::messaging::Recipient,
    /// What makes it.
    pub appends: Vec<Append>,
    /// What it takes.
    pub claims: Vec<Claim>,
}

/// Why there is no thread.
#[derive(Debug, thiserror::Error)]
pub enum NoThread {
    /// The number is none.
    #[error("the phone number is not one")]
    NotANumber,
    /// The contact is not there, was erased, or has no address on the channel.
    #[error("the contact cannot be reached on the channel")]
    Unreachable,
    /// Below.
    #[error("kernel")]
    Kernel(#[from] Error),
}

/// Who finds or opens threads; contacts and conversations are other contexts.
pub trait Threads: Send + Sync + 'static {
    /// The thread of a channel with a person.
    fn open<'a>(
        &'a self,
        company: Uuid,
        channel: ChannelId,
        to: &'a Addressee,
        context: &'a Arc<Context>,
    ) -> BoxFuture<'a, Result<Opened, NoThread>>;
}

/// Who knows files.
pub trait Files: Send + Sync + 'static {
    /// What a file of the company is, and how large: nothing when it is not there.
    fn look(
        &self,
        company: Uuid,
        file: FileId,
    ) -> BoxFuture<'_, Result<Option<(String, i64)>, Error>>;
}

/// Who shows a person that she was read, and that somebody is typing. Never waits.
pub trait Presence: Send + Sync + 'static {
    /// Shows it for a message of hers; a message of the company shows nothing.
    fn show(&self, company: Uuid, message: MessageId, is_typing: bool);
}
