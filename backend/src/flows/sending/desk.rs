//! The work that a lane asks for, done beside the group: commits and calls.

use std::{sync::Arc, time::Duration};

use channels::channel::{Channel, Command};
use chrono::TimeDelta;
use events::messaging::MessageEvent;
use kernel::{
    commit::{Claim, Commit, Context, Refused},
    error::Error,
    execute::{Failure, Request},
    faults,
    vault::{Place as Field, Wanted},
};
use messaging::{
    lane::{
        Batch, Candidate, Ended, Handover, Now,
        commits::Place,
        outcome::{Effect, Fate, is_silent, judge},
    },
    message::{PROVIDER_ID, provider_key},
};
use shared::{
    channels::PauseReason,
    ids::{ChannelId, MessageId},
    messages::SuppressReason,
    stored::{Actor, ConfigText, KeyClass, Sealed},
};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    Sending,
    prepare::{self, NotReady, Ready},
    told::{Did, Told},
};

/// One lane's way to the outside. Clones share it.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) sending: Arc<Sending>,
    pub(super) company: Uuid,
    pub(super) channel: ChannelId,
    pub(super) generation: u64,
    pub(super) place: Place,
    pub(super) told: mpsc::UnboundedSender<Told>,
}

/// What a call brought, besides what becomes of its message.
struct Heard {
    effect: Effect,
    title: Option<ConfigText>,
    took: Duration,
    is_silent: bool,
}

/// How long something is tried again that the ground did not take.
const SLOWEST: Duration = Duration::from_secs(2);
/// After how long a message is looked at again whose file is not to be had.
const FILE_AGAIN: Duration = Duration::from_secs(10);

impl Desk {
    fn tell(&self, what: Did) {
        let (channel, generation) = (self.channel, self.generation);
        // The group may be gone; then nobody needs to know.
        let _ = self.told.send(Told::Lane { channel, generation, what });
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.sending.tasks.spawn(work);
    }

    pub(super) fn now(&self) -> Now {
        let clock = &self.sending.ground.clock;
        Now { wall: clock.now(), steady: clock.monotonic() }
    }

    /// Commits a pick, after everything in it is ready to leave.
    pub(super) fn pick(&self, batch: Batch) {
        let desk = self.clone();
        self.spawn(async move {
            let did = desk.picked(batch).await;
            desk.tell(did);
        });
    }

    async fn picked(&self, batch: Batch) -> Did {
        let ready = match self.ready(&batch).await {
            Ok(ready) => ready,
            Err((message, NotReady::Kernel(error))) => {
                tracing::warn!(message.id = %message, "a pick has to wait: {error}");
                return Did::NotNow(batch.settled);
            }
            Err((message, reason)) => return self.not_ready(message, reason, batch).await,
        };
        let ids = &*self.sending.ground.ids;
        let commit = match self.place.pick(ids, &batch) {
            Ok(commit) => commit,
            Err(error) => {
                tracing::error!("a pick does not encode: {error}");
                return Did::NotNow(batch.settled);
            }
        };
        match self.sending.ledger.commit(commit).await {
            Ok(_) => {
                faults::point("after_pick");
                Did::Picked(ready)
            }
            Err(Error::Refused(Refused::WrongVersion { stream, .. }))
                if stream == self.place.stream =>
            {
                Did::Lost
            }
            Err(Error::Refused(Refused::WrongVersion { stream, .. })) => {
                let message = MessageId::from_uuid(stream);
                self.moved(message, batch.settled).await
            }
            Err(error) => {
                tracing::warn!("a pick was not taken: {error}");
                Did::NotNow(batch.settled)
            }
        }
    }

    async fn moved(&self, message: MessageId, settled: Vec<MessageId>) -> Did {
        let looked = prepare::look(&self.sending, self.company, message, self.now()).await;
        match looked {
            Ok(now) => Did::Moved { message, now, settled },
            Err(error) => {
                tracing::warn!(message.id = %message, "a message cannot be looked at: {error}");
                Did::NotNow(settled)
            }
        }
    }

