//! Planted bugs: each guard of the kernel can be switched off in a test, which then must turn red.
//!
//! Invariant: without the crate feature `testing` nothing can be switched, and a question costs
//! nothing.

/// A fault that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// A commit's expected versions are not compared with the streams.
    SkipAssert,
    /// A claim of somebody else is taken over.
    StealClaim,
    /// A consumer's step is stored whatever it started from.
    IgnoreCheckpoint,
    /// A consumer's step is stored in a transaction of its own.
    StepOutside,
    /// After a lost answer the batch is stored again without a look at what became of it.
    ForgetWitness,
    /// The writer keeps what it remembers when another writer was there.
    KeepMemory,
    /// A rejection from a cached state is believed.
    TrustStaleCache,
    /// A command's stored answer is not looked at.
    ForgetReply,
    /// `recorded_at` never goes back.
    ClampTime,
    /// A chain of reactions may go on for ever.
    EndlessLoop,
    /// A sealed value opens at any place.
    AnyPlace,
    /// A destroyed key is made anew.
    SecondKey,
    /// A ring of keys is taken without a look at the check value.
    AnyRing,
    /// Shreds are not applied again at the start.
    ForgetShreds,
    /// The verifier does not look at the hash.
    TrustHash,
    /// A timer goes off without a look at whether it is there.
    FireTwice,
    /// A reader of positions goes on behind one that it did not see.
    ReadBeyondHole,
    /// A node that has lost its unit goes on working.
    IgnoreEpoch,
    /// A projection's checkpoint moves outside of its transaction.
    CheckpointOutside,
    /// Events that came before are applied again.
    ApplyTwice,
    /// A paused company is fed nevertheless.
    IgnorePause,
    /// A policy reacts to events that undo.
    ReactToUndo,
    /// A late fact is reacted to.
    ReactLate,
    /// The relay publishes without naming the predecessor.
    PublishBlindly,
    /// Routes are served in order of arrival.
    UnfairDigest,
    /// The row-level policy is left out.
    NoRowPolicy,
    /// The 200 is given before the delivery is on disk.
    AnswerBeforeDisk,
}

/// Whether the fault is planted where this runs.
#[cfg(not(any(test, feature = "testing")))]
#[must_use]
pub const fn planted(_fault: Plant) -> bool {
    false
}

/// Whether the fault is planted where this runs.
#[cfg(any(test, feature = "testing"))]
#[must_use]
pub fn planted(fault: Plant) -> bool {
    PLANTED.try_with(|planted| *planted == Some(fault)).unwrap_or(false)
}

/// Work that is spawned from here sees the fault that is planted here.
#[cfg(not(any(test, feature = "testing")))]
pub const fn inherit<F: Future>(work: F) -> F {
    work
}

/// Work that is spawned from here sees the fault that is planted here.
#[cfg(any(test, feature = "testing"))]
pub fn inherit<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let planted = PLANTED.try_with(|planted| *planted).unwrap_or(None);
    PLANTED.scope(planted, work)
}

/// Plants a fault for the time of `work`, and of all that it spawns by way of [`inherit`].
#[cfg(any(test, feature = "testing"))]
pub async fn with<T>(fault: Plant, work: impl Future<Output = T>) -> T {
    PLANTED.scope(Some(fault), work).await
}

#[cfg(any(test, feature = "testing"))]
tokio::task_local! {
    static PLANTED: Option<Plant>;
}
