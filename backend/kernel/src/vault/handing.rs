//! Keys that leave the house, and come into another one: beside an export, for whom it is meant.
//!
//! Invariant: the text that is handed out opens everything of the company that was not erased. Whoever
//! calls encrypts it before it touches a disk.

use std::{collections::BTreeSet, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};
use shared::stored::KeyClass;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{KeyId, Vault, bound, bound_subject, unwrap};
use crate::{
    error::{Error, Result},
    seal::{encrypt, new_key},
};

/// The name and version of the form.
const FORMAT: &str = "masteria-keys-1";

#[derive(Serialize, Deserialize)]
struct First {
    format: String,
    company: Uuid,
    index: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    subject: Uuid,
    class: KeyClass,
    period: i32,
    key: String,
}

impl Vault {
    /// All keys of a company that were not destroyed, as text: what it is, then a key a line.
    pub async fn hand_out(&self, company: Uuid) -> Result<Zeroizing<String>> {
        let keys = self.company_keys(BTreeSet::from([company]), false).await?;
        let keys = keys.get(&company).ok_or(Error::Erased)?;
        let rows: Vec<(Uuid, String, i32, Vec<u8>)> = sqlx::query_as(
            "select subject_id, class, period, wrapped from vault.subject_keys
             where company_id = $1 and wrapped is not null
             order by subject_id, class, period",
        )
        .bind(company)
        .fetch_all(&self.pool)
        .await?;
        let index = Zeroizing::new(BASE64.encode(keys.index.bytes()));
        let format = FORMAT.to_owned();
        let mut text = Zeroizing::new(String::new());
        line(&mut text, &First { format, company, index: index.to_string() })?;
        for (subject, class, period, wrapped) in rows {
            let class = KeyClass::from_word(&class).ok_or_else(|| unlike("a class of keys"))?;
            let id = KeyId { company, subject, class, period };
            let key = unwrap(&keys.key, &bound_subject(&id), &wrapped)?;
            line(&mut text, &Line { subject, class, period, key: BASE64.encode(key.as_slice()) })?;
        }
        Ok(text)
    }

    /// Takes in what another house handed out: for a database that only looks. How many keys.
    pub async fn take_in(&self, text: &str) -> Result<usize> {
        let mut lines = text.lines();
        let first: First = parse(lines.next().unwrap_or_default())?;
        if first.format != FORMAT {
            return Err(unlike("its format"));
        }
        let company = first.company;
        let own = Zeroizing::new(new_key().ok_or(Error::Seal)?);
        let index = key(&first.index)?;
        let index = encrypt(&own, &bound(b"index", company), index.as_slice());
        sqlx::query(
            "insert into vault.company_keys (company_id, kek, wrapped, index_key)
             values ($1, $2, $3, $4) on conflict (company_id) do nothing",
        )
        .bind(company)
        .bind(self.ring.current())
        .bind(self.ring.wrap(&bound(b"company", company), own.as_slice())?)
        .bind(index.ok_or(Error::Seal)?)
        .execute(&self.pool)
        .await?;
        let keys = self.company_keys(BTreeSet::from([company]), false).await?;
        let keys = keys.get(&company).ok_or(Error::Erased)?;
        let mut rows = (vec![], vec![], vec![], vec![]);
        for text in lines {
            let Line { subject, class, period, key: text } = parse(text)?;
            let id = KeyId { company, subject, class, period };
            let wrapped = encrypt(&keys.key, &bound_subject(&id), key(&text)?.as_slice());
            rows.0.push(subject);
            rows.1.push(class.as_str());
            rows.2.push(period);
            rows.3.push(wrapped.ok_or(Error::Seal)?);
        }
        let n_keys = rows.0.len();
        sqlx::query(
            "insert into vault.subject_keys (company_id, subject_id, class, period, wrapped)
             select $1, n.subject, n.class, n.period, n.wrapped
             from unnest($2::uuid[], $3::text[], $4::int[], $5::bytea[])
               as n(subject, class, period, wrapped)
             on conflict (company_id, subject_id, class, period) do nothing",
        )
        .bind(company)
        .bind(rows.0)
        .bind(rows.1)
        .bind(rows.2)
        .bind(rows.3)
        .execute(&self.pool)
        .await?;
        Ok(n_keys)
    }
}

fn line(text: &mut Zeroizing<String>, value: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string(value).map_err(|_unserialisable| Error::Seal)?;
    let json = Zeroizing::new(json);
    writeln!(**text, "{}", *json).map_err(|_never| Error::Seal)
}

fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T> {
    // The parser's own words would show the text.
    serde_json::from_str(text).map_err(|_other_shape| unlike("a line"))
}

fn key(text: &str) -> Result<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(BASE64.decode(text).map_err(|_not_base64| unlike("a key"))?);
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_wrong_length| unlike("a key"))?;
    Ok(Zeroizing::new(key))
}

fn unlike(what: &str) -> Error {
    Error::Store(format!("the keys do not fit their form: {what}"))
}
