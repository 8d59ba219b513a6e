//! What the outcome of a call means for others than its message: whoever shares the limit that was met
//! waits or stands still, over all companies of the group (D19).

use std::time::Duration;

use messaging::lane::{Halt, Hold, Input, Now, outcome::Effect};
use shared::{
    channels::PauseReason,
    ids::{ChannelId, ConversationId},
};

use super::group::Group;

impl Group {
    pub(super) fn effect(
        &mut self,
        channel: ChannelId,
        conversation: Option<ConversationId>,
        effect: Effect,
        code: i32,
        now: Now,
    ) {
        match effect {
            Effect::None | Effect::CloseWindow => {}
            Effect::HoldPair(wait) => {
                if let Some(conversation) = conversation {
                    self.tell(channel, Hold::Pair(conversation), wait, now);
                }
            }
            Effect::SlowDown(wait) => self.tell(channel, Hold::Slower, wait, now),
            Effect::HoldNumber(wait) => self.tell(channel, Hold::Number, wait, now),
            Effect::HoldAccount(wait) => {
                for other in self.of_account(channel) {
                    self.tell(other, Hold::Number, wait, now);
                }
            }
            Effect::HoldToken(wait) => {
                self.tell(channel, Hold::Number, wait, now);
                self.ask_same_token(channel, effect, code);
            }
            Effect::PauseNumber(reason) => self.pause(channel, reason, code, now),
            Effect::PauseAccount(reason) => {
                for other in self.of_account(channel) {
                    self.pause(other, reason, code, now);
                }
            }
            Effect::PauseToken(reason) => {
                self.pause(channel, reason, code, now);
                self.ask_same_token(channel, effect, code);
            }
        }
    }

    /// What holds for a token holds for the channels that were found to have it.
    pub(super) fn same_token(
        &mut self,
        channels: Vec<ChannelId>,
        effect: Effect,
        code: i32,
        now: Now,
    ) {
        for channel in channels {
            match effect {
                Effect::HoldToken(wait) => self.tell(channel, Hold::Number, wait, now),
                Effect::PauseToken(reason) => self.pause(channel, reason, code, now),
                _ => {}
            }
        }
    }

    /// Tokens are compared where they are at hand; the others hear of it as soon as that is known.
    fn ask_same_token(&self, channel: ChannelId, effect: Effect, code: i32) {
        let others = self.numbers.iter().filter(|(other, _)| **other != channel);
        let others = others.map(|(other, line)| (line.company, *other)).collect();
        if let Some(open) = self.lanes.get(&channel) {
            open.desk.same_token(others, effect, code);
        }
    }

    /// All numbers of the account that a channel's number is of.
    fn of_account(&self, channel: ChannelId) -> Vec<ChannelId> {
        let Some(line) = self.numbers.get(&channel) else { return vec![channel] };
        let same = self.numbers.iter().filter(|(other, known)| {
            **other == channel || !line.waba_id.is_empty() && known.waba_id == line.waba_id
        });
        same.map(|(other, _)| *other).collect()
    }

    fn tell(&mut self, channel: ChannelId, hold: Hold, wait: Duration, now: Now) {
        if let Some(open) = self.lanes.get_mut(&channel) {
            open.lane.on(Input::Hold(hold, now.steady + wait), now);
            open.wakes_at = Some(Duration::ZERO);
        }
    }

    /// At once here, and as an event that everybody sees.
    fn pause(&mut self, channel: ChannelId, reason: PauseReason, code: i32, now: Now) {
        let Some(line) = self.numbers.get_mut(&channel) else { return };
        line.is_halted = true;
        let place = (line.company, channel);
        if let Some(open) = self.lanes.get_mut(&channel) {
            open.lane.on(Input::Halt(Halt::Channel), now);
            open.wakes_at = Some(Duration::ZERO);
        }
        // A number that has sent nothing yet has no desk of its own.
        let desk = self.lanes.get(&channel).or_else(|| self.lanes.values().next());
        if let Some(open) = desk {
            open.desk.pause(place, reason, code);
        }
    }
}
