//! One message: who, when, in answer to what, and its body by type.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::{Extra, Person, ProviderError, Unsupported, Why, fields::Fields};

mod body;

/// A message, from a person or (an echo) to one.
#[derive(Debug)]
pub struct Message {
    /// Meta's id of it.
    pub id: String,
    /// Whether the company wrote it.
    pub is_outbound: bool,
    /// The person at the other end.
    pub person: Person,
    /// The group that it was written in.
    pub group_id: Option<String>,
    /// When it was written.
    pub at: Option<DateTime<Utc>>,
    /// Meta's word for its type.
    pub kind: String,
    /// What it answers or passes on.
    pub context: Option<Context>,
    /// The advertisement that led here.
    pub referral: Option<Referral>,
    /// What it says.
    pub body: Body,
    /// What Meta could not do with it.
    pub errors: Vec<ProviderError>,
    /// What we do not know.
    pub extra: Extra,
}

/// What a message answers or passes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Who wrote the message that is answered.
    pub from: Option<String>,
    /// Meta's id of it.
    pub id: Option<String>,
    /// Passed on from elsewhere.
    pub is_forwarded: bool,
    /// Passed on more than five times.
    pub is_frequently_forwarded: bool,
    /// The product that it is about: catalogue and retailer's id.
    pub product: Option<(Option<String>, Option<String>)>,
}

/// The advertisement or post that led to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referral {
    /// `ad` or `post`.
    pub source_type: Option<String>,
    /// Meta's id of it.
    pub source_id: Option<String>,
    /// Its address.
    pub source_url: Option<String>,
    /// Its heading.
    pub headline: Option<String>,
    /// Its text.
    pub body: Option<String>,
    /// `image` or `video`.
    pub media_type: Option<String>,
    /// Where its picture is.
    pub image_url: Option<String>,
    /// Where its film is.
    pub video_url: Option<String>,
    /// Where a small picture is.
    pub thumbnail_url: Option<String>,
    /// The click's id, for conversions.
    pub ctwa_clid: Option<String>,
    /// The greeting that the advertisement showed.
    pub welcome_text: Option<String>,
}

/// What a message says.
#[derive(Debug)]
pub enum Body {
    /// Text.
    Text {
        /// The text.
        body: String,
    },
    /// A file.
    Media(Media),
    /// An emoji on a message.
    Reaction {
        /// Meta's id of the message.
        target: String,
        /// The emoji; none when it was taken away.
        emoji: Option<String>,
    },
    /// A place.
    Location(Place),
    /// Cards of other people.
    Contacts(Vec<Card>),
    /// An order from a catalogue.
    Order(Order),
    /// A tap on a template's quick reply.
    Button {
        /// What was given along.
        payload: Option<String>,
        /// What is written on it.
        text: Option<String>,
    },
    /// An answer to buttons, a list, a flow …
    Interactive(Reply),
    /// Something about the person herself.
    System(System),
    /// A message was written anew.
    Edit {
        /// Meta's id of the message.
        target: String,
        /// What it says now.
        body: Box<Body>,
    },
    /// A message was taken back.
    Revoke {
        /// Meta's id of the message.
        target: String,
    },
    /// The person opened the chat for the first time.
    Welcome,
    /// Meta does not pass it on; `errors` tell why.
    NotPassedOn {
        /// What it was, if Meta tells.
        kind: Option<String>,
    },
    /// Something that we do not know.
    Unsupported(Unsupported),
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

/// A file. Where it lies is asked of Meta by its id; an address in the delivery is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// How it is shown.
    pub kind: MediaKind,
    /// Meta's id of it.
    pub id: String,
    /// Meta's type of it.
    pub mime_type: Option<String>,
    /// Its SHA-256, as Meta writes it.
    pub sha256: Option<String>,
    /// The text below it.
    pub caption: Option<String>,
    /// Its name.
    pub filename: Option<String>,
    /// A voice note.
    pub is_voice: bool,
    /// A sticker that moves.
    pub is_animated: bool,
}

/// A place.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// What is there.
    pub name: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// Its page.
    pub url: Option<String>,
}

/// A card of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Her name, as written.
    pub name: Option<String>,
    /// Her first name.
    pub first_name: Option<String>,
    /// Her last name.
    pub last_name: Option<String>,
    /// Where she works.
    pub company: Option<String>,
    /// Her numbers.
    pub phones: Vec<CardPhone>,
    /// Her e-mail addresses.
    pub emails: Vec<String>,
    /// Her pages.
    pub urls: Vec<String>,
}

/// A number on a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardPhone {
    /// As written.
    pub phone: Option<String>,
    /// Her WhatsApp id.
    pub wa_id: Option<String>,
    /// `CELL`, `HOME`, `WORK` …
    pub kind: Option<String>,
}

/// An order from a catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Meta's id of the catalogue.
    pub catalog_id: Option<String>,
    /// What the person wrote along.
    pub text: Option<String>,
    /// What she wants.
    pub items: Vec<OrderItem>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// The retailer's id of the product.
    pub product_id: Option<String>,
    /// How many.
    pub quantity: Option<i64>,
    /// The price of one, as written: `30` or `12.50`.
    pub price: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
}

