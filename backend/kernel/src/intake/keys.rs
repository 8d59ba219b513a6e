//! Keys of deliveries. A key lives in memory while it is needed, and in the database wrapped.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

use crate::{
    db::Pools,
    error::{Error, Result},
    ids::Ground,
    seal::{decrypt, encrypt, new_key},
    vault::Vault,
};

/// The key of the digests has a fixed place: there is one, and it is never dropped.
const BODY: &str = "body";
const MAC: &str = "mac";

/// The key of today, once there is one.
type Current = Arc<Mutex<Option<(Uuid, [u8; 32])>>>;

/// The keys. Clones share them.
#[derive(Clone)]
pub(crate) struct Keys {
    pools: Pools,
    vault: Vault,
    /// The key of today, once something was sealed.
    current: Current,
    making: Arc<tokio::sync::Mutex<()>>,
    known: Arc<Mutex<HashMap<Uuid, [u8; 32]>>>,
    mac: [u8; 32],
}

impl Keys {
    /// Opens the key of the digests; it is made if there is none.
    pub(crate) async fn open(pools: Pools, vault: Vault, ground: &Ground) -> Result<Self> {
        let found: Option<(Uuid, String, Vec<u8>)> =
            sqlx::query_as("select id, kek, wrapped from intake.keys where purpose = $1")
                .bind(MAC)
                .fetch_optional(&pools.direct)
                .await?;
        let mac = if let Some((id, kek, wrapped)) = found {
            vault.unwrap(&kek, id.as_bytes(), &wrapped)?
        } else if let Some((_, key)) = make(&pools, &vault, ground, MAC).await? {
            key
        } else {
            // Another process was quicker.
            let (id, kek, wrapped): (Uuid, String, Vec<u8>) =
                sqlx::query_as("select id, kek, wrapped from intake.keys where purpose = $1")
                    .bind(MAC)
                    .fetch_one(&pools.direct)
                    .await?;
            vault.unwrap(&kek, id.as_bytes(), &wrapped)?
        };
        Ok(Self {
            pools,
            vault,
            current: Arc::default(),
            making: Arc::default(),
            known: Arc::default(),
            mac,
        })
    }

    /// The key of the digests that prove which bytes an event came from.
    pub(crate) const fn mac(&self) -> &[u8; 32] {
        &self.mac
    }

    /// Seals a body for its delivery, under the key of today, which is made at the first.
    pub(crate) async fn seal(
        &self,
        ground: &Ground,
        delivery: Uuid,
        body: &[u8],
    ) -> Result<(Uuid, Vec<u8>)> {
        if self.current().is_none() {
            let _one_at_a_time = self.making.lock().await;
            if self.current().is_none() {
                self.rotate(ground).await?;
            }
        }
        let (id, key) = self.current().ok_or(Error::Seal)?;
        let sealed = encrypt(&key, delivery.as_bytes(), body).ok_or(Error::Seal)?;
        Ok((id, sealed))
    }

    /// Opens a body; `None` if its key was dropped, or it is not what was sealed.
    pub(crate) async fn open_body(
        &self,
        id: Uuid,
        delivery: Uuid,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        let key = self.key(id).await?;
        Ok(key.and_then(|key| decrypt(&key, delivery.as_bytes(), sealed)))
    }

    async fn key(&self, id: Uuid) -> Result<Option<[u8; 32]>> {
        if let Some(key) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Some(*key));
        }
        let row: Option<(String, Vec<u8>)> =
            sqlx::query_as("select kek, wrapped from intake.keys where id = $1")
                .bind(id)
                .fetch_optional(&self.pools.direct)
                .await?;
        let Some((kek, wrapped)) = row else { return Ok(None) };
        let key = self.vault.unwrap(&kek, id.as_bytes(), &wrapped)?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(id, key);
        Ok(Some(key))
    }

    /// Uses a new key for bodies from now on.
    pub(crate) async fn rotate(&self, ground: &Ground) -> Result<()> {
        let made = make(&self.pools, &self.vault, ground, BODY).await?.ok_or(Error::Seal)?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(made.0, made.1);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(())
    }

    /// The key of today.
    fn current(&self) -> Option<(Uuid, [u8; 32])> {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its id.
    pub(crate) fn current_id(&self) -> Uuid {
        self.current().map_or(Uuid::nil(), |(id, _)| id)
    }

    /// Forgets keys that were dropped.
    pub(crate) fn forget(&self, ids: &[Uuid]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|id, _| !ids.contains(id));
    }

    /// Wraps keys that still use an older key-encryption key anew; returns how many.
    pub(crate) async fn rewrap(&self) -> Result<usize> {
        let rows: Vec<(Uuid, String, Vec<u8>)> =
            sqlx::query_as("select id, kek, wrapped from intake.keys order by id")
                .fetch_all(&self.pools.direct)
                .await?;
        let mut changed = 0;
        for (id, kek, wrapped) in rows {
            let key = self.vault.unwrap(&kek, id.as_bytes(), &wrapped)?;
            let (now, anew) = self.vault.wrap(id.as_bytes(), &key)?;
            if now == kek {
                continue;
            }
            let done = sqlx::query(
                "update intake.keys set kek = $2, wrapped = $3 where id = $1 and kek = $4",
            )
            .bind(id)
            .bind(now)
            .bind(anew)
            .bind(kek)
            .execute(&self.pools.direct)
            .await?;
            changed += usize::try_from(done.rows_affected()).unwrap_or(0);
        }
        Ok(changed)
    }
}

/// Makes a key; `None` if there may be only one of its purpose, and there is one.
async fn make(
    pools: &Pools,
    vault: &Vault,
    ground: &Ground,
    purpose: &str,
) -> Result<Option<(Uuid, [u8; 32])>> {
    let (id, key) = (ground.ids.v7(), new_key().ok_or(Error::Seal)?);
    let (kek, wrapped) = vault.wrap(id.as_bytes(), &key)?;
    let made = sqlx::query(
        "insert into intake.keys (id, purpose, kek, wrapped, created_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
    )
    .bind(id)
    .bind(purpose)
    .bind(kek)
    .bind(wrapped)
    .bind(ground.clock.now())
    .execute(&pools.direct)
    .await?;
    Ok((made.rows_affected() == 1).then_some((id, key)))
}
