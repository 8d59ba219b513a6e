//! Keys of companies and subjects, wrapped in layers (D3), and what hangs on them: the blind index,
//! the channels' secrets, the signature.
//!
//! Invariants: a key leaves this module only inside [`Keys`]; what was destroyed gets no second key;
//! a wrapped key opens only for its own owner; a ring that does not fit the database is refused.
//! A process may use a cached key for as long as [`FRESH`]: a shred is complete then everywhere.

mod handing;
mod index;
mod keys;
mod ring;
mod secrets;
mod shred;
mod signing;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lru::LruCache;
use serde::{Serialize, de::DeserializeOwned};
use shared::stored::{KeyClass, Sealed};
use sqlx::PgPool;
use tokio::sync::broadcast;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use self::{
    index::IndexKey,
    keys::{Keys, Wanted, period},
    ring::KekRing,
    shred::{Shred, ShredRecord, ShredStore},
    signing::{Signature, Signer},
};
pub use crate::seal::{KeyId, Opened, Place};
use crate::{
    db::Pools,
    error::{Error, Result},
    ids::Ground,
    plant::{Plant, planted},
    seal::{decrypt, encrypt, new_key},
};

/// How long a key may be used without a look at the database.
pub const FRESH: Duration = Duration::from_mins(1);
/// How many keys of subjects are kept in memory.
const KEPT: NonZeroUsize = NonZeroUsize::new(50_000).expect("not zero");
/// How many companies' keys are kept in memory.
const COMPANIES: NonZeroUsize = NonZeroUsize::new(5_000).expect("not zero");
/// The period that stands for all.
const EVERY_PERIOD: i32 = -1;

type Key = Zeroizing<[u8; 32]>;

/// A company's keys at hand.
#[derive(Clone)]
struct CompanyKeys {
    key: Key,
    index: IndexKey,
}

#[derive(Debug)]
struct Cache<K: std::hash::Hash + Eq, V>(Mutex<LruCache<K, (Duration, V)>>);

impl<K: std::hash::Hash + Eq, V: Clone> Cache<K, V> {
    fn new(most: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(most)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<K, (Duration, V)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The door to the schema `vault`. Clones share the caches.
#[derive(Clone)]
pub struct Vault {
    pool: PgPool,
    ring: Arc<KekRing>,
    ground: Ground,
    subjects: Arc<Cache<KeyId, Key>>,
    companies: Arc<Cache<Uuid, CompanyKeys>>,
    shreds: broadcast::Sender<Shred>,
    store: Option<Arc<dyn ShredStore>>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vault").field("ring", &self.ring).finish_non_exhaustive()
    }
}

impl Vault {
    /// Unlocks the vault with a ring; [`Error::Keys`] if the ring is not this database's.
    pub async fn unlock(pools: &Pools, ring: KekRing, ground: Ground) -> Result<Self> {
        let vault = Self {
            pool: pools.direct.clone(),
            ring: Arc::new(ring),
            ground,
            subjects: Arc::new(Cache::new(KEPT)),
            companies: Arc::new(Cache::new(COMPANIES)),
            shreds: broadcast::channel(256).0,
            store: None,
        };
        vault.fit().await?;
        Ok(vault)
    }