    async fn ready(&self, batch: &Batch) -> Result<Vec<Ready>, (MessageId, NotReady)> {
        let sending = &*self.sending;
        let Some((first, _)) = batch.picks.first() else { return Ok(vec![]) };
        let named = |message: MessageId| move |reason: NotReady| (message, reason);
        let access = prepare::access(sending, self.company, self.channel)
            .await
            .map_err(named(first.message))?;
        let wanted: Vec<(Uuid, Uuid)> =
            batch.picks.iter().map(|(pick, _)| (self.company, pick.message.into())).collect();
        let events = sending.ledger.read_streams(&wanted).await;
        let events = events.map_err(|error| (first.message, NotReady::Kernel(error)))?;
        let mut ready = Vec::with_capacity(batch.picks.len());
        for (pick, _) in &batch.picks {
            let id = pick.message.into_uuid();
            let own: Vec<_> = events.iter().filter(|event| event.stream == id).cloned().collect();
            let what = (pick.message, pick.attempt);
            let one =
                prepare::ready(sending, self.company, self.channel, &access, what, &own).await;
            ready.push(one.map_err(named(pick.message))?);
        }
        Ok(ready)
    }

    /// A message of a pick cannot leave: what becomes of it, and the others wait for the next pick.
    async fn not_ready(&self, message: MessageId, reason: NotReady, batch: Batch) -> Did {
        let pick = batch.picks.iter().find(|(pick, _)| pick.message == message);
        let (attempt, version) = pick.map_or((1, 0), |(pick, version)| (pick.attempt, *version));
        let event = match reason {
            NotReady::Erased => MessageEvent::Suppressed { reason: SuppressReason::Erased },
            NotReady::Unsendable => MessageEvent::Failed {
                attempt: Some(attempt),
                by_status: false,
                provider_at: None,
                code: 131_053,
                title: Some("it cannot be sent as it is".into()),
            },
            NotReady::Later | NotReady::Kernel(_) => {
                let not_before = self.now().steady + FILE_AGAIN;
                return match self.moved(message, batch.settled).await {
                    Did::Moved { message, now: Some(now), settled } => {
                        let now = Some(Candidate { not_before, ..now });
                        Did::Moved { message, now, settled }
                    }
                    // Gone, or not to be looked at now: then the pick is made again later.
                    did => did,
                };
            }
        };
        let ids = &*self.sending.ground.ids;
        let commit = self.place.of_message(ids, message, event).map(|mut append| {
            append.expected = kernel::commit::Expected::at(version);
            Commit { appends: vec![append], ..Commit::default() }
        });
        if let Ok(commit) = commit
            && let Err(error) = self.sending.ledger.commit(commit).await
        {
            tracing::warn!(message.id = %message, "a message stays as it is: {error}");
        }
        self.moved(message, batch.settled).await
    }

    /// Commits that picks were not called.
    pub(super) fn release(&self, messages: Vec<MessageId>, version: i64) {
        let ids = &*self.sending.ground.ids;
        let commit = self.place.release(ids, messages, version);
        self.on_lane(commit, |()| Did::Released, vec![]);
    }

    /// Commits what was settled.
    pub(super) fn settle(&self, messages: Vec<MessageId>, version: i64) {
        let ids = &*self.sending.ground.ids;
        let commit = self.place.settle(ids, messages.clone(), version);
        self.on_lane(commit, |()| Did::Settled, messages);
    }

    /// Exchanges the lane's stream.
    pub(super) fn rotate(&self, left: &Handover) {
        let ids = &*self.sending.ground.ids;
        let next = ids.v7();
        let commit = self.place.rotate(ids, next, left, self.now());
        self.on_lane(commit, move |()| Did::Rotated(next), vec![]);
    }

    fn on_lane(
        &self,
        commit: kernel::error::Result<Commit>,
        did: impl FnOnce(()) -> Did + Send + 'static,
        settled: Vec<MessageId>,
    ) {
        let desk = self.clone();
        self.spawn(async move {
            let taken = match commit {
                Ok(commit) => desk.sending.ledger.commit(commit).await.map(drop),
                Err(error) => Err(error),
            };
            desk.tell(match taken {
                Ok(()) => did(()),
                Err(Error::Refused(_)) => Did::Lost,
                Err(error) => {
                    tracing::warn!("a lane's commit was not taken: {error}");
                    Did::NotNow(settled)
                }
            });
        });
    }

    /// Commits that a rule stops a message.
    pub(super) fn suppress(&self, candidate: Candidate, reason: SuppressReason) {
        let desk = self.clone();
        self.spawn(async move {
            let message = candidate.message;
            let ids = &*desk.sending.ground.ids;
            let taken = match desk.place.suppress(ids, &candidate, reason) {
                Ok(commit) => desk.sending.ledger.commit(commit).await.map(drop),
                Err(error) => Err(error),
            };
            let now = match taken {
                Ok(()) => None,
                Err(Error::Refused(_)) => {
                    let looked = prepare::look(&desk.sending, desk.company, message, desk.now());
                    looked.await.unwrap_or(Some(candidate))
                }
                Err(_not_now) => {
                    tokio::time::sleep(SLOWEST).await;
                    Some(candidate)
                }
            };
            desk.tell(Did::Suppressed(message, now));
        });
    }

