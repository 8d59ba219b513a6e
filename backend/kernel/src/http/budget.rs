//! How many bytes of bodies may be in memory at once.
//!
//! Invariants: bytes are counted as they arrive, not as they are announced, so that slow senders of
//! large announcements starve nobody; beyond the budget a request is refused at once, never queued.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header::CONTENT_LENGTH},
};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use shared::problem::Kind;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// What a body may hold.
pub const BODY_LIMIT: usize = 3 << 20;
/// What all bodies in flight may hold.
pub const BUDGET: usize = 32 << 20;
/// What one permit stands for.
const UNIT: usize = 4 << 10;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// The budget. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BUDGET / UNIT)))
    }
}

/// A part of the budget, given back when it is dropped.
#[derive(Debug, Default)]
pub struct Held {
    permits: Option<OwnedSemaphorePermit>,
    units: usize,
}

impl Budget {
    /// Grows what is held to `bytes`, or refuses.
    fn grow(&self, held: &mut Held, bytes: usize) -> Result<(), Problem> {
        let wanted = bytes.div_ceil(UNIT);
        let more = wanted.saturating_sub(held.units);
        if more == 0 {
            return Ok(());
        }
        let permits = u32::try_from(more)
            .ok()
            .and_then(|more| Arc::clone(&self.0).try_acquire_many_owned(more).ok())
            .ok_or_else(|| Problem::new(Kind::Unavailable, "overloaded").retry_after(1))?;
        held.units = wanted;
        match &mut held.permits {
            Some(known) => known.merge(permits),
            none => *none = Some(permits),
        }
        Ok(())
    }

    /// Holds a part of the budget for a body that is streamed through a buffer of `bytes`.
    pub(super) fn hold(&self, bytes: usize) -> Result<Held, Problem> {
        let mut held = Held::default();
        self.grow(&mut held, bytes)?;
        Ok(held)
    }

    /// Reads a whole body within its limit, the budget and the patience.
    pub async fn read(&self, headers: &HeaderMap, body: Body) -> Result<(Bytes, Held), Problem> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let announced = announced.and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        if announced > BODY_LIMIT {
            return Err(too_large(BODY_LIMIT));
        }
        match tokio::time::timeout(PATIENCE, self.collect(body)).await {
            Ok(read) => read,
            Err(_elapsed) => Err(Problem::new(Kind::Malformed, "request.too_slow")),
        }
    }

    async fn collect(&self, mut body: Body) -> Result<(Bytes, Held), Problem> {
        let mut held = Held::default();
        let mut first = Bytes::new();
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let cut_off = |_lost| Problem::new(Kind::Malformed, "request.cut_off");
            let Ok(data) = frame.map_err(cut_off)?.into_data() else { continue };
            let size = first.len() + whole.len() + data.len();
            if size > BODY_LIMIT {
                return Err(too_large(BODY_LIMIT));
            }
            self.grow(&mut held, size)?;
            // Most bodies are one frame, which is kept as it came.
            if first.is_empty() && whole.is_empty() {
                first = data;
            } else {
                if whole.is_empty() {
                    whole.extend_from_slice(&std::mem::take(&mut first));
                }
                whole.extend_from_slice(&data);
            }
        }
        Ok((if whole.is_empty() { first } else { whole.freeze() }, held))
    }
}

pub(super) fn too_large(limit: usize) -> Problem {
    Problem::new(Kind::TooLarge, "request.too_large").value("limit_mb", limit >> 20)
}

#[cfg(test)]
mod tests {
    use super::{BODY_LIMIT, BUDGET, Body, Budget, HeaderMap};
    use futures::stream;

    fn body(chunks: usize, size: usize) -> Body {
        let chunks = (0..chunks).map(move |_| Ok::<_, std::io::Error>(vec![b'x'; size]));
        Body::from_stream(stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_that_grows_over_the_limit_is_refused_without_an_announcement() {
        let budget = Budget::default();
        let read = budget.read(&HeaderMap::new(), body(4, 1 << 20)).await;
        assert_eq!(read.unwrap_err().code(), "request.too_large");
        let (read, _held) = budget.read(&HeaderMap::new(), body(3, 1 << 20)).await.unwrap();
        assert_eq!(read.len(), BODY_LIMIT);
    }

    #[tokio::test]
    async fn bodies_beyond_the_budget_are_refused_until_others_have_gone() {
        let budget = Budget::default();
        let mut held = Vec::new();
        for _ in 0..BUDGET / BODY_LIMIT {
            held.push(budget.read(&HeaderMap::new(), body(3, 1 << 20)).await.unwrap());
        }
        let refused = budget.read(&HeaderMap::new(), body(3, 1 << 20)).await.unwrap_err();
        assert_eq!(refused.code(), "overloaded");
        held.pop();
        assert!(budget.read(&HeaderMap::new(), body(3, 1 << 20)).await.is_ok());
    }
}