    /// Where shreds are written before they are done: outside of any backup (D34).
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn ShredStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Whether the database holds anything that a lost ring would make unreadable. A new ring may be
    /// made only if not.
    pub async fn has_data(pools: &Pools) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "select exists (select from vault.keks) or exists (select from vault.company_keys)
               or exists (select from ledger.events)",
        )
        .fetch_one(&pools.direct)
        .await?)
    }

    /// Compares the ring with what the database says of it (D28).
    async fn fit(&self) -> Result<()> {
        let known: Vec<(String, Vec<u8>)> =
            sqlx::query_as("select id, check_value from vault.keks").fetch_all(&self.pool).await?;
        if !planted(Plant::AnyRing) {
            for (id, check) in &known {
                if self.ring.check_value(id).is_some_and(|ours| ours != *check) {
                    return Err(Error::Keys("a key is not the one this database knows by its id"));
                }
            }
            let in_use: Vec<String> = sqlx::query_scalar(
                "select distinct kek from vault.company_keys where wrapped is not null
                 union select distinct kek from intake.keys
                 union select distinct kek from vault.signing_keys",
            )
            .fetch_all(&self.pool)
            .await?;
            let ours: HashSet<&str> = self.ring.ids().collect();
            if in_use.iter().any(|id| !ours.contains(id.as_str())) {
                return Err(Error::Keys("a key that this database needs is missing"));
            }
            let ours_is_known = known.iter().any(|(id, _)| ours.contains(id.as_str()));
            let has_events: bool = sqlx::query_scalar("select exists (select from ledger.events)")
                .fetch_one(&self.pool)
                .await?;
            if !ours_is_known && (!known.is_empty() || has_events) {
                return Err(Error::Keys("a new ring cannot be used with a database that has data"));
            }
        }
        let ids: Vec<&str> = self.ring.ids().collect();
        let checks: Vec<Vec<u8>> =
            ids.iter().map(|id| self.ring.check_value(id).unwrap_or_default()).collect();
        sqlx::query(
            "insert into vault.keks (id, check_value)
             select k.id, k.value from unnest($1::text[], $2::bytea[]) as k(id, value)
             on conflict (id) do nothing",
        )
        .bind(ids)
        .bind(checks)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The keys to seal with, made where there was none. A key that was destroyed is missing in the
    /// answer, and sealing with it fails as erased. A few round trips however many are wanted.
    pub async fn keys(&self, wanted: &[Wanted]) -> Result<Keys> {
        let ids: BTreeSet<KeyId> = wanted.iter().map(Wanted::id).collect();
        let (mut keys, mut missing) = self.cached(ids);
        if missing.is_empty() {
            return Ok(keys);
        }
        let companies: BTreeSet<Uuid> = missing.iter().map(|id| id.company).collect();
        let companies = self.company_keys(companies, true).await?;
        missing.retain(|id| companies.contains_key(&id.company));
        self.fetch(&missing, &companies, &mut keys).await?;
        missing.retain(|id| !keys.0.contains_key(id));
        if !missing.is_empty() {
            self.make(&missing, &companies, &mut keys).await?;
            // Those that somebody else made meanwhile.
            missing.retain(|id| !keys.0.contains_key(id));
        }
        if !missing.is_empty() {
            self.fetch(&missing, &companies, &mut keys).await?;
        }
        Ok(keys)
    }

    /// The keys that values were sealed with; none is made.
    pub async fn keys_of(&self, ids: impl IntoIterator<Item = KeyId>) -> Result<Keys> {
        let (mut keys, missing) = self.cached(ids.into_iter().collect());
        if !missing.is_empty() {
            let companies: BTreeSet<Uuid> = missing.iter().map(|id| id.company).collect();
            let companies = self.company_keys(companies, false).await?;
            self.fetch(&missing, &companies, &mut keys).await?;
        }
        Ok(keys)
    }

    /// Opens a value.
    pub async fn open<T: DeserializeOwned>(
        &self,
        place: Place,
        sealed: &Sealed<T>,
    ) -> Result<Opened<T>> {
        self.keys_of([KeyId::of(place.company, sealed)]).await?.open(place, sealed)
    }

    /// Opens many values, in their order.
    pub async fn open_many<T: DeserializeOwned>(
        &self,
        sealed: &[(Place, &Sealed<T>)],
    ) -> Result<Vec<Opened<T>>> {
        let ids = sealed.iter().map(|(place, sealed)| KeyId::of(place.company, sealed));
        let keys = self.keys_of(ids).await?;
        sealed.iter().map(|(place, sealed)| keys.open(*place, sealed)).collect()
    }

    /// Seals one value; the key is made at first use.
    pub async fn seal<T: Serialize>(
        &self,
        place: Place,
        subject: Uuid,
        class: KeyClass,
        at: chrono::DateTime<chrono::Utc>,
        value: &T,
    ) -> Result<Sealed<T>> {
        let wanted = Wanted { company: place.company, subject, class, at };
        self.keys(&[wanted]).await?.seal(place, subject, class, at, value)
    }

    /// The company's index key, made at first use; [`Error::Erased`] if the company was shredded.
    pub async fn index(&self, company: Uuid) -> Result<IndexKey> {
        let keys = self.company_keys(BTreeSet::from([company]), true).await?;
        keys.get(&company).map(|keys| keys.index.clone()).ok_or(Error::Erased)
    }

    /// The index keys of many companies. Shredded ones are missing.
    pub async fn indexes(
        &self,
        companies: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, IndexKey>> {
        let keys = self.company_keys(companies.into_iter().collect(), true).await?;
        Ok(keys.into_iter().map(|(company, keys)| (company, keys.index)).collect())
    }

    /// Wraps a key of the house with the current key-encryption key, whose id comes with it.
    pub(crate) fn wrap(&self, bound_to: &[u8], key: &[u8; 32]) -> Result<(String, Vec<u8>)> {
        Ok((self.ring.current().to_owned(), self.ring.wrap(bound_to, key)?))
    }

    /// Unwraps a key of the house.
    pub(crate) fn unwrap(&self, kek: &str, bound_to: &[u8], wrapped: &[u8]) -> Result<[u8; 32]> {
        Ok(*self.ring.unwrap_key(kek, bound_to, wrapped)?)
    }

    fn is_fresh(&self, since: Duration) -> bool {
        self.ground.clock.monotonic().saturating_sub(since) < FRESH
    }

    fn cached(&self, ids: BTreeSet<KeyId>) -> (Keys, Vec<KeyId>) {
        let mut keys = Keys(HashMap::with_capacity(ids.len()));
        let mut missing = Vec::new();
        let mut cache = self.subjects.lock();
        for id in ids {
            match cache.get(&id).filter(|(since, _)| self.is_fresh(*since)) {
                Some((_, key)) => drop(keys.0.insert(id, key.clone())),
                None => missing.push(id),
            }
        }
        (keys, missing)
    }

    async fn company_keys(
        &self,
        wanted: BTreeSet<Uuid>,
        make: bool,
    ) -> Result<HashMap<Uuid, CompanyKeys>> {
        let mut found = HashMap::with_capacity(wanted.len());
        let mut missing = Vec::new();
        {
            let mut cache = self.companies.lock();
            for company in wanted {
                match cache.get(&company).filter(|(since, _)| self.is_fresh(*since)) {
                    Some((_, keys)) => drop(found.insert(company, keys.clone())),
                    None => missing.push(company),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        self.fetch_companies(&missing, &mut found).await?;
        missing.retain(|company| !found.contains_key(company));
        if make && !missing.is_empty() {
            self.make_companies(&missing).await?;
            self.fetch_companies(&missing, &mut found).await?;
        }
        Ok(found)
    }

    async fn fetch_companies(
        &self,
        companies: &[Uuid],
        found: &mut HashMap<Uuid, CompanyKeys>,
    ) -> Result<()> {
        let rows: Vec<(Uuid, String, Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "select w.company, k.kek, k.wrapped, k.index_key from unnest($1::uuid[]) as w(company)
             cross join lateral (
               select kek, wrapped, index_key from vault.company_keys
               where company_id = w.company and wrapped is not null limit 1
             ) k",
        )
        .bind(companies)
        .fetch_all(&self.pool)
        .await?;
        let now = self.ground.clock.monotonic();
        for (company, kek, wrapped, index) in rows {
            let key = self.ring.unwrap_key(&kek, &bound(b"company", company), &wrapped)?;
            let index = unwrap(&key, &bound(b"index", company), &index)?;
            let keys = CompanyKeys { key, index: IndexKey::new(index) };
            self.companies.lock().put(company, (now, keys.clone()));
            found.insert(company, keys);
        }
        Ok(())
    }

    async fn make_companies(&self, companies: &[Uuid]) -> Result<()> {
        let (mut wrapped, mut indexes) = (Vec::new(), Vec::new());
        for company in companies {
            let key = Zeroizing::new(new_key().ok_or(Error::Seal)?);
            let index = Zeroizing::new(new_key().ok_or(Error::Seal)?);
            wrapped.push(self.ring.wrap(&bound(b"company", *company), key.as_slice())?);
            let bound = bound(b"index", *company);
            indexes.push(encrypt(&key, &bound, index.as_slice()).ok_or(Error::Seal)?);
        }
        sqlx::query(
            "insert into vault.company_keys (company_id, kek, wrapped, index_key)
             select n.company, $1, n.wrapped, n.index_key
             from unnest($2::uuid[], $3::bytea[], $4::bytea[]) as n(company, wrapped, index_key)
             on conflict (company_id) do nothing",
        )
        .bind(self.ring.current())
        .bind(companies)
        .bind(wrapped)
        .bind(indexes)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn fetch(
        &self,
        ids: &[KeyId],
        companies: &HashMap<Uuid, CompanyKeys>,
        keys: &mut Keys,
    ) -> Result<()> {
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            // That the key is there is asked outside: inside, it would let the planner of a young
            // table walk all keys of the period instead of taking the one.
            "select w.nr, k.wrapped
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) with ordinality
               as w(company, subject, class, period, nr)
             cross join lateral (
               select wrapped from vault.subject_keys
               where company_id = w.company and subject_id = w.subject and class = w.class
                 and period = w.period limit 1
             ) k
             where k.wrapped is not null",
        )
        .bind(ids.iter().map(|id| id.company).collect::<Vec<_>>())
        .bind(ids.iter().map(|id| id.subject).collect::<Vec<_>>())
        .bind(ids.iter().map(|id| id.class.as_str()).collect::<Vec<_>>())
        .bind(ids.iter().map(|id| id.period).collect::<Vec<_>>())
        .fetch_all(&self.pool)
        .await?;
        let now = self.ground.clock.monotonic();
        for (nr, wrapped) in rows {
            let nr = usize::try_from(nr).unwrap_or(0).wrapping_sub(1);
            let Some(id) = ids.get(nr) else { continue };
            let Some(company) = companies.get(&id.company) else { continue };
            let key = unwrap(&company.key, &bound_subject(id), &wrapped)?;
            self.subjects.lock().put(*id, (now, key.clone()));
            keys.0.insert(*id, key);
        }
        Ok(())
    }

    /// Stored in one order, so that two processes that make the same keys do not wait for each other
    /// in a circle. The statement says so itself: a join inside it may have lost the order of `ids`.
    async fn make(
        &self,
        ids: &[KeyId],
        companies: &HashMap<Uuid, CompanyKeys>,
        keys: &mut Keys,
    ) -> Result<()> {
        let mut wrapped = Vec::with_capacity(ids.len());
        let mut made: HashMap<(Uuid, Uuid, &str, i32), (KeyId, Key)> =
            HashMap::with_capacity(ids.len());
        for id in ids {
            let company = companies.get(&id.company).ok_or(Error::Erased)?;
            let key = Zeroizing::new(new_key().ok_or(Error::Seal)?);
            let bytes = encrypt(&company.key, &bound_subject(id), key.as_slice());
            wrapped.push(bytes.ok_or(Error::Seal)?);
            made.insert((id.company, id.subject, id.class.as_str(), id.period), (*id, key));
        }
        let statement = if planted(Plant::SecondKey) {
            "insert into vault.subject_keys (company_id, subject_id, class, period, wrapped)
             select n.company, n.subject, n.class, n.period, n.wrapped
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bytea[])
               as n(company, subject, class, period, wrapped)
             where $6 = $6
             on conflict (company_id, subject_id, class, period)
             do update set wrapped = excluded.wrapped, shredded_at = null
             returning company_id, subject_id, class, period"
        } else {
            "insert into vault.subject_keys (company_id, subject_id, class, period, wrapped)
             select n.company, n.subject, n.class, n.period, n.wrapped
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bytea[])
               as n(company, subject, class, period, wrapped)
             where (
                 select true from vault.subject_keys k
                 where k.company_id = n.company and k.subject_id = n.subject
                   and k.class = n.class and k.period = $6 limit 1) is null
               and not exists (
                 select from vault.shredded_periods p
                 where p.class = n.class and p.period = n.period)
             order by n.company, n.subject, n.class, n.period
             on conflict (company_id, subject_id, class, period) do nothing
             returning company_id, subject_id, class, period"
        };
        let stored: Vec<(Uuid, Uuid, String, i32)> = sqlx::query_as(statement)
            .bind(ids.iter().map(|id| id.company).collect::<Vec<_>>())
            .bind(ids.iter().map(|id| id.subject).collect::<Vec<_>>())
            .bind(ids.iter().map(|id| id.class.as_str()).collect::<Vec<_>>())
            .bind(ids.iter().map(|id| id.period).collect::<Vec<_>>())
            .bind(wrapped)
            .bind(EVERY_PERIOD)
            .fetch_all(&self.pool)
            .await?;
        let now = self.ground.clock.monotonic();
        for (company, subject, class, period) in &stored {
            let Some((id, key)) = made.remove(&(*company, *subject, class.as_str(), *period))
            else {
                continue;
            };
            self.subjects.lock().put(id, (now, key.clone()));
            keys.0.insert(id, key);
        }
        Ok(())
    }
}

/// What a company's own wrapped key is bound to.
fn bound(what: &[u8], company: Uuid) -> Vec<u8> {
    [what, b"|", company.as_bytes().as_slice()].concat()
}

/// What a subject's wrapped key is bound to.
fn bound_subject(id: &KeyId) -> Vec<u8> {
    [
        b"subject|".as_slice(),
        id.company.as_bytes(),
        id.subject.as_bytes(),
        &id.period.to_be_bytes(),
        id.class.as_str().as_bytes(),
    ]
    .concat()
}

fn unwrap(key: &Key, bound_to: &[u8], wrapped: &[u8]) -> Result<Key> {
    let bytes = Zeroizing::new(decrypt(key, bound_to, wrapped).ok_or(Error::Seal)?);
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_wrong_length| Error::Seal)?;
    Ok(Zeroizing::new(key))
}
