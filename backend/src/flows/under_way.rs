//! What was under way when a database was backed up, after it was restored (D12).
//!
//! **Invariant.** A message that waited then may have been sent since: nobody here knows, so it is
//! unknown and not sent again. A person decides.

use std::sync::Arc;

use events::messaging::MessageEvent;
use kernel::{
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    db,
    decider::Decider as _,
    error::Result,
    incarnation::command_line,
};
use messaging::{
    message::{Command, Message},
    queries::lanes,
};

use crate::ground::Base;

/// How many at once.
const PAGE: i64 = 200;

/// Makes every message unknown that waits or is picked; how many. Nothing else may run.
///
/// # Errors
/// If the ledger fails; calling again goes on.
pub async fn is_unknown(base: &Base) -> Result<usize> {
    let ids = &*base.ground.ids;
    let command = ids.v7();
    let context = Arc::new(Context::new(command_line(), command, command.into_bytes()));
    let (mut after, mut n_unknown) = (None, 0);
    loop {
        let mut tx = db::working(&base.pools.app).await?;
        let page = lanes::waiting_anywhere(&mut tx, after, PAGE).await?;
        tx.commit().await?;
        let Some(last) = page.last() else { return Ok(n_unknown) };
        after = Some(*last);
        let mut commit = Commit::default();
        for (company, id) in &page {
            let (version, state) = base.ledger.load::<Message>(*company, *id).await?;
            let progress = &state.progress;
            if !progress.is_waiting() {
                continue;
            }
            let attempt = progress.deferred.max(progress.unknown).saturating_add(1);
            let note = Command::Note(Box::new(MessageEvent::OutcomeUnknown { attempt }));
            let events =
                Message::decide(&state, &note, &base.ground.clock.now()).unwrap_or_default();
            let events = events.iter().map(|event| NewEvent::of(ids, event));
            let events: Vec<_> = events.collect::<std::result::Result<_, _>>()?;
            if !events.is_empty() {
                n_unknown += 1;
                commit.appends.push(Append {
                    company: *company,
                    stream: Stream { kind: Message::STREAM, id: *id },
                    expected: Expected::at(version),
                    context: Arc::clone(&context),
                    events,
                });
            }
        }
        if !commit.appends.is_empty() {
            base.ledger.commit(commit).await?;
        }
    }
}
