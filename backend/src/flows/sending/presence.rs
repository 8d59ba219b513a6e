//! Read marks and "somebody is typing": told to the provider in passing, stored nowhere (D11).
//!
//! A mark that is lost does no harm, so it is told once, beside everything else, and never waited for.

use std::sync::Arc;

use events::messaging::MessageEvent;
use messaging::{outside::Presence, said};
use ports::outbound;
use shared::ids::MessageId;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Sending, prepare};

/// The most that is told at once; beyond it marks are dropped.
const MOST: usize = 64;

/// See the module.
#[derive(Clone)]
pub struct Seen {
    sending: Arc<Sending>,
    room: Arc<Semaphore>,
}

impl Seen {
    /// Nothing is being told.
    #[must_use]
    pub fn new(sending: Sending) -> Self {
        Self { sending: Arc::new(sending), room: Arc::new(Semaphore::new(MOST)) }
    }

    async fn tell(&self, company: Uuid, message: MessageId, is_typing: bool) {
        let sending = &*self.sending;
        let events = sending.ledger.read_stream(company, message.into(), 0).await;
        let Ok(events) = events else { return };
        let received = events.iter().find_map(|event| match event.decode().ok()? {
            MessageEvent::Received { channel, .. } => Some(channel),
            _ => None,
        });
        let Some(channel) = received else { return };
        let Ok(access) = prepare::access(sending, company, channel).await else { return };
        let wamid = said::provider_id(&sending.vault, company, None, &events).await;
        let Ok(Some(wamid)) = wamid else { return };
        let seen = outbound::Seen { message: wamid, is_typing };
        if let Err(trouble) = sending.messenger.mark_seen(&access, &seen).await {
            tracing::debug!(channel.id = %channel, "a read mark was not taken: {trouble}");
        }
    }
}

impl Presence for Seen {
    fn show(&self, company: Uuid, message: MessageId, is_typing: bool) {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else { return };
        let seen = self.clone();
        self.sending.tasks.spawn_until_stop(async move {
            seen.tell(company, message, is_typing).await;
            drop(room);
        });
    }
}
