//! What customers do: they write, react, edit, delete, change their numbers.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    graph::media,
    hooks::{self, envelope},
    world::{
        Core, World,
        messages::{Message, Progress},
        people::{Person, PersonId, digits, user_id_of},
    },
};

/// How long answers to an advertisement are free.
const FREE_ENTRY_MS: i64 = 72 * 3600 * 1000;

/// A customer's message: what `POST /_sim/inbound` takes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Inbound {
    /// The customer's phone; absent for one who hides it.
    #[serde(alias = "wa_id", alias = "phone")]
    pub from: Option<String>,
    /// The customer's business-scoped user id, if not the one made from the phone.
    #[serde(alias = "bsuid", alias = "from_user_id")]
    pub user_id: Option<String>,
    /// As the customer calls herself.
    #[serde(alias = "profile_name")]
    pub name: Option<String>,
    /// The company's number: its `phone_number_id` or the number itself; by default the first.
    #[serde(alias = "phone_number_id", alias = "number")]
    pub to: Option<String>,
    /// A text message, short for `message`.
    #[serde(alias = "body")]
    pub text: Option<String>,
    /// Any message as in the webhook: `{"type": "location", "location": {…}}`.
    pub message: Option<Map<String, Value>>,
    /// The message this one answers.
    pub reply_to: Option<String>,
    /// The provider's id of the message, to send the same one twice.
    pub id: Option<String>,
    /// When it was written, in seconds; by default now.
    pub timestamp: Option<i64>,
    /// The advertisement it came from.
    pub referral: Option<Value>,
}

impl Inbound {
    /// A text.
    #[must_use]
    pub fn text(from: &str, to: &str, text: &str) -> Self {
        Self {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            text: Some(text.to_owned()),
            ..Self::default()
        }
    }

    /// A message of any kind, as in the webhook.
    #[must_use]
    pub fn message(from: &str, to: &str, message: Value) -> Self {
        let message = match message {
            Value::Object(fields) => Some(fields),
            _ => None,
        };
        Self { from: Some(from.to_owned()), to: Some(to.to_owned()), message, ..Self::default() }
    }
}

/// Why a customer's message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoNumber,
    NoSender,
    NoContent,
    NoMessage,
    NotYours,
}

impl Refusal {
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::NoNumber => "no such number: give a phone_number_id in \"to\"",
            Self::NoSender => "no sender: give a phone in \"from\" or a \"user_id\"",
            Self::NoContent => "no content: give \"text\" or a \"message\" with its \"type\"",
            Self::NoMessage => "no such message",
            Self::NotYours => "only an own message can be changed",
        }
    }
}

/// The customer of an inbound message, made on the way.
pub(crate) fn sender(world: &mut World, inbound: &Inbound) -> Result<PersonId, Refusal> {
    let phone = inbound.from.as_deref().map(digits).filter(|phone| !phone.is_empty());
    let id = match (phone, inbound.user_id.as_deref()) {
        (Some(phone), user) => {
            let id = match user.and_then(|user| world.people.find_user(user)) {
                Some(id) => id,
                None => world.people.by_phone(&phone),
            };
            if let Some(user) = user {
                world.people.change_user(id, user);
            }
            id
        }
        (None, Some(user)) => world.people.by_user(user),
        (None, None) => return Err(Refusal::NoSender),
    };
    if let Some(person) = world.people.get_mut(id) {
        if let Some(name) = &inbound.name {
            person.name.clone_from(name);
        } else if person.name.is_empty() {
            person.name = format!("Cliente {}", id + 1);
        }
    }
    Ok(id)
}

/// Takes a message from a customer and tells the company. Answers its id.
pub(crate) fn write(core: &Core, world: &mut World, inbound: &Inbound) -> Result<String, Refusal> {
    let person = sender(world, inbound)?;
    let number = number(world, inbound.to.as_deref())?;
    let mut content = match (&inbound.message, &inbound.text) {
        (Some(message), _) => message.clone(),
        (None, Some(text)) => {
            let mut fields = Map::new();
            fields.insert("type".to_owned(), Value::from("text"));
            fields.insert("text".to_owned(), json!({ "body": text }));
            fields
        }
        (None, None) => return Err(Refusal::NoContent),
    };
    let Some(kind) = content.get("type").and_then(Value::as_str).map(str::to_owned) else {
        return Err(Refusal::NoContent);
    };
    let context = match (&inbound.reply_to, content.remove("context")) {
        (Some(id), _) => {
            let display = world.numbers.by_id.get(&number).map(|number| number.display.clone());
            let by_company = world.messages.get(id).is_none_or(|message| message.from_company);
            let address = world.people.get(person).map(|person| person.address().to_owned());
            let from = if by_company { display } else { address };
            Some(json!({"from": from, "id": id}))
        }
        (None, given) => given,
    };
    let id = match &inbound.id {
        Some(id) => id.clone(),
        None => core.message_id(world, person, false),
    };
    complete_media(core, world, &kind, &mut content);
    let now_s = core.clock.now().timestamp();
    let at_s = inbound.timestamp.unwrap_or(now_s);
    let written = written(world, person, &id, at_s, &content, context.as_ref(), inbound);
    note(world, person, &number, at_s, inbound.referral.is_some());
    apply(core, world, person, &number, &id, at_s, &kind, content, context);
    tell(core, world, person, &number, &id, &written);
    Ok(id)
}

