//! The timers of a shard go off, where this process owns them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::json;
use shared::stored::{Actor, ConfigText};
use sqlx::Row as _;
use tokio::sync::watch;

use super::{Due, TimerHandler, local::resolve};
use crate::{
    commit::{Append, Commit, Context, Expected, NewEvent, Refused, Stream, Timer, TimerChange},
    db,
    error::{Error, Result},
    faults,
    gate::{Gate, Reason},
    ledger::Ledger,
};

/// The most timers read at once.
const PAGE: i64 = 100;
/// How long none is looked for, at most; the next one's time is known.
const LOOK: Duration = Duration::from_millis(500);
/// How often an effect is decided anew when something moved under it.
const AGAIN: usize = 5;
/// How long a timer whose effect failed rests before it is tried again.
const LATER: Duration = Duration::from_secs(10);
/// How far the clock may step beyond monotonic time.
const STEP: i64 = 60;

/// The timers of one shard.
pub struct Timers {
    ledger: Ledger,
    handlers: HashMap<&'static str, Arc<dyn TimerHandler>>,
    gate: Gate,
    /// Wall time minus monotonic time, as it was when it was right.
    offset: Option<chrono::Duration>,
    /// Whether it was we who shut the gate.
    held: bool,
    /// Timers whose effect failed, and until when they rest.
    resting: HashMap<(uuid::Uuid, String, uuid::Uuid), Duration>,
}

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimersState {
    /// Timers that had their effect.
    pub fired: usize,
    /// Timers that were too late.
    pub expired: usize,
    /// When the next one is due.
    pub next: Option<DateTime<Utc>>,
}

impl Timers {
    /// Timers with their handlers; `gate` is shut when the clock steps.
    #[must_use]
    pub fn new(ledger: Ledger, handlers: Vec<Arc<dyn TimerHandler>>, gate: Gate) -> Self {
        let handlers = handlers.into_iter().map(|handler| (handler.kind(), handler)).collect();
        Self { ledger, handlers, gate, offset: None, held: false, resting: HashMap::new() }
    }

    /// Lets timers go off while `owns` says that this process is the one, and nothing is held.
    pub async fn run(mut self, mut owns: watch::Receiver<Option<i64>>) {
        loop {
            self.watch_clock();
            if owns.borrow_and_update().is_none() || self.gate.is_shut() {
                tokio::select! {
                    changed = owns.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep(LOOK) => {}
                }
                continue;
            }
            let rest = match self.pass().await {
                Ok(TimersState { fired: 0, expired: 0, next }) => {
                    let now = self.ledger.ground().clock.now();
                    let until = next.and_then(|next| (next - now).to_std().ok());
                    until.unwrap_or(LOOK).clamp(Duration::from_millis(5), LOOK)
                }
                Ok(_) => Duration::ZERO,
                Err(error) => {
                    tracing::warn!(%error, "the timers failed, trying again");
                    LOOK
                }
            };
            tokio::time::sleep(rest).await;
        }
    }

    /// Shuts the gate when the clock steps by more than a minute beyond monotonic time (D9); a person
    /// opens it.
    pub fn watch_clock(&mut self) {
        let clock = &self.ledger.ground().clock;
        let monotonic = chrono::Duration::from_std(clock.monotonic()).unwrap_or_default();
        let offset = clock.now().signed_duration_since(DateTime::UNIX_EPOCH) - monotonic;
        let right = *self.offset.get_or_insert(offset);
        let stepped = (offset - right).num_seconds().abs() > STEP;
        if self.held {
            let released = !self.gate.reasons().contains(&Reason::Clock);
            if released || !stepped {
                // A person said that the time is right, or it is again what it was.
                self.held = false;
                self.offset = Some(offset);
                self.gate.release(Reason::Clock);
            }
        } else if stepped {
            self.held = true;
            self.gate.hold(Reason::Clock);
        } else {
            self.offset = Some(offset);
        }
    }

