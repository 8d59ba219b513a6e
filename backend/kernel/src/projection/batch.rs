//! One read model takes one batch, and what happens around an event that it cannot take.

use std::{
    collections::{BTreeMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use futures::FutureExt as _;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Projection, ProjectionError, failures::note};
use crate::{
    error::Result,
    plant::{Plant, planted},
    record::Recorded,
    vault::Vault,
};

/// A read model in the schema that it fills now: its own, or a rebuild's shadow.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) projection: &'a dyn Projection,
    pub(super) vault: &'a Vault,
    /// Name of the schema, and of the checkpoint.
    pub(super) name: &'a str,
}

impl Target<'_> {
    /// The events that it wants, but for companies that are paused.
    pub(super) fn wanted<'e>(
        &self,
        events: &'e [Arc<Recorded>],
        paused: &HashSet<Uuid>,
    ) -> Vec<&'e Recorded> {
        let wanted = events.iter().map(Arc::as_ref);
        wanted
            .filter(|event| {
                let is_paused = paused.contains(&event.company) && !planted(Plant::IgnorePause);
                self.projection.wants(&event.event_type) && !is_paused
            })
            .collect()
    }

    /// Applies events behind a savepoint. `Some`: they were undone, for this reason.
    pub(super) async fn attempt(
        &self,
        connection: &mut PgConnection,
        events: &[&Recorded],
    ) -> Result<Option<ProjectionError>> {
        let error = self.attempt_within(&mut *connection, events).await?;
        if error.is_none() && !events.is_empty() {
            sqlx::raw_sql("release savepoint attempt").execute(connection).await?;
        }
        Ok(error)
    }

    /// The same for a few attempts in one transaction: the savepoint of one that went well is left for
    /// the commit, which saves a round trip.
    pub(super) async fn attempt_within(
        &self,
        connection: &mut PgConnection,
        events: &[&Recorded],
    ) -> Result<Option<ProjectionError>> {
        if events.is_empty() {
            return Ok(None);
        }
        let begin = format!("savepoint attempt; set local search_path = {}, public", self.name);
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *connection).await?;
        let applied = self.projection.apply(&mut *connection, events, self.vault);
        let applied = AssertUnwindSafe(applied).catch_unwind().await;
        let error = match applied {
            Ok(Ok(())) => return Ok(None),
            Ok(Err(error)) if error.is_ground() => {
                return Err(match error {
                    ProjectionError::Database(error) => error.into(),
                    ProjectionError::Kernel(error) => error,
                    ProjectionError::Event(text) => crate::error::Error::Row { what: text },
                });
            }
            Ok(Err(error)) => error,
            Err(_panic) => ProjectionError::Event("it panicked".to_owned()),
        };
        sqlx::raw_sql("rollback to savepoint attempt; release savepoint attempt")
            .execute(connection)
            .await?;
        Ok(Some(error))
    }

    /// Applies events; if that fails, company by company and then in ever smaller parts, until the
    /// first event of a company that cannot be taken stands alone. That one is noted, and pauses the
    /// company.
    pub(super) async fn apply(
        &self,
        connection: &mut PgConnection,
        paused: &mut HashSet<Uuid>,
        events: &[Arc<Recorded>],
    ) -> Result<()> {
        let wanted = self.wanted(events, paused);
        if self.attempt(connection, &wanted).await?.is_none() {
            return Ok(());
        }
        let mut companies: BTreeMap<Uuid, Vec<&Recorded>> = BTreeMap::new();
        for event in wanted {
            companies.entry(event.company).or_default().push(event);
        }
        for (company, events) in companies {
            if self.apply_company(connection, &events).await? {
                paused.insert(company);
            }
        }
        Ok(())
    }

    /// Applies one company's events as far as they can be taken; true if one of them cannot.
    async fn apply_company(
        &self,
        connection: &mut PgConnection,
        events: &[&Recorded],
    ) -> Result<bool> {
        let mut parts = vec![events];
        while let Some(part) = parts.pop() {
            let Some(error) = self.attempt(connection, part).await? else { continue };
            if let [event] = part {
                note(connection, self.name, event, &error).await?;
                return Ok(true);
            }
            let (first, second) = part.split_at(part.len() / 2);
            parts.extend([second, first]);
        }
        Ok(false)
    }
}