fn number(world: &mut World, name: Option<&str>) -> Result<String, Refusal> {
    let Some(name) = name else {
        let first = world.numbers.by_id.keys().next().cloned();
        return first.ok_or(Refusal::NoNumber);
    };
    if let Some(number) = world.numbers.find(name) {
        return Ok(number.id.clone());
    }
    let made = world.numbers.number(name, &world.config).map(|number| number.id.clone());
    made.ok_or(Refusal::NoNumber)
}

/// A file that the message names by its id gets what Meta tells about files.
fn complete_media(core: &Core, world: &World, kind: &str, content: &mut Map<String, Value>) {
    let Some(Value::Object(object)) = content.get_mut(kind) else { return };
    let id = object.get("id").and_then(Value::as_str);
    let Some(media) = id.and_then(|id| world.media.get(id)) else {
        return;
    };
    let sha256 = STANDARD.encode(media.sha256);
    let url = media::url(core, &core.base, world.config.media_ttl_s, &media.id);
    let mut set = |key: &str, value: Value| {
        object.entry(key).or_insert(value);
    };
    set("mime_type", Value::from(media.mime_type.clone()));
    set("sha256", Value::from(sha256));
    set("url", Value::from(url));
    if kind == "document"
        && let Some(filename) = &media.filename
    {
        set("filename", Value::from(filename.clone()));
    }
}

/// The message as the webhook has it.
fn written(
    world: &World,
    person: PersonId,
    id: &str,
    at_s: i64,
    content: &Map<String, Value>,
    context: Option<&Value>,
    inbound: &Inbound,
) -> Value {
    let mut message = Map::new();
    if let Some(person) = world.people.get(person) {
        if let Some(wa_id) = &person.wa_id {
            message.insert("from".to_owned(), Value::from(wa_id.clone()));
        }
        if world.config.bsuid || person.wa_id.is_none() {
            message.insert("from_user_id".to_owned(), Value::from(person.user_id.clone()));
        }
    }
    message.insert("id".to_owned(), Value::from(id));
    message.insert("timestamp".to_owned(), Value::from(at_s.to_string()));
    if let Some(context) = context {
        message.insert("context".to_owned(), context.clone());
    }
    if let Some(referral) = &inbound.referral {
        message.insert("referral".to_owned(), referral.clone());
    }
    message.extend(content.clone());
    Value::Object(message)
}

fn note(world: &mut World, person: PersonId, number: &str, at_s: i64, is_from_ad: bool) {
    world.counts.inbound += 1;
    let at_ms = at_s.saturating_mul(1_000);
    if let Some(person) = world.people.get_mut(person) {
        let wrote = person.wrote_ms.entry(number.to_owned()).or_insert(at_ms);
        *wrote = (*wrote).max(at_ms);
        if is_from_ad {
            person.free_until_ms.insert(number.to_owned(), at_ms.saturating_add(FREE_ENTRY_MS));
        }
    }
}

/// Into the thread: a new message, or a change of one that is there.
#[expect(clippy::too_many_arguments, reason = "the parts of one message")]
fn apply(
    core: &Core,
    world: &mut World,
    person: PersonId,
    number: &str,
    id: &str,
    at_s: i64,
    kind: &str,
    content: Map<String, Value>,
    context: Option<Value>,
) {
    let text = |path: &str| content.get(kind).and_then(|o| o.get(path)).and_then(Value::as_str);
    let changed = match kind {
        "reaction" => text("message_id").and_then(|target| {
            let message = world.messages.get_mut(target)?;
            message.reactions.0 =
                text("emoji").filter(|emoji| !emoji.is_empty()).map(str::to_owned);
            Some(message.clone())
        }),
        "edit" => text("original_message_id").and_then(|target| {
            let message = world.messages.get_mut(target)?;
            message.edited = true;
            if let Some(new) = content.get("edit").and_then(|edit| edit.get("message")) {
                message.content = new.clone();
            }
            Some(message.clone())
        }),
        "revoke" => text("original_message_id").and_then(|target| {
            let message = world.messages.get_mut(target)?;
            message.deleted = true;
            Some(message.clone())
        }),
        _ => {
            let message = Message {
                id: id.to_owned(),
                number: number.to_owned(),
                person,
                from_company: false,
                at_ms: at_s.saturating_mul(1_000),
                content: Value::Object(content),
                context,
                progress: Progress::Accepted,
                error: None,
                opaque: None,
                pricing: None,
                edited: false,
                deleted: false,
                reactions: (None, None),
            };
            let remember = world.config.remember;
            world.messages.add(message.clone(), remember);
            Some(message)
        }
    };
    if let Some(message) = changed {
        core.tell_message(world, &message);
    }
}

