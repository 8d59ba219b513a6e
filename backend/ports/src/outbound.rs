//! A message on its way out, and the port that sends it.

use shared::messages::{Interactive, Template};

use crate::{Answer, outcome::Outcome, secret::Secret};

/// How one channel speaks to its provider.
#[derive(Clone, Debug)]
pub struct Access {
    /// The provider's id of the sending number.
    pub number_id: String,
    /// The token that may send from it.
    pub token: Secret,
}

/// One attempt to send.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub content: Content,
    /// The provider's id of the message that this one answers.
    pub reply_to: Option<String>,
    /// Our id of message and attempt, which comes back with every status.
    pub attempt: String,
}

/// Whom a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// A telephone number, digits with country code.
    Phone(String),
    /// A WhatsApp user without a known number (a BSUID).
    User(String),
    /// A group.
    Group(String),
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text.
    Text {
        /// The text.
        body: String,
        /// Whether the first address in it is shown as a card.
        preview_url: bool,
    },
    /// A file that was uploaded before.
    Media(Media),
    /// An emoji on a message; none takes it away.
    Reaction {
        /// The provider's id of the message that it is put on.
        target: String,
        /// The emoji.
        emoji: Option<String>,
    },
    /// Buttons or a list.
    Interactive(Interactive),
    /// A template that the provider approved.
    Template(Template),
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// What is there.
        name: Option<String>,
        /// Its address.
        address: Option<String>,
    },
}

/// A file that goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// What kind of file it is shown as.
    pub kind: MediaKind,
    /// The provider's id of the uploaded file.
    pub id: String,
    /// A text below it; not with audio and stickers.
    pub caption: Option<String>,
    /// The name under which a document is shown.
    pub filename: Option<String>,
    /// Shown as a voice note; audio only.
    pub is_voice: bool,
}

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound.
    Audio,
    /// Any other file.
    Document,
    /// A sticker.
    Sticker,
}

impl MediaKind {
    /// The provider's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

/// Marks what a person wrote as seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The provider's id of the last message read.
    pub message: String,
    /// Whether the person also sees that somebody is typing.
    pub is_typing: bool,
}

/// Sends on one medium.
pub trait Messenger: Send + Sync {
    /// Makes one attempt; never more than one call.
    fn send<'a>(&'a self, access: &'a Access, message: &'a Outbound) -> Answer<'a, Outcome>;

    /// Shows the person that her message was read, and that somebody is typing.
    fn mark_seen<'a>(
        &'a self,
        access: &'a Access,
        seen: &'a Seen,
    ) -> Answer<'a, Result<(), crate::connect::Trouble>>;
}
