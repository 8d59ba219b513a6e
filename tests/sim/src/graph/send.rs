//! `POST /{phone_number_id}/messages`: a message leaves, is refused, or is lost on the way.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::{Answered, Call, Outcome, auth, content, success};
use crate::{
    chance::Chance,
    config::{Answer, Config, Told, Window},
    errors::GraphError,
    hooks::{agenda::Job, envelope},
    world::{
        Core, World,
        messages::{Message, Progress},
        people::{PersonId, digits},
    },
};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// A call that makes sense, before its fate is known.
#[derive(Debug)]
struct Prepared {
    number: String,
    input: String,
    person: PersonId,
    content: Value,
    context: Option<Value>,
    opaque: Option<String>,
    category: Option<String>,
    answer: Answer,
    wait: Duration,
}

/// Takes a message, a read mark or a typing mark.
pub(crate) async fn messages(
    core: &Arc<Core>,
    call: Call,
    number: String,
    marketing: bool,
) -> Answered {
    let prepared = {
        let mut world = core.world();
        match prepare(core, &mut world, &call, &number, marketing) {
            Ok(Some(prepared)) => prepared,
            Ok(None) => return Ok(success()),
            Err(error) => {
                world.counts.bad += 1;
                return Err(error);
            }
        }
    };
    if !prepared.wait.is_zero() {
        sleep(prepared.wait).await;
    }
    let answer = prepared.answer.clone();
    let outcome = settle(core, &prepared);
    match answer {
        Answer::Hang | Answer::HangAfterAccept => {
            call.wire.closed().await;
            Ok(Outcome::Cut)
        }
        _ => outcome,
    }
}

fn prepare(
    core: &Core,
    world: &mut World,
    call: &Call,
    id: &str,
    marketing: bool,
) -> Result<Option<Prepared>, GraphError> {
    let number = auth::for_number(core, world, call, "post", id)?;
    let body = call.json();
    if body.get("messaging_product").and_then(Value::as_str) != Some("whatsapp") {
        return Err(GraphError::missing("messaging_product"));
    }
    if let Some(status) = body.get("status").and_then(Value::as_str) {
        mark(core, world, &number.id, status, &body)?;
        return Ok(None);
    }
    if !number.registered {
        return Err(GraphError::code(133_010));
    }
    let (input, person) = recipient(world, &body)?;
    let content = content::check(world, &number.id, &body, marketing)?;
    let is_authentication = content.category.as_deref() == Some("AUTHENTICATION");
    if is_authentication && body.get("to").is_none() {
        return Err(GraphError::code(131_062));
    }
    if world.people.get(person).and_then(|person| person.wa_id.as_deref()) == Some(&*number.display)
    {
        return Err(GraphError::code(131_021));
    }
    let opaque = opaque(&body)?;
    let context = body.get("context").filter(|context| context.is_object()).cloned();

    let now_us = core.now_us();
    world.counts.called(opaque.as_deref(), now_us);
    world.counts.inflight += 1;
    world.counts.peak_inflight = world.counts.peak_inflight.max(world.counts.inflight);
    let (address, nth) = match world.people.get_mut(person) {
        Some(person) => {
            person.calls += 1;
            (person.address().to_owned(), person.calls)
        }
        None => (input.clone(), 0),
    };
    let mut chance = Chance::of(world.config.seed, "call", &address, nth);
    let answer = fate(&mut world.config, &address, &mut chance);
    let jitter = chance.below(world.config.jitter_ms.saturating_mul(1_000).saturating_add(1));
    let wait = Duration::from_millis(world.config.latency_ms) + Duration::from_micros(jitter);
    Ok(Some(Prepared {
        number: number.id,
        input,
        person,
        content: content.content,
        context,
        opaque,
        category: content.category,
        answer,
        wait,
    }))
}

