//! Passwords: argon2id, at most two at once, and a queue that has an end.
//!
//! Invariants: an unknown account costs what a known one costs, because a hash that nobody's password
//! fits is verified instead; who cannot be served soon is told so at once.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use kernel::{http::Problem, tasks::blocking};
use rand::RngExt as _;
use shared::problem::Kind;
use tokio::sync::{OnceCell, Semaphore};

/// How many are hashed at once: each takes 19 MB and a core.
const AT_ONCE: usize = 2;
/// How many may wait.
const WAITING: usize = 64;
/// The shortest password, in characters.
pub(crate) const SHORTEST: usize = 10;
/// The longest, in bytes.
pub(crate) const LONGEST: usize = 256;

/// The hasher. Clones share its slots.
#[derive(Clone, Debug)]
pub struct Passwords(Arc<Slots>);

#[derive(Debug)]
struct Slots {
    free: Semaphore,
    waiting: AtomicUsize,
    nobodys: OnceCell<String>,
    worked: AtomicU64,
}

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Slots {
            free: Semaphore::new(AT_ONCE),
            waiting: AtomicUsize::new(0),
            nobodys: OnceCell::new(),
            worked: AtomicU64::new(0),
        }))
    }
}

/// A place in the queue.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Passwords {
    /// The hash of a new password.
    pub async fn hash(&self, password: &str) -> Result<String, Problem> {
        let password = password.to_owned();
        self.work(move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|_refused| internal())
        })
        .await?
    }

    /// Whether a password fits a hash; without one, the work is done all the same.
    pub async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, Problem> {
        let is_known = hash.is_some();
        // Made for whoever comes first, known or not, so that its making tells nothing either.
        let nobodys = self.nobodys().await?;
        let hash = hash.unwrap_or(nobodys);
        let password = password.to_owned();
        let fits: Result<bool, Problem> = self
            .work(move || {
                let hash = PasswordHash::new(&hash).map_err(|_not_a_hash| internal())?;
                Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(fits? && is_known)
    }

    /// A hash that nobody knows the password of.
    async fn nobodys(&self) -> Result<String, Problem> {
        let hash = || async { self.hash(&generated()).await };
        self.0.nobodys.get_or_try_init(hash).await.cloned()
    }

    /// How often a password was hashed or compared in this process.
    #[must_use]
    pub fn n_worked(&self) -> u64 {
        self.0.worked.load(Ordering::Relaxed)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let slots = &*self.0;
        let place = slots.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(&slots.waiting);
        if place >= WAITING {
            return Err(Problem::new(Kind::Unavailable, "tenancy.sign_in_busy").retry_after(2));
        }
        let slot = slots.free.acquire().await.map_err(|_closed| internal())?;
        slots.worked.fetch_add(1, Ordering::Relaxed);
        let done = blocking(work).await;
        drop(slot);
        drop(waiting);
        done.map_err(|error| Problem::internal(&error))
    }
}

fn internal() -> Problem {
    Problem::new(Kind::Internal, "internal")
}

/// Whether a password may be chosen.
pub(crate) fn check(pointer: &str, password: &str) -> Result<(), Problem> {
    if password.chars().count() < SHORTEST {
        return Err(Problem::invalid(pointer, "too_short"));
    }
    if password.len() > LONGEST {
        return Err(Problem::invalid(pointer, "too_long"));
    }
    Ok(())
}

/// A password of 16 characters that can be read aloud: over 90 bits.
#[must_use]
pub(crate) fn generated() -> String {
    const READABLE: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut random = rand::rng();
    let pick = |_| READABLE.get(random.random_range(0..READABLE.len())).copied().map(char::from);
    (0..16).filter_map(pick).collect()
}

#[cfg(test)]
mod tests {
    use super::{Passwords, check, generated};

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only_and_nobodys_fits_none() {
        let passwords = Passwords::default();
        let hash = passwords.hash("uma senha longa").await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("uma senha longa", Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("uma senha curta", Some(hash)).await.unwrap());
        assert!(!passwords.verify("uma senha longa", None).await.unwrap());
    }

    #[tokio::test]
    async fn au01_nobodys_costs_what_a_wrong_one_costs_from_the_first_try_on() {
        let hash = Passwords::default().hash("uma senha longa").await.unwrap();
        for first in [None, Some(hash.clone())] {
            let passwords = Passwords::default();
            let mut costs = vec![];
            for known in [first, None, Some(hash.clone())] {
                let before = passwords.n_worked();
                assert!(!passwords.verify("uma senha curta", known).await.unwrap());
                costs.push(passwords.n_worked() - before);
            }
            // The first pays for nobody's hash, whoever she is.
            assert_eq!(costs, [2, 1, 1]);
        }
    }

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let passwords = Passwords::default();
        let hash = passwords.hash("x").await.unwrap();
        assert!(!passwords.verify("y", None).await.unwrap());
        // Real hashes: none of them is done before the last has asked.
        let all = (0..100).map(|_| passwords.verify("x", Some(hash.clone())));
        let all = futures::future::join_all(all).await;
        let busy = all.iter().filter_map(|one| one.as_ref().err());
        assert_eq!(busy.filter(|busy| busy.code() == "tenancy.sign_in_busy").count(), 36);
    }

    #[test]
    fn generated_passwords_may_be_chosen_and_differ() {
        let (one, other) = (generated(), generated());
        assert!(check("/password", &one).is_ok());
        assert_ne!(one, other);
        assert!(check("/password", "curta").is_err());
    }
}
