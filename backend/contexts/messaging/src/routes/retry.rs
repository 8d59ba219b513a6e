//! Once more, as a new message (D21): what failed by status is final, and so is what is unknown.

use axum::extract::State as Shared;
use chrono::{DateTime, TimeDelta, Utc};
use events::messaging::{MessageEvent, Origin};
use kernel::http::{Answer, Can, Path, Problem, right};
use shared::{
    ids::MessageId,
    messages::{MessageState, Queued},
    problem::Kind,
};

use super::{Messages, not_found};
use crate::{
    message::{Message, State},
    said,
};

/// The provider's cap for one person: not before a day has passed.
const CAPPED: i32 = 131_049;
/// After this long an operator may decide about what is unknown (D25).
const OPERATOR_ASKS: TimeDelta = TimeDelta::seconds(60);
/// After this long anybody may.
const OTHERS_ASK: TimeDelta = TimeDelta::hours(24);

pub(super) async fn retry(
    Shared(app): Shared<Messages>,
    can: Can<right::SendMessages>,
    Path(message): Path<MessageId>,
) -> Result<Answer<Queued>, Problem> {
    let (company, now) = (can.company(), app.ground.clock.now());
    let (_, state) = app.ledger.load::<Message>(company, message.into()).await?;
    let conversation = state.conversation.ok_or_else(not_found)?;
    if state.is_outbound != Some(true) || state.origin == Some(Origin::BusinessApp) {
        return Err(not_found());
    }
    let events = app.ledger.read_stream(company, message.into(), 0).await?;
    let last = events.last().map(|event| event.recorded_at);
    let refused = match state.progress.state() {
        MessageState::Failed => {
            let is_capped =
                state.progress.failure.as_ref().is_some_and(|failure| failure.code == CAPPED);
            if is_capped { too_early(last, TimeDelta::hours(24), now) } else { None }
        }
        MessageState::Unknown => in_doubt(&state, last, now),
        MessageState::Withdrawn | MessageState::Suppressed => None,
        other => {
            Some(Problem::new(Kind::Conflict, "retry_not_needed").value("state", other.as_str()))
        }
    };
    if let Some(refused) = refused {
        return Err(refused);
    }
    let said = said::outbound(&app.vault, company, &events).await?;
    let said = said.ok_or_else(|| Problem::new(Kind::Conflict, "erased"))?;
    let mut draft = app.draft(company, conversation, said.content).await?;
    draft.retry_of = Some(message);
    draft.quotes = said.answers.and_then(|wamid| Some((quoted(&events)?, wamid)));
    draft.purpose = state.purpose.unwrap_or(draft.purpose);
    draft.about = about(&events);
    app.queue(&can, draft).await
}

/// Why it is too early for a person to decide about what is unknown (D25).
pub(super) fn in_doubt(
    state: &State,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<Problem> {
    let is_operators = matches!(state.origin, Some(Origin::Operator(_)));
    too_early(since, if is_operators { OPERATOR_ASKS } else { OTHERS_ASK }, now)
}

fn too_early(since: Option<DateTime<Utc>>, wait: TimeDelta, now: DateTime<Utc>) -> Option<Problem> {
    let until = since.map(|since| since + wait).filter(|until| *until > now)?;
    let problem = Problem::new(Kind::Conflict, "retry_too_early");
    Some(problem.value("not_before", until.to_rfc3339()))
}

fn queued(events: &[kernel::record::Recorded]) -> Option<MessageEvent> {
    let first = events.iter().find(|event| &*event.event_type == "messaging.message.queued")?;
    first.decode().ok()
}

fn quoted(events: &[kernel::record::Recorded]) -> Option<MessageId> {
    match queued(events)? {
        MessageEvent::Queued { quotes, .. } => quotes,
        _ => None,
    }
}

fn about(events: &[kernel::record::Recorded]) -> Option<MessageId> {
    match queued(events)? {
        MessageEvent::Queued { about, .. } => about,
        _ => None,
    }
}
