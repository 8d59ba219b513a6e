//! Threads. Stream `conversation`.

use shared::ids::{ChannelId, ContactId, IdentityId, MessageId};

events! {
    /// The life of a conversation: what is said in it is ordered by its own sequence (D38).
    ConversationEvent {
        /// It began. Its claim (channel, address) is taken in the same commit.
        Opened = "conversations.conversation.opened" {
            /// The channel.
            channel: ChannelId,
            /// The contact whose address it is.
            contact: ContactId,
            /// The address it began with.
            identity: IdentityId,
        }
        /// The person has another address from now on; answers go there.
        IdentityChanged = "conversations.conversation.identity_changed" {
            /// The new one.
            identity: IdentityId,
        }
        /// The person said something.
        MessageReceived = "conversations.conversation.message_received" {
            /// What.
            message: MessageId,
        }
        /// The company said something.
        MessageSent = "conversations.conversation.message_sent" {
            /// What.
            message: MessageId,
        }
    }
}
