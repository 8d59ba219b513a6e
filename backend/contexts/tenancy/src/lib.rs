//! Companies, people, roles, sessions and keys: who may come in and what she may do.
//!
//! Streams: `company`, `membership` (the user's id), `api_key` in each company's chain; `user` in the
//! platform's. Read models: `tenancy_directory`, `tenancy_usage`. Plain tables: schema `tenancy`
//! (passwords, sessions, known browsers, key hashes, attempts). Routes: `/api/v1/{sessions,me,members,
//! api-keys,platform/…}`.
//!
//! Invariants: rights are folded from the ledger, never read from a read model; tokens are kept as
//! hashes only; an unknown account is answered as a wrong password is, with the same work; what
//! somebody of the platform does in a company is in the company's own chain (D10, D31). Deliberately
//! absent: a session in the ledger (D11), a role outside the table in `shared::permission`.

pub mod api_key;
mod attempts;
mod authority;
pub mod company;
pub mod membership;
mod password;
mod people;
mod projections;
mod queries;
mod quotas;
mod routes;
pub mod seed;
mod sessions;
pub mod user;

use std::{sync::Arc, time::Duration};

use kernel::{db::Pools, http::Routes, ids::Ground, ledger::Ledger, module::Module, vault::Vault};
use moka::future::Cache;
use shared::ids::UserId;

pub use authority::Book;
pub use password::Passwords;

/// What the context works with. Clones share it.
#[derive(Clone)]
pub struct Tenancy {
    pub(crate) pools: Pools,
    pub(crate) ledger: Ledger,
    pub(crate) vault: Vault,
    pub(crate) ground: Ground,
    pub(crate) passwords: Passwords,
    /// Names that were asked for within the last minute.
    pub(crate) names: Cache<UserId, String>,
}

/// How old a name may be: as long as a key that was destroyed may still be used (D34).
const NAMES_LAST: Duration = Duration::from_mins(1);

impl Tenancy {
    /// Puts it together.
    #[must_use]
    pub fn new(pools: Pools, ledger: Ledger, vault: Vault, ground: Ground) -> Self {
        let names = Cache::builder().max_capacity(10_000).time_to_live(NAMES_LAST).build();
        Self { pools, ledger, vault, ground, passwords: Passwords::default(), names }
    }

    /// Who knows people, programs and their rights, for `kernel::http`.
    #[must_use]
    pub fn authority(&self) -> Arc<Book> {
        Arc::new(Book::new(self.clone()))
    }

    /// How often a password was hashed or compared in this process: an unknown address costs what a
    /// wrong password costs.
    #[must_use]
    pub fn n_hashed(&self) -> u64 {
        self.passwords.n_worked()
    }

    /// The routes.
    #[must_use]
    pub fn routes(&self) -> Routes {
        routes::all(self.clone())
    }

    /// Drops what has run out: sessions, browsers not seen for a year, old attempts. Runs now and
    /// then.
    pub async fn sweep(&self) -> Result<(), sqlx::Error> {
        sessions::sweep(&self.pools.app, self.ground.clock.now()).await
    }
}

impl std::fmt::Debug for Tenancy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tenancy")
    }
}

/// What the context hands over.
#[must_use]
pub fn module() -> Module {
    Module {
        name: "tenancy",
        projections: vec![
            Arc::new(projections::directory::Directory),
            Arc::new(projections::usage::Usage),
        ],
        ..Module::default()
    }
}
