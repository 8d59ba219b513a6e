//! What the live feed shows of threads, messages and people: the rows that an event changed, as they are
//! now.

use contacts::queries::people;
use conversations::queries::{messages, threads};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    error::{Error, Result},
    feed::Shown,
    record::Recorded,
    vault::Vault,
};
use shared::{feed::Change, ids::ContactId};
use sqlx::PgConnection;
use tenancy::Tenancy;
use uuid::Uuid;

/// Threads: by their own id, by a message in them, or by their person; with the names of those who look
/// after them.
#[derive(Clone, Debug)]
pub struct ThreadRows(pub Tenancy);

/// Messages, with the names of their authors.
#[derive(Clone, Debug)]
pub struct MessageRows(pub Tenancy);

/// People.
#[derive(Clone, Copy, Debug)]
pub struct PersonRows;

impl Shown for ThreadRows {
    fn touched(&self, event: &Recorded, into: &mut Vec<Uuid>) {
        if matches!(&*event.stream_kind, "conversation" | "message" | "contact") {
            into.push(event.stream);
        }
    }

    fn rows<'a>(
        &'a self,
        tx: &'a mut PgConnection,
        _vault: &'a Vault,
        _company: Uuid,
        keys: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<Change>>> {
        async move {
            let rows = threads::touched(&mut *tx, keys).await.map_err(of_conversations)?;
            let contacts: Vec<ContactId> = rows.iter().map(|row| row.contact).collect();
            let named = people::named(tx, &contacts).await.map_err(of_contacts)?;
            let threads = rows.into_iter().map(|row| super::threads::thread(row, &named));
            let mut threads: Vec<_> = threads.collect();
            super::name_assignees(&self.0, &mut threads).await?;
            Ok(threads.into_iter().map(|thread| Change::Thread(Box::new(thread))).collect())
        }
        .boxed()
    }
}

impl Shown for MessageRows {
    fn touched(&self, event: &Recorded, into: &mut Vec<Uuid>) {
        if &*event.stream_kind == "message" {
            into.push(event.stream);
        }
    }

    fn rows<'a>(
        &'a self,
        tx: &'a mut PgConnection,
        _vault: &'a Vault,
        _company: Uuid,
        keys: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<Change>>> {
        async move {
            let ids: Vec<_> = keys.iter().map(|id| (*id).into()).collect();
            let mut rows = messages::by_ids(tx, &ids).await.map_err(of_conversations)?;
            super::sign(&self.0, &mut rows).await?;
            Ok(rows.into_iter().map(|row| Change::Message(Box::new(row))).collect())
        }
        .boxed()
    }
}

impl Shown for PersonRows {
    fn touched(&self, event: &Recorded, into: &mut Vec<Uuid>) {
        if &*event.stream_kind == "contact" {
            into.push(event.stream);
        }
    }

    fn rows<'a>(
        &'a self,
        tx: &'a mut PgConnection,
        _vault: &'a Vault,
        _company: Uuid,
        keys: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<Change>>> {
        async move {
            let ids: Vec<ContactId> = keys.iter().map(|id| (*id).into()).collect();
            let found = people::by_ids(&mut *tx, &ids).await.map_err(of_contacts)?;
            let people: Vec<_> = found.into_iter().collect();
            let roots: Vec<ContactId> = people.iter().map(|(id, _)| *id).collect();
            let merged = people::merged_into(&mut *tx, &roots).await.map_err(of_contacts)?;
            let mut all = roots;
            all.extend(merged.iter().map(|(id, _)| *id));
            let threads = threads::of_contacts(tx, &all).await.map_err(of_conversations)?;
            let shown = super::people::joined(&people, &merged, &threads);
            Ok(shown.into_iter().map(|contact| Change::Contact(Box::new(contact))).collect())
        }
        .boxed()
    }
}

fn of_conversations(error: conversations::queries::QueryError) -> Error {
    match error {
        conversations::queries::QueryError::Database(error) => error.into(),
        row @ conversations::queries::QueryError::Row { .. } => {
            Error::Row { what: row.to_string() }
        }
    }
}

fn of_contacts(error: contacts::queries::QueryError) -> Error {
    match error {
        contacts::queries::QueryError::Database(error) => error.into(),
        row @ contacts::queries::QueryError::Row { .. } => Error::Row { what: row.to_string() },
    }
}
