//! Which numbers a route reaches: those of the company whose channel's address it is (D18).

use std::collections::BTreeSet;

use channels::directory::{Directory, Known};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    db::{self, Pools},
    error::Result,
    intake::Route,
};
use shared::ids::ChannelId;
use uuid::Uuid;

use super::acts::Line;

/// What deliveries of a route name.
#[derive(Debug, Default)]
pub struct Named {
    /// Numbers, by the provider's ids.
    pub numbers: BTreeSet<String>,
    /// Accounts of which something is told, by the provider's ids.
    pub accounts: BTreeSet<String>,
}

/// Who knows which of the numbers and accounts that a delivery names may be named by its route.
pub trait Lines: Send + Sync + 'static {
    /// Their lines; what is not the route's is left out.
    fn of(&self, route: Route, named: Named) -> BoxFuture<'_, Result<Vec<Line>>>;
}

/// The channels of the company that a route belongs to.
#[derive(Clone, Debug)]
pub struct CompanyLines {
    /// Numbers and channels.
    pub directory: Directory,
    /// The ways to Postgres.
    pub pools: Pools,
}

impl Lines for CompanyLines {
    fn of(&self, route: Route, named: Named) -> BoxFuture<'_, Result<Vec<Line>>> {
        async move {
            let Some(company) = route.company else { return Ok(vec![]) };
            let mut lines = vec![];
            for number in &named.numbers {
                let known = self.directory.by_number(company, number).await?;
                lines.extend(known.map(|known| line(company, known)));
            }
            let mut others = BTreeSet::new();
            if !named.accounts.is_empty() {
                others.insert(route.id);
                let mut tx = db::reading_as(&self.pools.reader, company).await?;
                for account in &named.accounts {
                    let ids = channels::queries::list::of_account(&mut tx, account).await;
                    others.extend(ids.unwrap_or_default());
                }
                tx.commit().await?;
            }
            for channel in others {
                if lines.iter().all(|line| line.channel.into_uuid() != channel) {
                    let known = self.directory.by_route(company, channel).await?;
                    lines.extend(known.map(|known| line(company, known)));
                }
            }
            Ok(lines)
        }
        .boxed()
    }
}

fn line(company: Uuid, known: Known) -> Line {
    Line {
        company,
        channel: ChannelId::from_uuid(known.channel),
        phone_number_id: known.phone_number_id,
        waba_id: known.waba_id,
    }
}
