//! Destroying keys (D3, D34).
//!
//! Invariants: a shred is written, signed, to a place outside of any backup before it is done, so
//! that a restored database can do it again; doing it twice is doing it once; every process hears of
//! it, and one that does not has forgotten its keys a minute later.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use shared::stored::KeyClass;
use sqlx::PgConnection;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::{EVERY_PERIOD, Signature, Vault};
use crate::{
    error::{Error, Result},
    faults,
    plant::{Plant, planted},
};

/// What is destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shred {
    /// Classes of keys of some subjects (a person's whole closure), for all periods.
    Subjects {
        /// Whose.
        company: Uuid,
        /// Who.
        subjects: Vec<Uuid>,
        /// Which classes.
        classes: Vec<KeyClass>,
    },
    /// A class of one period, for everybody: retention.
    Period {
        /// The class.
        class: KeyClass,
        /// The period.
        period: i32,
    },
    /// Everything of a company.
    Company {
        /// Whose.
        company: Uuid,
    },
}

/// A signed record of a shred, as it lies in the blob store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShredRecord {
    /// What was signed: the JSON text of id, time and shred.
    pub record: String,
    /// The signing key.
    pub key: Uuid,
    /// Its public half, base64.
    pub public: String,
    /// The signature, base64.
    pub signature: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Body {
    form: u8,
    id: Uuid,
    at: DateTime<Utc>,
    shred: Shred,
}

impl ShredRecord {
    fn body(&self) -> Result<Body> {
        serde_json::from_str(&self.record)
            .map_err(|_other_shape| Error::Row { what: "a shred record".to_owned() })
    }

    /// When it was destroyed.
    pub fn at(&self) -> Result<DateTime<Utc>> {
        Ok(self.body()?.at)
    }

    /// The record's id; also a good name for its file.
    pub fn id(&self) -> Result<Uuid> {
        Ok(self.body()?.id)
    }

    /// What was destroyed.
    pub fn shred(&self) -> Result<Shred> {
        Ok(self.body()?.shred)
    }

    fn signature(&self) -> Option<Signature> {
        Some(Signature {
            key: self.key,
            public: BASE64.decode(&self.public).ok()?.try_into().ok()?,
            bytes: BASE64.decode(&self.signature).ok()?.try_into().ok()?,
        })
    }
}

/// Where shred records are kept: outside of any backup.
pub trait ShredStore: Send + Sync {
    /// Keeps a record; it is safe when this returns.
    fn keep<'a>(
        &'a self,
        record: &'a ShredRecord,
    ) -> BoxFuture<'a, std::result::Result<(), Box<dyn std::error::Error + Send + Sync>>>;

    /// All records that were kept.
    fn all(
        &self,
    ) -> BoxFuture<
        '_,
        std::result::Result<Vec<ShredRecord>, Box<dyn std::error::Error + Send + Sync>>,
    >;
}

impl Vault {
    /// Destroys classes of keys of subjects, for all periods. The caller names the whole closure.
    pub async fn shred(
        &self,
        company: Uuid,
        subjects: &[Uuid],
        classes: &[KeyClass],
    ) -> Result<ShredRecord> {
        self.shred_as(self.ground.ids.v7(), company, subjects, classes).await
    }

    /// The same under an id that the caller remembers: what was begun and broke off goes on with it,
    /// and what was done is answered with its record.
    pub async fn shred_as(
        &self,
        id: Uuid,
        company: Uuid,
        subjects: &[Uuid],
        classes: &[KeyClass],
    ) -> Result<ShredRecord> {
        if let Some(done) = self.shred_record(id).await? {
            return Ok(done);
        }
        let (subjects, classes) = (subjects.to_vec(), classes.to_vec());
        self.destroy(id, Shred::Subjects { company, subjects, classes }).await
    }

