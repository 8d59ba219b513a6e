//! The team, as conversations ask for it.

use conversations::outside::Team;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{error::Error, ledger::Ledger};
use shared::{ids::UserId, permission::Permission};
use tenancy::membership::MembershipStream;
use uuid::Uuid;

/// Knows the team from the ledger, so that somebody who has just left is not given anything.
#[derive(Clone)]
pub struct LedgerTeam(pub Ledger);

impl Team for LedgerTeam {
    fn may_answer(&self, company: Uuid, user: UserId) -> BoxFuture<'_, Result<bool, Error>> {
        async move {
            let (_, membership) =
                self.0.load::<MembershipStream>(company, user.into_uuid()).await?;
            Ok(membership.role.is_some_and(|role| role.may(Permission::SendMessages)))
        }
        .boxed()
    }
}
