//! Brings back what was put off, when its time has come.

use std::sync::Arc;

use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    decider::Decider as _,
    error::Result,
    ids::Ground,
    ledger::Ledger,
    timers::{Due, TimerHandler},
};
use shared::stored::{Actor, ConfigText};

use crate::conversation::{Command, Conversation, SNOOZE};

/// The handler of the timers that conversations set.
#[derive(Clone)]
pub struct Wake {
    /// Where conversations are.
    pub ledger: Ledger,
    /// Time and ids.
    pub ground: Ground,
}

impl TimerHandler for Wake {
    fn kind(&self) -> &'static str {
        SNOOZE
    }

    fn fire<'a>(&'a self, timer: &'a Due) -> BoxFuture<'a, Result<Commit>> {
        async move {
            let (company, id) = (timer.company, timer.id);
            let (version, state) = self.ledger.load::<Conversation>(company, id).await?;
            let now = self.ground.clock.now().max(timer.due);
            // Nothing is put off any more, or it is not there: the timer just goes.
            let events = Conversation::decide(&state, &Command::Wake, &now).unwrap_or_default();
            if events.is_empty() {
                return Ok(Commit::default());
            }
            let ids = &self.ground.ids;
            let actor = Actor::System(ConfigText::from("conversations.wake"));
            let events = events.iter().map(|event| NewEvent::of(&**ids, event));
            let append = Append {
                company,
                stream: Stream { kind: Conversation::STREAM, id },
                expected: Expected::Exact(version),
                context: Arc::new(Context::new(actor, ids.v7(), ids.v7().into_bytes())),
                events: events.collect::<std::result::Result<_, _>>()?,
            };
            Ok(Commit { appends: vec![append], ..Commit::default() })
        }
        .boxed()
    }
}
