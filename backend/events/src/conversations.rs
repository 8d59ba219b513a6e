//! Threads and the labels that a company puts on them. Streams `conversation`, `label`.

use chrono::{DateTime, Utc};
use shared::{
    conversations::{LabelColour, Priority},
    ids::{ChannelId, ContactId, IdentityId, LabelId, MessageId, UserId},
    stored::ConfigText,
};

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
        /// It is somebody's to answer, or nobody's again.
        Assigned = "conversations.conversation.assigned" {
            /// Whose.
            to: Option<UserId>,
        }
        /// It is dealt with. What the person says next opens it again, without an event of its own.
        Resolved = "conversations.conversation.resolved" {}
        /// It was dealt with or put off, and is not any more.
        Reopened = "conversations.conversation.reopened" {}
        /// It is put off. It comes back at that time, or with what the person says next.
        Snoozed = "conversations.conversation.snoozed" {
            /// Until when.
            until: DateTime<Utc>,
        }
        /// The time that it was put off to has come.
        Woken = "conversations.conversation.woken" {}
        /// How much it hurries.
        Prioritised = "conversations.conversation.prioritised" {
            /// How much.
            priority: Priority,
        }
        /// It bears a label.
        Labelled = "conversations.conversation.labelled" {
            /// Which.
            label: LabelId,
        }
        /// It bears it no longer.
        Unlabelled = "conversations.conversation.unlabelled" {
            /// Which.
            label: LabelId,
        }
    }
}

events! {
    /// The life of a label.
    LabelEvent {
        /// There is one. Its name is claimed in the same commit.
        Created = "conversations.label.created" {
            /// What it says.
            name: ConfigText,
            /// Its colour.
            colour: LabelColour,
        }
        /// It says something else, or looks different.
        Changed = "conversations.label.changed" {
            /// What it says.
            name: ConfigText,
            /// Its colour.
            colour: LabelColour,
        }
        /// It is gone; conversations that bore it show it no longer.
        Removed = "conversations.label.removed" {}
    }
}
