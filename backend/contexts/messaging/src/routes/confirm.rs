//! "It arrived": a person ends the doubt about a message of which nobody was told (D25).

use axum::extract::State;
use kernel::{
    execute::Request,
    http::{Answer, Can, Path, Problem, right},
};
use shared::{ids::MessageId, messages::MessageState};

use super::{Messages, not_found, retry::in_doubt};
use crate::message::{Command, Message};

pub(super) async fn confirm(
    State(app): State<Messages>,
    can: Can<right::SendMessages>,
    Path(message): Path<MessageId>,
) -> Result<Answer<()>, Problem> {
    let (company, now) = (can.company(), app.ground.clock.now());
    let (_, state) = app.ledger.load::<Message>(company, message.into()).await?;
    if state.is_outbound != Some(true) {
        return Err(not_found());
    }
    if state.progress.state() == MessageState::Unknown {
        let events = app.ledger.read_stream(company, message.into(), 0).await?;
        let since = events.last().map(|event| event.recorded_at);
        if let Some(early) = in_doubt(&state, since, now) {
            return Err(early);
        }
    }
    let done = app
        .ledger
        .execute(&Request::<Message> {
            company,
            id: message.into(),
            command: Command::Confirm,
            facts: now,
            context: can.context(),
            seen: None,
            fingerprint: can.fingerprint(),
            also: vec![],
            more_claims: vec![],
        })
        .await?;
    Ok(Answer::empty().after(&done))
}
