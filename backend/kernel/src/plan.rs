//! What a batch of commits would do, worked out in memory: pure, so that it can be tested without a
//! database.
//!
//! A commit sees the effects of the commits before it in the same batch. A refused one leaves no
//! trace.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    commit::{
        Append, Claim, Commit, Committed, DEEPEST, Expected, NewEvent, Outcome, Refused, Reply,
        Timer, TimerChange,
    },
    plant::{Plant, planted},
    record::{Hash, Hashed, Recorded, actor_parts, instant},
};

/// The key of a stream: company and id.
pub(crate) type StreamKey = (Uuid, Uuid);
/// The key of a claim: company, kind, blind index.
pub(crate) type ClaimKey = (Uuid, &'static str, [u8; 16]);
/// The key of a timer: company, kind, id.
pub(crate) type TimerKey = (Uuid, &'static str, Uuid);

/// What is known of the shard before the batch. A missing entry means: assume that it is as the
/// caller says, the tables' constraints will object if not.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) position: i64,
    pub(crate) companies: HashMap<Uuid, (i64, Hash)>,
    pub(crate) streams: HashMap<StreamKey, i64>,
    pub(crate) claims: HashMap<ClaimKey, Option<Uuid>>,
    pub(crate) checkpoints: HashMap<String, i64>,
    pub(crate) replies: HashMap<(Uuid, Uuid), ([u8; 32], String)>,
    pub(crate) timers: HashMap<TimerKey, Option<i64>>,
}

/// Who asks, in the form of the columns.
#[derive(Debug)]
pub(crate) struct Who {
    pub(crate) kind: String,
    pub(crate) id: Option<Uuid>,
    pub(crate) origin: Option<String>,
}

/// An event with its numbers and its hash.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) append: &'a Append,
    pub(crate) event: &'a NewEvent,
    /// Index into [`Plan::whos`].
    pub(crate) who: usize,
    pub(crate) position: i64,
    pub(crate) company_seq: i64,
    pub(crate) stream_seq: i64,
    pub(crate) hash: Hash,
}

/// A consumer's way through a batch, from its first step to its last.
#[derive(Debug)]
pub(crate) struct Way<'a> {
    pub(crate) consumer: &'a str,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// What becomes of a timer in a batch.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    /// The time it must have before, if it went off.
    pub(crate) fired: Option<i64>,
    /// Whether a row from before the batch has to go.
    pub(crate) gone: bool,
    /// What stands there afterwards.
    pub(crate) set: Option<&'a Timer>,
}

/// The writes of a batch, and each commit's answer if they succeed.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    pub(crate) whos: Vec<Who>,
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) takes: Vec<(Uuid, &'static str, [u8; 16], Uuid)>,
    pub(crate) releases: Vec<(Uuid, &'static str, [u8; 16])>,
    pub(crate) moves: Vec<Way<'a>>,
    pub(crate) replies: Vec<&'a Reply>,
    pub(crate) timers: HashMap<TimerKey, Slot<'a>>,
    pub(crate) recorded_at: i64,
    pub(crate) answers: Vec<Result<Outcome, Refused>>,
    /// Whether something is asserted that no index guards.
    pub(crate) asserts: bool,
}

impl Plan<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.takes.is_empty()
            && self.releases.is_empty()
            && self.moves.is_empty()
            && self.replies.is_empty()
            && self.timers.is_empty()
    }

    /// Whether every commit is to be stored as the caller asked, and the tables' constraints object
    /// if what was assumed is wrong: then one statement without a look under the lock is enough. An
    /// assertion is guarded by the position of an event that comes with it.
    pub(crate) fn can_be_quick(&self) -> bool {
        self.answers.iter().all(|answer| matches!(answer, Ok(Outcome::Committed(_))))
            && self.releases.is_empty()
            && !(self.asserts && self.rows.is_empty())
            && !self.timers.values().any(|slot| slot.gone && slot.set.is_some())
    }
}

/// Plans `batch` on top of `facts`, which afterwards describe the shard as it will be. `now` is
/// microseconds since 1970.
pub(crate) fn plan<'a>(facts: &mut Facts, batch: &'a [Commit], now: i64) -> Plan<'a> {
    let mut plan = Plan { recorded_at: now, ..Plan::default() };
    let mut buffer = Vec::with_capacity(1024);
    for commit in batch {
        let answer = match admit(facts, commit) {
            Ok(None) => Ok(Outcome::Committed(enter(facts, commit, &mut plan, &mut buffer))),
            Ok(Some(response)) => Ok(Outcome::Replayed(response)),
            Err(refused) => Err(refused),
        };
        plan.answers.push(answer);
    }
    plan
}

/// Checks a commit without changing anything; `Some` is the stored answer of an earlier one.
fn admit(facts: &Facts, commit: &Commit) -> Result<Option<String>, Refused> {
    if let Some(reply) = &commit.reply
        && let Some((fingerprint, response)) = facts.replies.get(&(reply.company, reply.command_id))
        && !planted(Plant::ForgetReply)
    {
        return if *fingerprint == reply.fingerprint {
            Ok(Some(response.clone()))
        } else {
            Err(Refused::KeyReused { command_id: reply.command_id })
        };
    }
    admit_steps(facts, commit)?;
    admit_appends(facts, commit)?;
    admit_claims(facts, commit)?;
    admit_timers(facts, commit)?;
    Ok(None)
}

