//! A message on its way out, and the port that sends it.

use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Text.
    Text {
        /// The text.
        body: String,
        /// Whether the first address in it is shown as a card.
        #[serde(default)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// What kind of file it is shown as.
    pub kind: MediaKind,
    /// The provider's id of the uploaded file.
    pub id: String,
    /// A text below it; not with audio and stickers.
    #[serde(default)]
    pub caption: Option<String>,
    /// The name under which a document is shown.
    #[serde(default)]
    pub filename: Option<String>,
    /// Shown as a voice note; audio only.
    #[serde(default)]
    pub is_voice: bool,
}

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// A message that is answered by tapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interactive {
    /// A line above.
    #[serde(default)]
    pub header: Option<String>,
    /// The text.
    pub body: String,
    /// A line below.
    #[serde(default)]
    pub footer: Option<String>,
    /// What can be tapped.
    pub choices: Choices,
}

/// What can be tapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Choices {
    /// Up to three buttons.
    Buttons {
        /// The buttons.
        buttons: Vec<Choice>,
    },
    /// A list that opens.
    List {
        /// The text of the button that opens it.
        button: String,
        /// Its sections.
        sections: Vec<Section>,
    },
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its title; needed when there are several.
    #[serde(default)]
    pub title: Option<String>,
    /// Its rows.
    pub rows: Vec<Choice>,
}

/// A button or a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What comes back when it is tapped.
    pub id: String,
    /// What is written on it.
    pub title: String,
    /// A second line; rows only.
    #[serde(default)]
    pub description: Option<String>,
}

/// A template with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language, as the provider writes it: `pt_BR`.
    pub language: String,
    /// Its parameters, part by part.
    #[serde(default)]
    pub parts: Vec<TemplatePart>,
}

/// The parameters of one part of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum TemplatePart {
    /// Above the text.
    Header {
        /// Its parameters.
        parameters: Vec<Parameter>,
    },
    /// The text.
    Body {
        /// Its parameters.
        parameters: Vec<Parameter>,
    },
    /// A button, counted from 0.
    Button {
        /// Which.
        index: u8,
        /// What kind: `url`, `quick_reply`, `copy_code` …
        sub_type: String,
        /// Its parameters.
        parameters: Vec<Parameter>,
    },
}

/// One value of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Parameter {
    /// A text.
    Text {
        /// The text.
        text: String,
        /// The parameter's name, in templates with named parameters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parameter_name: Option<String>,
    },
    /// An amount in thousandths.
    Currency {
        /// Shown when it cannot be written in the reader's way.
        fallback: String,
        /// ISO 4217.
        code: String,
        /// The amount × 1000.
        amount_1000: i64,
    },
    /// A date as text.
    DateTime {
        /// The text.
        fallback: String,
    },
    /// An uploaded file.
    Media {
        /// What kind of file.
        kind: MediaKind,
        /// The provider's id of it.
        id: String,
        /// The name under which a document is shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    },
    /// What a quick-reply button sends back.
    Payload {
        /// The text that comes back.
        payload: String,
    },
    /// A code to copy.
    CouponCode {
        /// The code.
        code: String,
    },
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
