//! People with their threads.

use axum::extract::State;
use contacts::queries::people::{self, Cursor, Found};
use conversations::queries::threads;
use kernel::{
    db,
    http::{Answer, Can, Path, Problem, Query, right::ReadContacts},
};
use serde::Deserialize;
use shared::{
    contacts::{Contact, ReadWhat},
    ids::{ContactId, ConversationId},
    page::Page,
};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Inbox, bad_cursor, contacts_failed, conversations_failed, id, limit};

/// What the list is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// Beginnings of names, or the beginning or the end of a number.
    search: Option<String>,
    /// The cursor of the page before.
    after: Option<String>,
    /// How many.
    limit: Option<i64>,
}

pub(super) async fn list(
    State(inbox): State<Inbox>,
    can: Can<ReadContacts>,
    Query(asked): Query<Asked>,
) -> Result<Answer<Page<Contact>>, Problem> {
    let most = limit(asked.limit, 50);
    let mut tx = db::reading_as(&inbox.pools.reader, can.company()).await?;
    if let Some(text) = asked.search.as_deref().filter(|text| !text.trim().is_empty()) {
        let found = found(&mut tx, can.company(), text, asked.after.as_deref(), most).await?;
        tx.commit().await?;
        return Ok(Answer::ok(found));
    }
    let after = asked.after.as_deref().map(|text| Cursor::parse(text).ok_or_else(bad_cursor));
    let mut people = people::list(&mut tx, after.transpose()?, most.saturating_add(1))
        .await
        .map_err(contacts_failed)?;
    let has_more = i64::try_from(people.len()).is_ok_and(|n| n > most);
    if has_more {
        people.pop();
    }
    let last = people.last().filter(|_| has_more);
    let next = last
        .map(|(id, person)| Cursor { created_at: person.created_at, id: id.into_uuid() }.print());
    let items = whole(&mut tx, people).await?;
    tx.commit().await?;
    Ok(Answer::ok(Page { items, next }))
}

/// A page of those whom a search finds, in the order of what was found.
async fn found(
    connection: &mut PgConnection,
    company: Uuid,
    text: &str,
    after: Option<&str>,
    most: i64,
) -> Result<Page<Contact>, Problem> {
    let after = after.map(|text| Found::parse(text).ok_or_else(bad_cursor)).transpose()?;
    let more = most.saturating_add(1);
    let mut rows = people::search(&mut *connection, company, text, after.as_ref(), more)
        .await
        .map_err(contacts_failed)?;
    let has_more = i64::try_from(rows.len()).is_ok_and(|n| n > most);
    if has_more {
        rows.pop();
    }
    let next = rows.last().filter(|_| has_more).map(Found::print);
    let mut roots: Vec<ContactId> = Vec::with_capacity(rows.len());
    for row in rows {
        if !roots.contains(&row.root) {
            roots.push(row.root);
        }
    }
    let mut known = people::by_ids(&mut *connection, &roots).await.map_err(contacts_failed)?;
    let people = roots.iter().filter_map(|root| known.remove_entry(root)).collect();
    Ok(Page { items: whole(connection, people).await?, next })
}

pub(super) async fn one(
    State(inbox): State<Inbox>,
    can: Can<ReadContacts>,
    Path(text): Path<String>,
) -> Result<Answer<Contact>, Problem> {
    let contact: ContactId = id(&text)?;
    let mut tx = db::reading_as(&inbox.pools.reader, can.company()).await?;
    let found = people::by_ids(&mut tx, &[contact]).await.map_err(contacts_failed)?;
    let shown = whole(&mut tx, found.into_iter().collect()).await?.pop();
    tx.commit().await?;
    if shown.is_some() {
        inbox.readers.saw(&can, can.company(), contact, ReadWhat::Contact);
    }
    shown.map(Answer::ok).ok_or_else(Problem::not_found)
}

/// People with everybody who was merged into them, and all their threads.
async fn whole(
    connection: &mut PgConnection,
    people: Vec<(ContactId, people::Person)>,
) -> Result<Vec<Contact>, Problem> {
    let roots: Vec<ContactId> = people.iter().map(|(id, _)| *id).collect();
    let merged = people::merged_into(&mut *connection, &roots).await.map_err(contacts_failed)?;
    let mut all = roots;
    all.extend(merged.iter().map(|(id, _)| *id));
    let threads = threads::of_contacts(connection, &all).await.map_err(conversations_failed)?;
    Ok(joined(&people, &merged, &threads))
}

/// People, those who were merged into them, and the threads of all.
pub(super) fn joined(
    people: &[(ContactId, people::Person)],
    merged: &[(ContactId, people::Person)],
    threads: &[(ContactId, ConversationId)],
) -> Vec<Contact> {
    let shown = people.iter().map(|(id, person)| {
        let mine: Vec<_> =
            merged.iter().filter(|(_, other)| other.merged_into == Some(*id)).cloned().collect();
        let is_hers =
            |owner: &ContactId| owner == id || mine.iter().any(|(merged, _)| merged == owner);
        let conversations: Vec<ConversationId> =
            threads.iter().filter(|(owner, _)| is_hers(owner)).map(|(_, thread)| *thread).collect();
        people::contact(*id, person, &mine, conversations)
    });
    shown.collect()
}
