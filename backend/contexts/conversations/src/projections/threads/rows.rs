//! Reading and writing the rows, a batch at a time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use events::messaging::MessageEvent;
use kernel::{
    projection::ProjectionError,
    vault::{KeyId, Keys, Place as SealedAt},
};
use shared::stored::Event as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Changes, Key,
    message::{Doc, Opened, Place},
};

/// The key of what is sealed in an event about a message.
pub(super) fn key_of(company: Uuid, event: &MessageEvent) -> Option<KeyId> {
    Some(match event {
        MessageEvent::Received { said, .. } | MessageEvent::Echoed { said, .. } => {
            KeyId::of(company, said)
        }
        MessageEvent::Queued { said, .. } => KeyId::of(company, said),
        MessageEvent::Edited { said, .. } => KeyId::of(company, said),
        MessageEvent::Reacted { emoji, .. } => KeyId::of(company, emoji),
        _ => return None,
    })
}

/// Opens what is sealed in an event about a message.
pub(super) fn open(
    keys: &Keys,
    company: Uuid,
    event: &MessageEvent,
) -> Result<Opened, ProjectionError> {
    let place = |field| SealedAt { company, event_type: event.event_type(), field };
    let mut opened = Opened::default();
    match event {
        MessageEvent::Received { said, .. } | MessageEvent::Echoed { said, .. } => {
            opened.inbound = keys.open(place("said"), said)?.value();
        }
        MessageEvent::Queued { said, .. } => {
            opened.outbound = keys.open(place("said"), said)?.value();
        }
        MessageEvent::Edited { said, .. } => {
            opened.content = keys.open(place("said"), said)?.value();
        }
        MessageEvent::Reacted { emoji, .. } => {
            opened.emoji = keys.open(place("emoji"), emoji)?.value();
        }
        _ => {}
    }
    Ok(opened)
}

/// The rows of messages that are there.
pub(super) async fn load(
    connection: &mut PgConnection,
    keys: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, Doc>, ProjectionError> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (companies, ids): (Vec<Uuid>, Vec<Uuid>) = keys.iter().copied().unzip();
    let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(
        "select w.company, w.id, m.doc
         from unnest($1::uuid[], $2::uuid[]) as w(company, id)
         cross join lateral (
           select doc from messages where company_id = w.company and id = w.id limit 1
         ) m",
    )
    .bind(companies)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|(company, id, doc)| Ok(((company, id), parse(&doc, id)?))).collect()
}

/// Those of these contacts that were erased.
pub(super) async fn erased(
    connection: &mut PgConnection,
    contacts: BTreeSet<Key>,
) -> Result<BTreeSet<Key>, ProjectionError> {
    if contacts.is_empty() {
        return Ok(contacts);
    }
    let (companies, ids): (Vec<Uuid>, Vec<Uuid>) = contacts.into_iter().unzip();
    let rows: Vec<Key> = sqlx::query_as(
        "select e.company_id, e.contact_id
         from unnest($1::uuid[], $2::uuid[]) as w(company, id)
         cross join lateral (
           select company_id, contact_id from erased
           where company_id = w.company and contact_id = w.id limit 1
         ) e",
    )
    .bind(companies)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Writes what a batch changed.
pub(super) async fn store(
    connection: &mut PgConnection,
    changes: &Changes,
) -> Result<(), ProjectionError> {
    store_messages(connection, &changes.messages).await?;
    store_threads(connection, changes).await?;
    super::care::store(connection, &changes.care).await?;
    for (company, contact) in &changes.erased {
        erase(connection, *company, *contact).await?;
    }
    Ok(())
}

async fn store_messages(
    connection: &mut PgConnection,
    messages: &BTreeMap<Key, Doc>,
) -> Result<(), ProjectionError> {
    if messages.is_empty() {
        return Ok(());
    }
    let n = messages.len();
    let mut companies = Vec::with_capacity(n);
    let mut ids = Vec::with_capacity(n);
    let mut conversations: Vec<Option<Uuid>> = Vec::with_capacity(n);
    let mut contacts: Vec<Option<Uuid>> = Vec::with_capacity(n);
    let mut at: Vec<Option<DateTime<Utc>>> = Vec::with_capacity(n);
    let mut intake: Vec<Option<i64>> = Vec::with_capacity(n);
    let mut index: Vec<Option<i32>> = Vec::with_capacity(n);
    let mut is_to_read: Vec<Option<bool>> = Vec::with_capacity(n);
    let mut is_hidden: Vec<bool> = Vec::with_capacity(n);
    let mut docs = Vec::with_capacity(n);
    for ((company, id), doc) in messages {
        let said = doc.said.as_ref();
        companies.push(*company);
        ids.push(*id);
        conversations.push(said.map(|said| said.conversation.into_uuid()));
        contacts.push(said.map(|said| said.contact.into_uuid()));
        at.push(said.map(|said| said.place.0));
        intake.push(said.map(|said| said.place.1));
        index.push(said.map(|said| narrow(said.place.2)));
        is_to_read.push(said.map(|said| !said.is_outbound && !said.is_history));
        is_hidden.push(said.is_none_or(|said| said.is_hidden));
        docs.push(print(doc)?);
    }
    sqlx::query(
        "insert into messages
           (company_id, id, conversation_id, contact_id, at, intake, index, is_to_read, is_hidden, doc)
         select *
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::bigint[],
                     $7::integer[], $8::boolean[], $9::boolean[], $10::text[])
         on conflict (company_id, id) do update
         set conversation_id = excluded.conversation_id, contact_id = excluded.contact_id,
             at = excluded.at, intake = excluded.intake, index = excluded.index,
             is_to_read = excluded.is_to_read, is_hidden = excluded.is_hidden,
             doc = excluded.doc",
    )
    .bind(companies)
    .bind(ids)
    .bind(conversations)
    .bind(contacts)
    .bind(at)
    .bind(intake)
    .bind(index)
    .bind(is_to_read)
    .bind(is_hidden)
    .bind(docs)
    .execute(connection)
    .await?;
    Ok(())
}

