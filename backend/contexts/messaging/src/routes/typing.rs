//! "Somebody is typing": told to the provider and kept nowhere (D11).

use axum::extract::State;
use kernel::{
    db,
    http::{Answer, Can, Path, Problem, right},
};
use shared::ids::ConversationId;

use super::{Messages, not_found};
use crate::queries;

pub(super) async fn typing(
    State(app): State<Messages>,
    can: Can<right::TouchConversations>,
    Path(conversation): Path<ConversationId>,
) -> Result<Answer<()>, Problem> {
    let company = can.company();
    let mut tx = db::reading_as(&app.ledger.pools().reader, company).await?;
    let thread = queries::threads::one(&mut tx, conversation.into()).await?;
    drop(tx);
    let thread = thread.ok_or_else(not_found)?;
    if let Some(heard) = thread.heard_id {
        app.presence.show(company, heard.into(), true);
    }
    Ok(Answer::empty())
}
