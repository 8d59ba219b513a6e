//! From a provider's number to the channel of a company (D18), and from a channel to what speaks for
//! it: in memory, asked of the ledger and the vault when it is not there.
//!
//! **Invariant.** A number leads to a channel of the company that asks, or nowhere: companies own
//! their app secrets and can sign anything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kernel::{error::Error, ids::PLATFORM, ledger::Ledger, vault::Vault};
use uuid::Uuid;

use crate::{
    channel::{Channel, NUMBER, number_key},
    tables::secrets::{self, Secrets, SecretsError},
};

/// How long a look is good for.
const FRESH: Duration = Duration::from_secs(10);

/// A channel that a number leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which.
    pub channel: Uuid,
    /// The provider's id of its account.
    pub waba_id: String,
    /// The provider's id of its number.
    pub phone_number_id: String,
}

type Numbers = HashMap<(Uuid, String), (Duration, Known)>;
type Held = HashMap<Uuid, (Duration, Arc<Secrets>)>;

/// The look-ups. Clones share what is known.
#[derive(Clone)]
pub struct Directory {
    ledger: Ledger,
    vault: Vault,
    numbers: Arc<Mutex<Numbers>>,
    secrets: Arc<Mutex<Held>>,
}

impl Directory {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(ledger: Ledger, vault: Vault) -> Self {
        Self { ledger, vault, numbers: Arc::default(), secrets: Arc::default() }
    }

    /// The channel of a company that has a number.
    ///
    /// # Errors
    /// If the ledger fails.
    pub async fn by_number(
        &self,
        company: Uuid,
        phone_number_id: &str,
    ) -> Result<Option<Known>, Error> {
        let now = self.now();
        let key = (company, phone_number_id.to_owned());
        {
            let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, known)) = numbers.get(&key)
                && now.saturating_sub(*at) < FRESH
            {
                return Ok(Some(known.clone()));
            }
        }
        let wanted = [(PLATFORM, NUMBER, number_key(phone_number_id))];
        let owner = self.ledger.claims(&wanted).await?.into_iter().next().flatten();
        let Some(channel) = owner else { return Ok(None) };
        self.load(company, channel)
            .await
            .map(|known| known.filter(|known| known.phone_number_id == phone_number_id))
    }

    /// A channel of a company by its id.
    ///
    /// # Errors
    /// If the ledger fails.
    pub async fn by_route(&self, company: Uuid, channel: Uuid) -> Result<Option<Known>, Error> {
        let now = self.now();
        {
            let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            let known = numbers.iter().find(|((owner, _), (at, known))| {
                *owner == company && known.channel == channel && now.saturating_sub(*at) < FRESH
            });
            if let Some((_, (_, known))) = known {
                return Ok(Some(known.clone()));
            }
        }
        self.load(company, channel).await
    }

    async fn load(&self, company: Uuid, channel: Uuid) -> Result<Option<Known>, Error> {
        let (_, state) = self.ledger.load::<Channel>(company, channel).await?;
        let Some(number) = state.phone_number_id.filter(|_| !state.is_disconnected) else {
            return Ok(None);
        };
        let known = Known { channel, waba_id: state.waba_id.0, phone_number_id: number.0.clone() };
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.insert((company, number.0), (self.now(), known.clone()));
        Ok(Some(known))
    }

    /// The secrets of a channel.
    ///
    /// # Errors
    /// If the vault or Postgres fails.
    pub async fn secrets(
        &self,
        company: Uuid,
        channel: Uuid,
    ) -> Result<Option<Arc<Secrets>>, SecretsError> {
        let now = self.now();
        {
            let held = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, secrets)) = held.get(&channel)
                && now.saturating_sub(*at) < FRESH
            {
                return Ok(Some(Arc::clone(secrets)));
            }
        }
        let pool = &self.ledger.pools().app;
        let Some(secrets) = secrets::load(pool, &self.vault, company, channel).await? else {
            return Ok(None);
        };
        let secrets = Arc::new(secrets);
        let mut held = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(channel, (now, Arc::clone(&secrets)));
        Ok(Some(secrets))
    }

    /// Forgets a channel: something about it changed.
    pub fn forget(&self, channel: Uuid) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).remove(&channel);
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.retain(|_, (_, known)| known.channel != channel);
    }

    fn now(&self) -> Duration {
        self.ledger.ground().clock.monotonic()
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Directory").finish_non_exhaustive()
    }
}
