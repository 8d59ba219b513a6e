//! The live feed's frames (D13).
//!
//! The browser counts: `after` of a frame must equal the `through` of the frame before, else it
//! asks again from its own cursor. A cursor is opaque to the browser.

use serde::{Deserialize, Serialize};

use crate::ids::{ChannelId, CompanyId, ConversationId};

/// What a browser may listen to. All of it is within one company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Topic {
    /// Every thread's row: new messages, states, unread counts.
    Threads,
    /// One conversation's messages.
    Conversation(ConversationId),
    /// All channels' states.
    Channels,
    /// One channel's state.
    Channel(ChannelId),
    /// Contacts' names and identities.
    Contacts,
    /// Members and roles, and what the reader herself may do.
    Team,
}

/// What a browser says. The first frame must be [`ClientFrame::Resume`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Where it stands, and what it wants to hear.
    Resume {
        /// The company.
        company: CompanyId,
        /// The last `through` it has applied; absent: begin now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
        /// What it wants to hear.
        topics: Vec<Topic>,
    },
    /// Another set of topics, from the next frame on.
    Topics {
        /// What it wants to hear.
        topics: Vec<Topic>,
    },
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The session is accepted. The browser's cursor holds, or it must load its screens anew.
    Welcome {
        /// Where the feed goes on.
        cursor: String,
        /// The cursor that was sent is of no use any more: load everything again.
        reload: bool,
        /// The server's clock.
        now: chrono::DateTime<chrono::Utc>,
    },
    /// What happened between two cursors; without changes once a second.
    Changes {
        /// The cursor behind which it begins.
        after: String,
        /// The cursor it reaches.
        through: String,
        /// The number of the last event, for people.
        position: i64,
        /// What happened, in order.
        changes: Vec<Change>,
        /// The server's clock.
        now: chrono::DateTime<chrono::Utc>,
    },
    /// A topic is not for this reader any more.
    Gone {
        /// Which.
        topic: Topic,
    },
    /// The read models of this company stand still.
    Stale {
        /// Since when.
        since: chrono::DateTime<chrono::Utc>,
    },
    /// The socket closes: the session ended, or the company may not be seen any more.
    Closed {
        /// A problem code.
        code: String,
    },
}

/// One thing that happened, as far as a screen must know it: the row as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Change {
    /// A thread's row is now so.
    Thread(Box<crate::conversations::Thread>),
    /// A message is now so.
    Message(Box<crate::messages::Message>),
    /// A channel is now so.
    Channel(Box<crate::channels::Channel>),
    /// A contact is now so.
    Contact(Box<crate::contacts::Contact>),
    /// The reader's own rights changed: ask `/api/v1/me` again.
    Rights,
}

impl Eq for Change {}
