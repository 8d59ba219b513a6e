//! Commands: load, decide, commit, and again if somebody was faster.
//!
//! A cached state is only trusted where the append proves it. A rejection or a decision for
//! "nothing" proves nothing, so both are given only after a look at the stream's newest events.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use crate::{
    codec::decode,
    commit::{
        Append, Claim, Commit, Committed, Context, Expected, NewEvent, Outcome, Refused, Reply,
        Stream, TimerChange,
    },
    decider::{Decider, Rejection},
    error::{Error, Result},
    ids::Ids,
    ledger::Ledger,
    plan::count,
    plant::{Plant, planted},
    record::Recorded,
};

/// How often a command is decided again because somebody was faster.
const RETRIES: u32 = 3;

/// A command on its way to a stream.
#[derive(Debug)]
pub struct Request<D: Decider> {
    /// Whose.
    pub company: Uuid,
    /// The stream.
    pub id: Uuid,
    /// What is asked.
    pub command: D::Command,
    /// What was looked up.
    pub facts: D::Facts,
    /// Who asks.
    pub context: Arc<Context>,
    /// The version the caller saw (`If-Match`), if it insists on it; 0 for a stream that must be
    /// new.
    pub seen: Option<i64>,
    /// A digest of the request, if the command shall be idempotent under its command id.
    pub fingerprint: Option<[u8; 32]>,
    /// Further appends and assertions of the same commit, if there are events.
    pub also: Vec<Append>,
    /// Further claims of the same commit, if there are events.
    pub more_claims: Vec<Claim>,
}

