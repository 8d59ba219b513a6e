//! `/api/v1/channels`.

mod change;
mod connect;
mod read;
mod release;

use std::{collections::HashMap, sync::Arc};

use futures::future::BoxFuture;
use kernel::{
    error::Error,
    execute::Request,
    http::{Answer, Can, Problem, Routes, get, post, right::Right},
};
use shared::{
    channels::{Channel, ConnectedChannel},
    page::Page,
};
use uuid::Uuid;

use crate::{
    channel::{self, Command},
    projections::list,
    proof::Prover,
};

/// What waits and what was sent on a channel; another context knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Messages that wait.
    pub n_queued: i64,
    /// Sent in the last hour.
    pub n_sent_hour: i64,
    /// Failed in the last hour.
    pub n_failed_hour: i64,
}

/// Who knows the loads of a company's channels.
pub trait Loads: Send + Sync + 'static {
    /// By channel; one that is not there has none.
    fn of(&self, company: Uuid) -> BoxFuture<'_, Result<HashMap<Uuid, Load>, Error>>;
}

/// What the routes work with.
#[derive(Clone)]
pub struct Channels {
    /// Ledger, vault, provider, address.
    pub prover: Prover,
    /// Loads.
    pub loads: Arc<dyn Loads>,
}

/// The routes of the context.
#[must_use]
pub fn routes(state: Channels) -> Routes {
    const ONE: &str = "/api/v1/channels/{id}";
    const READS: &[&str] = &[list::NAME];
    Routes::new("channels")
        .add(
            get("/api/v1/channels", read::all)
                .says("The company's channels.")
                .answers::<Page<Channel>>(200)
                .reads(READS),
        )
        .add(get(ONE, read::one).says("One channel.").answers::<Channel>(200).reads(READS))
        .add(
            post("/api/v1/channels", connect::connect)
                .says("Connects a number of the Cloud API, after Meta has accepted its token.")
                .answers::<ConnectedChannel>(201),
        )
        .add(
            post("/api/v1/channels/{id}/test", change::test)
                .says("Proves that the channel's webhook arrives.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/channels/{id}/pause", change::pause)
                .says("Sends nothing from now on; what is queued waits.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/channels/{id}/resume", change::resume)
                .says("Sends again, in order.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/channels/{id}/disconnect", change::disconnect)
                .says("Takes the channel off; its history stays.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/channels/{id}/release", change::release)
                .says("Lets another company take the number over within a week.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/platform/numbers/{number}/release", release::by_platform)
                .says("Lets another company take a number over, in its owner's place.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/channels/{id}/rename", change::rename)
                .says("Calls the channel something else.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/channels/{id}/credentials", connect::replace)
                .says("Replaces the access token or the app secret.")
                .answers_nothing(),
        )
        .add(
            post("/api/v1/channels/{id}/hook-key", connect::rotate)
                .says("Gives the callback address a new key; the old one holds for a day.")
                .answers::<ConnectedChannel>(200),
        )
        .with_state(state)
}

impl Channels {
    /// A command as the ledger takes it.
    fn request<P: Right>(
        &self,
        can: &Can<P>,
        channel: Uuid,
        command: Command,
        seen: Option<i64>,
    ) -> Request<channel::Channel> {
        Request {
            company: can.company(),
            id: channel,
            command,
            facts: self.prover.ground.clock.now(),
            context: can.context(),
            seen,
            fingerprint: can.fingerprint(),
            also: vec![],
            more_claims: vec![],
        }
    }

    async fn execute<P: Right>(
        &self,
        can: &Can<P>,
        channel: Uuid,
        command: Command,
        seen: Option<i64>,
    ) -> Result<Answer<()>, Problem> {
        let request = self.request(can, channel, command, seen);
        let done = self.prover.ledger.execute(&request).await?;
        Ok(Answer::empty().after(&done))
    }
}
