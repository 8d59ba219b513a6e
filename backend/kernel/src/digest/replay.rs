//! A second try for what waits in quarantine.

use uuid::Uuid;

use super::{
    Digest, Flow, ParseError, Parts, Stepped,
    delivery::{QUARANTINED, digested},
};
use crate::{
    commit::{Commit, Refused},
    error::{Error, Result},
    ids::PLATFORM,
};

impl<F: Flow> Digest<F> {
    /// Tries a delivery from quarantine again. Replaying one that was digested changes nothing.
    ///
    /// # Errors
    /// The outer one if the ground fails, the inner one if it still is not understood.
    pub async fn replay(&self, id: Uuid) -> Result<std::result::Result<Stepped, ParseError>> {
        const AGAIN: usize = 5;
        let Some(position) = self.intake.find(id).await? else {
            return Ok(Err(ParseError("no_such_delivery")));
        };
        let deliveries = self.intake.read(&[position]).await?;
        let Some((delivery, readable)) = deliveries.first() else {
            return Ok(Err(ParseError("no_such_delivery")));
        };
        if !readable {
            return Ok(Err(ParseError("key_dropped")));
        }
        for _ in 0..AGAIN {
            let past = self.ledger.read_stream(PLATFORM, id, 0).await?;
            let Some(last) = past.last().filter(|event| &*event.event_type == QUARANTINED) else {
                return Ok(Ok(Stepped::default()));
            };
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
            appends.push(digested(ids, delivery, last.stream_seq, events));
            let commit = Commit { appends, claims, timers, ..Commit::default() };
            match self.ledger.commit(commit).await {
                Ok(_) => return Ok(Ok(Stepped { deliveries: 1, events, quarantined: 0 })),
                Err(Error::Refused(Refused::WrongVersion { .. } | Refused::ClaimTaken { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Err(ParseError("contended")))
    }
}
