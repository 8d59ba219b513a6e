//! What a context tells the live feed: which rows an event changed, and how they are now.
//!
//! Invariant: rows are read after the projections have committed, so a frame never shows less than
//! its cursor says.

use futures::future::BoxFuture;
use shared::feed::Change;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{error::Result, record::Recorded, vault::Vault};

/// One kind of row that screens show.
pub trait Shown: Send + Sync + 'static {
    /// Adds the keys of the rows that the event changed.
    fn touched(&self, event: &Recorded, into: &mut Vec<Uuid>);

    /// The rows as they are now, in few queries for all keys. `tx` reads on behalf of `company`.
    fn rows<'a>(
        &'a self,
        tx: &'a mut PgConnection,
        vault: &'a Vault,
        company: Uuid,
        keys: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<Change>>>;
}
