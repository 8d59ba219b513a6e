//! Threads with their people's names, and how far they were read.

use std::collections::{BTreeSet, HashMap};

use axum::extract::State;
use contacts::queries::people::{self, Named};
use conversations::queries::{
    messages::place,
    read_marks,
    threads::{self, Cursor, Filter, ThreadRow, Whose},
};
use kernel::{
    db,
    http::{
        Answer, Body, Can, Path, Problem, Query,
        right::{ReadConversations, TouchConversations},
    },
};
use serde::Deserialize;
use shared::{
    contacts::ReadWhat,
    conversations::{Assignee, Counts, MarkRead, Status, Thread},
    ids::{ChannelId, ContactId, ConversationId, LabelId, UserId},
    page::Page,
    permission::Permission,
};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Inbox, bad_cursor, contacts_failed, conversations_failed, id, limit};

/// What the list is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// The cursor of the page before.
    after: Option<String>,
    /// How many.
    limit: Option<i64>,
    /// Of one channel only.
    #[schema(value_type = Option<String>)]
    channel: Option<ChannelId>,
    /// Of one contact only.
    #[schema(value_type = Option<String>)]
    contact: Option<ContactId>,
    /// Of the people whom a text finds: beginnings of names, the beginning or the end of a number.
    search: Option<String>,
    /// Of one status only.
    status: Option<Status>,
    /// Whose: `none`, `me`, `me_or_none`, or somebody's id.
    assignee: Option<String>,
    /// That bear a label.
    #[schema(value_type = Option<String>)]
    label: Option<LabelId>,
}

/// Whose threads are asked for; a program has none of its own.
fn whose(asked: Option<&str>, reader: Option<UserId>) -> Result<Whose, Problem> {
    let unfit = || Problem::invalid("/assignee", "invalid");
    Ok(match asked {
        None => Whose::Anybodys,
        Some("none") => Whose::Nobodys,
        Some("me") => Whose::Somebodys(reader.ok_or_else(unfit)?),
        Some("me_or_none") => Whose::SomebodysOrNobodys(reader.ok_or_else(unfit)?),
        Some(user) => Whose::Somebodys(user.parse().map_err(|_not_an_id| unfit())?),
    })
}

/// The most people whose threads a search shows; whoever has so many writes one word more.
const MOST_FOUND: i64 = 200;

pub(super) async fn list(
    State(inbox): State<Inbox>,
    can: Can<ReadConversations>,
    Query(asked): Query<Asked>,
) -> Result<Answer<Page<Thread>>, Problem> {
    let after = asked.after.as_deref().map(|text| Cursor::parse(text).ok_or_else(bad_cursor));
    let after = after.transpose()?;
    let most = limit(asked.limit, 50);
    let mut contacts = asked.contact.map(|contact| vec![contact]);
    let mut tx = db::reading_as(&inbox.pools.reader, can.company()).await?;
    if let Some(text) = asked.search.as_deref().filter(|text| !text.trim().is_empty()) {
        let found = found(&mut tx, can.company(), text).await?;
        contacts = Some(match contacts {
            Some(wanted) => wanted.into_iter().filter(|one| found.contains(one)).collect(),
            None => found,
        });
    }
    let of = whose(asked.assignee.as_deref(), can.user())?;
    let Asked { channel, status, label, .. } = asked;
    let filter = Filter { channel, contacts, status, of, label };
    let mut rows = threads::list(&mut tx, &filter, after, most.saturating_add(1))
        .await
        .map_err(conversations_failed)?;
    let has_more = i64::try_from(rows.len()).is_ok_and(|n| n > most);
    if has_more {
        rows.pop();
    }
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|row| Cursor { active_at: row.active_at, id: row.id.into_uuid() }.print());
    let mut items = with_names(&mut tx, rows).await?;
    tx.commit().await?;
    super::name_assignees(&inbox.tenancy, &mut items).await?;
    Ok(Answer::ok(Page { items, next }))
}

/// How many threads each view has.
pub(super) async fn counts(
    State(inbox): State<Inbox>,
    can: Can<ReadConversations>,
) -> Result<Answer<Counts>, Problem> {
    let mut tx = db::reading_as(&inbox.pools.reader, can.company()).await?;
    let counts = threads::counts(&mut tx, can.user()).await.map_err(conversations_failed)?;
    tx.commit().await?;
    Ok(Answer::ok(counts))
}

