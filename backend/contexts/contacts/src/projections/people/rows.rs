//! Reading and writing the rows, a batch at a time.

use std::collections::{BTreeMap, BTreeSet};

use events::contacts::ContactEvent;
use kernel::{
    projection::ProjectionError,
    vault::{KeyId, Keys, Place},
};
use shared::stored::Event as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Opened, Person, words};

type Key = (Uuid, Uuid);

/// The key of what is sealed in an event.
pub(super) fn key_of(company: Uuid, event: &ContactEvent) -> Option<KeyId> {
    match event {
        ContactEvent::Named { name, .. } => Some(KeyId::of(company, name)),
        ContactEvent::IdentityAdded { address, .. } => Some(KeyId::of(company, address)),
        _ => None,
    }
}

/// Opens what is sealed in an event.
pub(super) fn open(
    keys: &Keys,
    company: Uuid,
    event: &ContactEvent,
) -> Result<Opened, ProjectionError> {
    let place = |field| Place { company, event_type: event.event_type(), field };
    let mut opened = Opened::default();
    match event {
        ContactEvent::Named { name, .. } => {
            opened.name = keys.open(place("name"), name)?.value();
        }
        ContactEvent::IdentityAdded { address, .. } => {
            opened.address = keys.open(place("address"), address)?.value();
        }
        _ => {}
    }
    Ok(opened)
}

pub(super) async fn load(
    connection: &mut PgConnection,
    keys: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, Person>, ProjectionError> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (companies, ids): (Vec<Uuid>, Vec<Uuid>) = keys.iter().copied().unzip();
    let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(
        "select w.company, w.id, p.doc
         from unnest($1::uuid[], $2::uuid[]) as w(company, id)
         cross join lateral (
           select doc from people where company_id = w.company and id = w.id limit 1
         ) p",
    )
    .bind(companies)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    let parse = |(company, id, doc): (Uuid, Uuid, String)| {
        let person = serde_json::from_str(&doc).map_err(|_error| {
            ProjectionError::Event(format!("people.doc of {id} cannot be read"))
        })?;
        Ok(((company, id), person))
    };
    rows.into_iter().map(parse).collect()
}

pub(super) async fn store(
    connection: &mut PgConnection,
    people: &BTreeMap<Key, Person>,
) -> Result<(), ProjectionError> {
    if people.is_empty() {
        return Ok(());
    }
    let (companies, ids): (Vec<Uuid>, Vec<Uuid>) = people.keys().copied().unzip();
    let merged: Vec<Option<Uuid>> =
        people.values().map(|person| person.merged_into.map(Uuid::from)).collect();
    let created: Vec<_> = people.values().map(|person| person.created_at).collect();
    let docs: Vec<_> = people
        .values()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()
        .map_err(|_error| ProjectionError::Event("a person cannot be written".to_owned()))?;
    sqlx::query(
        "insert into people (company_id, id, merged_into, created_at, doc)
         select *
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[])
         on conflict (company_id, id) do update
         set merged_into = excluded.merged_into, created_at = excluded.created_at,
             doc = excluded.doc",
    )
    .bind(companies)
    .bind(ids)
    .bind(merged)
    .bind(created)
    .bind(docs)
    .execute(connection)
    .await?;
    Ok(())
}

/// What people are found by: company, contact, word.
pub(super) type Words = BTreeSet<(Uuid, Uuid, String)>;

pub(super) fn words_of(people: &BTreeMap<Key, Person>) -> Words {
    let all = people.iter().flat_map(|((company, id), person)| {
        words::of(person).into_iter().map(|word| (*company, *id, word))
    });
    all.collect()
}

/// Takes away what nobody is found by any more, and adds what is new.
pub(super) async fn store_words(
    connection: &mut PgConnection,
    before: &Words,
    now: &Words,
) -> Result<(), ProjectionError> {
    for (sql, changed) in [
        (
            "delete from words w
             using unnest($1::uuid[], $2::uuid[], $3::text[]) as g(company_id, contact_id, word)
             where w.company_id = g.company_id
               and w.contact_id = g.contact_id
               and w.word = g.word collate \"C\"",
            before.difference(now),
        ),
        (
            "insert into words (company_id, contact_id, word)
             select * from unnest($1::uuid[], $2::uuid[], $3::text[])
             on conflict do nothing",
            now.difference(before),
        ),
    ] {
        let mut columns = (vec![], vec![], vec![]);
        for (company, contact, word) in changed {
            columns.0.push(*company);
            columns.1.push(*contact);
            columns.2.push(word.as_str());
        }
        if columns.0.is_empty() {
            continue;
        }
        sqlx::query(sql)
            .bind(columns.0)
            .bind(columns.1)
            .bind(columns.2)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
