//! Who read something of a person (LG10).

use axum::extract::State;
use contacts::{
    queries::people,
    tables::reads::{self, Cursor},
};
use kernel::{
    db,
    http::{Answer, Can, Path, Problem, Query, right::ReadAudit},
};
use serde::Deserialize;
use shared::{contacts::Reading, ids::ContactId, page::Page};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Inbox, bad_cursor, contacts_failed, id, limit};

/// What the list is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// The cursor of the page before.
    after: Option<String>,
    /// How many.
    limit: Option<i64>,
}

pub(super) async fn list(
    State(inbox): State<Inbox>,
    can: Can<ReadAudit>,
    Path(text): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Answer<Page<Reading>>, Problem> {
    let contact: ContactId = id(&text)?;
    let after = asked.after.as_deref().map(|text| Cursor::parse(text).ok_or_else(bad_cursor));
    let (after, most) = (after.transpose()?, limit(asked.limit, 50));
    let mut tx = db::reading_as(&inbox.pools.reader, can.company()).await?;
    let named = people::named(&mut tx, &[contact]).await.map_err(contacts_failed)?;
    let known = named.get(&contact).ok_or_else(Problem::not_found)?;
    let root = known.root.unwrap_or(contact);
    let merged = people::merged_into(&mut tx, &[root]).await.map_err(contacts_failed)?;
    let mut contacts: Vec<Uuid> = vec![root.into_uuid()];
    contacts.extend(merged.iter().map(|(id, _)| id.into_uuid()));
    let mut items = reads::of(&mut tx, &contacts, after, most.saturating_add(1)).await?;
    tx.commit().await?;
    let has_more = i64::try_from(items.len()).is_ok_and(|n| n > most);
    if has_more {
        items.pop();
    }
    let next = items.last().filter(|_| has_more).map(|last| {
        let same = items.iter().rev().take_while(|item| item.at == last.at).count();
        let before = after.filter(|after| after.at == last.at).map_or(0, |after| after.skip);
        Cursor { at: last.at, skip: before + i64::try_from(same).unwrap_or(0) }.print()
    });
    Ok(Answer::ok(Page { items, next }))
}
