//! The bridge to `cqrs-es`: a [`Decider`] is an `Aggregate`, the ledger an `EventStore`.
//!
//! An aggregate id is `company:stream`, as in the view `ledger.stock_events`.

use std::{
    collections::HashMap,
    fmt::{self, Debug},
    sync::Arc,
};

use cqrs_es::{
    Aggregate, AggregateError, DomainEvent, EventEnvelope, EventStore, event_sink::EventSink,
    persist::EventStoreAggregateContext,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::stored::Event;
use uuid::Uuid;

use crate::{
    commit::{Append, Commit, Context, Expected, NewEvent, Refused, Stream},
    decider::Decider,
    error::Error,
    execute::fold,
    ledger::Ledger,
    plan::count,
};

/// The aggregate id that the bridge and the stock view use.
#[must_use]
pub fn aggregate_id(company: Uuid, stream: Uuid) -> String {
    format!("{company}:{stream}")
}

/// An event of a decider as a `DomainEvent`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventOf<E>(pub E);

impl<E: Debug> Debug for EventOf<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<E: Event> DomainEvent for EventOf<E> {
    fn event_type(&self) -> String {
        self.0.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        self.0.version().to_string()
    }
}

/// A decider's state as an `Aggregate`.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AggregateOf<S>(pub S);

/// The states that can stand in for an aggregate.
pub trait Bridged: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The decider of this state.
    type Decider: Decider<State = Self>;
}

type EventIn<S> = <<S as Bridged>::Decider as Decider>::Event;
type RejectionOf<S> = <<S as Bridged>::Decider as Decider>::Rejection;

impl<S: Bridged> Aggregate for AggregateOf<S> {
    const TYPE: &'static str = S::Decider::STREAM;
    type Command = <S::Decider as Decider>::Command;
    type Event = EventOf<EventIn<S>>;
    type Error = RejectionOf<S>;
    type Services = <S::Decider as Decider>::Facts;

    async fn handle(
        &mut self,
        command: Self::Command,
        facts: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in S::Decider::decide(&self.0, &command, facts)? {
            sink.write(EventOf(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        self.0 = S::Decider::evolve(std::mem::take(&mut self.0), &event.0);
    }
}

/// The ledger as an `EventStore`, on behalf of one actor. Each commit is a command of its own.
#[derive(Clone, Debug)]
pub struct LedgerStore {
    /// The ledger.
    pub ledger: Ledger,
    /// Who acts; the command id is replaced.
    pub context: Context,
}

impl<S: Bridged> EventStore<AggregateOf<S>> for LedgerStore {
    type AC = EventStoreAggregateContext<AggregateOf<S>>;

    async fn load_events(
        &self,
        id: &str,
    ) -> Result<Vec<EventEnvelope<AggregateOf<S>>>, AggregateError<RejectionOf<S>>> {
        let (company, stream) = parse(id)?;
        let events = self.ledger.read_stream(company, stream, 0).await.map_err(failed)?;
        events
            .into_iter()
            .map(|event| {
                Ok(EventEnvelope {
                    aggregate_id: id.into(),
                    sequence: usize::try_from(event.stream_seq).unwrap_or_default(),
                    payload: EventOf(event.decode().map_err(failed)?),
                    metadata: HashMap::new(),
                })
            })
            .collect()
    }

    async fn load_aggregate(&self, id: &str) -> Result<Self::AC, AggregateError<RejectionOf<S>>> {
        let (company, stream) = parse(id)?;
        let events = self.ledger.read_stream(company, stream, 0).await.map_err(failed)?;
        let (version, state) = fold::<S::Decider>(0, S::default(), &events).map_err(failed)?;
        Ok(EventStoreAggregateContext {
            aggregate_id: id.into(),
            aggregate: AggregateOf(state),
            current_sequence: usize::try_from(version).unwrap_or_default(),
            current_snapshot: None,
        })
    }

    async fn commit(
        &self,
        events: Vec<EventOf<EventIn<S>>>,
        context: Self::AC,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<AggregateOf<S>>>, AggregateError<RejectionOf<S>>> {
        let (company, id) = parse(&context.aggregate_id)?;
        let ids = &*self.ledger.ground.ids;
        let append = Append {
            company,
            stream: Stream { kind: S::Decider::STREAM, id },
            expected: Expected::at(count(context.current_sequence)),
            context: Arc::new(Context { command_id: ids.v7(), ..self.context.clone() }),
            events: events
                .iter()
                .map(|event| NewEvent::of(ids, &event.0))
                .collect::<Result<_, _>>()
                .map_err(|error| AggregateError::UnexpectedError(Box::new(error)))?,
        };
        let commit = Commit { appends: vec![append], ..Commit::default() };
        self.ledger.commit(commit).await.map_err(failed)?;
        let envelopes =
            events.into_iter().zip(context.current_sequence + 1..).map(|(payload, sequence)| {
                EventEnvelope {
                    aggregate_id: context.aggregate_id.clone(),
                    sequence,
                    payload,
                    metadata: metadata.clone(),
                }
            });
        Ok(envelopes.collect())
    }
}

fn parse<R: std::error::Error>(id: &str) -> Result<(Uuid, Uuid), AggregateError<R>> {
    id.split_once(':')
        .and_then(|(company, stream)| Some((company.parse().ok()?, stream.parse().ok()?)))
        .ok_or_else(|| {
            let text = format!("an aggregate id is company:stream, not {id}");
            AggregateError::UnexpectedError(text.into())
        })
}

fn failed<R: std::error::Error>(error: Error) -> AggregateError<R> {
    match error {
        Error::Refused(Refused::WrongVersion { .. }) => AggregateError::AggregateConflict,
        Error::Unreadable { .. } => AggregateError::DeserializationError(Box::new(error)),
        error => AggregateError::DatabaseConnectionError(Box::new(error)),
    }
}