fn tell(core: &Core, world: &mut World, person: PersonId, number: &str, id: &str, written: &Value) {
    let now_us = core.now_us();
    let bsuid = world.config.bsuid;
    // What comes in counts against the number's second, and is never refused.
    world.numbers.admit(number, now_us, 0);
    let Some(number) = world.numbers.by_id.get(number).cloned() else { return };
    let Some(person) = world.people.get(person) else { return };
    if number.blocked.contains(person.address()) {
        return;
    }
    let value = envelope::message(&number, person, written, bsuid);
    let message = Some(id.to_owned());
    hooks::send(core, world, &number.waba, Some(&number.id), "messages", &value, message);
    core.touch();
}

/// An own text gets other words.
pub(crate) fn edit(
    core: &Core,
    world: &mut World,
    person: PersonId,
    id: &str,
    text: &str,
) -> Result<String, Refusal> {
    let original = own(world, person, id)?;
    let message = json!({"type": "edit", "edit": {
        "original_message_id": id,
        "message": {"type": "text", "text": {"body": text}},
    }});
    change(core, world, &original, message)
}

/// An own message is taken back for everyone.
pub(crate) fn delete(
    core: &Core,
    world: &mut World,
    person: PersonId,
    id: &str,
) -> Result<String, Refusal> {
    let original = own(world, person, id)?;
    let message = json!({"type": "revoke", "revoke": {"original_message_id": id}});
    change(core, world, &original, message)
}

fn own(world: &World, person: PersonId, id: &str) -> Result<Message, Refusal> {
    let message = world.messages.get(id).ok_or(Refusal::NoMessage)?;
    if message.from_company || message.person != person || message.deleted {
        return Err(Refusal::NotYours);
    }
    Ok(message.clone())
}

fn change(
    core: &Core,
    world: &mut World,
    original: &Message,
    message: Value,
) -> Result<String, Refusal> {
    let (from, user_id) = match world.people.get(original.person) {
        Some(person) => (person.wa_id.clone(), Some(person.user_id.clone())),
        None => (None, None),
    };
    let Value::Object(message) = message else { return Err(Refusal::NoContent) };
    let inbound = Inbound {
        from,
        user_id,
        to: Some(original.number.clone()),
        message: Some(message),
        ..Inbound::default()
    };
    write(core, world, &inbound)
}

/// A customer takes another number, or another user id with it; each company hears of it.
pub(crate) fn change_number(
    core: &Core,
    world: &mut World,
    person: PersonId,
    phone: &str,
) -> Result<(), Refusal> {
    let phone = digits(phone);
    let Some(Person { wa_id: Some(old), user_id, name, wrote_ms, .. }) =
        world.people.get(person).cloned()
    else {
        return Err(Refusal::NoSender);
    };
    if phone.is_empty() || world.people.find_phone(&phone).is_some_and(|other| other != person) {
        return Err(Refusal::NoSender);
    }
    world.people.change_phone(person, &phone);
    let new_user_id = user_id_of(&phone);
    world.people.change_user(person, &new_user_id);
    for number in wrote_ms.keys() {
        let id = core.message_id(world, person, false);
        let message = json!({
            "from": old,
            "id": id,
            "timestamp": core.clock.now().timestamp().to_string(),
            "type": "system",
            "system": {
                "body": format!("User {name} changed from {old} to {phone}"),
                "wa_id": phone,
                "user_id": new_user_id,
                "previous_user_id": user_id,
                "type": "user_changed_number",
            },
        });
        let Some(number) = world.numbers.by_id.get(number).cloned() else { continue };
        let value = envelope::system(&number, &message);
        hooks::send(core, world, &number.waba, Some(&number.id), "messages", &value, None);
    }
    core.touch();
    Ok(())
}
