//! What was said in a thread, the newest first.

use axum::extract::State;
use conversations::queries::{
    messages::{self, From},
    order, threads,
};
use kernel::{
    db,
    http::{Answer, Can, Path, Problem, Query, right::ReadConversations},
};
use serde::Deserialize;
use shared::{contacts::ReadWhat, ids::ConversationId, messages::Message, page::Page};
use utoipa::ToSchema;

use super::{Inbox, bad_cursor, conversations_failed, id, limit};

/// What a thread is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// The cursor of the page before: the order of its last message.
    after: Option<String>,
    /// The order of a message: only what came after it, the oldest first.
    since: Option<String>,
    /// How many.
    limit: Option<i64>,
}

pub(super) async fn list(
    State(inbox): State<Inbox>,
    can: Can<ReadConversations>,
    Path(text): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Answer<Page<Message>>, Problem> {
    let conversation: ConversationId = id(&text)?;
    let place = |text: &String| order::parse(text).ok_or_else(bad_cursor);
    let from = match (&asked.after, &asked.since) {
        (Some(_), Some(_)) => return Err(bad_cursor()),
        (Some(after), None) => From::Before(place(after)?),
        (None, Some(since)) => From::After(place(since)?),
        (None, None) => From::Newest,
    };
    let most = limit(asked.limit, 50);
    let mut tx = db::reading_as(&inbox.pools.reader, can.company()).await?;
    let thread = threads::one(&mut tx, conversation).await.map_err(conversations_failed)?;
    let thread = thread.ok_or_else(Problem::not_found)?;
    let mut items = messages::list(&mut tx, conversation, from, most.saturating_add(1))
        .await
        .map_err(conversations_failed)?;
    tx.commit().await?;
    inbox.readers.saw(&can, can.company(), thread.contact, ReadWhat::Messages);
    if !matches!(from, From::After(_)) {
        items.reverse();
    }
    let has_more = i64::try_from(items.len()).is_ok_and(|n| n > most);
    if has_more {
        items.pop();
    }
    super::sign(&inbox.tenancy, &mut items).await?;
    let next = items.last().filter(|_| has_more).map(|last| last.order.clone());
    Ok(Answer::ok(Page { items, next }))
}
