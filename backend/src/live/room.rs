//! A room: one company's events turned into frames, once for all its sockets.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use kernel::{db::reading_as, error::Result, projection::Applied, record::Recorded};
use shared::feed::{Change, Topic};
use tokio::{
    sync::{Notify, broadcast},
    time::{Instant, timeout},
};
use uuid::Uuid;

use super::Ground;

/// At most ten frames a second, over a while.
const PACE: Duration = Duration::from_millis(100);
/// After quiet a few follow each other at once: who hears little hears it without delay.
const AT_ONCE: Duration = Duration::from_millis(300);
/// An empty frame moves the cursor at least this often.
const BEAT: Duration = Duration::from_secs(1);
/// The most events in one frame.
const PAGE: i64 = 500;
/// The most events that wait in memory; what is more is read from the ledger.
const WAITING: usize = 4096;
/// Frames that a slow socket may be behind before it must resume.
const BEHIND: usize = 64;

/// A part of a company's history as screens need it.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The company's number behind which it begins.
    pub(crate) after: i64,
    /// The company's number that it reaches.
    pub(crate) through: i64,
    /// The rows that changed, each with the topics it belongs to.
    pub(crate) changes: Vec<(Vec<Topic>, Change)>,
    /// The screens of this company stand still since then.
    pub(crate) stale: Option<DateTime<Utc>>,
}

pub(crate) struct Room {
    company: Uuid,
    waiting: Mutex<Waiting>,
    news: Notify,
    frames: Mutex<Option<broadcast::Sender<Arc<Frame>>>>,
}

struct Waiting {
    events: VecDeque<Arc<Recorded>>,
    /// The last number that a frame has reached.
    through: i64,
    stale: Option<DateTime<Utc>>,
}

impl Room {
    pub(crate) fn new(company: Uuid, through: i64) -> Self {
        let waiting = Waiting { events: VecDeque::new(), through, stale: None };
        Self {
            company,
            waiting: Mutex::new(waiting),
            news: Notify::new(),
            frames: Mutex::new(Some(broadcast::channel(BEHIND).0)),
        }
    }

    pub(crate) const fn company(&self) -> Uuid {
        self.company
    }

    /// Frames from now on, and the number behind which the first of them begins at the latest;
    /// `None` if the room is being shut: come again.
    pub(crate) fn enter(&self) -> Option<(broadcast::Receiver<Arc<Frame>>, i64)> {
        // Subscribed first: a frame between the two is skipped by its number, none is missed.
        let frames = self.sender().as_ref()?.subscribe();
        Some((frames, self.locked().through))
    }

    /// Nobody enters any more; who sits in it is told by the end of its frames.
    pub(crate) fn shut(&self) {
        self.sender().take();
    }

