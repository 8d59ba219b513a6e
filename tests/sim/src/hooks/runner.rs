//! Does what is due.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use reqwest::header::{CONTENT_TYPE, HeaderName};
use tokio::{sync::Semaphore, time::Instant};

use super::{Delivery, agenda::Job, envelope, sign::signature, status, template_status};
use crate::{
    chance::Chance,
    world::{Core, messages::Progress},
};

const AT_ONCE: usize = 64;
const KEPT_FOR: Duration = Duration::from_hours(7 * 24);
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// Runs until the simulator stops.
pub(crate) async fn run(core: Arc<Core>) {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let jobs = tokio::select! {
            () = core.stop.cancelled() => return,
            jobs = core.agenda.take(256) => jobs,
        };
        let mut ready: BTreeMap<(String, String), Vec<Delivery>> = BTreeMap::new();
        let batch = {
            let mut world = core.world();
            for job in jobs {
                match job {
                    Job::Status { id, progress, error } => {
                        status(&core, &mut world, &id, progress, error);
                    }
                    Job::Verdict { template } => judge(&core, &mut world, &template),
                    Job::Deliver(delivery) => {
                        let number = delivery.number.as_deref();
                        let route = world.numbers.route(&delivery.waba, number, &world.config);
                        if let Some(route) = route {
                            ready.entry(route).or_default().push(delivery);
                        } else {
                            world.hooks.unsubscribed += 1;
                            world.hooks.pending = world.hooks.pending.saturating_sub(1);
                            core.touch();
                        }
                    }
                }
            }
            world.config.batch.max(1)
        };
        for ((url, secret), mut deliveries) in ready {
            while !deliveries.is_empty() {
                let rest = deliveries.split_off(batch.min(deliveries.len()));
                let together = std::mem::replace(&mut deliveries, rest);
                let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
                let (core, url, secret) = (Arc::clone(&core), url.clone(), secret.clone());
                core.clone().tasks.spawn(async move {
                    let stop = core.stop.clone();
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = deliver(&core, &url, &secret, together) => {}
                    }
                    drop(slot);
                });
            }
        }
    }
}

fn judge(core: &Core, world: &mut crate::world::World, template: &str) {
    let refused = world.templates.get(template).is_some_and(|template| {
        world.config.reject_templates.iter().any(|word| template.name.contains(word.as_str()))
    });
    let (event, reason) =
        if refused { ("REJECTED", "INVALID_FORMAT") } else { ("APPROVED", "NONE") };
    template_status(core, world, template, event, reason);
}

async fn deliver(core: &Core, url: &str, secret: &str, deliveries: Vec<Delivery>) {
    let body = envelope::delivery(deliveries.iter().map(|delivery| delivery.entry.as_str()));
    let sent = core
        .http
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header(SIGNATURE, signature(secret, body.as_bytes()))
        .body(body)
        .send()
        .await;
    let status = sent.map_or(0, |answer| answer.status().as_u16());
    let is_taken = (200..300).contains(&status);
    let mut world = core.world();
    let was_down = !(200..300).contains(&world.hooks.last_status);
    world.hooks.last_status = status;
    if is_taken && was_down && world.hooks.refused > 0 {
        core.agenda.hurry();
    }
    for mut delivery in deliveries {
        if is_taken {
            world.hooks.delivered += 1;
            world.hooks.pending = world.hooks.pending.saturating_sub(1);
            let Some(message) = delivery.message.and_then(|id| world.messages.get_mut(&id)) else {
                continue;
            };
            if message.progress < Progress::Delivered {
                message.progress = Progress::Delivered;
                let message = message.clone();
                core.tell_message(&world, &message);
            }
            continue;
        }
        world.hooks.refused += 1;
        if delivery.since.elapsed() > KEPT_FOR {
            world.hooks.expired += 1;
            world.hooks.pending = world.hooks.pending.saturating_sub(1);
            continue;
        }
        let config = &world.config;
        let doubled = config.retry_ms.saturating_mul(1 << delivery.tries.min(20));
        let pause = doubled.min(config.retry_max_ms).max(1);
        let n = u64::from(delivery.tries);
        let more = Chance::of(config.seed, "retry", &delivery.entry, n).below(pause / 4 + 1);
        delivery.tries += 1;
        core.agenda
            .add(Instant::now() + Duration::from_millis(pause + more), Job::Deliver(delivery));
    }
    core.touch();
}
