//! The connected channels, and what is wrong with them.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use shared::{
    channels::{Channel, ChannelState, PauseReason},
    ids::ChannelId,
};

/// What a person has to know about a channel before anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It does not send: paused, and why.
    Paused {
        /// Why.
        reason: PauseReason,
        /// Since when.
        since: DateTime<Utc>,
        /// Meta's code.
        provider_code: Option<i32>,
    },
    /// It was taken off.
    Gone,
    /// It sends, but the provider refuses or complains.
    Provider {
        /// Meta's own words.
        alert: Option<String>,
        /// Failed in the last hour.
        n_failed: i64,
        /// Tried in the last hour.
        n_tried: i64,
    },
}

/// What is wrong with a channel, if anything.
pub(crate) fn trouble_of(channel: &Channel) -> Option<Trouble> {
    match &channel.state {
        ChannelState::Paused { reason, since, provider_code } => {
            Some(Trouble::Paused { reason: *reason, since: *since, provider_code: *provider_code })
        }
        ChannelState::Disconnected { .. } => Some(Trouble::Gone),
        ChannelState::Active => provider_trouble(channel),
    }
}

fn provider_trouble(channel: &Channel) -> Option<Trouble> {
    let health = &channel.health;
    let (n_failed, n_tried) = (health.n_failed_hour, health.n_sent_hour.max(health.n_failed_hour));
    // A few failures are people without the app; half of at least five is the provider.
    let fails = n_failed >= 5 && n_failed * 2 >= n_tried;
    (fails || health.alert.is_some()).then(|| Trouble::Provider {
        alert: health.alert.clone(),
        n_failed,
        n_tried,
    })
}

/// The channels by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channels {
    rows: BTreeMap<ChannelId, Arc<Channel>>,
    is_loaded: bool,
}

impl Channels {
    /// Takes the whole list.
    pub(crate) fn take(&mut self, channels: Vec<Channel>) {
        self.rows = channels.into_iter().map(|channel| (channel.id, Arc::new(channel))).collect();
        self.is_loaded = true;
    }

    /// A channel is now so; an older version than the one here is not taken.
    pub(crate) fn apply(&mut self, channel: Channel) {
        let is_older =
            self.rows.get(&channel.id).is_some_and(|before| before.version > channel.version);
        if !is_older {
            self.rows.insert(channel.id, Arc::new(channel));
        }
    }

    /// One channel.
    pub(crate) fn get(&self, id: ChannelId) -> Option<Arc<Channel>> {
        self.rows.get(&id).cloned()
    }

    /// All of them, by name; those that were taken off last.
    pub(crate) fn list(&self) -> Vec<Arc<Channel>> {
        fn key(channel: &Channel) -> (bool, &str, ChannelId) {
            let is_gone = matches!(channel.state, ChannelState::Disconnected { .. });
            (is_gone, &channel.name, channel.id)
        }
        // They are few.
        let mut list: Vec<Arc<Channel>> = Vec::new();
        for channel in self.rows.values() {
            let at = list.partition_point(|other| key(other) < key(channel));
            list.insert(at, Arc::clone(channel));
        }
        list
    }

    /// Whether the list has come.
    pub(crate) const fn is_loaded(&self) -> bool {
        self.is_loaded
    }
}

#[cfg(test)]
mod tests {
    use super::{Channels, Trouble, trouble_of};
    use crate::stores::samples::{at, channel, channel_id};
    use shared::channels::{ChannelState, PauseReason};

    #[test]
    fn a_pause_is_named_before_failures() {
        let since = at(0);
        let reason = PauseReason::TokenExpired;
        let mut paused = channel(ChannelState::Paused { reason, since, provider_code: Some(190) });
        paused.health.n_failed_hour = 50;
        let trouble = Trouble::Paused { reason, since, provider_code: Some(190) };
        assert_eq!(trouble_of(&paused), Some(trouble));
    }

    #[test]
    fn a_few_failures_are_not_the_provider_and_half_of_many_are() {
        let mut active = channel(ChannelState::Active);
        (active.health.n_sent_hour, active.health.n_failed_hour) = (100, 4);
        assert_eq!(trouble_of(&active), None);
        (active.health.n_sent_hour, active.health.n_failed_hour) = (10, 6);
        assert!(matches!(trouble_of(&active), Some(Trouble::Provider { n_failed: 6, .. })));
    }

    #[test]
    fn an_older_version_is_not_taken() {
        let mut channels = Channels::default();
        let mut new = channel(ChannelState::Active);
        new.version = 5;
        channels.take(vec![new]);
        channels.apply(channel(ChannelState::Disconnected { since: at(1) }));
        assert_eq!(channels.get(channel_id()).unwrap().state, ChannelState::Active);
        assert_eq!(channels.list().len(), 1);
    }
}