/// A read mark, and perhaps that the company types.
fn mark(
    core: &Core,
    world: &mut World,
    number: &str,
    status: &str,
    body: &Map<String, Value>,
) -> Result<(), GraphError> {
    if status != "read" {
        return Err(GraphError::about(131_009, "Param status must be one of {READ}"));
    }
    let id = body.get("message_id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| GraphError::missing("message_id"))?;
    world.counts.marked_read += 1;
    let types = body.get("typing_indicator").is_some();
    if types {
        world.counts.typing += 1;
    }
    // What the company reads, it reads with all before it.
    let Some(read) = world.messages.get(id).cloned() else { return Ok(()) };
    let before: Vec<String> = world
        .messages
        .thread(read.person, number, 500)
        .into_iter()
        .filter(|message| !message.from_company && message.progress < Progress::Read)
        .map(|message| message.id.clone())
        .collect();
    for unread in before {
        if let Some(message) = world.messages.get_mut(&unread) {
            message.progress = Progress::Read;
            let message = message.clone();
            core.tell_message(world, &message);
        }
        if unread == id {
            break;
        }
    }
    if types {
        core.tell(&json!({"event": "typing", "customer": read.person, "number": number}));
    }
    Ok(())
}

fn recipient(
    world: &mut World,
    body: &Map<String, Value>,
) -> Result<(String, PersonId), GraphError> {
    match body.get("recipient_type").and_then(Value::as_str) {
        None | Some("individual" | "group") => {}
        Some(_) => return Err(GraphError::about(131_009, "recipient_type must be individual")),
    }
    if let Some(user) = body.get("recipient").and_then(Value::as_str) {
        let is_user = user.split_once('.').is_some_and(|(country, rest)| {
            (2..=3).contains(&country.len())
                && country.bytes().all(|byte| byte.is_ascii_uppercase())
                && !rest.is_empty()
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        });
        if !is_user || user.len() > 150 {
            return Err(GraphError::about(131_009, "recipient is not a business-scoped user ID"));
        }
        return Ok((user.to_owned(), world.people.by_user(user)));
    }
    let to = match body.get("to") {
        Some(Value::String(to)) => to.clone(),
        Some(Value::Number(to)) => to.to_string(),
        _ => return Err(GraphError::missing("to")),
    };
    let phone = digits(&to);
    let is_phone = to.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
    if !is_phone || !(5..=17).contains(&phone.len()) {
        return Err(GraphError::about(131_009, "to is not a valid phone number"));
    }
    Ok((to, world.people.by_phone(&phone)))
}

fn opaque(body: &Map<String, Value>) -> Result<Option<String>, GraphError> {
    match body.get("biz_opaque_callback_data") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= 512 => Ok(Some(text.clone())),
        Some(_) => Err(GraphError::invalid(
            "Param biz_opaque_callback_data must be a string of at most 512 characters.",
        )),
    }
}

/// What the script or chance has in store.
fn fate(config: &mut Config, address: &str, chance: &mut Chance) -> Answer {
    if let Some(script) = config.answers_to.get_mut(address)
        && let Some(answer) = script.pop_front()
    {
        return answer;
    }
    if let Some(answer) = config.answers.pop_front() {
        return answer;
    }
    let mut left = chance.share();
    let mut hits = |rate: f64| {
        let hit = rate > 0.0 && left < rate;
        left -= rate.max(0.0);
        hit && left < 0.0
    };
    for (code, rate) in &config.fail {
        if hits(*rate) {
            return code.parse().map_or(Answer::Refuse(131_000), Answer::Refuse);
        }
    }
    if hits(config.hang) {
        return Answer::Hang;
    }
    if hits(config.cut_before_accept) {
        return Answer::CutBeforeAccept;
    }
    if hits(config.cut_after_accept) {
        return Answer::CutAfterAccept;
    }
    for (code, rate) in &config.fail_status {
        if hits(*rate) {
            return code.parse().map_or(Answer::FailLater(131_000), Answer::FailLater);
        }
    }
    Answer::Accept
}

/// The limits at the moment of arrival, then the fate.
fn settle(core: &Arc<Core>, call: &Prepared) -> Answered {
    let mut world = core.world();
    let world = &mut *world;
    world.counts.inflight = world.counts.inflight.saturating_sub(1);
    let now_us = core.now_us();
    let mut later = None;
    match call.answer {
        Answer::Refuse(code) => return Err(refused(core, world, code)),
        Answer::CutBeforeAccept => {
            world.counts.cut_before += 1;
            return Ok(Outcome::Cut);
        }
        Answer::Hang => {
            world.counts.hung += 1;
            return Ok(Outcome::Cut);
        }
        Answer::FailLater(code) => later = Some(code),
        Answer::Accept | Answer::CutAfterAccept | Answer::HangAfterAccept => {}
    }
    if let Some(code) = over_a_limit(world, call, now_us) {
        return Err(refused(core, world, code));
    }
    let now_ms = core.clock.now_ms();
    let (window_open, free_entry) = window(world, call, now_ms);
    if !window_open && call.category.is_none() {
        match world.config.window_told {
            Told::ByCall => return Err(refused(core, world, 131_047)),
            Told::ByStatus => later = later.or(Some(131_047)),
        }
    }
    Ok(accept(core, world, call, later, (window_open, free_entry), now_us))
}

fn refused(core: &Core, world: &mut World, code: u32) -> GraphError {
    *world.counts.refused.entry(code).or_default() += 1;
    if code == 190 { GraphError::expired_token(core.clock.now()) } else { GraphError::code(code) }
}

