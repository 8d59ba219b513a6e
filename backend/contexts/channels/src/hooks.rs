//! From the key in a callback address to the channel and what may sign for it, quickly.
//!
//! **Invariants.** What is known is looked at again after [`FRESH`], by one request while the others
//! go on; a signature that does not fit makes us look at once, so that a new secret holds the moment
//! it is stored, whichever process stored it; a dropped one stops within [`FRESH`].

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use kernel::{
    commit::Context,
    db::Pools,
    execute::{Failure, Request},
    ids::Ground,
    ledger::Ledger,
    tasks::Tasks,
    vault::Vault,
};
use ports::secret::Secret;
use shared::stored::{Actor, ConfigText};
use uuid::Uuid;

use crate::{
    channel::{Channel, Command},
    tables::{
        hooks,
        secrets::{self, SecretsError},
        signs::{self, Signs},
    },
};

/// How long what is known is used without a look.
pub const FRESH: Duration = Duration::from_secs(3);
/// How often a key whose signatures do not fit is looked at again.
const AGAIN: Duration = Duration::from_millis(500);
/// How often signs of life of one channel are written.
const TOLD: Duration = Duration::from_secs(2);

/// Where a key leads.
#[derive(Debug)]
pub struct Hook {
    /// Whose.
    pub company: Uuid,
    /// Which channel.
    pub channel: Uuid,
    /// What a delivery may be signed with.
    pub signers: Vec<Secret>,
    until: Option<DateTime<Utc>>,
    looked_at: Duration,
    is_looking: AtomicBool,
}

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The handshake was answered.
    Handshake,
    /// A delivery was stored.
    Delivery,
    /// A delivery was refused.
    BadSignature,
}

#[derive(Debug, Default)]
struct Heard {
    told_at: Option<Duration>,
    is_planned: bool,
    /// A signature was refused since the last time it was told.
    is_refused: bool,
    signs: Signs,
}

/// All keys that were asked for. Clones share them.
#[derive(Clone)]
pub struct Hooks {
    pools: Pools,
    ledger: Ledger,
    vault: Vault,
    ground: Ground,
    tasks: Tasks,
    known: Arc<RwLock<HashMap<[u8; 32], Arc<Hook>>>>,
    heard: Arc<Mutex<HashMap<Uuid, Heard>>>,
}

impl Hooks {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(ledger: Ledger, vault: Vault, ground: Ground, tasks: Tasks) -> Self {
        let (known, heard) = (Arc::default(), Arc::default());
        let pools = ledger.pools().clone();
        Self { pools, ledger, vault, ground, tasks, known, heard }
    }

    /// Where a key leads; nowhere: `None`.
    ///
    /// # Errors
    /// If nothing is known and Postgres or the vault fails.
    pub async fn find(&self, key: &str) -> Result<Option<Arc<Hook>>, SecretsError> {
        // Whatever is longer is none of ours.
        if key.is_empty() || key.len() > 128 {
            return Ok(None);
        }
        let hash = hooks::hash(key);
        let now = self.ground.clock.monotonic();
        let Some(hook) = self.recall(&hash) else { return self.look(hash).await };
        let is_old = now.saturating_sub(hook.looked_at) >= FRESH;
        if is_old && !hook.is_looking.swap(true, Ordering::AcqRel) {
            let looked = self.look(hash).await;
            hook.is_looking.store(false, Ordering::Release);
            return match looked {
                Ok(found) => Ok(found),
                // What was true a moment ago holds while the ground is away.
                Err(error) => {
                    tracing::warn!("failed to look at a callback key again: {error}");
                    Ok(Some(hook))
                }
            };
        }
        Ok(Some(hook).filter(|hook| hook.until.is_none_or(|until| until > self.ground.clock.now())))
    }

    /// Looks at a key again because a signature did not fit; not more often than [`AGAIN`].
    ///
    /// # Errors
    /// If Postgres or the vault fails.
    pub async fn look_again(
        &self,
        key: &str,
        hook: &Hook,
    ) -> Result<Option<Arc<Hook>>, SecretsError> {
        let age = self.ground.clock.monotonic().saturating_sub(hook.looked_at);
        if age < AGAIN {
            return Ok(None);
        }
        self.look(hooks::hash(key)).await
    }

    /// Takes note of a sign of life, and writes it down now and then.
    pub fn hear(&self, hook: &Hook, sign: Sign) {
        let (wall, steady) = (self.ground.clock.now(), self.ground.clock.monotonic());
        let wait = {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let heard = heard.entry(hook.channel).or_default();
            match sign {
                Sign::Handshake => heard.signs.handshake_at = Some(wall),
                Sign::Delivery => heard.signs.last_webhook_at = Some(wall),
                Sign::BadSignature => {
                    heard.signs.last_bad_signature_at = Some(wall);
                    heard.is_refused = true;
                }
            }
            if heard.is_planned {
                return;
            }
            heard.is_planned = true;
            heard.told_at.map_or(Duration::ZERO, |told| (told + TOLD).saturating_sub(steady))
        };
        let (all, company, channel) = (self.clone(), hook.company, hook.channel);
        self.tasks.spawn(async move {
            let stopping = all.tasks.stopping();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => {}
            }
            all.tell(company, channel).await;
        });
    }

    async fn tell(&self, company: Uuid, channel: Uuid) {
        let (signs, is_refused) = {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let heard = heard.entry(channel).or_default();
            heard.is_planned = false;
            heard.told_at = Some(self.ground.clock.monotonic());
            (heard.signs, std::mem::take(&mut heard.is_refused))
        };
        if let Err(error) = signs::hear(&self.pools.app, company, channel, &signs).await {
            tracing::warn!(channel.id = %channel, "failed to note a sign of life: {error}");
        }
        if is_refused && let Err(error) = self.refuse(company, channel).await {
            tracing::warn!(channel.id = %channel, "failed to tell of a signature: {error}");
        }
    }

    /// Says on the channel's card that a signature was refused (D18).
    async fn refuse(&self, company: Uuid, channel: Uuid) -> kernel::error::Result<()> {
        let ids = &*self.ground.ids;
        let actor = Actor::System(ConfigText::from("channels.hooks"));
        let context = Arc::new(Context::new(actor, ids.v7(), ids.v7().into_bytes()));
        let (command, now) = (Command::RefuseSignature, self.ground.clock.now());
        let request = Request::<Channel>::new(company, channel, command, now, context);
        match self.ledger.execute(&request).await {
            Ok(_) | Err(Failure::Rejected(_)) => Ok(()),
            Err(Failure::Kernel(error)) => Err(error),
        }
    }

    fn recall(&self, hash: &[u8; 32]) -> Option<Arc<Hook>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    async fn look(&self, hash: [u8; 32]) -> Result<Option<Arc<Hook>>, SecretsError> {
        let looked_at = self.ground.clock.monotonic();
        let found = hooks::find(&self.pools.app, hash).await?;
        let found =
            found.filter(|(_, _, until)| until.is_none_or(|until| until > self.ground.clock.now()));
        let secrets = match &found {
            Some((company, channel, _)) => {
                secrets::load(&self.pools.app, &self.vault, *company, *channel).await?
            }
            None => None,
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let (Some((company, channel, until)), Some(secrets)) = (found, secrets) else {
            known.remove(&hash);
            return Ok(None);
        };
        let signers = secrets.signers();
        let is_looking = AtomicBool::new(false);
        let hook = Arc::new(Hook { company, channel, signers, until, looked_at, is_looking });
        known.insert(hash, Arc::clone(&hook));
        Ok(Some(hook))
    }
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Hooks").finish_non_exhaustive()
    }
}
