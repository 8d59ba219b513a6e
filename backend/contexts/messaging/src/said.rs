//! What stands sealed in a message's events, opened for those who must send or quote it.

use events::messaging::{Inbound, MessageEvent, Outbound};
use kernel::{
    error::Result,
    record::Recorded,
    vault::{Opened, Place, Vault},
};
use shared::ids::ConversationId;
use uuid::Uuid;

/// The provider's id of a message; of one conversation, if that is asked. Nothing when it has none yet,
/// or when its key is gone.
///
/// # Errors
/// If the vault fails or an event does not decode.
pub async fn provider_id(
    vault: &Vault,
    company: Uuid,
    only: Option<ConversationId>,
    events: &[Recorded],
) -> Result<Option<String>> {
    let mut found = None;
    let is_other = |conversation: ConversationId| only.is_some_and(|only| only != conversation);
    for recorded in events {
        match recorded.decode::<MessageEvent>()? {
            MessageEvent::Received { conversation, said, .. } => {
                if is_other(conversation) {
                    return Ok(None);
                }
                let place = place(company, "messaging.message.received", "said");
                found = opened(vault.open::<Inbound>(place, &said).await?)
                    .map(|inbound| inbound.provider_id);
            }
            MessageEvent::Echoed { conversation, said, .. } => {
                if is_other(conversation) {
                    return Ok(None);
                }
                let place = place(company, "messaging.message.echoed", "said");
                found = opened(vault.open::<Inbound>(place, &said).await?)
                    .map(|inbound| inbound.provider_id);
            }
            MessageEvent::Queued { conversation, .. } if is_other(conversation) => {
                return Ok(None);
            }
            MessageEvent::Accepted { provider_id, .. } => {
                let place = place(company, "messaging.message.accepted", "provider_id");
                found = opened(vault.open::<String>(place, &provider_id).await?);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// What an outbound message says, and to whom.
///
/// # Errors
/// If the vault fails or an event does not decode.
pub async fn outbound(
    vault: &Vault,
    company: Uuid,
    events: &[Recorded],
) -> Result<Option<Outbound>> {
    let queued = events.iter().find(|event| &*event.event_type == "messaging.message.queued");
    let Some(queued) = queued else { return Ok(None) };
    let MessageEvent::Queued { said, .. } = queued.decode()? else { return Ok(None) };
    let place = place(company, "messaging.message.queued", "said");
    Ok(opened(vault.open::<Outbound>(place, &said).await?))
}

const fn place(company: Uuid, event_type: &'static str, field: &'static str) -> Place {
    Place { company, event_type, field }
}

fn opened<T>(opened: Opened<T>) -> Option<T> {
    match opened {
        Opened::Value(value) => Some(value),
        Opened::Erased => None,
    }
}
