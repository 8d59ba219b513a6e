//! A second try for what waits in quarantine, and a look at its bytes.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    Digest, Flow, ParseError, Parts, Stepped,
    delivery::{DIGESTED, QUARANTINED, digested, opened, owner},
};
use crate::{
    commit::{Commit, Context, Refused},
    error::{Error, Result},
    intake::Delivery,
};

/// The bytes are not there any more: their time has passed.
pub const GONE: ParseError = ParseError("gone");

impl<F: Flow> Digest<F> {
    /// Tries a delivery from quarantine again, for whoever asks. Replaying one that was digested
    /// changes nothing.
    ///
    /// # Errors
    /// The outer one if the ground fails, the inner one if it still is not understood, or is [`GONE`].
    pub async fn replay(
        &self,
        id: Uuid,
        by: &Arc<Context>,
    ) -> Result<std::result::Result<Stepped, ParseError>> {
        const AGAIN: usize = 5;
        let Some(delivery) = self.kept(id).await? else { return Ok(Err(GONE)) };
        let delivery = &delivery;
        for _ in 0..AGAIN {
            let past = self.ledger.read_stream(owner(delivery), id, 0).await?;
            let version = past.last().map_or(0, |event| event.stream_seq);
            let mut words = past.iter().rev().map(|event| &*event.event_type);
            if words.find(|word| [QUARANTINED, DIGESTED].contains(word)) != Some(QUARANTINED) {
                return Ok(Ok(Stepped::default()));
            }
            let parsed = match self.flow.parse(delivery) {
                Ok(parsed) => [(delivery, parsed)],
                Err(reason) => return Ok(Err(reason)),
            };
            let mut answers = self.flow.digest(&parsed).await?;
            let Parts { mut appends, claims, timers, quarantine } = match answers.pop() {
                Some(Ok(parts)) => parts,
                Some(Err(reason)) => return Ok(Err(reason)),
                None => return Ok(Err(ParseError("no_answer"))),
            };
            if let Some(reason) = quarantine {
                return Ok(Err(reason));
            }
            let events = appends.iter().map(|append| append.events.len()).sum();
            let ids = &*self.intake.ground().ids;
            appends.push(digested(ids, delivery, (version, by), events));
            let commit = Commit { appends, claims, timers, ..Commit::default() };
            match self.ledger.commit(commit).await {
                Ok(_) => return Ok(Ok(Stepped { deliveries: 1, events, quarantined: 0 })),
                Err(Error::Refused(Refused::WrongVersion { .. } | Refused::ClaimTaken { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Err(ParseError("contended")))
    }

    /// The bytes of a delivery; that somebody looked stands in its history before they are given.
    ///
    /// # Errors
    /// If the ground fails. `None`: they are not there any more.
    pub async fn open(
        &self,
        id: Uuid,
        by: &Arc<Context>,
        reason: Option<&str>,
    ) -> Result<Option<Delivery>> {
        let Some(delivery) = self.kept(id).await? else { return Ok(None) };
        let look = opened(&*self.intake.ground().ids, &delivery, by, reason);
        self.ledger.commit(Commit { appends: vec![look], ..Commit::default() }).await?;
        Ok(Some(delivery))
    }

    /// A delivery whose row and key are still there.
    async fn kept(&self, id: Uuid) -> Result<Option<Delivery>> {
        let Some(position) = self.intake.find(id).await? else { return Ok(None) };
        let found = self.intake.read(&[position]).await?.into_iter().next();
        Ok(found.and_then(|(delivery, is_readable)| is_readable.then_some(delivery)))
    }
}