fn admit_steps(facts: &Facts, commit: &Commit) -> Result<(), Refused> {
    let mut places: HashMap<&str, i64> = HashMap::new();
    for step in &commit.checkpoints {
        let known =
            places.get(step.consumer.as_str()).or_else(|| facts.checkpoints.get(&step.consumer));
        if let Some(&actual) = known
            && actual != step.from
            && !planted(Plant::IgnoreCheckpoint)
        {
            let consumer = step.consumer.clone();
            return Err(Refused::CheckpointMoved { consumer, expected: step.from, actual });
        }
        places.insert(&step.consumer, step.to);
    }
    Ok(())
}

fn admit_appends(facts: &Facts, commit: &Commit) -> Result<(), Refused> {
    let mut heads: HashMap<StreamKey, i64> = HashMap::new();
    for append in &commit.appends {
        if append.context.depth > DEEPEST && !planted(Plant::EndlessLoop) {
            return Err(Refused::Loop);
        }
        let key = (append.company, append.stream.id);
        let known = heads.get(&key).or_else(|| facts.streams.get(&key)).copied();
        let actual = known.unwrap_or(0);
        let fits = match append.expected {
            Expected::Any => true,
            Expected::Empty => actual == 0,
            Expected::Exact(expected) => actual == expected,
        };
        let asserts = append.events.is_empty() && planted(Plant::SkipAssert);
        if !fits && !asserts {
            let stream = append.stream.id;
            return Err(Refused::WrongVersion { stream, expected: append.expected, actual });
        }
        heads.insert(key, actual + count(append.events.len()));
    }
    Ok(())
}

fn admit_claims(facts: &Facts, commit: &Commit) -> Result<(), Refused> {
    let mut claims: HashMap<ClaimKey, Option<Uuid>> = HashMap::new();
    for claim in &commit.claims {
        let (Claim::Take { company, kind, key, owner }
        | Claim::Release { company, kind, key, owner }) = claim;
        let id = (*company, *kind, *key);
        let holder = claims.get(&id).or_else(|| facts.claims.get(&id)).copied().flatten();
        match (claim, holder) {
            (Claim::Take { .. }, Some(holder))
                if holder != *owner && !planted(Plant::StealClaim) =>
            {
                return Err(Refused::ClaimTaken { kind, owner: holder });
            }
            (Claim::Release { .. }, holder) if holder != Some(*owner) => {
                return Err(Refused::ClaimNotHeld { kind, owner: *owner });
            }
            _ => claims.insert(id, (!claim.is_release()).then_some(*owner)),
        };
    }
    Ok(())
}

fn admit_timers(facts: &Facts, commit: &Commit) -> Result<(), Refused> {
    let mut timers: HashMap<TimerKey, Option<i64>> = HashMap::new();
    for change in &commit.timers {
        match change {
            TimerChange::Set(timer) => {
                let due = timer.due.timestamp_micros();
                timers.insert((timer.company, timer.kind, timer.id), Some(due));
            }
            TimerChange::Cancel { company, kind, id } => {
                timers.insert((*company, kind, *id), None);
            }
            TimerChange::Fire { company, kind, id, due } => {
                let key = (*company, *kind, *id);
                let known = timers.get(&key).or_else(|| facts.timers.get(&key));
                if known.is_some_and(|known| *known != Some(due.timestamp_micros()))
                    && !planted(Plant::FireTwice)
                {
                    return Err(Refused::TimerGone { kind, id: *id });
                }
                timers.insert(key, None);
            }
        }
    }
    Ok(())
}

/// Gives numbers and hashes to an admitted commit and notes its effects.
fn enter<'a>(
    facts: &mut Facts,
    commit: &'a Commit,
    plan: &mut Plan<'a>,
    buffer: &mut Vec<u8>,
) -> Committed {
    let before = plan.rows.len();
    for append in &commit.appends {
        if append.events.is_empty() {
            plan.asserts |= append.expected != Expected::Any;
        } else {
            enter_events(facts, append, plan, buffer);
        }
    }
    for claim in &commit.claims {
        enter_claim(facts, claim, plan);
    }
    for step in &commit.checkpoints {
        let known = facts.checkpoints.insert(step.consumer.clone(), step.to);
        let from = if planted(Plant::IgnoreCheckpoint) { known.unwrap_or(0) } else { step.from };
        match plan.moves.iter_mut().find(|way| way.consumer == step.consumer) {
            Some(way) => way.to = step.to,
            None => plan.moves.push(Way { consumer: &step.consumer, from, to: step.to }),
        }
    }
    for change in &commit.timers {
        enter_timer(facts, change, plan);
    }
    if let Some(reply) = &commit.reply {
        let answer = (reply.fingerprint, reply.response.clone());
        let known = facts.replies.insert((reply.company, reply.command_id), answer);
        if known.is_none() {
            plan.replies.push(reply);
        }
    }
    let company = commit.appends.first().and_then(|append| facts.companies.get(&append.company));
    Committed {
        position: facts.position,
        company_seq: company.map(|head| head.0),
        events: plan.rows.len() - before,
        recorded_at: instant(plan.recorded_at),
    }
}

