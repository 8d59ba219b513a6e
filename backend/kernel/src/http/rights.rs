//! The rights cache: what the authority said, for a second; and what may be believed while it does
//! not answer.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lru::LruCache;
use tokio::sync::broadcast;

use super::principal::{Admitted, Authority, Credential, Ended, FAILS_CLOSED, FRESH, Unknown};
use crate::clock::Clock;

/// How many credentials are remembered.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

#[derive(Clone)]
struct Remembered {
    at: Duration,
    admitted: Option<Arc<Admitted>>,
}

/// The cache before the authority.
pub(super) struct Rights {
    authority: Arc<dyn Authority>,
    clock: Arc<dyn Clock>,
    known: Mutex<LruCache<Credential, Remembered>>,
    asking: Mutex<HashMap<Credential, Arc<tokio::sync::Mutex<()>>>>,
    ended: broadcast::Sender<Ended>,
}

impl Rights {
    pub(super) fn new(authority: Arc<dyn Authority>, clock: Arc<dyn Clock>) -> Self {
        Self {
            authority,
            clock,
            known: Mutex::new(LruCache::new(CAPACITY)),
            asking: Mutex::default(),
            ended: broadcast::channel(1024).0,
        }
    }

    /// Whose the credential is.
    pub(super) async fn admit(
        &self,
        credential: Credential,
    ) -> Result<Option<Arc<Admitted>>, Unknown> {
        if let Some(known) = self.recall(credential, FRESH) {
            return Ok(known);
        }
        // One question at a time for one credential: a page asks ten things at once.
        let asking = {
            let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(asking.entry(credential).or_default())
        };
        let turn = asking.lock().await;
        let answer = match self.recall(credential, FRESH) {
            Some(known) => Ok(known),
            None => self.ask(credential).await,
        };
        drop(turn);
        let mut all = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        // This task's clone and the table's own.
        if Arc::strong_count(&asking) <= 2 {
            all.remove(&credential);
        }
        answer
    }

    async fn ask(&self, credential: Credential) -> Result<Option<Arc<Admitted>>, Unknown> {
        let at = self.clock.monotonic();
        match self.authority.admit(credential).await {
            Ok(admitted) => {
                let admitted = admitted.map(Arc::new);
                let remembered = Remembered { at, admitted: admitted.clone() };
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.put(credential, remembered);
                Ok(admitted)
            }
            Err(unknown) => self.recall(credential, FAILS_CLOSED).ok_or(unknown),
        }
    }

    #[expect(clippy::option_option, reason = "not remembered, or remembered as nobody's")]
    fn recall(&self, credential: Credential, most: Duration) -> Option<Option<Arc<Admitted>>> {
        let now = self.clock.monotonic();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = known.get(&credential)?;
        (now.saturating_sub(remembered.at) < most).then(|| remembered.admitted.clone())
    }

    /// Forgets everything and tells open sockets what changed.
    pub(super) fn end(&self, ended: Ended) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        // Nobody listening is no fault.
        let _ = self.ended.send(ended);
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Ended> {
        self.ended.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        sync::{
            Arc,
            atomic::{AtomicBool, AtomicU64, Ordering},
        },
        time::Duration,
    };

    use chrono::{DateTime, Utc};
    use futures::{FutureExt as _, future::BoxFuture};
    use shared::ids::ApiKeyId;
    use uuid::Uuid;

    use super::{Admitted, Authority, Clock, Credential, Rights, Unknown};
    use crate::http::principal::{Ended, Principal};

    #[derive(Default)]
    struct Hand(AtomicU64);

    impl Clock for Hand {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }

        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    #[derive(Default)]
    struct Book {
        is_down: AtomicBool,
        is_revoked: AtomicBool,
        n_asked: AtomicU64,
    }

    impl Authority for Book {
        fn admit(&self, _: Credential) -> BoxFuture<'_, Result<Option<Admitted>, Unknown>> {
            self.n_asked.fetch_add(1, Ordering::Relaxed);
            async move {
                if self.is_down.load(Ordering::Relaxed) {
                    return Err(Unknown("down".into()));
                }
                let admitted = Admitted {
                    principal: Principal::ApiKey {
                        key: ApiKeyId::from_uuid(Uuid::from_u128(1)),
                        scopes: BTreeSet::new(),
                    },
                    language: None,
                    is_super_admin: false,
                    companies: vec![],
                };
                Ok((!self.is_revoked.load(Ordering::Relaxed)).then_some(admitted))
            }
            .boxed()
        }
    }

    const SHOWN: Credential = Credential::ApiKey([1; 32]);

    #[tokio::test]
    async fn d13_rights_fail_closed_after_a_minute_without_an_answer() {
        let (book, clock) = (Arc::new(Book::default()), Arc::new(Hand::default()));
        let rights = Rights::new(book.clone(), clock.clone());
        assert!(rights.admit(SHOWN).await.unwrap().is_some());
        book.is_down.store(true, Ordering::Relaxed);
        clock.0.store(59_999, Ordering::Relaxed);
        assert!(rights.admit(SHOWN).await.unwrap().is_some());
        clock.0.store(60_000, Ordering::Relaxed);
        assert!(rights.admit(SHOWN).await.is_err());
    }

    #[tokio::test]
    async fn a_revocation_is_seen_within_a_second_and_at_once_when_told() {
        let (book, clock) = (Arc::new(Book::default()), Arc::new(Hand::default()));
        let rights = Rights::new(book.clone(), clock.clone());
        assert!(rights.admit(SHOWN).await.unwrap().is_some());
        book.is_revoked.store(true, Ordering::Relaxed);
        assert!(rights.admit(SHOWN).await.unwrap().is_some());
        assert_eq!(book.n_asked.load(Ordering::Relaxed), 1);
        clock.0.store(1_000, Ordering::Relaxed);
        assert!(rights.admit(SHOWN).await.unwrap().is_none());
        book.is_revoked.store(false, Ordering::Relaxed);
        rights.end(Ended::Company(Uuid::nil()));
        assert!(rights.admit(SHOWN).await.unwrap().is_some());
    }
}
