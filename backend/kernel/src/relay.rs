//! The relay: ledger -> JetStream, one message an event, in order.
//!
//! Invariants (K17):
//! - the stream of a shard holds positions in ascending order without repeats: a batch is accepted as
//!   a whole and only directly behind the message before it, so two relays, a late retry or a restart
//!   cannot mix in;
//! - where to go on is asked of the stream itself, never of a checkpoint: a stream that lost its tail
//!   gets it again;
//! - nothing of another incarnation, or ahead of the ledger, is followed (D12): the relay stands still
//!   and says so;
//! - the stream may have holes where an administrator cut something out. Readers fill those from the
//!   ledger.

use std::sync::Arc;

use async_nats::{
    header::{NATS_BATCH_COMMIT, NATS_BATCH_ID, NATS_BATCH_SEQUENCE, NATS_EXPECTED_LAST_SEQUENCE},
    jetstream::{message::PublishMessage, stream},
};
use tokio::sync::watch;

use crate::{
    bus::{Bus, StreamName, config, failed},
    error::{Error, Result},
    faults,
    follow::{Follower, Silence},
    gate::Gate,
    ids::Ground,
    ledger::Ledger,
    message,
    plant::{Plant, planted},
    record::Recorded,
};

/// The most events in one batch; the server takes no larger one.
const PAGE: usize = 1000;
/// While nobody else lives, nobody waits for the stream: larger batches cost less.
const GATHER: std::time::Duration = std::time::Duration::from_millis(50);
/// How long a relay that failed rests.
const REST: std::time::Duration = std::time::Duration::from_millis(100);

/// What one pass did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// Messages accepted by the stream.
    pub messages: usize,
    /// The position of the last one.
    pub position: i64,
}

/// The end of a stream: the sequence of its last message, and its position in the ledger.
type Tail = (u64, i64);

/// The relay of one shard.
pub struct Relay {
    bus: Bus,
    ledger: Ledger,
    ground: Ground,
    name: StreamName,
    incarnation: String,
    follower: Follower,
    alone: watch::Receiver<bool>,
    tail: Option<Tail>,
    reached: watch::Sender<i64>,
}

impl Relay {
    /// A relay; nothing happens before [`Relay::pass`].
    #[must_use]
    pub fn new(bus: Bus, ledger: Ledger, ground: Ground, alone: watch::Receiver<bool>) -> Self {
        Self::with_silence(bus, ledger, ground, alone, Silence::default())
    }

    /// A relay with its own idea of how long silence may be trusted.
    #[must_use]
    pub fn with_silence(
        bus: Bus,
        ledger: Ledger,
        ground: Ground,
        alone: watch::Receiver<bool>,
        silence: Silence,
    ) -> Self {
        let name = bus.stream(ledger.shard());
        let incarnation = ledger.incarnation().simple().to_string();
        let follower = Follower::new(ledger.clone(), alone.clone(), silence);
        let reached = watch::channel(0).0;
        Self { bus, ledger, ground, name, incarnation, follower, alone, tail: None, reached }
    }

    /// The last position that the stream is known to hold.
    #[must_use]
    pub fn reached(&self) -> watch::Receiver<i64> {
        self.reached.subscribe()
    }

    /// Relays while `owns` says that this process is the one, and nothing is held.
    pub async fn run(mut self, mut owns: watch::Receiver<Option<i64>>, gate: Gate) {
        loop {
            if owns.borrow_and_update().is_none() {
                self.tail = None;
                if owns.changed().await.is_err() {
                    return;
                }
                continue;
            }
            gate.open().await;
            let passed = self.pass().await;
            if let Ok(relayed) = &passed
                && relayed.messages < PAGE
                && *self.alone.borrow()
            {
                tokio::time::sleep(GATHER).await;
            }
            if let Err(error) = passed {
                tracing::warn!(%error, "the relay failed, asking the stream where to go on");
                tokio::time::sleep(REST).await;
            }
        }
    }

    /// Publishes what comes next, at most one batch; waits for news as a follower does.
    ///
    /// # Errors
    /// If Postgres or NATS fails; the next pass asks the stream where to go on.
    pub async fn pass(&mut self) -> Result<Relayed> {
        let tail = match self.tail.take() {
            Some(tail) => tail,
            None => self.start().await?,
        };
        let events = self.follower.next(tail.1, PAGE).await?;
        if !events.is_empty() {
            faults::point("before_relay");
        }
        let tail = self.publish(&events, tail).await?;
        self.tail = Some(tail);
        self.reached.send_replace(tail.1);
        Ok(Relayed { messages: events.len(), position: tail.1 })
    }