/// An answer to an interactive message.
#[derive(Debug, PartialEq)]
pub enum Reply {
    /// A button was tapped.
    Button {
        /// Our id of it.
        id: String,
        /// What is written on it.
        title: Option<String>,
    },
    /// A row of a list was chosen.
    Row {
        /// Our id of it.
        id: String,
        /// What is written on it.
        title: Option<String>,
        /// Its second line.
        description: Option<String>,
    },
    /// A flow, an address form, a payment … was filled in.
    Flow {
        /// `flow`, `address_message` …
        name: Option<String>,
        /// What the chat shows: `Sent`.
        text: Option<String>,
        /// What was filled in.
        answer: FlowAnswer,
    },
    /// Whether the company may call.
    CallPermission {
        /// She may be called.
        is_granted: bool,
        /// For good.
        is_permanent: bool,
        /// Until when.
        expires_at: Option<DateTime<Utc>>,
        /// `user_action` or `automatic`.
        source: Option<String>,
    },
    /// Meta says that something was tapped and could not say what; `errors` of the delivery tell why.
    Missing,
}

/// What was filled in.
#[derive(Debug, PartialEq)]
pub enum FlowAnswer {
    /// The fields.
    Fields(serde_json::Map<String, serde_json::Value>),
    /// A text that is no JSON object, as it came.
    Raw(String),
    /// Nothing came.
    Missing,
}

/// Something about the person herself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// What.
    pub kind: SystemKind,
    /// Meta's sentence.
    pub text: Option<String>,
    /// Her ids as they are now.
    pub current: Person,
    /// The user id that she had.
    pub previous_user_id: Option<String>,
    /// The user id over all businesses that she had.
    pub previous_parent_user_id: Option<String>,
    /// The state of her device's keys.
    pub identity: Option<Identity>,
}

/// What happened to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemKind {
    /// She has another number.
    NumberChanged,
    /// She has another user id.
    UserIdChanged,
    /// Her device's keys changed: another phone, or another person.
    IdentityChanged,
    /// A word that we do not know.
    Other(String),
}

/// The state of a device's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whether the change was taken note of.
    pub is_acknowledged: bool,
    /// Since when.
    pub created_at: Option<DateTime<Utc>>,
    /// The fingerprint.
    pub hash: Option<String>,
}

impl Message {
    pub(super) fn read(wire: Fields<'_>, raw: &RawValue, people: &[Person]) -> Option<Self> {
        Self::read_as(wire, raw, people, false)
    }

    /// A message of the company when it says to whom it went, else one of a person.
    pub(super) fn read_echo(wire: Fields<'_>, raw: &RawValue, people: &[Person]) -> Option<Self> {
        Self::read_as(wire, raw, people, true)
    }

    fn read_as(
        mut wire: Fields<'_>,
        raw: &RawValue,
        people: &[Person],
        may_be_outbound: bool,
    ) -> Option<Self> {
        let id = wire.text("id")?;
        let sender = ids(&mut wire, ["from", "from_user_id", "from_parent_user_id"]);
        let receiver = ids(&mut wire, ["to", "to_user_id", "to_parent_user_id"]);
        let is_outbound = may_be_outbound && !receiver.is_nobody();
        let person = if is_outbound { receiver } else { sender };
        let at = wire.time("timestamp");
        let kind = wire.text("type").unwrap_or_default();
        let context = wire.object("context").map(Context::read);
        let referral = wire.object("referral").map(Referral::read);
        let errors: Vec<_> = wire.objects("errors").filter_map(ProviderError::read).collect();
        let group_id = wire.text("group_id");
        let mut body = body::read(&kind, &mut wire, true).unwrap_or_else(|why| {
            Body::Unsupported(Unsupported { kind: kind.clone(), why, raw: raw.to_owned() })
        });
        if let Body::System(system) = &mut body {
            system.identity = wire.object("identity").map(Identity::read);
        }
        // A system message may come without a sender; then its older ids say whom it is about.
        let person = person.completed_from(people);
        Some(Self {
            id,
            is_outbound,
            person,
            group_id,
            at,
            kind,
            context,
            referral,
            body,
            errors,
            extra: wire.rest(),
        })
    }
}

fn ids(wire: &mut Fields<'_>, [wa_id, user_id, parent]: [&str; 3]) -> Person {
    Person {
        wa_id: wire.text(wa_id),
        user_id: wire.text(user_id),
        parent_user_id: wire.text(parent),
        ..Person::default()
    }
}

impl Context {
    fn read(mut wire: Fields<'_>) -> Self {
        Self {
            from: wire.text("from"),
            id: wire.text("id"),
            is_forwarded: wire.flag("forwarded").unwrap_or(false),
            is_frequently_forwarded: wire.flag("frequently_forwarded").unwrap_or(false),
            product: wire.object("referred_product").map(|mut product| {
                (product.text("catalog_id"), product.text("product_retailer_id"))
            }),
        }
    }
}

impl Referral {
    fn read(mut wire: Fields<'_>) -> Self {
        Self {
            source_type: wire.text("source_type"),
            source_id: wire.text("source_id"),
            source_url: wire.text("source_url"),
            headline: wire.text("headline"),
            body: wire.text("body"),
            media_type: wire.text("media_type"),
            image_url: wire.text("image_url"),
            video_url: wire.text("video_url"),
            thumbnail_url: wire.text("thumbnail_url"),
            ctwa_clid: wire.text("ctwa_clid"),
            welcome_text: wire.object("welcome_message").and_then(|mut hello| hello.text("text")),
        }
    }
}

impl Identity {
    fn read(mut wire: Fields<'_>) -> Self {
        Self {
            is_acknowledged: wire.flag("acknowledged").unwrap_or(false),
            created_at: wire.time("created_timestamp"),
            hash: wire.text("hash"),
        }
    }
}
