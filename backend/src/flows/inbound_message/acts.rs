//! What a delivery means, act by act: pure, and still without knowing who or which message it is about.
//!
//! **Invariant (D18).** An act belongs to a channel that the delivery's own address reaches, and whose
//! number and account it names. What names others is refused: companies own their app secrets and can
//! sign anything.

use chrono::{DateTime, TimeDelta, Utc};
use events::{
    channels::ChannelEvent,
    messaging::{Inbound, Pricing},
};
use kernel::{digest::ParseError, intake};
use providers::meta::inbound::{
    Body, Change, Delivery, Message, NumberUpdate, Person, State, Status, System, SystemKind,
    TemplateUpdate, Traffic, What,
};
use serde_json::json;
use shared::{
    ids::ChannelId,
    messages::{Content, MessageKind},
    stored::ConfigText,
};
use uuid::Uuid;

use super::{
    addresses::{self, Address},
    content,
};

/// A number that deliveries of a route may concern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose it is.
    pub company: Uuid,
    /// Its channel.
    pub channel: ChannelId,
    /// The provider's id of the number.
    pub phone_number_id: String,
    /// The provider's id of its account.
    pub waba_id: String,
}

/// A time of a provider that is further ahead of our own is not believed.
const AHEAD: TimeDelta = TimeDelta::minutes(10);

/// One thing that a delivery says.
#[derive(Debug)]
pub(super) struct Act {
    /// Whose.
    pub(super) company: Uuid,
    /// On which channel.
    pub(super) channel: ChannelId,
    /// When, by the provider's clock.
    pub(super) at: DateTime<Utc>,
    /// Which of the delivery.
    pub(super) index: u32,
    /// What.
    pub(super) what: Said,
}

/// Who an act is about.
#[derive(Debug, Default)]
pub(super) struct Who {
    /// Her addresses, the most telling first.
    pub(super) addresses: Vec<Address>,
    /// The name in her profile.
    pub(super) name: Option<String>,
}

/// What was said, done or told.
#[derive(Debug)]
pub(super) enum Said {
    /// A message.
    Message(Box<Spoken>),
    /// A reaction to a message.
    Reaction { id: String, who: Who, target: String, emoji: String, by_company: bool },
    /// A message changed.
    Edit { id: String, who: Who, target: String, content: Box<Content> },
    /// A message was taken back.
    Revocation { id: String, target: String },
    /// How far a message of ours came.
    Status(Box<Told>),
    /// A person has other addresses.
    Moved(Box<Moved>),
    /// Something about the channel.
    Channel(Box<ChannelEvent>),
}

/// A message.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Spoken {
    pub(super) who: Who,
    pub(super) is_outbound: bool,
    /// Written down only where the person and her thread are known already.
    pub(super) is_aside: bool,
    /// From before the number was connected.
    pub(super) is_history: bool,
    pub(super) kind: MessageKind,
    pub(super) n_characters: u32,
    pub(super) is_forwarded: bool,
    pub(super) ad: Option<ConfigText>,
    pub(super) said: Inbound,
}

/// A status.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) opaque: Option<String>,
    pub(super) state: State,
    pub(super) code: i32,
    pub(super) title: Option<ConfigText>,
    pub(super) pricing: Option<Pricing>,
}

/// A change of addresses.
#[derive(Debug)]
pub(super) struct Moved {
    /// What she was known by.
    pub(super) previous: Vec<Address>,
    /// What she is known by now.
    pub(super) current: Vec<Address>,
    /// The line in the thread.
    pub(super) spoken: Option<Spoken>,
}

/// What a delivery means, and what of it nobody here may or can read.
#[derive(Debug, Default)]
pub(super) struct Acts {
    pub(super) acts: Vec<Act>,
    pub(super) complaint: Option<ParseError>,
}

/// Reads a delivery as far as the lines of its route go.
pub(super) fn of(delivery: &intake::Delivery, parsed: &Delivery, lines: &[Line]) -> Acts {
    let mut reader = Reader { delivery, lines, acts: Acts::default(), next: 0 };
    for change in &parsed.changes {
        reader.change(change);
    }
    reader.acts
}

struct Reader<'a> {
    delivery: &'a intake::Delivery,
    lines: &'a [Line],
    acts: Acts,
    next: u32,
}