    /// Asks the stream for its end again. To be called when the connection was lost, or now and then.
    pub fn forget(&mut self) {
        self.tail = None;
    }

    /// One batch: all of it behind the tail, or nothing.
    async fn publish(&self, events: &[Arc<Recorded>], (sequence, position): Tail) -> Result<Tail> {
        let Some((last, before)) = events.split_last() else { return Ok((sequence, position)) };
        let batch = self.ground.ids.v7().simple().to_string();
        let headers = |nr: usize, event: &Recorded| {
            let mut headers = message::headers(event, &self.incarnation);
            headers.insert(NATS_BATCH_ID, batch.as_str());
            headers.insert(NATS_BATCH_SEQUENCE, nr.to_string());
            if nr == 1 && !planted(Plant::PublishBlindly) {
                headers.insert(NATS_EXPECTED_LAST_SEQUENCE, sequence.to_string());
            }
            headers
        };
        for (nr, event) in (1..).zip(before) {
            let sent = self.bus.relay_client().publish_with_headers(
                self.subject(event),
                headers(nr, event),
                message::body(event)?.into(),
            );
            sent.await.map_err(failed)?;
        }
        let mut closing = headers(events.len(), last);
        closing.insert(NATS_BATCH_COMMIT, "1");
        let message = PublishMessage::build().payload(message::body(last)?.into()).headers(closing);
        let sent = self.bus.relay().send_publish(self.subject(last), message).await;
        let answer = sent.map_err(failed)?;
        faults::point("after_publish");
        let answer = answer.await.map_err(failed)?;
        let expected = sequence + u64::try_from(events.len()).unwrap_or(0);
        if answer.sequence != expected && !planted(Plant::PublishBlindly) {
            let said = answer.sequence;
            return Err(Error::Stream(format!("sequence {expected} expected, {said} given")));
        }
        Ok((answer.sequence, last.position))
    }

    fn subject(&self, event: &Recorded) -> String {
        let company = event.company.simple().to_string();
        self.name.subject(&company, &event.event_type)
    }

    /// Behind the stream's last message; with an empty stream, behind the slowest read model: what all
    /// have seen is of no use to anybody.
    async fn start(&self) -> Result<Tail> {
        let (sequence, position) = self.ask().await?;
        let head = self.head().await?;
        if position > head {
            return Err(Error::Stream(format!(
                "the stream ends at {position}, the ledger at {head}: it is of another life"
            )));
        }
        if position > 0 {
            return Ok((sequence, position));
        }
        let slowest = self.slowest().await?;
        Ok((sequence, slowest.unwrap_or(0).min(head)))
    }

    async fn head(&self) -> Result<i64> {
        let head: Option<i64> =
            sqlx::query_scalar("select max(position) from ledger.events where shard = $1")
                .bind(self.name.shard)
                .fetch_one(&self.ledger.pools().direct)
                .await?;
        Ok(head.unwrap_or(0))
    }

    async fn slowest(&self) -> Result<Option<i64>> {
        let slowest =
            sqlx::query_scalar("select min(position) from projection.checkpoints where shard = $1")
                .bind(self.name.shard)
                .fetch_one(&self.ledger.pools().direct)
                .await?;
        Ok(slowest)
    }

    async fn ask(&self) -> Result<Tail> {
        let stream =
            self.bus.relay().get_or_create_stream(config(&self.name)?).await.map_err(failed)?;
        let last = stream.get_info().await.map_err(failed)?.state.last_sequence;
        let subject = self.name.subject("*", ">");
        let message = match stream.get_last_raw_message_by_subject(&subject).await {
            Ok(message) => message,
            Err(error) if error.kind() == stream::LastRawMessageErrorKind::NoMessageFound => {
                return Ok((last, 0));
            }
            Err(error) => return Err(failed(error)),
        };
        if !message::is_of(Some(&message.headers), &self.incarnation) {
            return Err(Error::Stream("the stream is of another incarnation".to_owned()));
        }
        let event = message::read(self.name.shard, &message.payload, Some(&message.headers));
        let event = event.ok_or_else(|| Error::Stream("a message of another form".to_owned()))?;
        Ok((last, event.position))
    }
}
