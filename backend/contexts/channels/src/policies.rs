//! A token that is not valid any more stops every channel that works with it, whichever company it is of.

use std::{sync::Arc, time::Duration};

use events::channels::ChannelEvent;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    decider::Decider as _,
    error::Error,
    ids::Ground,
    ledger::Ledger,
    policy::{Policy, PolicyError, Reaction},
    record::Recorded,
};
use shared::{
    channels::PauseReason,
    stored::{Actor, ConfigText},
};

use crate::{
    channel::{Channel, Command},
    tables::secrets,
};

/// Pauses the others when one is paused for its token.
#[derive(Clone)]
pub struct SameToken {
    /// The channels' streams.
    pub ledger: Ledger,
    /// Time and ids.
    pub ground: Ground,
}

impl Policy for SameToken {
    fn id(&self) -> i16 {
        1
    }

    fn name(&self) -> &'static str {
        "pause_all_with_an_expired_token"
    }

    fn late(&self) -> Option<Duration> {
        None
    }

    fn wants(&self, event_type: &str) -> bool {
        event_type == "channels.channel.paused"
    }

    fn react<'a>(&'a self, event: &'a Recorded) -> BoxFuture<'a, Result<Reaction, PolicyError>> {
        async move {
            let expired = PauseReason::TokenExpired;
            let ChannelEvent::Paused { reason, provider_code } =
                event.decode().map_err(PolicyError::Kernel)?
            else {
                return Ok(Reaction::Nothing);
            };
            if reason != expired {
                return Ok(Reaction::Nothing);
            }
            let (_, source) = self.ledger.load::<Channel>(event.company, event.stream).await?;
            // Renewed meanwhile: what others share with it now is the new token.
            if source.paused != Some(expired) {
                return Ok(Reaction::Nothing);
            }
            let pool = &self.ledger.pools().app;
            let others = secrets::with_token_of(pool, event.company, event.stream).await;
            let actor = Actor::System(ConfigText::from("channels.tokens"));
            let ids = &*self.ground.ids;
            let context = Context::new(actor, ids.v7(), event.trace).caused_by(event, self.id());
            let context = Arc::new(context);
            let mut commit = Commit::default();
            for (company, channel) in others.map_err(Error::from)? {
                let (version, state) = self.ledger.load::<Channel>(company, channel).await?;
                let command = Command::Pause(expired, provider_code);
                let decided = Channel::decide(&state, &command, &self.ground.clock.now());
                // One that was taken off is stopped already.
                let events = decided.unwrap_or_default();
                if events.is_empty() {
                    continue;
                }
                let events = events.iter().map(|event| NewEvent::of(ids, event));
                commit.appends.push(Append {
                    company,
                    stream: Stream { kind: Channel::STREAM, id: channel },
                    expected: Expected::Exact(version),
                    context: Arc::clone(&context),
                    events: events.collect::<Result<_, _>>().map_err(Error::from)?,
                });
            }
            if commit.appends.is_empty() {
                return Ok(Reaction::Nothing);
            }
            Ok(Reaction::Do(Box::new(commit)))
        }
        .boxed()
    }
}
