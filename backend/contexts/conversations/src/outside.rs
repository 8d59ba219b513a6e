//! What this context asks of others: who may be given conversations.

use futures::future::BoxFuture;
use kernel::error::Error;
use shared::ids::UserId;
use uuid::Uuid;

/// Who knows the team.
pub trait Team: Send + Sync + 'static {
    /// Whether somebody is in the company and may answer people.
    fn may_answer(&self, company: Uuid, user: UserId) -> BoxFuture<'_, Result<bool, Error>>;
}