    /// Looks at a message anew.
    pub(super) fn look(&self, message: MessageId) {
        let desk = self.clone();
        self.spawn(async move {
            let mut wait = Duration::from_millis(50);
            loop {
                let looked = prepare::look(&desk.sending, desk.company, message, desk.now()).await;
                match looked {
                    Ok(now) => return desk.tell(Did::Looked(now)),
                    Err(error) => tracing::warn!("a message cannot be looked at: {error}"),
                }
                if desk.rest(&mut wait).await {
                    return;
                }
            }
        });
    }

    /// Calls the provider, once, and commits what became of it until the ledger takes it.
    pub(super) fn call(&self, ready: Ready) {
        let desk = self.clone();
        self.spawn(async move {
            let clock = &desk.sending.ground.clock;
            let begun = clock.monotonic();
            let outcome = desk.sending.messenger.send(&ready.access, &ready.outbound).await;
            let took = clock.monotonic().saturating_sub(begun);
            faults::point("after_call");
            let chance = desk.chance();
            let title = title(&outcome);
            let (fate, effect) = judge(&outcome, ready.attempt, chance);
            let heard = Heard { effect, title, took, is_silent: is_silent(&outcome) };
            desk.account(&ready, fate, heard).await;
        });
    }

    async fn account(&self, ready: &Ready, fate: Fate, heard: Heard) {
        let Heard { effect, title, took, is_silent } = heard;
        let (message, attempt) = (ready.message, ready.attempt);
        let now = self.now();
        let code = match &fate {
            Fate::Failed(code) | Fate::Again(code, _) => *code,
            _ => 0,
        };
        let took = Some(took).filter(|_| fate != Fate::Unknown);
        let (ended, event) = match fate {
            Fate::Accepted(provider_id) => {
                self.accepted(ready, provider_id).await;
                let ended = Ended::Final;
                return self.tell(Did::Called { message, ended, effect, code, is_silent, took });
            }
            Fate::Failed(code) => {
                let (by_status, provider_at) = (false, None);
                let attempt = Some(attempt);
                let event = MessageEvent::Failed { attempt, by_status, provider_at, code, title };
                (Ended::Final, event)
            }
            Fate::Again(code, wait) => {
                let not_before = now.wall + TimeDelta::from_std(wait).unwrap_or_default();
                let not_before_steady = now.steady + wait;
                let event = MessageEvent::Deferred { attempt, code, not_before };
                let ended = Ended::Again { version: 0, not_before: not_before_steady };
                (ended, event)
            }
            Fate::Unknown => (Ended::Unknown, MessageEvent::OutcomeUnknown { attempt }),
        };
        self.keep(message, event, vec![]).await;
        faults::point("after_outcome");
        self.tell(Did::Called { message, ended, effect, code, is_silent, took });
    }

    async fn accepted(&self, ready: &Ready, provider_id: String) {
        let mut wait = Duration::from_millis(50);
        let sealed = loop {
            match self.seal(ready, &provider_id).await {
                Ok(sealed) => break sealed,
                Err(error) => tracing::warn!("a provider's id cannot be sealed: {error}"),
            }
            if self.rest(&mut wait).await {
                return;
            }
        };
        let (provider_id, key) = sealed;
        let attempt = ready.attempt;
        let claim = Claim::Take {
            company: self.company,
            kind: PROVIDER_ID,
            key,
            owner: ready.message.into(),
        };
        let event = MessageEvent::Accepted { attempt, provider_id };
        self.keep(ready.message, event, vec![claim]).await;
        faults::point("after_outcome");
    }

    async fn seal(
        &self,
        ready: &Ready,
        provider_id: &str,
    ) -> Result<(Sealed<String>, [u8; 16]), Error> {
        let (company, subject) = (self.company, ready.contact.into_uuid());
        let (class, at) = (KeyClass::Content, self.now().wall);
        let vault = &self.sending.vault;
        let key = provider_key(&vault.index(company).await?, provider_id);
        let keys = vault.keys(&[Wanted { company, subject, class, at }]).await?;
        let field =
            Field { company, event_type: "messaging.message.accepted", field: "provider_id" };
        match keys.seal(field, subject, class, at, &provider_id.to_owned()) {
            Ok(sealed) => Ok((sealed, key)),
            // Erased between pick and answer: that it was accepted stays, the id does not.
            Err(Error::Erased) => Ok((Sealed::new(subject, class, 0, 1, String::new()), key)),
            Err(error) => Err(error),
        }
    }

