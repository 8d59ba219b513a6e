//! The kernel alone: a small decider over a ledger of its own, without HTTP and without providers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use kernel::{
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    db::{Pools, Sizes, Urls, connect, migrate},
    decider::{Decider, Rejection},
    execute::Request,
    ids::{Ground, PLATFORM},
    ledger::{Ledger, Options},
};
use serde::{Deserialize, Serialize};
use shared::{
    problem::Kind,
    stored::{Actor, ConfigText, Entry, Event},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{figures::Latencies, platform::recreate, surroundings::Surroundings};

const TEXT: &str = "Ola, gostaria de saber o status do meu pedido";

/// A customer's message, as the peer stores it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Said {
    #[serde(rename = "bench.conversation.message_received")]
    Received { wamid: ConfigText, from: ConfigText, text: ConfigText },
}

impl Event for Said {
    const CATALOGUE: &'static [Entry] = &[Entry {
        event_type: "bench.conversation.message_received",
        version: 1,
        meaning: &["A customer wrote."],
        fields: &[],
    }];

    fn event_type(&self) -> &'static str {
        "bench.conversation.message_received"
    }

    fn version(&self) -> i16 {
        1
    }
}

/// Never happens.
#[derive(Debug, thiserror::Error)]
#[error("never")]
pub(crate) struct Never;

impl Rejection for Never {
    fn kind(&self) -> Kind {
        Kind::Conflict
    }

    fn code(&self) -> &'static str {
        "bench.never"
    }
}

/// Counts what was said.
pub(crate) struct Conversation;

impl Decider for Conversation {
    const STREAM: &'static str = "conversation";
    type State = u64;
    type Command = Said;
    type Event = Said;
    type Facts = ();
    type Rejection = Never;

    fn decide(_: &u64, command: &Said, (): &()) -> Result<Vec<Said>, Never> {
        Ok(vec![command.clone()])
    }

    fn evolve(state: u64, _: &Said) -> u64 {
        state + 1
    }
}

/// A ledger in a database of its own; each call opens one more writer.
pub(crate) async fn open(
    around: &Surroundings,
    database: &str,
    fresh: bool,
    states: usize,
) -> anyhow::Result<Ledger> {
    let url = around.database(database);
    if fresh {
        recreate(around, database).await?;
        let owner = connect(&url).await?;
        migrate(&owner).await.context("failed to migrate")?;
        owner.close().await;
    }
    let pools = Pools::connect(&Urls::same(&url), Sizes::default()).await?;
    let options = Options { states, ..Options::default() };
    Ok(Ledger::open(&pools, &options, Ground::system()))
}

/// What was done, and how long each took.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) n: u64,
    pub(crate) took: Duration,
    pub(crate) latencies: Latencies,
}

fn context(ledger: &Ledger) -> Arc<Context> {
    let actor = Actor::System(ConfigText::from("bench"));
    Arc::new(Context::new(actor, ledger.ground().ids.v7(), [0; 16]))
}

fn said(task: u64, n: u64) -> Said {
    Said::Received {
        wamid: format!("wamid.{task}.{n}").into(),
        from: "5511999999999".into(),
        text: TEXT.into(),
    }
}

/// Commands on `streams` streams a task, in turn.
pub(crate) async fn commands(
    ledger: &Ledger,
    at_once: u64,
    streams: u64,
    lasts: Duration,
) -> anyhow::Result<Done> {
    let salt = u128::from(rand::random::<u64>()) << 64;
    drive(at_once, lasts, |task| {
        let ledger = ledger.clone();
        move |n: u64| {
            let ledger = ledger.clone();
            async move {
                let id = u128::from(task) << 32 | u128::from(n.checked_rem(streams).unwrap_or(0));
                let (id, command) = (Uuid::from_u128(salt | id), said(task, n));
                let context = context(&ledger);
                let request = Request::<Conversation>::new(PLATFORM, id, command, (), context);
                ledger.execute(&request).await.map(drop).map_err(anyhow::Error::from)
            }
        }
    })
    .await
}

/// Appends to new streams, through several writers in turn.
pub(crate) async fn appends(
    ledgers: &[Ledger],
    at_once: u64,
    lasts: Duration,
) -> anyhow::Result<Done> {
    let n_ledgers = u64::try_from(ledgers.len())?;
    drive(at_once, lasts, |task| {
        let turn = usize::try_from(task.checked_rem(n_ledgers).unwrap_or(0)).unwrap_or(0);
        let ledger = ledgers.get(turn).cloned();
        move |n: u64| {
            let ledger = ledger.clone();
            async move {
                let ledger = ledger.context("no ledger")?;
                let append = Append {
                    company: PLATFORM,
                    stream: Stream { kind: Conversation::STREAM, id: ledger.ground().ids.v7() },
                    expected: Expected::Empty,
                    context: context(&ledger),
                    events: vec![NewEvent::of(&*ledger.ground().ids, &said(task, n))?],
                };
                let commit = Commit { appends: vec![append], ..Commit::default() };
                ledger.commit(commit).await.map(drop).map_err(anyhow::Error::from)
            }
        }
    })
    .await
}

/// So many tasks call the same work again and again.
async fn drive<W, F>(at_once: u64, lasts: Duration, work: impl Fn(u64) -> W) -> anyhow::Result<Done>
where
    W: Fn(u64) -> F + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let began = Instant::now();
    let done = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for task in 0..at_once {
        let (work, done) = (work(task), Arc::clone(&done));
        tasks.spawn(async move {
            let (mut latencies, mut n) = (Latencies::default(), 0);
            while began.elapsed() < lasts {
                let since = Instant::now();
                work(n).await?;
                n += 1;
                latencies.add(since.elapsed());
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Latencies::default();
    while let Some(task) = tasks.join_next().await {
        latencies.take(task??);
    }
    Ok(Done { n: done.load(Ordering::Relaxed), took: began.elapsed(), latencies })
}