fn over_a_limit(world: &mut World, call: &Prepared, now_us: u64) -> Option<u32> {
    let (burst, every_us) =
        (world.config.pair_burst, world.config.pair_every_ms.saturating_mul(1_000));
    let mps = world.config.mps;
    let person = world.people.get_mut(call.person)?;
    let paid = person.paid_us.get(&call.number).copied().unwrap_or(0).max(now_us);
    let room = every_us.saturating_mul(u64::from(burst));
    if burst > 0 && paid.saturating_add(every_us) > now_us.saturating_add(room) {
        return Some(131_056);
    }
    let own = world.numbers.by_id.get(&call.number)?.mps;
    if !world.numbers.admit(&call.number, now_us, own.unwrap_or(mps)) {
        return Some(130_429);
    }
    person.paid_us.insert(call.number.clone(), paid.saturating_add(every_us));
    None
}

/// Whether free text may be sent, and whether an advertisement pays for it.
fn window(world: &World, call: &Prepared, now_ms: i64) -> (bool, bool) {
    let Some(person) = world.people.get(call.person) else { return (true, false) };
    let wrote = person.wrote_ms.get(&call.number);
    let is_open = match (world.config.window, wrote) {
        (Window::Off, _) | (Window::Known, None) => true,
        (Window::Strict, None) => false,
        (_, Some(wrote)) => now_ms.saturating_sub(*wrote) < DAY_MS,
    };
    let is_free = person.free_until_ms.get(&call.number).is_some_and(|until| now_ms < *until);
    (is_open, is_free)
}

fn accept(
    core: &Arc<Core>,
    world: &mut World,
    call: &Prepared,
    later: Option<u32>,
    (window_open, free_entry): (bool, bool),
    now_us: u64,
) -> Outcome {
    let id = core.message_id(world, call.person, true);
    world.counts.was_accepted(call.opaque.as_deref(), now_us);
    let (wa_id, user_id, is_shown) = match world.people.get_mut(call.person) {
        Some(person) => {
            person.accepted += 1;
            (person.wa_id.clone(), person.user_id.clone(), person.on_phone)
        }
        None => (None, String::new(), false),
    };
    let now = core.clock.now();
    let pricing =
        envelope::pricing(call.category.as_deref(), window_open, free_entry, now.timestamp());
    let message = Message {
        id: id.clone(),
        number: call.number.clone(),
        person: call.person,
        from_company: true,
        at_ms: now.timestamp_millis(),
        content: call.content.clone(),
        context: call.context.clone(),
        progress: Progress::Accepted,
        error: None,
        opaque: call.opaque.clone(),
        pricing: Some(pricing),
        edited: false,
        deleted: false,
        reactions: (None, None),
    };
    put(core, world, message);
    plan(core, world, &id, later, is_shown);
    if matches!(call.answer, Answer::CutAfterAccept) {
        world.counts.cut_after += 1;
        return Outcome::Cut;
    }
    if matches!(call.answer, Answer::HangAfterAccept) {
        world.counts.hung += 1;
    }
    let contact = match wa_id {
        Some(wa_id) => json!({"input": call.input, "wa_id": wa_id}),
        None => json!({"input": call.input, "user_id": user_id}),
    };
    let mut sent = json!({ "id": id });
    if call.category.is_some()
        && let Some(fields) = sent.as_object_mut()
    {
        fields.insert("message_status".to_owned(), Value::from("accepted"));
    }
    Outcome::Json(json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [sent],
    }))
}

/// Into the thread; a reaction goes onto the message it is about.
fn put(core: &Core, world: &mut World, message: Message) {
    if let Some(about) = message.content.pointer("/reaction/message_id").and_then(Value::as_str) {
        let emoji = message.content.pointer("/reaction/emoji").and_then(Value::as_str);
        let emoji = emoji.filter(|emoji| !emoji.is_empty()).map(str::to_owned);
        if let Some(target) = world.messages.get_mut(about) {
            target.reactions.1 = emoji;
            let target = target.clone();
            core.tell_message(world, &target);
        }
    } else {
        core.tell_message(world, &message);
    }
    let remember = world.config.remember;
    world.messages.add(message, remember);
}

/// The statuses to come. People of the phone page read when they look.
fn plan(core: &Core, world: &mut World, id: &str, later: Option<u32>, is_shown: bool) {
    let now = Instant::now();
    let config = &world.config;
    let step = |delay: Option<u64>, progress: Progress, error: Option<u32>| {
        if let Some(delay) = delay {
            let job = Job::Status { id: id.to_owned(), progress, error };
            core.agenda.add(now + Duration::from_millis(delay), job);
        }
    };
    if let Some(code) = later {
        step(
            Some(config.delivered_ms.or(config.sent_ms).unwrap_or(0)),
            Progress::Failed,
            Some(code),
        );
        *world.counts.failed_later.entry(code).or_default() += 1;
        return;
    }
    step(config.sent_ms, Progress::Sent, None);
    step(config.delivered_ms, Progress::Delivered, None);
    if !is_shown {
        step(config.read_ms, Progress::Read, None);
    }
}
