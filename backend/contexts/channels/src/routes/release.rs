//! A number goes from one company to another (D10): with a token that the provider confirms, and the
//! owner's release or that of somebody of the platform. Both chains tell it.

use std::sync::Arc;

use axum::extract::State;
use kernel::{
    commit::{Append, Claim, Context, Expected, NewEvent, Stream},
    decider::Decider as _,
    error::Error,
    execute::{Executed, Failure, Request},
    http::{Answer, Body, Can, Path, Problem, SuperAdmin, right::Right},
    ids::PLATFORM,
};
use shared::{
    channels::ReleaseNumber,
    stored::{Actor, ConfigText},
};
use uuid::Uuid;

use super::Channels;
use crate::{
    channel::{self, Channel, Command, Connect, NUMBER, number_key},
    tables::hooks,
};

/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// Somebody of the platform releases a number in its owner's place.
pub(super) async fn by_platform(
    State(app): State<Channels>,
    admin: SuperAdmin,
    Path(number): Path<String>,
    Body(body): Body<ReleaseNumber>,
) -> Result<Answer<()>, Problem> {
    let reason = body.reason.trim();
    if reason.is_empty() {
        return Err(Problem::invalid("/reason", "missing"));
    }
    if reason.chars().nth(LONGEST_REASON).is_some() {
        return Err(Problem::invalid("/reason", "too_long"));
    }
    let wanted = [(PLATFORM, NUMBER, number_key(&number))];
    let ledger = &app.prover.ledger;
    let owner = ledger.claims(&wanted).await?.into_iter().next().flatten();
    let owner = owner.ok_or_else(Problem::not_found)?;
    let company = hooks::company_of(&ledger.pools().app, owner).await?;
    let company = company.ok_or_else(Problem::not_found)?;
    let request = Request::<Channel> {
        company,
        id: owner,
        command: Command::Release(Some(ConfigText::from(reason))),
        facts: app.prover.ground.clock.now(),
        context: admin.context_in(company).await?,
        seen: None,
        fingerprint: None,
        also: vec![],
        more_claims: vec![],
    };
    ledger.execute(&request).await?;
    Ok(Answer::empty())
}

impl Channels {
    /// Takes a number over that another company holds and has released; `None`: it has not.
    ///
    /// # Errors
    /// If the ledger fails, or somebody was faster.
    pub(super) async fn take_over<P: Right>(
        &self,
        can: &Can<P>,
        (owner, new): (Uuid, Uuid),
        connect: &Connect,
    ) -> Result<Option<Executed>, Problem> {
        let (ledger, ground) = (&self.prover.ledger, &self.prover.ground);
        let pool = &ledger.pools().app;
        let Some(company) = hooks::company_of(pool, owner).await? else { return Ok(None) };
        let now = ground.clock.now();
        let (version, held) = ledger.load::<Channel>(company, owner).await?;
        let is_released = held.released_until.is_some_and(|until| until > now);
        if company == can.company() || !is_released || held.is_disconnected {
            return Ok(None);
        }
        let command = Command::Connect(connect.clone());
        let events = Channel::decide(&channel::State::default(), &command, &now)
            .map_err(Failure::Rejected)?;
        let events = events.iter().map(|event| NewEvent::of(&*ground.ids, event));
        let connected = Append {
            company: can.company(),
            stream: Stream { kind: Channel::STREAM, id: new },
            expected: Expected::Empty,
            context: can.context(),
            events: events.collect::<Result<_, _>>().map_err(Error::from)?,
        };
        let key = number_key(&connect.phone_number_id.0);
        let actor = Actor::System(ConfigText::from("channels.take_over"));
        let n_events = i64::try_from(connected.events.len()).unwrap_or(i64::MAX);
        let request = Request::<Channel> {
            company,
            id: owner,
            command: Command::Disconnect,
            facts: now,
            // Who takes it is not told to the other company.
            context: Arc::new(Context::new(actor, ground.ids.v7(), can.trace())),
            seen: Some(version),
            fingerprint: None,
            also: vec![connected],
            // The old one's claim is given back first, by the event itself.
            more_claims: vec![Claim::Take { company: PLATFORM, kind: NUMBER, key, owner: new }],
        };
        ledger.execute(&request).await?;
        hooks::remove_all(pool, company, owner).await?;
        Ok(Some(Executed::Unchanged(n_events)))
    }
}
