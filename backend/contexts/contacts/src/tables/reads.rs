//! Who read something of a person (LG10).

use chrono::{DateTime, Utc};
use kernel::db;
use shared::{
    contacts::{ReadWhat, Reading},
    ids::{ApiKeyId, CompanyId, UserId},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// A reading to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Whose person.
    pub company: Uuid,
    /// The contact.
    pub contact: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a user, or a program.
    pub reader: Reader,
    /// The company in whose place the platform's staff read.
    pub acting_for: Option<Uuid>,
    /// What.
    pub what: ReadWhat,
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// A person.
    User(Uuid),
    /// A program.
    ApiKey(Uuid),
}

impl Reader {
    const fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::User(id) => ("user", id),
            Self::ApiKey(id) => ("api_key", id),
        }
    }
}

/// Keeps readings; one that is there already changes nothing.
///
/// # Errors
/// If Postgres fails.
pub async fn keep(pool: &PgPool, reads: &[Read]) -> sqlx::Result<()> {
    let mut tx = db::working(pool).await?;
    let kinds: Vec<_> = reads.iter().map(|read| read.reader.parts().0).collect();
    let readers: Vec<_> = reads.iter().map(|read| read.reader.parts().1).collect();
    sqlx::query(
        "insert into contacts.reads
           (company_id, contact_id, at, reader_id, acting_for, reader_kind, what)
         select *
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::text[],
                     $7::text[])
         on conflict do nothing",
    )
    .bind(reads.iter().map(|read| read.company).collect::<Vec<_>>())
    .bind(reads.iter().map(|read| read.contact).collect::<Vec<_>>())
    .bind(reads.iter().map(|read| read.at).collect::<Vec<_>>())
    .bind(readers)
    .bind(reads.iter().map(|read| read.acting_for).collect::<Vec<_>>())
    .bind(kinds)
    .bind(reads.iter().map(|read| read.what.as_str()).collect::<Vec<_>>())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// A place in the list: the reading before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When.
    pub at: DateTime<Utc>,
    /// Of those at the same time, behind how many.
    pub skip: i64,
}

impl Cursor {
    /// As a client gets it.
    #[must_use]
    pub fn print(self) -> String {
        format!("{:x}-{}", self.at.timestamp_micros(), self.skip)
    }

    /// As a client sends it back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, skip) = text.split_once('-')?;
        let at = DateTime::from_timestamp_micros(i64::from_str_radix(at, 16).ok()?)?;
        let skip = skip.parse().ok().filter(|skip| (0..1_000_000).contains(skip))?;
        Some(Self { at, skip })
    }
}

type Row = (Uuid, DateTime<Utc>, Uuid, Option<Uuid>, String, String);

/// Who read something of these contacts, the latest first.
///
/// # Errors
/// If Postgres fails.
pub async fn of(
    connection: &mut PgConnection,
    contacts: &[Uuid],
    after: Option<Cursor>,
    most: i64,
) -> sqlx::Result<Vec<Reading>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select contact_id, at, reader_id, acting_for, reader_kind, what
         from contacts.reads
         where contact_id = any($1) and ($2::timestamptz is null or at <= $2)
         order by at desc, contact_id, reader_id, what
         limit $3 offset $4",
    )
    .bind(contacts)
    .bind(after.map(|cursor| cursor.at))
    .bind(most)
    .bind(after.map_or(0, |cursor| cursor.skip))
    .fetch_all(connection)
    .await?;
    let shown = rows.into_iter().filter_map(|(contact, at, reader, acting_for, kind, what)| {
        Some(Reading {
            reader: match kind.as_str() {
                "user" => UserId::from_uuid(reader).to_string(),
                _ => ApiKeyId::from_uuid(reader).to_string(),
            },
            acting_for: acting_for.map(CompanyId::from_uuid),
            contact: contact.into(),
            what: ReadWhat::from_word(&what)?,
            at,
        })
    });
    Ok(shown.collect())
}

/// Drops readings from before `before`; how many.
///
/// # Errors
/// If Postgres fails.
pub async fn drop_before(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let mut tx = db::working(pool).await?;
    let done = sqlx::query("delete from contacts.reads where at < $1")
        .bind(before)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}
