//! The state of the simulated world, and what its parts share.
//!
//! Invariants: all state stands behind one lock, which is never held across an await; counts are
//! kept for every call, messages only as far as `remember` goes.

pub(crate) mod counts;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod numbers;
pub(crate) mod people;
pub(crate) mod templates;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    counts::Counts,
    media::MediaStore,
    messages::{Message, Messages},
    numbers::Numbers,
    people::{People, PersonId},
    templates::Templates,
};
use crate::{
    chance::Chance,
    clock::Clock,
    config::Config,
    hooks::{HookCounts, agenda::Agenda},
};

/// What every part of the simulator holds.
#[derive(Debug)]
pub(crate) struct Core {
    world: Mutex<World>,
    pub(crate) clock: Clock,
    started: Instant,
    /// Differs from start to start, so that ids of an earlier life never come back.
    pub(crate) nonce: u64,
    pub(crate) agenda: Agenda,
    pub(crate) live: broadcast::Sender<Arc<str>>,
    pub(crate) changed: watch::Sender<u64>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    /// Our own address, as media URLs in webhooks name it.
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
}

/// The state.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) numbers: Numbers,
    pub(crate) people: People,
    pub(crate) messages: Messages,
    pub(crate) media: MediaStore,
    pub(crate) templates: Templates,
    pub(crate) counts: Counts,
    pub(crate) hooks: HookCounts,
    pub(crate) log: VecDeque<Request>,
    n: u64,
}

/// A request that came in, as `GET /_sim/requests` shows it. Tokens are not kept.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// In the order of arrival.
    pub n: u64,
    /// The simulator's time.
    pub at_ms: i64,
    /// GET, POST …
    pub method: String,
    /// Without the version and the query.
    pub path: String,
    /// The query as it came, without an access token.
    pub query: String,
    /// The JSON body, null for none or another kind.
    pub body: Value,
    /// The answer's status; 0 for none.
    pub status: u16,
    /// The code of an error.
    pub code: Option<u32>,
    /// The message's id, when one was accepted.
    pub message_id: Option<String>,
}

impl Core {
    pub(crate) fn new(config: Config, base: String, http: reqwest::Client, nonce: u64) -> Self {
        let clock = Clock::default();
        clock.shift(config.clock_offset_s);
        Self {
            world: Mutex::new(World { config, ..World::default() }),
            clock,
            started: Instant::now(),
            nonce,
            agenda: Agenda::default(),
            live: broadcast::channel(4_096).0,
            changed: watch::channel(0).0,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            base,
            http,
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Microseconds of a clock that only goes forward, not starting at zero.
    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros())
            .unwrap_or(u64::MAX)
            .saturating_add(1 << 32)
    }

    /// Wakes those who wait for a state.
    pub(crate) fn touch(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Tells the phone pages.
    pub(crate) fn tell(&self, event: &Value) {
        if self.live.receiver_count() > 0 {
            let _ = self.live.send(event.to_string().into());
        }
    }

    /// Tells the phone pages of a message, new or changed, if its person is shown there.
    pub(crate) fn tell_message(&self, world: &World, message: &Message) {
        if world.people.get(message.person).is_some_and(|person| person.on_phone) {
            self.tell(&json!({
                "event": "message",
                "customer": message.person,
                "number": message.number,
                "message": crate::phone::with_text(world, message),
            }));
        }
    }

    /// A new id that reads like Meta's and holds the person's address as theirs do.
    pub(crate) fn message_id(&self, world: &mut World, person: PersonId, outbound: bool) -> String {
        let n = world.number_next();
        let address = world.people.get(person).map_or("", |person| person.address()).to_owned();
        let mut chance = Chance::of(self.nonce, "wamid", &address, n);
        let (kind, unique) = if outbound { (0x11, chance.hex(18)) } else { (0x12, chance.hex(32)) };
        let length = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![0x1c, 0x18, length(&address)];
        bytes.extend_from_slice(address.as_bytes());
        bytes.extend_from_slice(&[0x15, 0x02, 0x00, kind, 0x18, length(&unique)]);
        bytes.extend_from_slice(unique.as_bytes());
        bytes.push(0);
        format!("wamid.{}", STANDARD.encode(bytes))
    }

    /// A trace id as Meta's errors carry one.
    pub(crate) fn trace(&self, world: &mut World) -> String {
        let n = world.number_next();
        format!("A{}", Chance::of(self.nonce, "trace", "", n).hex(16))
    }

    /// A new id of an object.
    pub(crate) fn object_id(&self, world: &mut World, first: char, length: usize) -> String {
        let n = world.number_next();
        let rest = Chance::of(self.nonce, "object", "", n).digits(length.saturating_sub(1));
        format!("{first}{rest}")
    }
}

impl World {
    pub(crate) fn number_next(&mut self) -> u64 {
        self.n += 1;
        self.n
    }

    pub(crate) fn note(&mut self, mut request: Request) {
        request.n = self.number_next();
        self.log.push_back(request);
        while self.log.len() > self.config.remember {
            self.log.pop_front();
        }
    }

    /// Forgets what happened; who exists, the subscriptions and the configuration stay.
    pub(crate) fn forget(&mut self) {
        self.counts = Counts::default();
        self.hooks = HookCounts::default();
        self.messages = Messages::default();
        self.log.clear();
        for person in self.people.iter_mut() {
            person.calls = 0;
            person.accepted = 0;
            person.paid_us.clear();
            person.wrote_ms.clear();
            person.free_until_ms.clear();
        }
        self.numbers.traffic.clear();
    }
}
