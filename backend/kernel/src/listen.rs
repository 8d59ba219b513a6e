//! What other processes stored, as NATS tells it: into the window of newest events.
//!
//! Invariant (D30): a message is believed only if it is of this incarnation and its hash continues the
//! company's chain from an event that we know. Whatever is not believed is left out, and the followers
//! read the ledger instead.

use std::{num::NonZeroUsize, time::Duration};

use async_nats::jetstream::{
    consumer::{DeliverPolicy, pull::OrderedConfig},
    stream::Stream,
};
use futures::StreamExt as _;
use lru::LruCache;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    bus::{Bus, StreamName, failed},
    error::Result,
    ledger::Ledger,
    message,
    record::{Hash, Recorded, chain},
};

/// How many companies' heads are known.
const KNOWN: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");
/// How long a listener that failed rests.
const REST: Duration = Duration::from_millis(500);

/// The ear of one process.
pub struct Listener {
    bus: Bus,
    ledger: Ledger,
    name: StreamName,
    incarnation: String,
    heads: LruCache<Uuid, (i64, Hash)>,
}

impl Listener {
    /// A listener; nothing happens before [`Listener::run`].
    #[must_use]
    pub fn new(bus: Bus, ledger: Ledger) -> Self {
        let name = bus.stream(ledger.shard());
        let incarnation = ledger.incarnation().simple().to_string();
        Self { bus, ledger, name, incarnation, heads: LruCache::new(KNOWN) }
    }

    /// Listens while another process lives: alone, one knows everything already.
    pub async fn run(mut self, mut alone: watch::Receiver<bool>) {
        loop {
            if alone.wait_for(|alone| !alone).await.is_err() {
                return;
            }
            let mut until = alone.clone();
            let heard = tokio::select! {
                heard = self.listen() => heard,
                () = async { drop(until.wait_for(|alone| *alone).await) } => Ok(()),
            };
            if let Err(error) = heard {
                tracing::warn!(%error, "the stream is not heard, the ledger is read instead");
                tokio::time::sleep(REST).await;
            }
        }
    }

    async fn listen(&mut self) -> Result<()> {
        let stream: Stream =
            self.bus.context().get_stream(self.name.stream()).await.map_err(failed)?;
        let config =
            OrderedConfig { deliver_policy: DeliverPolicy::New, ..OrderedConfig::default() };
        let consumer = stream.create_consumer(config).await.map_err(failed)?;
        let mut messages = consumer.messages().await.map_err(failed)?.ready_chunks(512);
        while let Some(chunk) = messages.next().await {
            let mut events = Vec::with_capacity(chunk.len());
            for message in chunk {
                let message = message.map_err(failed)?;
                let headers = message.headers.as_ref();
                if message::is_of(headers, &self.incarnation)
                    && let Some(event) = message::read(self.name.shard, &message.payload, headers)
                    && self.is_true(&event).await?
                {
                    events.push(event);
                }
            }
            self.ledger.recent().push(events);
        }
        Ok(())
    }

    /// Whether an event continues its company's chain.
    pub(crate) async fn is_true(&mut self, event: &Recorded) -> Result<bool> {
        let before = match self.heads.get(&event.company) {
            Some((seq, hash)) if *seq == event.company_seq - 1 => *hash,
            _ => match self.look(event.company, event.company_seq - 1).await? {
                Some(hash) => hash,
                None => return Ok(false),
            },
        };
        let is_true = chain(&before, event) == event.hash;
        if is_true {
            self.heads.put(event.company, (event.company_seq, event.hash));
        } else {
            metrics::counter!("kernel_stream_forged_total").increment(1);
            tracing::error!(
                event.position = event.position,
                "a message of the stream is not what the ledger says"
            );
        }
        Ok(is_true)
    }

    async fn look(&self, company: Uuid, company_seq: i64) -> Result<Option<Hash>> {
        if company_seq == 0 {
            return Ok(Some(Hash::default()));
        }
        let events = self.ledger.read_company(company, company_seq, 1).await?;
        Ok(events.first().map(|event| event.hash))
    }
}