impl<'a> Reader<'a> {
    fn complain(&mut self, word: &'static str) {
        self.acts.complaint.get_or_insert(ParseError(word));
    }

    fn time(&self, at: Option<DateTime<Utc>>, otherwise: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let received = self.delivery.received_at;
        let at = at.or(otherwise).unwrap_or(received);
        if at > received + AHEAD || at < DateTime::UNIX_EPOCH { received } else { at }
    }

    fn push(&mut self, line: &Line, at: DateTime<Utc>, what: Said) {
        let index = self.next;
        self.next = self.next.saturating_add(1);
        let (company, channel) = (line.company, line.channel);
        self.acts.acts.push(Act { company, channel, at, index, what });
    }

    fn change(&mut self, change: &Change) {
        match &change.what {
            What::Traffic(traffic) => {
                let line = self.lines.iter().find(|line| {
                    Some(&line.phone_number_id) == traffic.number.id.as_ref()
                        && line.waba_id == change.waba_id
                });
                match line {
                    Some(line) => self.traffic(line, change, traffic),
                    None => self.complain("foreign_number"),
                }
            }
            What::Account(update) => {
                let waba = update.waba_id.as_ref().unwrap_or(&change.waba_id);
                self.account(change, waba, &update.word);
                if let Some(business) = &update.owner_business_id {
                    let portfolio = ConfigText(business.clone());
                    self.each(change, waba, None, |_| ChannelEvent::PortfolioTold {
                        portfolio: portfolio.clone(),
                    });
                }
            }
            What::Template(update) => {
                let event = match &**update {
                    TemplateUpdate::Status { status, .. } => status.clone(),
                    TemplateUpdate::Quality { current, .. } => current.clone(),
                    TemplateUpdate::Components { .. } => "COMPONENTS".to_owned(),
                    TemplateUpdate::Category { current, .. } => current.clone().unwrap_or_default(),
                };
                self.account(change, &change.waba_id, &event);
            }
            What::Number(update) => self.number(change, update),
            What::Unsupported(_) => self.complain("unsupported"),
        }
    }

    /// Tells every channel of the account.
    fn account(&mut self, change: &Change, waba: &str, event: &str) {
        let raw = change.raw.as_ref().map_or("{}", |raw| raw.get());
        self.each(change, waba, None, |_| ChannelEvent::AccountAlerted {
            field: ConfigText(change.field.clone()),
            event: ConfigText(event.to_owned()),
            raw: ConfigText(raw.to_owned()),
        });
    }

    fn number(&mut self, change: &Change, update: &NumberUpdate) {
        let raw = change.raw.as_ref().map_or("{}", |raw| raw.get());
        let (display, word, tier, mps) = match update {
            NumberUpdate::Quality { display, event, limit, .. } => {
                let mps = (event == "THROUGHPUT_UPGRADE").then_some(1000);
                (display.as_deref(), event.as_str(), limit.clone(), mps)
            }
            NumberUpdate::Capability { daily_limit, .. } => {
                (None, "CAPABILITY", daily_limit.clone(), None)
            }
            NumberUpdate::Name { display, .. } => (display.as_deref(), "NAME", None, None),
            NumberUpdate::Username { display, .. } => (display.as_deref(), "USERNAME", None, None),
            NumberUpdate::Review { .. } => (None, "REVIEW", None, None),
            NumberUpdate::Alert { kind, .. } => {
                (None, kind.as_deref().unwrap_or("ALERT"), None, None)
            }
            NumberUpdate::Security { display, event, .. } => {
                (display.as_deref(), event.as_str(), None, None)
            }
            NumberUpdate::Flow { event, .. } => (None, event.as_str(), None, None),
        };
        self.each(change, &change.waba_id, display, |_| {
            if tier.is_some() || mps.is_some() {
                let tier = tier.clone().map(ConfigText);
                return ChannelEvent::HealthChanged { quality: None, tier, mps };
            }
            ChannelEvent::AccountAlerted {
                field: ConfigText(change.field.clone()),
                event: ConfigText(word.to_owned()),
                raw: ConfigText(raw.to_owned()),
            }
        });
    }

