//! How a rule of the business is written: pure and synchronous.

use std::{collections::BTreeMap, error::Error as StdError};

use shared::{problem::Kind, stored::Event};
use uuid::Uuid;

use crate::commit::{Claim, TimerChange};

/// Why the business says no: an answer, not an accident.
pub trait Rejection: StdError + Send + Sync + 'static {
    /// What kind of "no".
    fn kind(&self) -> Kind;

    /// The stable code, such as `messaging.window_closed`.
    fn code(&self) -> &'static str;

    /// Values that the sentence names.
    fn values(&self) -> BTreeMap<String, serde_json::Value> {
        BTreeMap::new()
    }
}

/// An aggregate as three pure functions. Time, new ids and looked-up values arrive in the command
/// or in the facts.
pub trait Decider: Sized + Send + Sync + 'static {
    /// The kind of stream, such as `card`.
    const STREAM: &'static str;
    /// What decisions need to remember.
    type State: Default + Clone + Send + Sync + 'static;
    /// What may be asked.
    type Command: Send + Sync + 'static;
    /// What may happen.
    type Event: Event;
    /// What was looked up beforehand.
    type Facts: Send + Sync + 'static;
    /// Why not.
    type Rejection: Rejection;

    /// What happens if `command` arrives in `state`. Nothing changes: no events.
    fn decide(
        state: &Self::State,
        command: &Self::Command,
        facts: &Self::Facts,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// The state after an event. Never fails: what happened, happened.
    #[must_use]
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// The uniqueness that an event takes or gives back. It is settled in the event's own commit.
    fn claims(_company: Uuid, _id: Uuid, _state: &Self::State, _event: &Self::Event) -> Vec<Claim> {
        Vec::new()
    }

    /// The timers that an event sets or takes back, in the event's own commit.
    fn timers(
        _company: Uuid,
        _id: Uuid,
        _state: &Self::State,
        _event: &Self::Event,
    ) -> Vec<TimerChange> {
        Vec::new()
    }
}
