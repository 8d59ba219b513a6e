//! People: found, listed, and named where ids stand elsewhere.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use shared::{
    contacts::{Contact, Identity},
    ids::{ContactId, ConversationId, IdentityId},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::QueryError;
pub use crate::projections::people::Person;
use crate::projections::people::words::{self, Terms};

/// How a contact is shown where only her id stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The contact that she is shown under.
    pub root: Option<ContactId>,
    /// Her name; empty when nothing is known any more.
    pub name: String,
    /// Her addresses by their ids.
    pub addresses: HashMap<IdentityId, String>,
    /// The address to show when an identity is not among them.
    pub address: String,
    /// Everything personal is gone.
    pub is_erased: bool,
}

/// A place in the list: the person before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Since when she is known.
    pub created_at: DateTime<Utc>,
    /// Her id.
    pub id: Uuid,
}

impl Cursor {
    /// As a client gets it.
    #[must_use]
    pub fn print(self) -> String {
        format!("{:x}-{}", self.created_at.timestamp_micros(), self.id.simple())
    }

    /// As a client sends it back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        let created_at = DateTime::from_timestamp_micros(i64::from_str_radix(at, 16).ok()?)?;
        Some(Self { created_at, id: Uuid::try_parse(id).ok()? })
    }
}

/// A page of people, newest first.
pub async fn list(
    connection: &mut PgConnection,
    after: Option<Cursor>,
    most: i64,
) -> Result<Vec<(ContactId, Person)>, QueryError> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "select p.id, p.doc
         from contacts_people.people p
         where p.merged_into is null
           and ($1::timestamptz is null or (p.created_at, p.id) < ($1, $2::uuid))
         order by p.created_at desc, p.id desc
         limit $3",
    )
    .bind(after.map(|cursor| cursor.created_at))
    .bind(after.map(|cursor| cursor.id))
    .bind(most)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(parse).map(|row| row.map(|(id, person)| (id.into(), person))).collect()
}

/// A place among those who were found: the word and the contact before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The first of her words that fits.
    pub word: String,
    /// The contact that has it.
    pub id: ContactId,
    /// The contact that she is shown under.
    pub root: ContactId,
}

impl Found {
    /// As a client gets it.
    #[must_use]
    pub fn print(&self) -> String {
        format!("{}.{}", self.id.into_uuid().simple(), self.word)
    }

    /// As a client sends it back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (id, word) = text.split_once('.')?;
        let id = ContactId::from_uuid(Uuid::try_parse(id).ok()?);
        Some(Self { word: word.to_owned(), id, root: id })
    }
}

/// The question of [`search`]: one range drives, each further term is looked up for those who have it.
/// The cursor's word is a bound of its own, because of two lower bounds an index scan begins at one, and
/// not at the higher one.
pub const SEARCH: &str = "
select distinct f.word, f.contact_id, coalesce(p.merged_into, p.id)
from unnest($1::text[], $2::text[]) as r(low, high)
cross join lateral (
  select w.company_id, w.word, w.contact_id
  from contacts_people.words w
  where w.company_id = $3
    and w.word >= greatest(r.low collate \"C\", $4 collate \"C\")
    and w.word < r.high
    and (w.word <> $4 or w.contact_id > $5)
    and not exists (
      select
      from unnest($1::text[], $2::text[]) as q(low, high)
      join contacts_people.words e
        on e.company_id = w.company_id
        and e.contact_id = w.contact_id
        and e.word >= q.low
        and e.word < q.high
        and e.word < w.word)
    and not exists (
      select
      from unnest($6::text[], $7::text[]) as o(low, high)
      where not exists (
        select
        from contacts_people.words x
        where x.company_id = w.company_id
          and x.contact_id = w.contact_id
          and x.word >= o.low
          and x.word < o.high))
  order by w.word, w.contact_id
  limit $8
) f
join contacts_people.people p on p.company_id = f.company_id and p.id = f.contact_id
order by f.word, f.contact_id
limit $8";

/// Those whose names or addresses have words that begin as those of a text, or whose number begins or
/// ends so, by the word that was found. Accents and the spelling of a number do not matter.
pub async fn search(
    connection: &mut PgConnection,
    company: Uuid,
    text: &str,
    after: Option<&Found>,
    most: i64,
) -> Result<Vec<Found>, QueryError> {
    let Some(Terms(mut terms)) = words::asked(text) else { return Ok(vec![]) };
    let driving = terms.remove(0);
    // Only the driving term has more than one range.
    let others = terms.into_iter().filter_map(|ranges| ranges.into_iter().next());
    let (low, high): (Vec<String>, Vec<String>) = driving.into_iter().unzip();
    let (other_low, other_high): (Vec<String>, Vec<String>) = others.unzip();
    let rows: Vec<(String, Uuid, Uuid)> = sqlx::query_as(SEARCH)
        .bind(low)
        .bind(high)
        .bind(company)
        .bind(after.map_or("", |found| found.word.as_str()))
        .bind(after.map_or(Uuid::nil(), |found| found.id.into_uuid()))
        .bind(other_low)
        .bind(other_high)
        .bind(most)
        .fetch_all(connection)
        .await?;
    let found = rows.into_iter().map(|(word, id, root)| Found {
        word,
        id: ContactId::from_uuid(id),
        root: ContactId::from_uuid(root),
    });
    Ok(found.collect())
}

/// All contacts that are one person with these: those they are shown under, and who else is.
pub async fn closure(
    connection: &mut PgConnection,
    roots: &[ContactId],
) -> Result<Vec<ContactId>, QueryError> {
    let merged = merged_into(connection, roots).await?;
    Ok(roots.iter().copied().chain(merged.into_iter().map(|(id, _)| id)).collect())
}

/// Contacts by their ids.
pub async fn by_ids(
    connection: &mut PgConnection,
    ids: &[ContactId],
) -> Result<HashMap<ContactId, Person>, QueryError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.into_uuid()).collect();
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("select id, doc from contacts_people.people where id = any($1)")
            .bind(ids)
            .fetch_all(connection)
            .await?;
    rows.into_iter().map(parse).map(|row| row.map(|(id, person)| (id.into(), person))).collect()
}