    /// Lets the timers go off that are due, at most a page.
    ///
    /// # Errors
    /// If Postgres fails. Calling again is always right.
    pub async fn pass(&mut self) -> Result<TimersState> {
        let now = self.ledger.ground().clock.now();
        let monotonic = self.ledger.ground().clock.monotonic();
        self.resting.retain(|_, until| *until > monotonic);
        let (due, next) = self.due(now).await?;
        let mut state = TimersState { next, ..TimersState::default() };
        for (kind, timer) in due {
            let key = (timer.company, kind.clone(), timer.id);
            let Some(handler) = self.handlers.get(kind.as_str()).cloned() else { continue };
            if self.resting.contains_key(&key) {
                continue;
            }
            match self.go_off(&*handler, &timer, now).await {
                Ok(Some(true)) => state.fired += 1,
                Ok(Some(false)) => state.expired += 1,
                Ok(None) => {}
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    tracing::error!(
                        timer.kind = kind,
                        company.id = %timer.company,
                        %error,
                        "a timer of kind {kind} has no effect, trying again later"
                    );
                    self.resting.insert(key, monotonic + LATER);
                }
            }
        }
        Ok(state)
    }

    /// The timers of known kinds that are due, and when the next one is.
    async fn due(&self, now: DateTime<Utc>) -> Result<(Vec<(String, Due)>, Option<DateTime<Utc>>)> {
        let kinds: Vec<&str> = self.handlers.keys().copied().collect();
        let mut tx = db::working(&self.ledger.pools().app).await?;
        let rows = sqlx::query(
            "select company_id, kind, id, due, latest, local_due, zone, payload::text as payload
             from ledger.timers
             where shard = $1 and kind = any($2)
             order by due
             limit $3",
        )
        .bind(self.ledger.shard())
        .bind(kinds)
        .bind(PAGE)
        .fetch_all(&mut *tx)
        .await?;
        drop(tx);
        let mut due = Vec::with_capacity(rows.len());
        for row in rows {
            let at: DateTime<Utc> = row.try_get("due")?;
            if at > now {
                return Ok((due, Some(at)));
            }
            let local: Option<NaiveDateTime> = row.try_get("local_due")?;
            let zone: Option<String> = row.try_get("zone")?;
            let timer = Due {
                company: row.try_get("company_id")?,
                id: row.try_get("id")?,
                due: at,
                latest: row.try_get("latest")?,
                local: local.zip(zone),
                payload: row.try_get("payload")?,
            };
            due.push((row.try_get("kind")?, timer));
        }
        Ok((due, None))
    }

    /// `true`: it had its effect; `false`: it was too late; `None`: it was moved or cancelled meanwhile.
    async fn go_off(
        &self,
        handler: &dyn TimerHandler,
        timer: &Due,
        now: DateTime<Utc>,
    ) -> Result<Option<bool>> {
        let kind = handler.kind();
        let fire = TimerChange::Fire { company: timer.company, kind, id: timer.id, due: timer.due };
        for _ in 0..AGAIN {
            let mut commit = if let Some(later) = postponed(timer, now) {
                let moved = Timer {
                    company: timer.company,
                    kind,
                    id: timer.id,
                    due: later,
                    latest: later + (timer.latest - timer.due),
                    local: timer.local.clone(),
                    payload: timer.payload.clone(),
                };
                Commit { timers: vec![TimerChange::Set(moved)], ..Commit::default() }
            } else if timer.latest < now {
                let mut commit = handler.expired(timer).await?;
                commit.appends.push(self.expired(kind, timer));
                commit
            } else {
                handler.fire(timer).await?
            };
            let postponed = postponed(timer, now).is_some();
            if !postponed {
                commit.timers.push(fire.clone());
            }
            faults::point("before_timer_commit");
            match self.ledger.commit(commit).await {
                Ok(_) if postponed => return Ok(None),
                Ok(_) => {
                    faults::point("after_timer_commit");
                    return Ok(Some(timer.latest >= now));
                }
                Err(Error::Refused(Refused::TimerGone { .. })) => return Ok(None),
                Err(Error::Refused(
                    Refused::WrongVersion { .. }
                    | Refused::ClaimTaken { .. }
                    | Refused::ClaimNotHeld { .. },
                )) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Refused(Refused::Invalid { detail: "the timer's effect is refused".to_owned() }))
    }

    fn expired(&self, kind: &'static str, timer: &Due) -> Append {
        let ids = &self.ledger.ground().ids;
        let id = ids.v7();
        let actor = Actor::System(ConfigText("timers".to_owned()));
        let payload = json!({ "due": timer.due, "kind": kind, "latest": timer.latest });
        let expired = NewEvent {
            id: ids.v7(),
            event_type: super::expired::EXPIRED,
            version: 1,
            payload: payload.to_string(),
            undoes: None,
        };
        Append {
            company: timer.company,
            stream: Stream { kind: "timer", id: timer.id },
            expected: Expected::Any,
            context: Arc::new(Context::new(actor, id, id.into_bytes())),
            events: vec![expired],
        }
    }
}

/// A later moment, if the rules of the timer's zone have changed since it was set.
fn postponed(timer: &Due, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let (local, zone) = timer.local.as_ref()?;
    resolve(*local, zone).filter(|moment| *moment > timer.due && *moment > now)
}