async fn store_threads(
    connection: &mut PgConnection,
    changes: &Changes,
) -> Result<(), ProjectionError> {
    let threads = &changes.threads;
    if threads.is_empty() {
        return Ok(());
    }
    let column = |of: fn(&super::ThreadChange) -> Option<Uuid>| -> Vec<Option<Uuid>> {
        threads.values().map(of).collect()
    };
    let place = |of: fn(&Place) -> i64| -> Vec<Option<i64>> {
        threads.values().map(|thread| thread.last.as_ref().map(|(place, _)| of(place))).collect()
    };
    let (companies, ids): (Vec<Uuid>, Vec<Uuid>) = threads.keys().copied().unzip();
    let last_at: Vec<_> =
        threads.values().map(|thread| thread.last.map(|(place, _)| place.0)).collect();
    let windows: Vec<_> = threads.values().map(|thread| thread.window_closes_at).collect();
    let active: Vec<_> =
        threads.values().map(|thread| thread.active_at.unwrap_or_default()).collect();
    sqlx::query(
        "insert into threads as t
           (company_id, id, channel_id, contact_id, identity_id, last_id, last_at, last_intake,
            last_index, window_closes_at, active_at)
         select *
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[],
                     $7::timestamptz[], $8::bigint[], $9::bigint[], $10::timestamptz[],
                     $11::timestamptz[])
         on conflict (company_id, id) do update
         set channel_id = coalesce(excluded.channel_id, t.channel_id),
             contact_id = coalesce(excluded.contact_id, t.contact_id),
             identity_id = coalesce(excluded.identity_id, t.identity_id),
             (last_id, last_at, last_intake, last_index) = (
               select n.id, n.at, n.intake, n.index
               from (values (t.last_id, t.last_at, t.last_intake, t.last_index),
                            (excluded.last_id, excluded.last_at, excluded.last_intake,
                             excluded.last_index)) as n(id, at, intake, index)
               order by n.at desc nulls last, n.intake desc nulls last, n.index desc nulls last,
                        n.id desc nulls last
               limit 1),
             window_closes_at = greatest(t.window_closes_at, excluded.window_closes_at),
             active_at = greatest(t.active_at, excluded.active_at)",
    )
    .bind(companies)
    .bind(ids)
    .bind(column(|thread| thread.channel))
    .bind(column(|thread| thread.contact))
    .bind(column(|thread| thread.identity))
    .bind(column(|thread| thread.last.map(|(_, id)| id)))
    .bind(last_at)
    .bind(place(|place| place.1))
    .bind(place(|place| i64::from(place.2)))
    .bind(windows)
    .bind(active)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes everything personal out of a contact's messages, and remembers that she was erased.
async fn erase(
    connection: &mut PgConnection,
    company: Uuid,
    contact: Uuid,
) -> Result<(), ProjectionError> {
    sqlx::query(
        "insert into erased (company_id, contact_id) values ($1, $2) on conflict do nothing",
    )
    .bind(company)
    .bind(contact)
    .execute(&mut *connection)
    .await?;
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("select id, doc from messages where company_id = $1 and contact_id = $2")
            .bind(company)
            .bind(contact)
            .fetch_all(&mut *connection)
            .await?;
    let mut messages = BTreeMap::new();
    for (id, doc) in rows {
        let mut doc = parse(&doc, id)?;
        doc.erase();
        messages.insert((company, id), doc);
    }
    store_messages(connection, &messages).await
}

fn parse(doc: &str, id: Uuid) -> Result<Doc, ProjectionError> {
    serde_json::from_str(doc)
        .map_err(|_error| ProjectionError::Event(format!("messages.doc of {id} cannot be read")))
}

fn print(doc: &Doc) -> Result<String, ProjectionError> {
    serde_json::to_string(doc)
        .map_err(|_error| ProjectionError::Event("a message cannot be written".to_owned()))
}

fn narrow(index: u32) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
