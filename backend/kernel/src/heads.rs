//! The heads of the chains, signed daily and kept elsewhere: what finds a history that was cut at its
//! end or rewritten as a whole.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    error::Result,
    ledger::Ledger,
    record::{Hash, hash_of},
    vault::{Signature, Vault},
};

/// A signed head of a company's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The company.
    pub company: Uuid,
    /// The day it stands for.
    pub day: NaiveDate,
    /// The company's last number.
    pub company_seq: i64,
    /// The hash of that event.
    pub hash: Hash,
}

impl Head {
    /// What is signed.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        let Self { company, day, company_seq, hash } = self;
        let hash = hex::encode(hash);
        format!("masteria head 1\n{company}\n{day}\n{company_seq}\n{hash}\n").into_bytes()
    }
}

/// Signs the heads of all companies that have none for `day`; how many.
pub async fn sign_heads(ledger: &Ledger, vault: &Vault, day: NaiveDate) -> Result<usize> {
    let signer = vault.signer().await?;
    // The companies are found by jumping along the index, not by reading it.
    let rows: Vec<(Uuid, i64, Vec<u8>)> = sqlx::query_as(
        "with recursive companies as (
           (select company_id from ledger.events order by company_id limit 1)
           union all
           select (select e.company_id from ledger.events e where e.company_id > c.company_id
             order by e.company_id limit 1)
           from companies c where c.company_id is not null
         )
         select c.company_id, e.company_seq, e.hash
         from companies c
         cross join lateral (
           select company_seq, hash from ledger.events
           where shard = $1 and company_id = c.company_id order by company_seq desc limit 1
         ) e
         where not exists (
           select from ledger.heads h where h.company_id = c.company_id and h.day = $2)",
    )
    .bind(ledger.shard)
    .bind(day)
    .fetch_all(&ledger.pool)
    .await?;
    let heads: Vec<Head> = rows
        .into_iter()
        .map(|(company, company_seq, hash)| Head {
            company,
            day,
            company_seq,
            hash: hash_of(&hash),
        })
        .collect();
    let signatures: Vec<Signature> =
        heads.iter().map(|head| signer.sign(&head.message())).collect();
    sqlx::query(
        "insert into ledger.heads
           (company_id, day, shard, company_seq, hash, key_id, signature, signed_at)
         select n.company, $1, $2, n.seq, n.hash, n.key, n.signature, clock_timestamp()
         from unnest($3::uuid[], $4::bigint[], $5::bytea[], $6::uuid[], $7::bytea[])
           as n(company, seq, hash, key, signature)
         on conflict (company_id, day) do nothing",
    )
    .bind(day)
    .bind(ledger.shard)
    .bind(heads.iter().map(|head| head.company).collect::<Vec<_>>())
    .bind(heads.iter().map(|head| head.company_seq).collect::<Vec<_>>())
    .bind(heads.iter().map(|head| head.hash.as_slice()).collect::<Vec<_>>())
    .bind(signatures.iter().map(|signature| signature.key).collect::<Vec<_>>())
    .bind(signatures.iter().map(|signature| signature.bytes.as_slice()).collect::<Vec<_>>())
    .execute(&ledger.pool)
    .await?;
    Ok(heads.len())
}

type Row = (Uuid, NaiveDate, i64, Vec<u8>, Uuid, Vec<u8>, Option<Vec<u8>>);

/// The signed heads that the ledger does not bear out: the event is missing or has another hash, or
/// the signature is not ours.
pub async fn broken_heads(ledger: &Ledger, vault: &Vault) -> Result<Vec<Head>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select h.company_id, h.day, h.company_seq, h.hash, h.key_id, h.signature, e.hash
         from ledger.heads h
         left join lateral (
           select hash from ledger.events
           where shard = h.shard and company_id = h.company_id and company_seq = h.company_seq limit 1
         ) e on true
         order by h.company_id, h.day",
    )
    .fetch_all(&ledger.pool)
    .await?;
    let mut broken = Vec::new();
    let mut publics = std::collections::HashMap::new();
    for (company, day, company_seq, hash, key, signature, stored) in rows {
        let head = Head { company, day, company_seq, hash: hash_of(&hash) };
        let known = publics.get(&key).copied();
        let public = if let Some(public) = known { public } else { vault.public_key(key).await? };
        publics.insert(key, public);
        let is_ours = public
            .zip(signature.try_into().ok())
            .is_some_and(|(public, bytes)| Signature { key, public, bytes }.fits(&head.message()));
        if !is_ours || stored.as_deref() != Some(head.hash.as_slice()) {
            broken.push(head);
        }
    }
    Ok(broken)
}
