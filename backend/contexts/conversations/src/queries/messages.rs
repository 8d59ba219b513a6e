//! What is said in a thread, a page at a time, newest page first.

use std::collections::HashMap;

use shared::{
    ids::{ConversationId, MessageId},
    messages::{Content, Message, Quote, Reaction},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{QueryError, order, threads::preview};
use crate::projections::threads::message::{Doc, Edit, Place, Reacted};

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// At the newest message.
    Newest,
    /// Before a place, going back.
    Before(Place),
    /// After a place, going forward.
    After(Place),
}

/// A page of a thread in its order. Names of authors are not in it.
pub async fn list(
    connection: &mut PgConnection,
    conversation: ConversationId,
    from: From,
    most: i64,
) -> Result<Vec<Message>, QueryError> {
    let (place, is_forward) = match from {
        From::Newest => (None, false),
        From::Before(place) => (Some(place), false),
        From::After(place) => (Some(place), true),
    };
    let sql = if is_forward {
        "select id, doc
         from conversations_threads.messages
         where conversation_id = $1
           and not is_hidden
           and (at, intake, index) > ($2, $3, $4)
         order by at, intake, index
         limit $5"
    } else {
        "select id, doc
         from conversations_threads.messages
         where conversation_id = $1
           and not is_hidden
           and ($2::timestamptz is null or (at, intake, index) < ($2, $3, $4))
         order by at desc, intake desc, index desc
         limit $5"
    };
    let rows: Vec<(Uuid, String)> = sqlx::query_as(sql)
        .bind(conversation.into_uuid())
        .bind(place.map(|place| place.0))
        .bind(place.map(|place| place.1))
        .bind(place.map(|place| i64::from(place.2)))
        .bind(most)
        .fetch_all(&mut *connection)
        .await?;
    let mut docs = rows.into_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    if !is_forward {
        docs.reverse();
    }
    shown_with_quotes(connection, docs).await
}

/// Messages by their ids, in no order; what is not there is left out.
pub async fn by_ids(
    connection: &mut PgConnection,
    ids: &[MessageId],
) -> Result<Vec<Message>, QueryError> {
    let docs = load(connection, ids.iter().map(|id| id.into_uuid()).collect()).await?;
    shown_with_quotes(connection, docs).await
}

/// The place of a message in a thread.
pub async fn place(
    connection: &mut PgConnection,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<Place>, QueryError> {
    let docs = load(connection, vec![message.into_uuid()]).await?;
    let said = docs.into_iter().find_map(|(_, doc)| doc.said);
    Ok(said.filter(|said| said.conversation == conversation).map(|said| said.place))
}

async fn load(
    connection: &mut PgConnection,
    ids: Vec<Uuid>,
) -> Result<Vec<(Uuid, Doc)>, QueryError> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("select id, doc from conversations_threads.messages where id = any($1)")
            .bind(ids)
            .fetch_all(connection)
            .await?;
    rows.into_iter().map(parse).collect()
}

async fn shown_with_quotes(
    connection: &mut PgConnection,
    docs: Vec<(Uuid, Doc)>,
) -> Result<Vec<Message>, QueryError> {
    let quoted: Vec<Uuid> = docs
        .iter()
        .filter_map(|(_, doc)| doc.said.as_ref()?.quotes)
        .map(MessageId::into_uuid)
        .collect();
    let quoted: HashMap<Uuid, Doc> = load(connection, quoted).await?.into_iter().collect();
    Ok(docs.iter().filter_map(|(id, doc)| message(*id, doc, &quoted)).collect())
}

fn parse((id, doc): (Uuid, String)) -> Result<(Uuid, Doc), QueryError> {
    let doc = serde_json::from_str(&doc)
        .map_err(|_error| QueryError::Row { column: "messages.doc", id })?;
    Ok((id, doc))
}

/// What a message says now.
#[must_use]
pub fn shown(doc: &Doc) -> Option<&Content> {
    if doc.deleted_at.is_some() {
        return None;
    }
    let said = doc.said.as_ref()?.content.as_ref();
    doc.edits.iter().rev().find_map(|edit| edit.content.as_ref()).or(said)
}

fn message(id: Uuid, doc: &Doc, quoted: &HashMap<Uuid, Doc>) -> Option<Message> {
    let said = doc.said.as_ref().filter(|said| !said.is_hidden)?;
    let mut content = shown(doc).cloned();
    if let Some(Content::Media(media)) = &mut content {
        media.file = media.file.or(doc.file);
        media.missing = doc.missing.clone().filter(|_| media.file.is_none());
    }
    Some(Message {
        id: id.into(),
        conversation: said.conversation,
        channel: said.channel,
        contact: said.contact,
        is_outbound: said.is_outbound,
        kind: said.kind,
        content,
        at: said.place.0,
        order: order::print(said.place),
        quotes: said.quotes.and_then(|id| quote(id, quoted.get(&id.into_uuid()))),
        reactions: reactions(doc),
        earlier: earlier(doc),
        deleted_at: doc.deleted_at,
        is_forwarded: said.is_forwarded,
        is_erased: doc.is_erased,
        delivery: said.is_outbound.then(|| doc.progress.delivery()),
        author: said.author,
        author_name: None,
        is_from_phone: said.is_from_phone,
    })
}

fn quote(id: MessageId, doc: Option<&Doc>) -> Option<Quote> {
    let doc = doc?;
    let said = doc.said.as_ref()?;
    Some(Quote {
        id: Some(id),
        is_outbound: said.is_outbound,
        kind: said.kind,
        preview: shown(doc).and_then(preview),
    })
}

fn reactions(doc: &Doc) -> Vec<Reaction> {
    let one = |reacted: &Option<Reacted>, is_outbound| {
        let emoji = reacted.as_ref()?.emoji.clone().filter(|emoji| !emoji.is_empty())?;
        Some(Reaction { is_outbound, emoji })
    };
    one(&doc.reaction, false).into_iter().chain(one(&doc.our_reaction, true)).collect()
}

/// What it said before its last edit.
fn earlier(doc: &Doc) -> Vec<Content> {
    if doc.deleted_at.is_some() || doc.edits.is_empty() {
        return vec![];
    }
    let edits: Vec<&Edit> = doc.edits.iter().filter(|edit| edit.content.is_some()).collect();
    let first = doc.said.as_ref().and_then(|said| said.content.clone());
    let before_last = edits.len().saturating_sub(1);
    let changed = edits.iter().take(before_last).filter_map(|edit| edit.content.clone());
    first.into_iter().chain(changed).collect()
}
