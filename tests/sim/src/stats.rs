//! The figures of `GET /_sim/stats`.

use std::{collections::BTreeMap, fs};

use serde::Serialize;
use serde_json::{Value, json};

use crate::world::{Core, counts::Attempt};

/// What happened so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Stats {
    /// Calls that wanted to send a message and made sense.
    pub calls: u64,
    /// Calls that were accepted.
    pub accepted: u64,
    /// People who were sent something.
    pub distinct: u64,
    /// People who were sent more than one message.
    pub dup_recipients: u64,
    /// Messages beyond the first of each person.
    pub extra_sends: u64,
    /// The most messages of one person.
    pub max_per_recipient: u64,
    /// Different values of `biz_opaque_callback_data`.
    pub attempts: u64,
    /// Values of `biz_opaque_callback_data` that were accepted more than once.
    pub attempts_accepted_twice: u64,
    /// Messages (attempt ids without what follows the last dot) that were accepted more than once.
    pub messages_accepted_twice: u64,
    /// Calls that made no sense: token, parameters.
    pub bad: u64,
    /// Calls refused with a code.
    pub refused: BTreeMap<String, u64>,
    /// Accepted messages that failed later, by code.
    pub failed_later: BTreeMap<String, u64>,
    /// Accepted, and cut before the answer.
    pub cut_after_accept: u64,
    /// Cut, with nothing accepted.
    pub cut_before_accept: u64,
    /// Never answered.
    pub hang: u64,
    /// Refused for a number's throughput.
    pub over_mps: u64,
    /// The most messages of one number, in and out, in a sliding second.
    pub peak_phone_rps: u64,
    /// Calls at once.
    pub peak_inflight: u64,
    /// From the first call to the last acceptance.
    pub seconds: f64,
    /// Accepted messages a second over that time.
    pub msgs_s: f64,
    /// Messages of customers.
    pub inbound: u64,
    /// Read marks of the company.
    pub marked_read: u64,
    /// Typing marks of the company.
    pub typing: u64,
    /// Files the company uploaded.
    pub media_uploads: u64,
    /// Files the company fetched.
    pub media_downloads: u64,
    /// What became of the webhooks.
    pub webhooks: Value,
    /// CPU time of this process.
    pub cpu_s: f64,
}

impl Stats {
    /// Webhooks that were not taken yet.
    #[must_use]
    pub fn webhooks_pending(&self) -> u64 {
        self.webhooks.get("pending").and_then(Value::as_u64).unwrap_or(0)
    }

    /// Webhooks that were taken.
    #[must_use]
    pub fn webhooks_delivered(&self) -> u64 {
        self.webhooks.get("delivered").and_then(Value::as_u64).unwrap_or(0)
    }
}

pub(crate) fn stats(core: &Core) -> Stats {
    let world = core.world();
    let counts = &world.counts;
    let mut stats = Stats {
        calls: counts.calls,
        accepted: counts.accepted,
        bad: counts.bad,
        refused: named(&counts.refused),
        failed_later: named(&counts.failed_later),
        cut_after_accept: counts.cut_after,
        cut_before_accept: counts.cut_before,
        hang: counts.hung,
        peak_inflight: counts.peak_inflight,
        inbound: counts.inbound,
        marked_read: counts.marked_read,
        typing: counts.typing,
        media_uploads: counts.uploads,
        media_downloads: counts.downloads,
        webhooks: json!(world.hooks),
        attempts: counted(counts.attempts.len()),
        cpu_s: cpu_s(),
        ..Stats::default()
    };
    for (_, person) in world.people.iter().filter(|(_, person)| person.accepted > 0) {
        stats.distinct += 1;
        stats.dup_recipients += u64::from(person.accepted > 1);
        stats.extra_sends += person.accepted - 1;
        stats.max_per_recipient = stats.max_per_recipient.max(person.accepted);
    }
    let twice = |attempt: &&Attempt| attempt.accepted > 1;
    stats.attempts_accepted_twice = counted(counts.attempts.values().filter(twice).count());
    stats.messages_accepted_twice = counted(counts.by_message().values().filter(twice).count());
    for traffic in world.numbers.traffic.values() {
        stats.over_mps += traffic.refused;
        stats.peak_phone_rps = stats.peak_phone_rps.max(counted(traffic.peak));
    }
    let took_us = counts.last_us.saturating_sub(counts.first_us.unwrap_or(counts.last_us));
    stats.seconds = real(took_us) / 1e6;
    if stats.seconds > 0.0 {
        stats.msgs_s = (real(counts.accepted) / stats.seconds).round();
    }
    stats
}

/// Accepted messages by recipient.
pub(crate) fn accepted(core: &Core) -> BTreeMap<String, u64> {
    let world = core.world();
    let people = world.people.iter().filter(|(_, person)| person.accepted > 0);
    people.map(|(_, person)| (person.address().to_owned(), person.accepted)).collect()
}

fn named(counts: &BTreeMap<u32, u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|(code, count)| (code.to_string(), *count)).collect()
}

fn counted(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Exact up to 2^32: an hour in microseconds.
fn real(n: u64) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

/// User and system time, in the kernel's hundredths.
fn cpu_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let fields = rest.split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}
