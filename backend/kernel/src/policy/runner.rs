//! One policy's way along the ledger.

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde_json::json;
use shared::stored::{Actor, ConfigText};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Policy, PolicyError, Reaction};
use crate::{
    commit::{Append, Commit, Context, Expected, Move, NewEvent, Refused, Stream},
    error::{Error, Result},
    faults,
    follow::{Follower, Silence},
    gate::Gate,
    ledger::Ledger,
    plant::{Plant, planted},
    record::Recorded,
};

/// The most events looked at in one pass.
const PAGE: usize = 500;
/// The most reactions in one commit.
const TOGETHER: usize = 32;
/// How often a reaction is decided anew when something moved under it.
const AGAIN: usize = 5;
/// Events without a reaction are passed in memory; so many later, the step is stored.
const STRIDE: i64 = 2000;
/// How often a paused policy looks whether it may resume somewhere.
const LOOK: Duration = Duration::from_secs(1);
/// How long a pass that failed rests.
const REST: Duration = Duration::from_millis(100);

/// A policy that runs.
pub struct Runner {
    pub(super) ledger: Ledger,
    pub(super) policy: Arc<dyn Policy>,
    follower: Follower,
    since: i64,
    at: Option<At>,
}

/// Where a policy stands.
pub(super) struct At {
    /// Up to here everything is done.
    pub(super) position: i64,
    /// What the ledger says of it.
    pub(super) stored: i64,
    /// The companies that are paused in it.
    pub(super) paused: HashMap<Uuid, i64>,
    looked: Duration,
}

/// What an event comes to.
pub(super) enum Step {
    Nothing,
    Do(Box<Commit>),
    Poison(String),
}

impl Runner {
    pub(super) fn new(
        ledger: Ledger,
        policy: Arc<dyn Policy>,
        since: i64,
        alone: watch::Receiver<bool>,
    ) -> Self {
        let follower = Follower::new(ledger.clone(), alone, Silence::default());
        Self { ledger, policy, follower, since, at: None }
    }

    /// Reacts while `owns` says that this process is the one, and nothing is held.
    pub async fn run(mut self, mut owns: watch::Receiver<Option<i64>>, gate: Gate) {
        loop {
            if owns.borrow_and_update().is_none() {
                self.at = None;
                if owns.changed().await.is_err() {
                    return;
                }
                continue;
            }
            gate.open().await;
            if let Err(error) = self.pass().await {
                let name = self.policy.name();
                tracing::warn!(policy.name = name, %error, "the policy failed, trying again");
                tokio::time::sleep(REST).await;
            }
        }
    }

    /// Takes what comes next, at most a page; waits for news as a follower does. Returns how many
    /// events were passed.
    ///
    /// # Errors
    /// If Postgres fails. Calling again is always right.
    pub async fn pass(&mut self) -> Result<usize> {
        let mut at = match self.at.take() {
            Some(at) => at,
            None => self.begin().await?,
        };
        self.resume(&mut at).await?;
        let events = self.follower.next(at.position, PAGE).await?;
        let mut together: Vec<(&Recorded, Commit)> = Vec::new();
        for event in &events {
            if at.paused.contains_key(&event.company) || !self.concerns(event) {
                continue;
            }
            match self.step(event).await? {
                Step::Nothing => {}
                Step::Do(commit) => together.push((event, *commit)),
                Step::Poison(reason) => {
                    self.store(&mut at, std::mem::take(&mut together)).await?;
                    self.pause(&mut at, event, &reason).await?;
                }
            }
            if together.len() >= TOGETHER {
                self.store(&mut at, std::mem::take(&mut together)).await?;
            }
        }
        self.store(&mut at, together).await?;
        if let Some(last) = events.last() {
            at.position = at.position.max(last.position);
        }
        if at.position - at.stored >= STRIDE {
            self.commit(&mut at, Commit::default()).await?;
        }
        self.at = Some(at);
        Ok(events.len())
    }

    async fn begin(&self) -> Result<At> {
        let stored: Option<i64> = sqlx::query_scalar(
            "select position from ledger.checkpoints where shard = $1 and consumer = $2",
        )
        .bind(self.ledger.shard())
        .bind(self.consumer())
        .fetch_optional(&self.ledger.pools().direct)
        .await?;
        let stored = stored.unwrap_or(0);
        let looked = self.ledger.ground().clock.monotonic();
        let paused = self.paused().await?;
        Ok(At { position: stored.max(self.since), stored, paused, looked })
    }

    /// Looks now and then for companies that may go on, while any stands still.
    async fn resume(&self, at: &mut At) -> Result<()> {
        let now = self.ledger.ground().clock.monotonic();
        if at.paused.is_empty() || now.saturating_sub(at.looked) < LOOK {
            return Ok(());
        }
        at.looked = now;
        self.resume_asked(at).await
    }

