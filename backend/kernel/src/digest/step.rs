//! One step: from deliveries to a commit, with an end to every repetition.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{Digest, Flow, ParseError, Parts, Stepped, delivery::quarantined, queue::Queue};
use crate::{
    commit::{Commit, Refused},
    error::{Error, Result},
    faults,
    intake::{Delivery, Place},
    plant::{Plant, planted},
};

/// How often a batch is resolved anew before it is halved.
const AGAIN: usize = 5;

/// How a part of a step ended.
enum Ended {
    Stored(Stepped),
    /// It is to be halved, or, when it stands alone, to go to quarantine for this reason.
    Refused(ParseError),
}

/// The deliveries of a step, parsed as far as that was possible.
pub(super) struct Turn<'a, P> {
    places: &'a [Place],
    /// For each place: the delivery's index among the parsed ones that come at or after it, and why it
    /// is not one of them.
    entries: Vec<(usize, Option<(&'a Delivery, ParseError)>)>,
    parsed: Vec<(&'a Delivery, P)>,
}

impl<'a, P> Turn<'a, P> {
    fn of<F: Flow<Parsed = P>>(
        flow: &F,
        places: &'a [Place],
        deliveries: &'a [(Delivery, bool)],
    ) -> Self {
        let mut parsed = Vec::with_capacity(deliveries.len());
        let mut entries = Vec::with_capacity(places.len());
        for place in places {
            let index = parsed.len();
            let found = deliveries.binary_search_by_key(&place.position, |(d, _)| d.position);
            let found = found.ok().and_then(|at| deliveries.get(at));
            // A row that retention took is passed by.
            let Some((delivery, readable)) = found else {
                entries.push((index, None));
                continue;
            };
            let understood = if *readable {
                catch_unwind(AssertUnwindSafe(|| flow.parse(delivery)))
                    .unwrap_or(Err(ParseError("panicked")))
            } else {
                Err(ParseError("key_dropped"))
            };
            match understood {
                Ok(understood) => {
                    parsed.push((delivery, understood));
                    entries.push((index, None));
                }
                Err(reason) => entries.push((index, Some((delivery, reason)))),
            }
        }
        Self { places, entries, parsed }
    }

    fn places(&self, range: &Range<usize>) -> &'a [Place] {
        self.places.get(range.clone()).unwrap_or_default()
    }

    /// The parsed deliveries of a range.
    fn parsed(&self, range: &Range<usize>) -> &[(&'a Delivery, P)] {
        let at = |place: usize| self.entries.get(place).map_or(self.parsed.len(), |entry| entry.0);
        self.parsed.get(at(range.start)..at(range.end)).unwrap_or_default()
    }

    fn failed(&self, range: &Range<usize>) -> impl Iterator<Item = &(&'a Delivery, ParseError)> {
        self.entries.get(range.clone()).unwrap_or_default().iter().filter_map(|e| e.1.as_ref())
    }
}

impl<F: Flow> Digest<F> {
    /// Takes a turn to its end: all of it at once, or in ever smaller parts.
    pub(super) async fn settle(&self, queue: &mut Queue, places: &[Place]) -> Result<Stepped> {
        let deliveries = self.deliveries(places).await?;
        let turn = Turn::of(&self.flow, places, &deliveries);
        let mut stepped = Stepped::default();
        let mut parts: Vec<Range<usize>> = Vec::new();
        parts.push(0..places.len());
        while let Some(part) = parts.pop() {
            let done = match self.store(queue, &turn, &part).await? {
                Ended::Stored(done) => done,
                Ended::Refused(reason) if part.len() == 1 => {
                    self.store_alone(queue, &turn, &part, reason).await?
                }
                Ended::Refused(_) => {
                    let middle = part.start + part.len() / 2;
                    parts.extend([middle..part.end, part.start..middle]);
                    continue;
                }
            };
            stepped.deliveries += done.deliveries;
            stepped.events += done.events;
            stepped.quarantined += done.quarantined;
        }
        Ok(stepped)
    }

    /// The deliveries in order of position, from memory or from the table.
    async fn deliveries(&self, places: &[Place]) -> Result<Vec<(Delivery, bool)>> {
        let positions: Vec<i64> = places.iter().map(|place| place.position).collect();
        let fresh = self.intake.fresh().get(&positions);
        let mut deliveries: Vec<(Delivery, bool)> = fresh.into_iter().map(|d| (d, true)).collect();
        if deliveries.len() < positions.len() {
            let mut missing = positions;
            missing.retain(|at| !deliveries.iter().any(|(known, _)| known.position == *at));
            deliveries.extend(self.intake.read(&missing).await?);
        }
        deliveries.sort_by_key(|(delivery, _)| delivery.position);
        Ok(deliveries)
    }

    /// A part of the turn in one commit; resolved anew while something moves under it.
    async fn store(
        &self,
        queue: &mut Queue,
        turn: &Turn<'_, F::Parsed>,
        part: &Range<usize>,
    ) -> Result<Ended> {
        let mut refused = ParseError("contended");
        for _ in 0..AGAIN {
            let digested = match self.flow.digest(turn.parsed(part)).await {
                Ok(digested) => digested,
                Err(error) if error.is_transient() => return Err(error),
                Err(Error::Refused(Refused::WrongVersion { .. } | Refused::ClaimTaken { .. })) => {
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "a flow could not digest a batch");
                    return Ok(Ended::Refused(ParseError("not_digestible")));
                }
            };
            let mut done = Stepped { deliveries: part.len(), ..Stepped::default() };
            let mut commit = Commit::default();
            for (delivery, reason) in turn.failed(part) {
                done.quarantined += 1;
                commit.appends.push(quarantined(&*self.intake.ground().ids, delivery, *reason));
            }
            for ((delivery, _), digested) in turn.parsed(part).iter().zip(digested) {
                self.enter(&mut commit, &mut done, delivery, digested);
            }
            match self.commit(queue, turn.places(part), commit).await {
                Ok(()) => return Ok(Ended::Stored(done)),
                Err(Error::Refused(Refused::Invalid { .. } | Refused::Loop)) => {
                    return Ok(Ended::Refused(ParseError("not_storable")));
                }
                Err(Error::Refused(Refused::ClaimTaken { .. } | Refused::ClaimNotHeld { .. })) => {
                    refused = ParseError("claim_contended");
                }
                Err(Error::Refused(Refused::WrongVersion { .. } | Refused::TimerGone { .. })) => {
                    refused = ParseError("stream_contended");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ended::Refused(refused))
    }

    /// A delivery that failed by itself: into quarantine, with its own step.
    async fn store_alone(
        &self,
        queue: &mut Queue,
        turn: &Turn<'_, F::Parsed>,
        part: &Range<usize>,
        reason: ParseError,
    ) -> Result<Stepped> {
        let mut done = Stepped { deliveries: 1, ..Stepped::default() };
        let mut commit = Commit::default();
        let failed = turn.failed(part).map(|(delivery, reason)| (*delivery, *reason));
        let parsed = turn.parsed(part).iter().map(|(delivery, _)| (*delivery, reason));
        for (delivery, reason) in failed.chain(parsed) {
            done.quarantined += 1;
            commit.appends.push(quarantined(&*self.intake.ground().ids, delivery, reason));
        }
        self.commit(queue, turn.places(part), commit).await?;
        Ok(done)
    }

    fn enter(
        &self,
        commit: &mut Commit,
        done: &mut Stepped,
        delivery: &Delivery,
        digested: super::Digested,
    ) {
        let Parts { appends, claims, timers, quarantine } = match digested {
            Ok(parts) => parts,
            Err(reason) => Parts { quarantine: Some(reason), ..Parts::default() },
        };
        done.events += appends.iter().map(|append| append.events.len()).sum::<usize>();
        commit.appends.extend(appends);
        commit.claims.extend(claims);
        commit.timers.extend(timers);
        if let Some(reason) = quarantine {
            done.quarantined += 1;
            commit.appends.push(quarantined(&*self.intake.ground().ids, delivery, reason));
        }
    }

    /// Stores a commit together with the steps of its routes.
    async fn commit(&self, queue: &mut Queue, places: &[Place], mut commit: Commit) -> Result<()> {
        let moves = queue.moves(places);
        commit.checkpoints.clone_from(&moves);
        if planted(Plant::StepOutside) {
            let checkpoints = std::mem::take(&mut commit.checkpoints);
            self.ledger.commit(Commit { checkpoints, ..Commit::default() }).await?;
        }
        faults::point("before_digest_commit");
        self.ledger.commit(commit).await?;
        faults::point("after_digest_commit");
        queue.settled(places, &moves);
        let positions: Vec<i64> = places.iter().map(|place| place.position).collect();
        self.intake.fresh().done(&positions);
        Ok(())
    }
}