    /// The signed record of a shred that was done here.
    pub async fn shred_record(&self, id: Uuid) -> Result<Option<ShredRecord>> {
        let row: Option<(String, Uuid, Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "select s.record, s.key_id, k.public, s.signature
             from vault.shreds s
             join vault.signing_keys k on k.id = s.key_id
             where s.id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(record, key, public, signature)| ShredRecord {
            record,
            key,
            public: BASE64.encode(public),
            signature: BASE64.encode(signature),
        }))
    }

    /// Destroys all that a company had sealed, its index and its secrets.
    pub async fn shred_company(&self, company: Uuid) -> Result<ShredRecord> {
        self.destroy(self.ground.ids.v7(), Shred::Company { company }).await
    }

    /// Destroys a class of one period.
    pub async fn shred_period(&self, class: KeyClass, period: i32) -> Result<ShredRecord> {
        self.destroy(self.ground.ids.v7(), Shred::Period { class, period }).await
    }

    async fn destroy(&self, id: Uuid, shred: Shred) -> Result<ShredRecord> {
        let body = Body { form: 1, id, at: self.ground.clock.now(), shred };
        let record = serde_json::to_string(&body).map_err(|_unserialisable| Error::Seal)?;
        let signature = self.signer().await?.sign(record.as_bytes());
        let record = ShredRecord {
            record,
            key: signature.key,
            public: BASE64.encode(signature.public),
            signature: BASE64.encode(signature.bytes),
        };
        if let Some(store) = &self.store {
            store.keep(&record).await.map_err(|error| Error::Store(error.to_string()))?;
        }
        faults::point("after_shred_kept");
        self.carry_out(&record, &body).await?;
        Ok(record)
    }

    /// Does again what was destroyed before this database was restored; how many records were new to
    /// it. A record whose signature does not fit is an error: nothing is served then.
    pub async fn apply_shreds(&self) -> Result<usize> {
        let lost = self.lost_shreds().await?;
        for record in &lost {
            self.shred_again(record).await?;
        }
        Ok(lost.len())
    }

    /// Does again what one of [`Vault::lost_shreds`] says.
    pub async fn shred_again(&self, record: &ShredRecord) -> Result<()> {
        self.carry_out(record, &record.body()?).await
    }

    /// What was destroyed and this database does not know of, because it was restored. A record whose
    /// signature does not fit is an error: nothing is served then.
    pub async fn lost_shreds(&self) -> Result<Vec<ShredRecord>> {
        let Some(store) = &self.store else { return Ok(vec![]) };
        if planted(Plant::ForgetShreds) {
            return Ok(vec![]);
        }
        let records = store.all().await.map_err(|error| Error::Store(error.to_string()))?;
        let known: Vec<Uuid> =
            sqlx::query_scalar("select id from vault.shreds").fetch_all(&self.pool).await?;
        let known: std::collections::HashSet<Uuid> = known.into_iter().collect();
        let mut lost = vec![];
        for record in records {
            let signature = record.signature().filter(|given| given.fits(record.record.as_bytes()));
            // A key made after the backup is not known to it; one that is must be the same.
            let ours = self.public_key(record.key).await?;
            if signature.is_none_or(|given| ours.is_some_and(|ours| ours != given.public)) {
                return Err(Error::Store("a shred record's signature does not fit".to_owned()));
            }
            if !known.contains(&record.id()?) {
                lost.push(record);
            }
        }
        Ok(lost)
    }

    async fn carry_out(&self, record: &ShredRecord, body: &Body) -> Result<()> {
        let mut tx = crate::db::working(&self.pool).await?;
        empty(&mut tx, &body.shred).await?;
        let signature = record.signature().ok_or(Error::Seal)?;
        sqlx::query(
            "insert into vault.shreds (id, at, record, key_id, signature) values ($1, $2, $3, $4, $5)
             on conflict (id) do nothing",
        )
        .bind(body.id)
        .bind(body.at)
        .bind(&record.record)
        .bind(record.key)
        .bind(signature.bytes.as_slice())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.forget(&body.shred);
        // Nobody listening is fine: then nobody else is in this process.
        let _ = self.shreds.send(body.shred.clone());
        Ok(())
    }

    /// What this process destroys, to be told to the others.
    #[must_use]
    pub fn shreds(&self) -> broadcast::Receiver<Shred> {
        self.shreds.subscribe()
    }

    /// Forgets the keys that another process has destroyed.
    pub fn forget(&self, shred: &Shred) {
        let mut keys = self.subjects.lock();
        let gone: Vec<_> = keys
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| match shred {
                Shred::Subjects { company, subjects, classes } => {
                    id.company == *company
                        && subjects.contains(&id.subject)
                        && classes.contains(&id.class)
                }
                Shred::Period { class, period } => id.class == *class && id.period == *period,
                Shred::Company { company } => id.company == *company,
            })
            .collect();
        for id in gone {
            keys.pop(&id);
        }
        drop(keys);
        if let Shred::Company { company } = shred {
            self.companies.lock().pop(company);
        }
    }
}

async fn empty(connection: &mut PgConnection, shred: &Shred) -> Result<()> {
    match shred {
        Shred::Subjects { company, subjects, classes } => {
            let classes: Vec<&str> = classes.iter().map(|class| class.as_str()).collect();
            sqlx::query(
                "insert into vault.subject_keys (company_id, subject_id, class, period, shredded_at)
                 select $1, s.id, c.class, $4, clock_timestamp()
                 from unnest($2::uuid[]) as s(id), unnest($3::text[]) as c(class)
                 on conflict (company_id, subject_id, class, period) do nothing",
            )
            .bind(company)
            .bind(subjects)
            .bind(&classes)
            .bind(EVERY_PERIOD)
            .execute(&mut *connection)
            .await?;
            sqlx::query(
                "update vault.subject_keys set wrapped = null, shredded_at = clock_timestamp()
                 where company_id = $1 and subject_id = any($2) and class = any($3)
                   and wrapped is not null",
            )
            .bind(company)
            .bind(subjects)
            .bind(&classes)
            .execute(connection)
            .await?;
        }
        Shred::Period { class, period } => {
            sqlx::query(
                "insert into vault.shredded_periods (class, period, shredded_at)
                 values ($1, $2, clock_timestamp()) on conflict (class, period) do nothing",
            )
            .bind(class.as_str())
            .bind(period)
            .execute(&mut *connection)
            .await?;
            sqlx::query(
                "update vault.subject_keys set wrapped = null, shredded_at = clock_timestamp()
                 where class = $1 and period = $2 and wrapped is not null",
            )
            .bind(class.as_str())
            .bind(period)
            .execute(connection)
            .await?;
        }
        Shred::Company { company } => {
            sqlx::query(
                "insert into vault.company_keys (company_id, kek, shredded_at)
                 values ($1, '', clock_timestamp())
                 on conflict (company_id) do update
                 set kek = '', wrapped = null, index_key = null,
                   shredded_at = coalesce(company_keys.shredded_at, clock_timestamp())",
            )
            .bind(company)
            .execute(connection)
            .await?;
        }
    }
    Ok(())
}
