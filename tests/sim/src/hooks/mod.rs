//! Webhooks: what happened is told to whoever subscribed, signed, until it is taken.
//!
//! Invariants: a refused delivery is repeated for 7 days, the pause doubling; only a rate of the
//! configuration loses or doubles one. Address and secret are looked up at each try, so a platform
//! that comes back elsewhere gets what it missed.

pub(crate) mod agenda;
pub(crate) mod envelope;
pub(crate) mod runner;
pub(crate) mod sign;

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::agenda::Job;
use crate::{
    chance::Chance,
    errors,
    world::{Core, World, messages::Progress},
};

/// What became of the webhooks.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct HookCounts {
    /// Put on the way, repeats and doubles not counted.
    pub(crate) queued: u64,
    /// Taken with a 2xx; a double counts again.
    pub(crate) delivered: u64,
    /// Tries that were refused or did not get through.
    pub(crate) refused: u64,
    /// Lost by configuration.
    pub(crate) dropped: u64,
    /// Doubled by configuration.
    pub(crate) duplicated: u64,
    /// Late by configuration.
    pub(crate) shuffled: u64,
    /// Nobody had subscribed.
    pub(crate) unsubscribed: u64,
    /// Given up after 7 days.
    pub(crate) expired: u64,
    /// Not taken yet.
    pub(crate) pending: u64,
    /// The status of the last answer; 0 when none came.
    pub(crate) last_status: u16,
}

/// One change on its way.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) waba: String,
    pub(crate) number: Option<String>,
    /// The entry, written and escaped.
    pub(crate) entry: String,
    /// The customer's message in it, to be ticked when it is taken.
    pub(crate) message: Option<String>,
    pub(crate) tries: u32,
    pub(crate) since: Instant,
}

/// Puts a change on its way.
pub(crate) fn send(
    core: &Core,
    world: &mut World,
    waba: &str,
    number: Option<&str>,
    field: &str,
    value: &Value,
    message: Option<String>,
) {
    let n = world.number_next();
    let entry = envelope::entry(waba, core.clock.now().timestamp(), field, value);
    let delivery = Delivery {
        waba: waba.to_owned(),
        number: number.map(str::to_owned),
        entry,
        message,
        tries: 0,
        since: Instant::now(),
    };
    let config = &world.config;
    let mut chance = Chance::of(config.seed, "hook", waba, n);
    let (drop, duplicate) = (chance.hits(config.drop), chance.hits(config.duplicate));
    let late = chance.hits(config.shuffle).then(|| chance.below(config.shuffle_ms.max(1)));
    let twice = chance.below(500);
    world.hooks.queued += 1;
    if drop {
        world.hooks.dropped += 1;
        return;
    }
    if late.is_some() {
        world.hooks.shuffled += 1;
    }
    let due = Instant::now() + Duration::from_millis(late.unwrap_or(0));
    if duplicate {
        world.hooks.duplicated += 1;
        world.hooks.pending += 1;
        let again = due + Duration::from_millis(twice);
        core.agenda.add(again, Job::Deliver(delivery.clone()));
    }
    world.hooks.pending += 1;
    core.agenda.add(due, Job::Deliver(delivery));
}

/// Moves a message of the company on, and tells.
pub(crate) fn status(
    core: &Core,
    world: &mut World,
    id: &str,
    progress: Progress,
    error: Option<u32>,
) {
    let now = core.clock.now().timestamp();
    let Some(message) = world.messages.get_mut(id) else { return };
    if message.progress >= progress || message.error.is_some() {
        return;
    }
    message.progress = progress;
    message.error = error.map(errors::in_status);
    let message = message.clone();
    core.tell_message(world, &message);
    let Some(number) = world.numbers.by_id.get(&message.number).cloned() else { return };
    let Some(person) = world.people.get(message.person) else { return };
    let value = envelope::status(&number, person, &message, now, world.config.bsuid);
    send(core, world, &number.waba, Some(&number.id), "messages", &value, None);
    core.touch();
}

/// A change of the account or one of its parts.
pub(crate) fn account(core: &Core, world: &mut World, waba: &str, field: &str, value: &Value) {
    send(core, world, waba, None, field, value, None);
}

/// A template's new state.
pub(crate) fn template_status(core: &Core, world: &mut World, id: &str, event: &str, reason: &str) {
    let Some(template) = world.templates.get_mut(id) else { return };
    event.clone_into(&mut template.status);
    let value = json!({
        "event": event,
        "message_template_id": template.id.parse::<u64>().unwrap_or(0),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "reason": reason,
        "message_template_category": template.category,
    });
    let waba = template.waba.clone();
    account(core, world, &waba, "message_template_status_update", &value);
    core.touch();
}
