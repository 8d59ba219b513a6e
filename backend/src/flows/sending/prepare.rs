//! What a message needs before it can leave: its words opened, its file at the provider.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::messaging::{MessageEvent, Purpose, Recipient};
use kernel::{error::Error, record::Recorded};
use messaging::{
    lane::{Candidate, Now, Priority},
    message::{attempt_id, content, progress::Progress},
    said,
};
use ports::{
    outbound::{self, Access},
    secret::Secret,
};
use shared::{
    ids::{ChannelId, ContactId, FileId, MessageId},
    messages::Content,
};
use uuid::Uuid;

use super::{Sending, media};

/// A message that can leave.
pub(super) struct Ready {
    pub(super) message: MessageId,
    pub(super) attempt: u16,
    pub(super) contact: ContactId,
    pub(super) access: Access,
    pub(super) outbound: outbound::Outbound,
}

/// A message that cannot.
pub(super) enum NotReady {
    /// The person was erased.
    Erased,
    /// It cannot be sent at all.
    Unsendable,
    /// Something is missing for a while.
    Later,
    /// Below.
    Kernel(Error),
}

impl From<Error> for NotReady {
    fn from(error: Error) -> Self {
        Self::Kernel(error)
    }
}

/// How one number speaks.
pub(super) async fn access(
    sending: &Sending,
    company: Uuid,
    channel: ChannelId,
) -> Result<Access, NotReady> {
    let known = sending.directory.by_route(company, channel.into()).await?;
    let known = known.ok_or(NotReady::Unsendable)?;
    let secrets = sending.directory.secrets(company, channel.into()).await;
    let secrets = secrets.map_err(|error| {
        tracing::warn!(channel.id = %channel, "cannot open a channel's secrets: {error}");
        NotReady::Later
    })?;
    let token: Secret = secrets.ok_or(NotReady::Unsendable)?.token.clone();
    Ok(Access { number_id: known.phone_number_id, token })
}

/// Opens a message of which all events are at hand.
pub(super) async fn ready(
    sending: &Sending,
    company: Uuid,
    channel: ChannelId,
    access: &Access,
    (message, attempt): (MessageId, u16),
    events: &[Recorded],
) -> Result<Ready, NotReady> {
    let queued = events.iter().find(|event| &*event.event_type == "messaging.message.queued");
    let queued: MessageEvent = queued.ok_or(NotReady::Unsendable)?.decode()?;
    let MessageEvent::Queued { contact, purpose, file, .. } = queued else {
        return Err(NotReady::Unsendable);
    };
    let said = said::outbound(&sending.vault, company, events).await?;
    let said = said.ok_or(NotReady::Erased)?;
    let (content, reply_to) = if purpose == Purpose::Reaction {
        (reaction(&said.content, said.answers)?, None)
    } else {
        let media_id = media_id(sending, company, channel, access, file).await?;
        let content = content::outgoing(&said.content, media_id.as_deref());
        (content.map_err(|_refused| NotReady::Unsendable)?, said.answers)
    };
    let to = match said.to {
        Recipient::Phone(digits) => outbound::Recipient::Phone(digits),
        Recipient::Bsuid(id) => outbound::Recipient::User(id),
    };
    let attempt_text = attempt_id(message, attempt);
    let outbound = outbound::Outbound { to, content, reply_to, attempt: attempt_text };
    Ok(Ready { message, attempt, contact, access: access.clone(), outbound })
}

fn reaction(content: &Content, target: Option<String>) -> Result<outbound::Content, NotReady> {
    let (Content::Text { body }, Some(target)) = (content, target) else {
        return Err(NotReady::Unsendable);
    };
    let emoji = Some(body.clone()).filter(|emoji| !emoji.is_empty());
    Ok(outbound::Content::Reaction { target, emoji })
}

async fn media_id(
    sending: &Sending,
    company: Uuid,
    channel: ChannelId,
    access: &Access,
    file: Option<FileId>,
) -> Result<Option<String>, NotReady> {
    let Some(file) = file else { return Ok(None) };
    media::at_provider(sending, company, channel, access, file).await.map(Some)
}

/// A message as a lane knows it, of all its events; nothing when it is not to be sent any more.
pub(super) fn candidate(now: Now, events: &[Recorded]) -> Option<(ChannelId, Candidate)> {
    let mut progress = Progress::default();
    let mut not_before: Option<DateTime<Utc>> = None;
    let mut found = None;
    for recorded in events {
        let event: MessageEvent = recorded.decode().ok()?;
        progress.on(&event, recorded.recorded_at);
        match event {
            MessageEvent::Queued { conversation, channel, contact, origin, window, .. } => {
                let priority = priority(matches!(origin, events::messaging::Origin::Operator(_)));
                let to = (conversation, contact);
                found = Some((channel, to, priority, recorded.position, window));
            }
            MessageEvent::Deferred { not_before: at, .. } => not_before = Some(at),
            _ => {}
        }
    }
    let (channel, (conversation, person), priority, position, window) = found?;
    if !progress.is_waiting() {
        return None;
    }
    let last = events.last()?;
    let candidate = Candidate {
        message: last.stream.into(),
        conversation,
        person,
        wave: None,
        needs_consent: false,
        priority,
        position,
        version: last.stream_seq,
        attempt: progress.next_attempt(),
        not_before: not_before.map_or(std::time::Duration::ZERO, |at| now.steady_at(at)),
        window,
    };
    Some((channel, candidate))
}

pub(super) const fn priority(is_operators: bool) -> Priority {
    if is_operators { Priority::Operator } else { Priority::Automation }
}

/// Reads a message anew.
pub(super) async fn look(
    sending: &Arc<Sending>,
    company: Uuid,
    message: MessageId,
    now: Now,
) -> Result<Option<Candidate>, Error> {
    let events = sending.ledger.read_stream(company, message.into(), 0).await?;
    Ok(candidate(now, &events).map(|(_, candidate)| candidate))
}
