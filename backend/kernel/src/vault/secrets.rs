//! Tokens and secrets of channels (D28), and exchanging the key-encryption key while running.
//!
//! A secret is sealed under its company's key, so that it goes with the company, and an exchange of
//! key-encryption keys touches one row a company and no secret.

use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{CompanyKeys, Key, Vault, bound};
use crate::{
    error::{Error, Result},
    seal::{decrypt, encrypt},
};

/// The form of a sealed secret: this byte, 8 bytes of the key's id, nonce, ciphertext.
const FORM: u8 = 1;
/// The length of a key's id.
const KEY_ID: usize = 8;

impl Vault {
    /// Seals a secret: AES-256-GCM with a random 96-bit nonce, the key's id in front, bound to
    /// company, owner and field.
    pub async fn secret_seal(
        &self,
        company: Uuid,
        owner: Uuid,
        field: &str,
        secret: &[u8],
    ) -> Result<Vec<u8>> {
        let keys = self.company(company).await?;
        let sealed = encrypt(&keys.key, &bound_secret(company, owner, field), secret);
        let sealed = sealed.ok_or(Error::Seal)?;
        Ok([&[FORM], key_id(&keys.key).as_slice(), &sealed].concat())
    }

    /// Opens a sealed secret; [`Error::Erased`] if the company was shredded.
    pub async fn secret_open(
        &self,
        company: Uuid,
        owner: Uuid,
        field: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>> {
        let keys = self.company(company).await?;
        let (head, sealed) = sealed.split_at_checked(1 + KEY_ID).ok_or(Error::Seal)?;
        if head.split_first() != Some((&FORM, key_id(&keys.key).as_slice())) {
            return Err(Error::Seal);
        }
        decrypt(&keys.key, &bound_secret(company, owner, field), sealed).ok_or(Error::Seal)
    }

    async fn company(&self, company: Uuid) -> Result<CompanyKeys> {
        let mut keys = self.company_keys([company].into(), true).await?;
        keys.remove(&company).ok_or(Error::Erased)
    }

    /// Wraps up to `most` keys that still use an older key-encryption key anew; how many there were.
    /// Call until 0, beside live traffic; then the old key can leave the ring. The intake's keys are
    /// its own.
    pub async fn rewrap(&self, most: i64) -> Result<usize> {
        let companies = self.rewrap_table("company_keys", "company_id", b"company", most).await?;
        Ok(companies + self.rewrap_table("signing_keys", "id", b"signing", most).await?)
    }

    async fn rewrap_table(&self, table: &str, id: &str, what: &[u8], most: i64) -> Result<usize> {
        let mut tx = crate::db::working(&self.pool).await?;
        let select = format!(
            "select {id}, kek, wrapped from vault.{table}
             where kek <> $1 and wrapped is not null
             order by {id} limit $2 for update skip locked"
        );
        let rows: Vec<(Uuid, String, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(select))
            .bind(self.ring.current())
            .bind(most)
            .fetch_all(&mut *tx)
            .await?;
        let mut wrapped = Vec::with_capacity(rows.len());
        for (id, kek, old) in &rows {
            let bound_to = bound(what, *id);
            let plain = Zeroizing::new(self.ring.unwrap(kek, &bound_to, old)?);
            wrapped.push(self.ring.wrap(&bound_to, &plain)?);
        }
        let update = format!(
            "update vault.{table} t set kek = $1, wrapped = n.wrapped
             from unnest($2::uuid[], $3::bytea[]) as n(id, wrapped) where t.{id} = n.id"
        );
        sqlx::query(AssertSqlSafe(update))
            .bind(self.ring.current())
            .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
            .bind(wrapped)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(rows.len())
    }
}

/// Which key: a digest that tells nothing of it.
fn key_id(key: &Key) -> [u8; KEY_ID] {
    let digest = Sha256::new().chain_update(b"masteria key id").chain_update(key.as_slice());
    let digest: [u8; 32] = digest.finalize().into();
    digest.first_chunk().copied().unwrap_or_default()
}

fn bound_secret(company: Uuid, owner: Uuid, field: &str) -> Vec<u8> {
    [b"secret|".as_slice(), company.as_bytes(), owner.as_bytes(), field.as_bytes()].concat()
}