/// The contacts that are shown under these.
pub async fn merged_into(
    connection: &mut PgConnection,
    roots: &[ContactId],
) -> Result<Vec<(ContactId, Person)>, QueryError> {
    let roots: Vec<Uuid> = roots.iter().map(|id| id.into_uuid()).collect();
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "select id, doc
         from contacts_people.people
         where merged_into = any($1)
         order by created_at, id",
    )
    .bind(roots)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(parse).map(|row| row.map(|(id, person)| (id.into(), person))).collect()
}

/// How contacts are shown: under the name of the one that they were merged into, with their own
/// addresses.
pub async fn named(
    connection: &mut PgConnection,
    ids: &[ContactId],
) -> Result<HashMap<ContactId, Named>, QueryError> {
    let people = by_ids(&mut *connection, ids).await?;
    let roots: Vec<ContactId> = people.values().filter_map(|person| person.merged_into).collect();
    let roots = by_ids(connection, &roots).await?;
    let shown = people.iter().map(|(id, person)| {
        let root = person.merged_into.and_then(|root| roots.get(&root));
        let name = root.and_then(Person::name).or_else(|| person.name());
        let named = Named {
            root: Some(person.merged_into.unwrap_or(*id)),
            name: name.unwrap_or_default().to_owned(),
            addresses: addresses(person),
            address: person.address().map(|(_, written)| written.clone()).unwrap_or_default(),
            is_erased: person.is_erased,
        };
        (*id, named)
    });
    Ok(shown.collect())
}

fn addresses(person: &Person) -> HashMap<IdentityId, String> {
    let known = person.identities.iter();
    known.filter_map(|known| Some((known.id, known.address.as_ref()?.1.clone()))).collect()
}

/// A person as a screen shows her: with the addresses of everybody who was merged into her.
#[must_use]
pub fn contact(
    id: ContactId,
    person: &Person,
    merged: &[(ContactId, Person)],
    conversations: Vec<ConversationId>,
) -> Contact {
    let own = identities(id, person);
    let others = merged.iter().flat_map(|(id, person)| identities(*id, person));
    Contact {
        id,
        name: person.name().unwrap_or_default().to_owned(),
        identities: own.into_iter().chain(others).collect(),
        merged: merged.iter().map(|(id, _)| *id).collect(),
        merged_into: person.merged_into,
        conversations,
        is_erased: person.is_erased,
        created_at: person.created_at,
        version: person.version,
    }
}

fn identities(contact: ContactId, person: &Person) -> Vec<Identity> {
    let known = person.identities.iter();
    known
        .filter_map(|known| {
            Some(Identity {
                id: known.id,
                contact,
                medium: known.medium,
                kind: known.kind,
                address: known.address.as_ref()?.1.clone(),
                is_former: known.is_former,
            })
        })
        .collect()
}

fn parse((id, doc): (Uuid, String)) -> Result<(Uuid, Person), QueryError> {
    let person = serde_json::from_str(&doc).map_err(|_error| QueryError::Row { id })?;
    Ok((id, person))
}