impl<D: Decider> Request<D> {
    /// A plain command.
    #[must_use]
    pub const fn new(
        company: Uuid,
        id: Uuid,
        command: D::Command,
        facts: D::Facts,
        context: Arc<Context>,
    ) -> Self {
        Self {
            company,
            id,
            command,
            facts,
            context,
            seen: None,
            fingerprint: None,
            also: Vec::new(),
            more_claims: Vec::new(),
        }
    }
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executed {
    /// Events were stored; the stream has this version now.
    Stored(Committed, i64),
    /// Nothing had to change; the stream has this version.
    Unchanged(i64),
    /// The command had been executed before: its answer then.
    Replayed(String),
}

/// Why a command had no effect.
#[derive(Debug, thiserror::Error)]
pub enum Failure<R: Rejection> {
    /// The business says no.
    #[error(transparent)]
    Rejected(R),
    /// The kernel or the ground under it.
    #[error(transparent)]
    Kernel(#[from] Error),
}

/// What was decided for each of many requests: the events, or the rejection.
pub type Decided<D> =
    Vec<std::result::Result<Vec<<D as Decider>::Event>, <D as Decider>::Rejection>>;

impl Ledger {
    /// Executes one command.
    pub async fn execute<D: Decider>(
        &self,
        request: &Request<D>,
    ) -> std::result::Result<Executed, Failure<D::Rejection>> {
        let (company, id) = (request.company, request.id);
        let (mut version, mut state, mut fresh) = match self.recall::<D::State>(company, id) {
            Some((version, state)) => (version, state, planted(Plant::TrustStaleCache)),
            // The caller says that it is new: the append proves it.
            None => (0, Arc::new(D::State::default()), request.seen != Some(0)),
        };
        if fresh && version == 0 {
            (version, state) = self.catch_up::<D>(company, id, 0, state).await?;
        }
        for _ in 0..=RETRIES {
            let unseen = request.seen.is_some_and(|seen| seen != version);
            let decided = if unseen {
                Ok(Vec::new())
            } else {
                D::decide(&state, &request.command, &request.facts)
            };
            let idle = decided.as_ref().map_or(true, Vec::is_empty);
            if idle && !fresh {
                (version, state) = self.catch_up::<D>(company, id, version, state).await?;
                fresh = true;
                continue;
            }
            if idle && let Some(executed) = self.earlier(request).await? {
                return Ok(executed);
            }
            if unseen {
                return Err(moved(id, request.seen.unwrap_or_default(), version).into());
            }
            let events = decided.map_err(Failure::Rejected)?;
            let commit = commit_of(&*self.ground.ids, request, version, &state, &events)?;
            if events.is_empty() && commit.reply.is_none() {
                return Ok(Executed::Unchanged(version));
            }
            match self.commit(commit).await {
                Ok(Outcome::Replayed(response)) => return Ok(Executed::Replayed(response)),
                Ok(Outcome::Committed(committed)) => {
                    let version = version + count(events.len());
                    let state = events.iter().fold(Arc::unwrap_or_clone(state), D::evolve);
                    self.keep(company, id, version, Arc::new(state));
                    return Ok(if events.is_empty() {
                        Executed::Unchanged(version)
                    } else {
                        Executed::Stored(committed, version)
                    });
                }
                // Another stream than ours is an assertion of the caller's.
                Err(Error::Refused(Refused::WrongVersion { stream, .. })) if stream == id => {
                    (version, state) = self.catch_up::<D>(company, id, version, state).await?;
                    fresh = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(moved(id, version, version).into())
    }

    /// Executes commands in order and stores what they decide in one commit. A rejected one does not
    /// hinder the others.
    pub async fn execute_many<D: Decider>(&self, requests: &[Request<D>]) -> Result<Decided<D>> {
        let mut refused = None;
        for _ in 0..=RETRIES {
            let mut states = self.load_many::<D>(requests, refused.is_some()).await?;
            let mut commit = Commit::default();
            let mut answers = Vec::with_capacity(requests.len());
            for request in requests {
                let (version, state) = states.entry((request.company, request.id)).or_default();
                let decided = D::decide(state, &request.command, &request.facts);
                if let Ok(events) = &decided {
                    let part = commit_of(&*self.ground.ids, request, *version, state, events)?;
                    commit.appends.extend(part.appends);
                    commit.claims.extend(part.claims);
                    commit.timers.extend(part.timers);
                    *version += count(events.len());
                    *state = events.iter().fold(std::mem::take(state), D::evolve);
                }
                answers.push(decided);
            }
            if commit.appends.is_empty() {
                return Ok(answers);
            }
            match self.commit(commit).await {
                Ok(_) => {
                    for ((company, id), (version, state)) in states {
                        self.keep(company, id, version, Arc::new(state));
                    }
                    return Ok(answers);
                }
                Err(Error::Refused(error @ Refused::WrongVersion { .. })) => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(refused.map_or(Error::Stopped, Error::from))
    }

    /// The current version and state of a stream, from the log alone.
    pub async fn load<D: Decider>(&self, company: Uuid, id: Uuid) -> Result<(i64, D::State)> {
        let state = Arc::new(D::State::default());
        let (version, state) = self.catch_up::<D>(company, id, 0, state).await?;
        Ok((version, Arc::unwrap_or_clone(state)))
    }

    async fn catch_up<D: Decider>(
        &self,
        company: Uuid,
        id: Uuid,
        version: i64,
        state: Arc<D::State>,
    ) -> Result<(i64, Arc<D::State>)> {
        let news = self.look(company, id, version).await?;
        if news.is_empty() {
            return Ok((version, state));
        }
        let known = (version, Arc::unwrap_or_clone(state));
        let (version, state) = news.iter().try_fold(known, |(_, state), past| {
            let event = decode(&past.event_type, past.event_version, &past.payload);
            let event = event.map_err(|source| Error::Unreadable {
                shard: self.shard,
                position: past.position,
                source,
            })?;
            Ok::<_, Error>((past.stream_seq, D::evolve(state, &event)))
        })?;
        let state = Arc::new(state);
        self.keep(company, id, version, Arc::clone(&state));
        Ok((version, state))
    }

    async fn load_many<D: Decider>(
        &self,
        requests: &[Request<D>],
        anew: bool,
    ) -> Result<HashMap<(Uuid, Uuid), (i64, D::State)>> {
        let mut states = HashMap::new();
        let mut unknown = Vec::new();
        for request in requests {
            let key = (request.company, request.id);
            if states.contains_key(&key) {
                continue;
            }
            let known = self.recall::<D::State>(request.company, request.id).filter(|_| !anew);
            if known.is_none() {
                unknown.push(key);
            }
            let known = known.map(|(version, state)| (version, Arc::unwrap_or_clone(state)));
            states.insert(key, known.unwrap_or_default());
        }
        for event in self.read_streams(&unknown).await? {
            let (version, state) = states.entry((event.company, event.stream)).or_default();
            (*version, *state) =
                fold::<D>(*version, std::mem::take(state), std::slice::from_ref(&event))?;
        }
        Ok(states)
    }

    /// The answer that an idempotent command was given earlier.
    async fn earlier<D: Decider>(&self, request: &Request<D>) -> Result<Option<Executed>> {
        let Some(fingerprint) = &request.fingerprint else { return Ok(None) };
        let command_id = request.context.command_id;
        match self.reply(request.company, command_id).await? {
            Some((known, response)) if known == *fingerprint => {
                Ok(Some(Executed::Replayed(response)))
            }
            Some(_) => Err(Refused::KeyReused { command_id }.into()),
            None => Ok(None),
        }
    }
}

fn moved(stream: Uuid, expected: i64, actual: i64) -> Error {
    Refused::WrongVersion { stream, expected: Expected::at(expected), actual }.into()
}

/// Folds events on top of a state.
pub fn fold<D: Decider>(
    version: i64,
    state: D::State,
    events: &[Recorded],
) -> Result<(i64, D::State)> {
    events.iter().try_fold((version, state), |(_, state), event| {
        Ok((event.stream_seq, D::evolve(state, &event.decode()?)))
    })
}

fn commit_of<D: Decider>(
    ids: &dyn Ids,
    request: &Request<D>,
    version: i64,
    state: &D::State,
    events: &[D::Event],
) -> Result<Commit> {
    let mut claims: Vec<Claim> = Vec::new();
    let mut timers: Vec<TimerChange> = Vec::new();
    let mut after = None::<D::State>;
    for (nr, event) in events.iter().enumerate() {
        let before = after.as_ref().unwrap_or(state);
        claims.extend(D::claims(request.company, request.id, before, event));
        timers.extend(D::timers(request.company, request.id, before, event));
        if nr + 1 < events.len() {
            after = Some(D::evolve(after.unwrap_or_else(|| state.clone()), event));
        }
    }
    let after = version + count(events.len());
    let reply = request.fingerprint.map(|fingerprint| Reply {
        company: request.company,
        command_id: request.context.command_id,
        fingerprint,
        response: format!("{{\"version\":{after}}}"),
    });
    if events.is_empty() {
        return Ok(Commit { reply, ..Commit::default() });
    }
    let append = Append {
        company: request.company,
        stream: Stream { kind: D::STREAM, id: request.id },
        expected: Expected::at(version),
        context: Arc::clone(&request.context),
        events: events
            .iter()
            .map(|event| NewEvent::of(ids, event))
            .collect::<std::result::Result<_, _>>()?,
    };
    let mut appends = vec![append];
    appends.extend(request.also.iter().cloned());
    claims.extend(request.more_claims.iter().cloned());
    Ok(Commit { appends, claims, checkpoints: Vec::new(), reply, timers })
}
