//! The members of a company, with the names of the people joined when read.

use chrono::{DateTime, Utc};
use kernel::{db, error::Error};
use shared::{ids::UserId, page::Page, permission::Role, team::Member};
use uuid::Uuid;

use crate::{Tenancy, people::Listed};

#[derive(sqlx::FromRow)]
struct Row {
    user_id: Uuid,
    role: String,
    since: DateTime<Utc>,
    version: i64,
}

/// A part of the list, by user.
pub(crate) async fn page(
    tenancy: &Tenancy,
    company: Uuid,
    after: Option<UserId>,
    limit: i64,
) -> Result<Page<Member>, Error> {
    let mut tx = db::reading_as(&tenancy.pools.reader, company).await?;
    let rows: Vec<Row> = sqlx::query_as(
        r"
        select user_id, role, since, version
        from tenancy_directory.members
        where company_id = $1 and user_id > $2
        order by user_id
        limit $3
        ",
    )
    .bind(company)
    .bind(after.map_or(Uuid::nil(), UserId::into_uuid))
    .bind(limit + 1)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let users: Vec<_> = rows.iter().map(|row| row.user_id).collect();
    let persons = tenancy.persons(&users).await?;
    let mut items = rows
        .into_iter()
        .map(|row| member(&row, persons.get(&row.user_id)))
        .collect::<Result<Vec<_>, _>>()?;
    let next = super::companies::cut(&mut items, limit, |member| member.user.to_string());
    Ok(Page { items, next })
}

fn member(row: &Row, listed: Option<&Listed>) -> Result<Member, Error> {
    let what = || Error::Row { what: format!("members.role of {}", row.user_id) };
    Ok(Member {
        user: UserId::from_uuid(row.user_id),
        name: listed.map(|listed| listed.person.name.clone()).unwrap_or_default(),
        email: listed.map(|listed| listed.person.email.clone()).unwrap_or_default(),
        role: Role::from_word(&row.role).ok_or_else(what)?,
        is_active: listed.is_some_and(|listed| !listed.is_disabled),
        since: row.since,
        version: row.version,
    })
}

/// The owners of a company but one, as far as the read model knows.
pub(crate) async fn other_owners(
    tenancy: &Tenancy,
    company: Uuid,
    but: UserId,
) -> Result<Vec<Uuid>, Error> {
    let mut tx = db::reading_as(&tenancy.pools.reader, company).await?;
    let owners = sqlx::query_scalar(
        r"
        select user_id
        from tenancy_directory.members
        where company_id = $1 and user_id <> $2 and role = 'owner'
        order by user_id
        limit 20
        ",
    )
    .bind(company)
    .bind(but.into_uuid())
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(owners)
}