    /// The same for every channel of an account. Numbers are told apart by what people read only where
    /// the account has several here; today all of them hear it.
    fn each(
        &mut self,
        change: &Change,
        waba: &str,
        _display: Option<&str>,
        event: impl Fn(&Line) -> ChannelEvent,
    ) {
        let at = self.time(change.at, None);
        let lines: Vec<&'a Line> = self.lines.iter().filter(|line| line.waba_id == waba).collect();
        if lines.is_empty() {
            self.complain("foreign_account");
        }
        for line in lines {
            self.push(line, at, Said::Channel(Box::new(event(line))));
        }
    }

    fn traffic(&mut self, line: &'a Line, change: &Change, traffic: &Traffic) {
        for message in traffic.messages.iter().chain(&traffic.echoes) {
            let at = self.time(message.at, change.at);
            match said(message) {
                Some(said) => self.push(line, at, said),
                None => self.complain("nobody"),
            }
        }
        self.history(line, change, traffic);
        for status in &traffic.statuses {
            let at = self.time(status.at, change.at);
            self.push(line, at, Said::Status(Box::new(told(status))));
        }
        for preference in &traffic.preferences {
            let at = self.time(preference.at, change.at);
            let id = format!("{}:{}:{}", preference.category, preference.value, at.timestamp());
            let event = format!("{}_{}", preference.category, preference.value);
            let body = preference.detail.clone();
            let spoken = aside(&preference.person, id, event, body);
            self.push(line, at, Said::Message(Box::new(spoken)));
        }
        for call in &traffic.calls {
            let at = self.time(call.at, change.at);
            let event = format!("{:?}", call.event).to_lowercase();
            let spoken =
                aside(&call.person, format!("{}:{event}", call.id), format!("call_{event}"), None);
            self.push(line, at, Said::Message(Box::new(spoken)));
        }
        for moved in &traffic.user_id_changes {
            let at = self.time(moved.at, change.at);
            let previous = Person {
                user_id: moved.previous.clone(),
                parent_user_id: moved.previous_parent.clone(),
                ..Person::default()
            };
            let moved = Moved {
                previous: addresses::of(&previous),
                current: addresses::of(&moved.person),
                spoken: None,
            };
            self.push(line, at, Said::Moved(Box::new(moved)));
        }
        for (field, is_there) in [
            ("history", traffic.history.iter().any(|part| !part.errors.is_empty())),
            ("smb_app_state_sync", !traffic.synced_contacts.is_empty()),
            ("groups", !traffic.groups.is_empty()),
            ("errors", !traffic.errors.is_empty()),
        ] {
            if is_there {
                let codes: Vec<i64> = traffic.errors.iter().map(|error| error.code).collect();
                let event = ChannelEvent::AccountAlerted {
                    field: ConfigText::from(field),
                    event: ConfigText::from("RECEIVED"),
                    raw: ConfigText(json!({ "codes": codes }).to_string()),
                };
                let at = self.time(change.at, None);
                self.push(line, at, Said::Channel(Box::new(event)));
            }
        }
        let is_broken = traffic.history.iter().any(|part| !part.unsupported.is_empty());
        if is_broken || !traffic.unsupported.is_empty() {
            self.complain("malformed_part");
        }
    }

    /// What the business app knows from before: messages in their threads, where their time puts them.
    fn history(&mut self, line: &'a Line, change: &Change, traffic: &Traffic) {
        for thread in traffic.history.iter().flat_map(|part| &part.threads) {
            let owner = Person { wa_id: thread.wa_id.clone(), ..Person::default() };
            for message in &thread.messages {
                let at = self.time(message.at, change.at);
                match said_to(message, &owner) {
                    Some(Said::Message(mut spoken)) => {
                        spoken.is_history = true;
                        self.push(line, at, Said::Message(spoken));
                    }
                    Some(said) => self.push(line, at, said),
                    None => self.complain("nobody"),
                }
            }
        }
    }
}

/// What a message of a person, or an echo, says. None: it names nobody.
fn said(message: &Message) -> Option<Said> {
    said_to(message, &Person::default())
}