/// Who can be given threads.
pub(super) async fn assignees(
    State(inbox): State<Inbox>,
    can: Can<ReadConversations>,
) -> Result<Answer<Page<Assignee>>, Problem> {
    let items = inbox.tenancy.who_may(can.company(), Permission::SendMessages).await?;
    let items = items.into_iter().map(|(user, name)| Assignee { user, name });
    Ok(Answer::ok(Page { items: items.collect(), next: None }))
}

/// The contacts whom a search finds, and all that are one person with them.
async fn found(
    connection: &mut PgConnection,
    company: Uuid,
    text: &str,
) -> Result<Vec<ContactId>, Problem> {
    let rows = people::search(&mut *connection, company, text, None, MOST_FOUND)
        .await
        .map_err(contacts_failed)?;
    let roots: BTreeSet<ContactId> = rows.iter().map(|row| row.root).collect();
    let roots: Vec<ContactId> = roots.into_iter().collect();
    people::closure(connection, &roots).await.map_err(contacts_failed)
}

pub(super) async fn one(
    State(inbox): State<Inbox>,
    can: Can<ReadConversations>,
    Path(text): Path<String>,
) -> Result<Answer<Thread>, Problem> {
    let conversation: ConversationId = id(&text)?;
    let mut tx = db::reading_as(&inbox.pools.reader, can.company()).await?;
    let row = threads::one(&mut tx, conversation).await.map_err(conversations_failed)?;
    let row = row.ok_or_else(Problem::not_found)?;
    let contact = row.contact;
    let mut threads = with_names(&mut tx, vec![row]).await?;
    tx.commit().await?;
    inbox.readers.saw(&can, can.company(), contact, ReadWhat::Messages);
    super::name_assignees(&inbox.tenancy, &mut threads).await?;
    threads.pop().map(Answer::ok).ok_or_else(Problem::not_found)
}

pub(super) async fn mark_read(
    State(inbox): State<Inbox>,
    can: Can<TouchConversations>,
    Path(text): Path<String>,
    Body(mark): Body<MarkRead>,
) -> Result<Answer<()>, Problem> {
    let conversation: ConversationId = id(&text)?;
    let mut tx = db::reading_as(&inbox.pools.reader, can.company()).await?;
    let found = place(&mut tx, conversation, mark.through).await.map_err(conversations_failed)?;
    tx.commit().await?;
    let place = found.ok_or_else(Problem::not_found)?;
    let mut tx = db::writing_as(&inbox.pools.app, can.company()).await?;
    let reader = can.user().map(Into::into);
    read_marks::put(&mut tx, can.company(), conversation, place, reader)
        .await
        .map_err(conversations_failed)?;
    tx.commit().await?;
    inbox.presence.show(can.company(), mark.through, false);
    Ok(Answer::empty())
}

/// Puts names and addresses to threads, with one question for all of them.
async fn with_names(
    connection: &mut PgConnection,
    rows: Vec<ThreadRow>,
) -> Result<Vec<Thread>, Problem> {
    let contacts: Vec<ContactId> = rows.iter().map(|row| row.contact).collect();
    let named = people::named(connection, &contacts).await.map_err(contacts_failed)?;
    Ok(rows.into_iter().map(|row| thread(row, &named)).collect())
}

pub(super) fn thread(row: ThreadRow, named: &HashMap<ContactId, Named>) -> Thread {
    let unnamed = Named::default();
    let person = named.get(&row.contact).unwrap_or(&unnamed);
    let address = row.identity.and_then(|identity| person.addresses.get(&identity));
    Thread {
        id: row.id,
        channel: row.channel,
        contact: person.root.unwrap_or(row.contact),
        name: person.name.clone(),
        address: address.unwrap_or(&person.address).clone(),
        last: row.last,
        n_unread: row.n_unread,
        window_closes_at: row.window_closes_at,
        active_at: row.active_at,
        status: row.status,
        snoozed_until: row.snoozed_until,
        assignee: row.assignee.map(|user| Assignee { user, name: String::new() }),
        priority: row.priority,
        labels: row.labels,
    }
}
