//! What is measured: a file a stage.

mod commands;
mod disk;
mod flood;
mod live;
mod memory;
mod paced;
mod page;
mod readmodel;
mod rebuild;
mod scale;
mod verifying;
mod webhooks;
mod writers;

use clap::ValueEnum;

use crate::{Plan, surroundings::Surroundings};

/// A stage, by the name it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Acknowledged and stored webhooks a second, beside the peers.
    Webhooks,
    /// 3,300 webhooks a second in an open loop.
    Paced,
    /// From the commit to the read model at 3,300 a second.
    Readmodel,
    /// From the webhook to an open browser's socket.
    Live,
    /// One company floods; what the others notice.
    Flood,
    /// Commands a second, beside cqrs-es with postgres-es.
    Commands,
    /// Two writers on one shard.
    Writers,
    /// All read models made again, alone and beside traffic.
    Rebuild,
    /// A company's history verified.
    Verify,
    /// Anonymous memory, idle and loaded.
    Memory,
    /// A thousand companies instead of one.
    Scale,
    /// Bytes an event.
    Disk,
    /// What a browser loads first.
    Page,
}

impl Stage {
    pub(crate) const ALL: &[Self] = &[
        Self::Webhooks,
        Self::Paced,
        Self::Readmodel,
        Self::Live,
        Self::Flood,
        Self::Commands,
        Self::Writers,
        Self::Rebuild,
        Self::Verify,
        Self::Memory,
        Self::Scale,
        Self::Disk,
        Self::Page,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Webhooks => "webhooks",
            Self::Paced => "paced",
            Self::Readmodel => "readmodel",
            Self::Live => "live",
            Self::Flood => "flood",
            Self::Commands => "commands",
            Self::Writers => "writers",
            Self::Rebuild => "rebuild",
            Self::Verify => "verify",
            Self::Memory => "memory",
            Self::Scale => "scale",
            Self::Disk => "disk",
            Self::Page => "page",
        }
    }

    /// Threads of its own: the load generator shares the machine with what it measures; what runs
    /// in this process may have it.
    pub(crate) fn threads(self) -> usize {
        match self {
            Self::Commands | Self::Writers => 2,
            _ => 1,
        }
    }

    pub(crate) async fn run(self, around: &Surroundings, plan: &Plan) -> anyhow::Result<()> {
        let section = match self {
            Self::Webhooks => webhooks::measure(around, plan).await?,
            Self::Paced => paced::measure(around, plan).await?,
            Self::Readmodel => readmodel::measure(around, plan).await?,
            Self::Live => live::measure(around, plan).await?,
            Self::Flood => flood::measure(around, plan).await?,
            Self::Commands => commands::measure(around, plan).await?,
            Self::Writers => writers::measure(around, plan).await?,
            Self::Rebuild => rebuild::measure(around, plan).await?,
            Self::Verify => verifying::measure(around, plan).await?,
            Self::Memory => memory::measure(around, plan).await?,
            Self::Scale => scale::measure(around, plan).await?,
            Self::Disk => disk::measure(around, plan).await?,
            Self::Page => page::measure(around)?,
        };
        section.keep(&around.out, self.name(), &plan.command)
    }
}
