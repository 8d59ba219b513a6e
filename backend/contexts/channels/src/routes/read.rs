//! Channels as they are.

use axum::extract::State;
use kernel::{
    db,
    http::{Answer, Can, Path, Problem, right},
};
use shared::{channels::Channel, ids::ChannelId, page::Page};
use uuid::Uuid;

use super::Channels;
use crate::queries::{self, QueryError};

pub(super) async fn all(
    State(app): State<Channels>,
    can: Can<right::ReadChannels>,
) -> Result<Answer<Page<Channel>>, Problem> {
    let items = app.read(can.company(), None).await?;
    Ok(Answer::ok(Page { items, next: None }))
}

pub(super) async fn one(
    State(app): State<Channels>,
    can: Can<right::ReadChannels>,
    Path(channel): Path<ChannelId>,
) -> Result<Answer<Channel>, Problem> {
    let found = app.read(can.company(), Some(channel.into())).await?;
    found.into_iter().next().map(Answer::ok).ok_or_else(Problem::not_found)
}

impl Channels {
    /// Channels with their loads: all, or one.
    ///
    /// # Errors
    /// If Postgres fails.
    pub async fn read(&self, company: Uuid, only: Option<Uuid>) -> Result<Vec<Channel>, Problem> {
        let mut tx = db::reading_as(&self.prover.ledger.pools().reader, company).await?;
        let mut channels = queries::list::channels(&mut tx, only).await.map_err(refused)?;
        drop(tx);
        let loads = self.loads.of(company).await?;
        for channel in &mut channels {
            if let Some(load) = loads.get(&channel.id.into_uuid()) {
                channel.n_queued = load.n_queued;
                channel.health.n_sent_hour = load.n_sent_hour;
                channel.health.n_failed_hour = load.n_failed_hour;
            }
        }
        Ok(channels)
    }
}

fn refused(error: QueryError) -> Problem {
    match error {
        QueryError::Database(error) => error.into(),
        QueryError::Row { .. } => Problem::internal(&error),
    }
}