fn enter_events<'a>(
    facts: &mut Facts,
    append: &'a Append,
    plan: &mut Plan<'a>,
    buffer: &mut Vec<u8>,
) {
    let context = &append.context;
    let (kind, id) = actor_parts(&context.actor);
    let origin = context.origin.as_ref().and_then(|origin| serde_json::to_string(origin).ok());
    let who = Who { kind, id, origin };
    let stream_seq = facts.streams.entry((append.company, append.stream.id)).or_default();
    let (company_seq, hash) = facts.companies.entry(append.company).or_default();
    for event in &append.events {
        facts.position += 1;
        *company_seq += 1;
        *stream_seq += 1;
        *hash = Hashed {
            company: append.company,
            company_seq: *company_seq,
            stream_kind: append.stream.kind,
            stream: append.stream.id,
            stream_seq: *stream_seq,
            event_id: event.id,
            event_type: event.event_type,
            event_version: event.version,
            recorded_at: plan.recorded_at,
            actor_kind: &who.kind,
            actor_id: who.id,
            acting_for: context.acting_for,
            origin: who.origin.as_deref(),
            command_id: context.command_id,
            correlation_id: context.correlation_id.unwrap_or(context.command_id),
            causation_id: context.causation_id.unwrap_or(context.command_id),
            trace: context.trace,
            depth: context.depth,
            undoes: event.undoes,
            policy: context.policy,
            payload: &event.payload,
        }
        .after(hash, buffer);
        plan.rows.push(Row {
            append,
            event,
            who: plan.whos.len(),
            position: facts.position,
            company_seq: *company_seq,
            stream_seq: *stream_seq,
            hash: *hash,
        });
    }
    plan.whos.push(who);
}

fn enter_claim(facts: &mut Facts, claim: &Claim, plan: &mut Plan<'_>) {
    match claim {
        Claim::Take { company, kind, key, owner } => {
            let known = facts.claims.insert((*company, kind, *key), Some(*owner));
            if known.flatten().is_none() {
                plan.takes.push((*company, kind, *key, *owner));
            }
        }
        Claim::Release { company, kind, key, .. } => {
            facts.claims.insert((*company, kind, *key), None);
            let taken = |take: &(Uuid, &str, [u8; 16], Uuid)| {
                (take.0, take.1, take.2) == (*company, *kind, *key)
            };
            match plan.takes.iter().position(taken) {
                Some(index) => drop(plan.takes.swap_remove(index)), // taken in this very batch
                None => plan.releases.push((*company, kind, *key)),
            }
        }
    }
}

fn enter_timer<'a>(facts: &mut Facts, change: &'a TimerChange, plan: &mut Plan<'a>) {
    let (key, after, fired, set) = match change {
        TimerChange::Set(timer) => {
            let key = (timer.company, timer.kind, timer.id);
            (key, Some(timer.due.timestamp_micros()), None, Some(timer))
        }
        TimerChange::Cancel { company, kind, id } => ((*company, *kind, *id), None, None, None),
        TimerChange::Fire { company, kind, id, due } => {
            ((*company, *kind, *id), None, Some(due.timestamp_micros()), None)
        }
    };
    facts.timers.insert(key, after);
    let first = !plan.timers.contains_key(&key);
    let slot = plan.timers.entry(key).or_insert(Slot { fired: None, gone: false, set: None });
    if first && !planted(Plant::FireTwice) {
        slot.fired = fired;
    }
    slot.gone |= set.is_none();
    slot.set = set;
}

/// A length as the ledger counts.
pub(crate) fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

impl Plan<'_> {
    /// The planned events as they will stand in the ledger.
    pub(crate) fn recorded(&self, shard: i16) -> Vec<Recorded> {
        self.rows
            .iter()
            .map(|row| {
                let who = self.whos.get(row.who);
                let context = &row.append.context;
                Recorded {
                    shard,
                    position: row.position,
                    company: row.append.company,
                    company_seq: row.company_seq,
                    stream_kind: row.append.stream.kind.into(),
                    stream: row.append.stream.id,
                    stream_seq: row.stream_seq,
                    event_id: row.event.id,
                    event_type: row.event.event_type.into(),
                    event_version: row.event.version,
                    recorded_at: instant(self.recorded_at),
                    actor_kind: who.map_or("", |who| who.kind.as_str()).into(),
                    actor_id: who.and_then(|who| who.id),
                    acting_for: context.acting_for,
                    origin: who.and_then(|who| who.origin.clone()),
                    command_id: context.command_id,
                    correlation_id: context.correlation_id.unwrap_or(context.command_id),
                    causation_id: context.causation_id.unwrap_or(context.command_id),
                    trace: context.trace,
                    depth: context.depth,
                    undoes: row.event.undoes,
                    policy: context.policy,
                    payload: row.event.payload.clone(),
                    hash: row.hash,
                }
            })
            .collect()
    }
}