    /// Commits an outcome until the ledger takes it or the process stops.
    async fn keep(&self, message: MessageId, event: MessageEvent, claims: Vec<Claim>) {
        let ids = &*self.sending.ground.ids;
        let append = match self.place.of_message(ids, message, event) {
            Ok(append) => append,
            Err(error) => return tracing::error!("an outcome does not encode: {error}"),
        };
        let mut commit = Commit { appends: vec![append], claims, ..Commit::default() };
        let mut wait = Duration::from_millis(50);
        loop {
            match self.sending.ledger.commit(commit.clone()).await {
                Ok(_) => return,
                // The provider gave one id twice; the outcome is true nevertheless.
                Err(Error::Refused(Refused::ClaimTaken { .. })) => commit.claims.clear(),
                Err(Error::Refused(refused)) => {
                    return tracing::error!(message.id = %message, "an outcome was refused: {refused}");
                }
                Err(error) => {
                    tracing::warn!(message.id = %message, "an outcome was not taken yet: {error}");
                    if self.rest(&mut wait).await {
                        return;
                    }
                }
            }
        }
    }

    /// Stops a channel of the group until somebody acts.
    pub(super) fn pause(
        &self,
        (company, channel): (Uuid, ChannelId),
        reason: PauseReason,
        code: i32,
    ) {
        let desk = self.clone();
        self.spawn(async move {
            let mut wait = Duration::from_millis(50);
            loop {
                let request = Request::<Channel> {
                    company,
                    id: channel.into(),
                    command: Command::Pause(reason, Some(code)),
                    facts: desk.now().wall,
                    context: context(&desk.sending),
                    seen: None,
                    fingerprint: None,
                    also: vec![],
                    more_claims: vec![],
                };
                match desk.sending.ledger.execute(&request).await {
                    Ok(_) | Err(Failure::Rejected(_)) => return,
                    Err(Failure::Kernel(error)) => {
                        tracing::warn!(channel.id = %channel, "cannot pause a channel: {error}");
                    }
                }
                if desk.rest(&mut wait).await {
                    return;
                }
            }
        });
    }

    /// Finds those of other channels that have the token of this one, and says what holds for them.
    pub(super) fn same_token(&self, others: Vec<(Uuid, ChannelId)>, effect: Effect, code: i32) {
        let desk = self.clone();
        self.spawn(async move {
            let directory = &desk.sending.directory;
            let token = async |company: Uuid, channel: ChannelId| {
                let secrets = directory.secrets(company, channel.into()).await;
                secrets.ok().flatten().map(|secrets| secrets.token.clone())
            };
            let Some(ours) = token(desk.company, desk.channel).await else { return };
            let mut same = vec![];
            for (company, channel) in others {
                if token(company, channel).await.as_ref() == Some(&ours) {
                    same.push(channel);
                }
            }
            if !same.is_empty() {
                desk.tell(Did::SameToken(same, effect, code));
            }
        });
    }

    /// Rests before another try, longer each time; true when the process stops.
    async fn rest(&self, wait: &mut Duration) -> bool {
        let stopping = self.sending.tasks.stopping();
        let now = *wait;
        *wait = (*wait * 2).min(SLOWEST);
        tokio::select! {
            () = tokio::time::sleep(now) => false,
            () = stopping.cancelled() => true,
        }
    }

    /// Between 0 and 1 000, to spread waits.
    fn chance(&self) -> u16 {
        u16::try_from(self.sending.ground.ids.v7().as_u128() % 1_001).unwrap_or_default()
    }
}

/// Who acts when nobody asked.
pub(super) fn context(sending: &Sending) -> Arc<Context> {
    let ids = &sending.ground.ids;
    let actor = Actor::System(ConfigText::from("messaging.lane"));
    Arc::new(Context::new(actor, ids.v7(), ids.v7().into_bytes()))
}

/// The provider's words without numbers that could be somebody's.
fn title(outcome: &ports::outcome::Outcome) -> Option<ConfigText> {
    use ports::outcome::Outcome;
    let (Outcome::Refused(fault) | Outcome::Later(fault)) = outcome else { return None };
    let words = fault.details.as_ref().unwrap_or(&fault.message);
    Some(messaging::message::content::without_numbers(words).into())
}