/// The same, in the thread of somebody who is known where the message itself names nobody.
fn said_to(message: &Message, owner: &Person) -> Option<Said> {
    let id = message.id.clone();
    let mut addresses = addresses::of(&message.person);
    if addresses.is_empty() {
        addresses = addresses::of(owner);
    }
    let name = message.person.profile_name.clone().filter(|_| !message.is_outbound);
    match &message.body {
        Body::Revoke { target } => Some(Said::Revocation { id, target: target.clone() }),
        Body::System(system) => system_said(message, system),
        _ if addresses.is_empty() => None,
        Body::Reaction { target, emoji } => Some(Said::Reaction {
            id,
            who: Who { addresses, name },
            target: target.clone(),
            emoji: emoji.clone().unwrap_or_default(),
            by_company: message.is_outbound,
        }),
        Body::Edit { target, body } => Some(Said::Edit {
            id,
            who: Who { addresses, name },
            target: target.clone(),
            content: Box::new(content::of(message, body)?.content),
        }),
        body => {
            let mut spoken = content::of(message, body)?;
            if let Some(group) = &message.group_id {
                spoken.kind = MessageKind::Unsupported;
                let raw = json!({ "group_id": group, "type": message.kind }).to_string();
                let claimed = format!("group_{}", message.kind);
                spoken.content = Content::Unsupported { claimed, raw };
                spoken.media = None;
            }
            let context = message.context.clone().unwrap_or_default();
            let ad = message.referral.as_ref().and_then(|referral| referral.source_id.clone());
            Some(Said::Message(Box::new(Spoken {
                who: Who { addresses, name },
                is_outbound: message.is_outbound,
                is_aside: false,
                is_history: false,
                kind: spoken.kind,
                n_characters: spoken.n_characters,
                is_forwarded: context.is_forwarded || context.is_frequently_forwarded,
                ad: ad.map(ConfigText),
                said: Inbound {
                    provider_id: id,
                    content: spoken.content,
                    media: spoken.media,
                    answers: context.id,
                    referral: message.referral.as_ref().map(content::referral),
                },
            })))
        }
    }
}

fn system_said(message: &Message, system: &System) -> Option<Said> {
    let event = match &system.kind {
        SystemKind::NumberChanged => "user_changed_number",
        SystemKind::UserIdChanged => "user_changed_user_id",
        SystemKind::IdentityChanged => "customer_identity_changed",
        SystemKind::Other(word) => word,
    };
    let line =
        |person: &Person| aside(person, message.id.clone(), event.to_owned(), system.text.clone());
    if !matches!(system.kind, SystemKind::NumberChanged | SystemKind::UserIdChanged) {
        let spoken = line(&message.person);
        let is_somebody = !spoken.who.addresses.is_empty();
        return is_somebody.then(|| Said::Message(Box::new(spoken)));
    }
    let previous = Person {
        wa_id: message.person.wa_id.clone(),
        user_id: system.previous_user_id.clone().or_else(|| message.person.user_id.clone()),
        parent_user_id: system.previous_parent_user_id.clone(),
        ..Person::default()
    };
    let previous = addresses::of(&previous);
    let current = addresses::of(&system.current);
    if previous.is_empty() && current.is_empty() {
        return None;
    }
    let spoken = Some(line(&message.person));
    Some(Said::Moved(Box::new(Moved { previous, current, spoken })))
}

/// A line of the system in the thread of somebody who is known.
fn aside(person: &Person, id: String, event: String, body: Option<String>) -> Spoken {
    Spoken {
        who: Who { addresses: addresses::of(person), name: None },
        is_outbound: false,
        is_aside: true,
        is_history: false,
        kind: MessageKind::System,
        n_characters: 0,
        is_forwarded: false,
        ad: None,
        said: Inbound {
            provider_id: id,
            content: Content::System { event, body },
            media: None,
            answers: None,
            referral: None,
        },
    }
}

fn told(status: &Status) -> Told {
    let error = status.errors.first();
    let words = |text: &Option<String>| text.clone().map(ConfigText);
    Told {
        id: status.id.clone(),
        opaque: status.opaque.clone(),
        state: status.state.clone(),
        code: error.and_then(|error| i32::try_from(error.code).ok()).unwrap_or(0),
        title: error.and_then(|error| error.title.clone()).map(ConfigText),
        pricing: status.pricing.as_ref().map(|pricing| Pricing {
            billable: pricing.is_billable,
            model: words(&pricing.model),
            kind: words(&pricing.kind),
            category: words(&pricing.category),
        }),
    }
}
