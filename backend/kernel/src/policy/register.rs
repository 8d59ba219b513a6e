//! All policies of a process, and the promise that their numbers never change.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Policy, runner::Runner};
use crate::{
    db,
    error::{Error, Result},
    gate::Gate,
    ledger::Ledger,
    nodes::Nodes,
    tasks::Tasks,
};

/// The policies. Clones share them.
#[derive(Clone)]
pub struct Policies {
    pub(super) ledger: Ledger,
    policies: Arc<[(Arc<dyn Policy>, i64)]>,
}

impl Policies {
    /// Registers policies: each new one begins at the ledger's end of this moment.
    ///
    /// # Errors
    /// If a number or a name was ever another's, or Postgres fails.
    pub async fn open(ledger: Ledger, policies: Vec<Arc<dyn Policy>>) -> Result<Self> {
        let mut registered = Vec::with_capacity(policies.len());
        for policy in policies {
            let mut tx = db::working(&ledger.pools().app).await?;
            sqlx::query(
                "insert into policy.policies (policy, name, since)
                 select $1, $2, coalesce(max(position), 0) from ledger.events where shard = $3
                 on conflict do nothing",
            )
            .bind(policy.id())
            .bind(policy.name())
            .bind(ledger.shard())
            .execute(&mut *tx)
            .await?;
            let since: Option<i64> = sqlx::query_scalar(
                "select since from policy.policies where policy = $1 and name = $2",
            )
            .bind(policy.id())
            .bind(policy.name())
            .fetch_optional(&mut *tx)
            .await?;
            tx.commit().await?;
            let taken = || Error::Row {
                what: format!(
                    "policy {} {}: the number or the name is another's",
                    policy.id(),
                    policy.name()
                ),
            };
            registered.push((Arc::clone(&policy), since.ok_or_else(taken)?));
        }
        Ok(Self { ledger, policies: registered.into() })
    }

    /// Runs each of them while this process owns it.
    pub fn run(&self, tasks: &Tasks, nodes: &Nodes, gate: &Gate) {
        for index in 0..self.policies.len() {
            let Some(name) = self.policies.get(index).map(|(policy, _)| policy.name()) else {
                continue;
            };
            let (policies, nodes, gate) = (self.clone(), nodes.clone(), gate.clone());
            tasks.supervise(name, move || {
                let owns = nodes.owns(&format!("policy:{name}"));
                let runner = policies.runner(index, nodes.alone());
                let gate = gate.clone();
                async move {
                    if let Some(runner) = runner {
                        runner.run(owns, gate).await;
                    }
                }
            });
        }
    }

    /// One policy's runner, for those who drive it themselves.
    #[must_use]
    pub fn runner(&self, index: usize, alone: watch::Receiver<bool>) -> Option<Runner> {
        let (policy, since) = self.policies.get(index)?;
        Some(Runner::new(self.ledger.clone(), Arc::clone(policy), *since, alone))
    }
}