    fn sender(&self) -> std::sync::MutexGuard<'_, Option<broadcast::Sender<Arc<Frame>>>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hand_in(&self, batch: &Applied, indexes: &[usize]) {
        let mut waiting = self.locked();
        for event in indexes.iter().filter_map(|index| batch.get(*index)) {
            if waiting.events.len() < WAITING {
                waiting.events.push_back(Arc::clone(event));
            }
        }
        drop(waiting);
        self.news.notify_one();
    }

    /// The reader's batches ran over and some are gone: the ledger has them.
    pub(crate) fn look(&self) {
        self.news.notify_one();
    }

    pub(crate) fn set_stale(&self, since: Option<DateTime<Utc>>) {
        self.locked().stale = since;
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes frames until nobody listens any more.
    pub(crate) async fn run(&self, ground: &Ground) {
        let mut empty_beats = 0;
        // When the frames so far would have gone, had each kept its distance to the one before.
        let mut paced = Instant::now();
        loop {
            let woken = timeout(BEAT, self.news.notified()).await.is_ok();
            let listeners = self.sender().as_ref().map_or(0, broadcast::Sender::receiver_count);
            empty_beats = if listeners == 0 { empty_beats + 1 } else { 0 };
            if empty_beats > 5 && !woken {
                return;
            }
            let begun = Instant::now();
            match self.next(ground).await {
                Ok(frame) => {
                    // Nobody may be listening; the number moves all the same.
                    if let Some(sender) = self.sender().as_ref() {
                        let _ = sender.send(Arc::new(frame));
                    }
                }
                Err(error) => {
                    tracing::warn!(company.id = %self.company, %error, "a frame could not be made");
                }
            }
            paced = paced.max(begun) + PACE;
            tokio::time::sleep_until(paced.checked_sub(AT_ONCE).unwrap_or(begun)).await;
        }
    }

    /// What waits, or what the ledger has behind the last frame, as one frame.
    async fn next(&self, ground: &Ground) -> Result<Frame> {
        let (after, mut events, stale) = {
            let mut waiting = self.locked();
            let after = waiting.through;
            let mut events = Vec::new();
            while events.len() < usize::try_from(PAGE).unwrap_or(usize::MAX)
                && let Some(event) = waiting.events.pop_front()
            {
                if event.company_seq > after {
                    events.push(event);
                }
            }
            (after, events, waiting.stale)
        };
        let next = i64::try_from(events.len()).unwrap_or(0);
        let is_whole = events.last().is_none_or(|last| last.company_seq == after + next);
        if !is_whole || events.is_empty() {
            // A gap, or silence, which may be another process' work: the ledger knows.
            events = behind(ground, self.company, after).await?;
        }
        let frame = frame(ground, self.company, after, &events, stale).await?;
        let mut waiting = self.locked();
        waiting.through = frame.through;
        if !waiting.events.is_empty() {
            self.news.notify_one();
        }
        Ok(frame)
    }
}

/// The company's events behind a number, as far as all projections have taken them.
pub(crate) async fn behind(
    ground: &Ground,
    company: Uuid,
    after: i64,
) -> Result<Vec<Arc<Recorded>>> {
    let applied = ground.models.head_of(company).await?;
    if applied <= after {
        return Ok(Vec::new());
    }
    let events = ground.ledger.read_company(company, after + 1, PAGE).await?;
    Ok(events.into_iter().filter(|event| event.company_seq <= applied).map(Arc::new).collect())
}

/// Events as a frame: the rows that they changed, as they are now.
pub(crate) async fn frame(
    ground: &Ground,
    company: Uuid,
    after: i64,
    events: &[Arc<Recorded>],
    stale: Option<DateTime<Utc>>,
) -> Result<Frame> {
    let through = events.last().map_or(after, |event| event.company_seq);
    let mut changes = Vec::new();
    if !events.is_empty() {
        let mut tx = None;
        for shown in &ground.shown {
            let mut keys = Vec::new();
            for event in events {
                shown.touched(event, &mut keys);
            }
            keys.sort_unstable();
            keys.dedup();
            if keys.is_empty() {
                continue;
            }
            let tx = match &mut tx {
                Some(tx) => tx,
                none => none.insert(reading_as(&ground.pools.reader, company).await?),
            };
            let rows = shown.rows(tx, &ground.vault, company, &keys).await?;
            changes.extend(rows.into_iter().map(|change| (topics(&change), change)));
        }
    }
    Ok(Frame { after, through, changes, stale })
}

/// The topics that a row belongs to.
fn topics(change: &Change) -> Vec<Topic> {
    match change {
        Change::Thread(_) => vec![Topic::Threads],
        Change::Message(message) => vec![Topic::Conversation(message.conversation)],
        Change::Channel(channel) => vec![Topic::Channels, Topic::Channel(channel.id)],
        Change::Contact(_) => vec![Topic::Contacts],
        Change::Rights => vec![Topic::Team],
    }
}

/// The company's number up to which all projections have come.
pub(crate) async fn applied_seq(ground: &Ground, company: Uuid) -> Result<i64> {
    ground.models.head_of(company).await
}