    pub(super) fn consumer(&self) -> String {
        format!("policy:{}", self.policy.id())
    }

    pub(super) fn concerns(&self, event: &Recorded) -> bool {
        self.policy.wants(&event.event_type)
            && (event.undoes.is_none() || planted(Plant::ReactToUndo))
    }

    /// What an event comes to: a reaction, a record that it came too late, or the end of the road.
    pub(super) async fn step(&self, event: &Recorded) -> Result<Step> {
        let age = self.ledger.ground().clock.now() - event.recorded_at;
        let late = self.policy.late().and_then(|late| chrono::Duration::from_std(late).ok());
        if late.is_some_and(|late| age > late) && !planted(Plant::ReactLate) {
            return Ok(Step::Do(Box::new(self.skipped(event, "late"))));
        }
        match self.policy.react(event).await {
            Ok(Reaction::Nothing) => Ok(Step::Nothing),
            Ok(Reaction::Do(commit)) => Ok(Step::Do(commit)),
            Err(PolicyError::Kernel(error)) if error.is_transient() => Err(error),
            Err(PolicyError::Kernel(Error::Database(_))) => {
                Ok(Step::Poison("the database refused it".to_owned()))
            }
            Err(error) => Ok(Step::Poison(error.to_string())),
        }
    }

    /// The record that a fact caused nothing, and why.
    fn skipped(&self, event: &Recorded, reason: &'static str) -> Commit {
        let ids = &self.ledger.ground().ids;
        let name = self.policy.name();
        let actor = Actor::System(ConfigText(format!("policy.{name}")));
        let mut context = Context::new(actor, ids.v7(), event.trace);
        context.correlation_id = Some(event.correlation_id);
        context.causation_id = Some(event.event_id);
        context.policy = Some(self.policy.id());
        let payload =
            json!({ "cause": event.event_id, "policy": self.policy.id(), "reason": reason });
        let skipped = NewEvent {
            id: ids.v7(),
            event_type: "policies.reaction.skipped",
            version: 1,
            payload: payload.to_string(),
            undoes: None,
        };
        let append = Append {
            company: event.company,
            stream: Stream { kind: "reaction", id: event.event_id },
            expected: Expected::Any,
            context: Arc::new(context),
            events: vec![skipped],
        };
        Commit { appends: vec![append], ..Commit::default() }
    }

    /// Stores reactions with the policy's step: together, or, when one is refused, each by itself.
    async fn store(&self, at: &mut At, together: Vec<(&Recorded, Commit)>) -> Result<()> {
        let Some(last) = together.last().map(|(event, _)| event.position) else { return Ok(()) };
        let mut all = Commit::default();
        for (_, commit) in &together {
            all.appends.extend(commit.appends.iter().cloned());
            all.claims.extend(commit.claims.iter().cloned());
            all.timers.extend(commit.timers.iter().cloned());
        }
        let before = at.position;
        at.position = last;
        match self.commit(at, all).await {
            Err(Error::Refused(refused)) if !is_rival(&refused) => {}
            done => return done,
        }
        at.position = before;
        for (event, commit) in together {
            if at.paused.contains_key(&event.company) {
                continue;
            }
            self.store_alone(at, event, commit).await?;
        }
        Ok(())
    }

    async fn store_alone(&self, at: &mut At, event: &Recorded, first: Commit) -> Result<()> {
        let mut commit = first;
        for _ in 0..AGAIN {
            at.position = event.position;
            match self.commit(at, commit).await {
                Ok(()) => return Ok(()),
                Err(Error::Refused(Refused::Loop)) => {
                    return self.commit(at, self.skipped(event, "loop")).await;
                }
                Err(Error::Refused(Refused::Invalid { .. })) => break,
                Err(Error::Refused(refused)) if !is_rival(&refused) => {}
                Err(error) => return Err(error),
            }
            commit = match self.step(event).await? {
                Step::Nothing => Commit::default(),
                Step::Do(commit) => *commit,
                Step::Poison(reason) => return self.pause(at, event, &reason).await,
            };
        }
        self.pause(at, event, "its reaction is refused").await
    }

    /// A commit with the policy's own step to where it stands.
    async fn commit(&self, at: &mut At, mut commit: Commit) -> Result<()> {
        commit.checkpoints.push(Move {
            consumer: self.consumer(),
            from: at.stored,
            to: at.position,
        });
        faults::point("before_policy_commit");
        self.ledger.commit(commit).await?;
        faults::point("after_policy_commit");
        at.stored = at.position;
        Ok(())
    }
}

/// Whether another process runs the same policy: then this one asks anew where it stands.
fn is_rival(refused: &Refused) -> bool {
    matches!(refused, Refused::CheckpointMoved { .. })
}
