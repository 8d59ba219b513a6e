//! One conversation: its messages in order, and the lines between them.
//!
//! Invariants: a message stands once, at its key of order; a state never goes back to a lower rank
//! (AN11), whatever the order in which pages and changes arrive.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use shared::{
    ids::{ConversationId, MessageId},
    messages::Message,
    page::Page,
};

/// What lies above the oldest message that is here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Older {
    /// Nothing has been loaded yet.
    #[default]
    Unknown,
    /// More, from this key.
    More(String),
    /// Nothing: the conversation begins here.
    Start,
}

/// A line of the conversation, named so that a list can keep it in place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    /// A new day; by the text that is equal for all its moments.
    Day(String, DateTime<Utc>),
    /// What follows had not been read when the conversation was opened.
    Unread,
    /// A message, and whether it continues the one before.
    Message(MessageId, bool),
}

/// The messages that are here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conversation {
    id: Option<ConversationId>,
    messages: BTreeMap<(String, MessageId), Arc<Message>>,
    keys: HashMap<MessageId, String>,
    touched: HashSet<MessageId>,
    older: Older,
    first_unread: Option<MessageId>,
}

impl Conversation {
    /// An empty conversation.
    pub(crate) fn of(id: ConversationId) -> Self {
        Self { id: Some(id), ..Self::default() }
    }

    /// Which it is.
    pub(crate) const fn id(&self) -> Option<ConversationId> {
        self.id
    }

    /// A page is being asked for: what changes from now on is newer than it.
    pub(crate) fn begin_load(&mut self) {
        self.touched.clear();
    }

    /// Takes the newest page. It goes on from what is here, or replaces it when there is a gap.
    pub(crate) fn take_newest(&mut self, page: Page<Message>) {
        let joins = page.items.iter().any(|message| self.keys.contains_key(&message.id));
        if !joins {
            let touched = std::mem::take(&mut self.touched);
            self.messages.retain(|(_, id), _| touched.contains(id));
            self.keys.retain(|id, _| touched.contains(id));
            self.touched = touched;
            self.older = page.next.clone().map_or(Older::Start, Older::More);
        } else if self.older == Older::Unknown {
            self.older = page.next.clone().map_or(Older::Start, Older::More);
        }
        self.insert_all(page.items);
    }

    /// Takes a page of older messages.
    pub(crate) fn take_older(&mut self, page: Page<Message>) {
        self.older = page.next.map_or(Older::Start, Older::More);
        self.insert_all(page.items);
    }

    /// A message is now so.
    pub(crate) fn apply(&mut self, message: Message) {
        if self.id == Some(message.conversation) {
            self.touched.insert(message.id);
            self.insert(message);
        }
    }

    /// Marks the first of the last `count` inbound messages as the first unread one; once.
    pub(crate) fn mark_unread(&mut self, count: usize) {
        let mut inbound = self.messages.values().rev().filter(|message| !message.is_outbound);
        self.first_unread = match count {
            0 => None,
            _ => inbound.nth(count - 1).map(|message| message.id),
        };
    }

    /// The last inbound message, up to which the conversation is read.
    pub(crate) fn last_inbound(&self) -> Option<MessageId> {
        self.messages.values().rev().find(|message| !message.is_outbound).map(|message| message.id)
    }

    /// One message.
    pub(crate) fn get(&self, id: MessageId) -> Option<Arc<Message>> {
        let key = self.keys.get(&id)?;
        self.messages.get(&(key.clone(), id)).cloned()
    }

    /// Whether the first page has come.
    pub(crate) fn is_loaded(&self) -> bool {
        self.older != Older::Unknown
    }

    /// What lies above.
    pub(crate) const fn older(&self) -> &Older {
        &self.older
    }

    /// The lines, from the oldest to the newest; `day_of` names a moment's local day.
    pub(crate) fn items(&self, day_of: impl Fn(DateTime<Utc>) -> String) -> Vec<Item> {
        let mut items = Vec::with_capacity(self.messages.len() + 8);
        let mut day: Option<String> = None;
        let mut before: Option<&Arc<Message>> = None;
        for message in self.messages.values() {
            let this_day = day_of(message.at);
            if day.as_ref() != Some(&this_day) {
                items.push(Item::Day(this_day.clone(), message.at));
                day = Some(this_day);
                before = None;
            }
            if self.first_unread == Some(message.id) {
                items.push(Item::Unread);
                before = None;
            }
            items.push(Item::Message(
                message.id,
                before.is_some_and(|before| goes_on(before, message)),
            ));
            before = Some(message);
        }
        items
    }

    fn insert_all(&mut self, messages: Vec<Message>) {
        for message in messages {
            if !self.touched.contains(&message.id) {
                self.insert(message);
            }
        }
    }

    fn insert(&mut self, mut message: Message) {
        let id = message.id;
        if let Some(key) = self.keys.remove(&id)
            && let Some(before) = self.messages.remove(&(key, id))
        {
            keep_rank(&before, &mut message);
        }
        self.keys.insert(id, message.order.clone());
        self.messages.insert((message.order.clone(), id), Arc::new(message));
    }
}

/// Whether a message is one breath with the one before: same side, within two minutes.
fn goes_on(before: &Message, message: &Message) -> bool {
    before.is_outbound == message.is_outbound
        && before.author == message.author
        && before.is_from_phone == message.is_from_phone
        && (message.at - before.at).num_seconds().abs() < 120
}

fn keep_rank(before: &Message, message: &mut Message) {
    if let (Some(before), Some(now)) = (&before.delivery, &mut message.delivery)
        && before.state > now.state
        && before.n_attempts >= now.n_attempts
    {
        *now = before.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::{Conversation, Item, Older};
    use crate::stores::samples::{at, conversation, message, message_id, sent};
    use shared::{messages::MessageState, page::Page};

    fn newest(
        numbers: std::ops::RangeInclusive<u8>,
        next: Option<&str>,
    ) -> Page<shared::messages::Message> {
        let items = numbers.rev().map(|n| message(n, i64::from(n))).collect();
        Page { items, next: next.map(str::to_owned) }
    }

    fn opened() -> Conversation {
        let mut talk = Conversation::of(conversation(1));
        talk.begin_load();
        talk.take_newest(newest(5..=9, Some("older")));
        talk
    }

    fn ids(talk: &Conversation) -> Vec<shared::ids::MessageId> {
        let items = talk.items(|_| "day".to_owned());
        items
            .into_iter()
            .filter_map(|item| if let Item::Message(id, _) = item { Some(id) } else { None })
            .collect()
    }

    #[test]
    fn older_messages_go_above_and_stand_once() {
        let mut talk = opened();
        assert_eq!(talk.older(), &Older::More("older".to_owned()));
        talk.take_older(newest(1..=5, None));
        assert_eq!(ids(&talk), (1..=9).map(message_id).collect::<Vec<_>>());
        assert_eq!(talk.older(), &Older::Start);
    }

    #[test]
    fn twenty_fast_messages_stand_in_the_order_of_their_keys() {
        let mut talk = Conversation::of(conversation(1));
        for n in [3, 1, 2, 5, 4] {
            talk.apply(message(n, i64::from(n)));
        }
        assert_eq!(ids(&talk), [1, 2, 3, 4, 5].map(message_id));
    }

    #[test]
    fn a_state_never_goes_back() {
        let mut talk = Conversation::of(conversation(1));
        talk.apply(sent(1, 1, MessageState::Read));
        talk.apply(sent(1, 1, MessageState::Delivered));
        let state = talk.get(message_id(1)).unwrap().delivery.clone().unwrap().state;
        assert_eq!(state, MessageState::Read);
    }

    #[test]
    fn a_message_of_another_conversation_is_not_taken() {
        let mut talk = opened();
        let mut other = message(50, 50);
        other.conversation = conversation(2);
        talk.apply(other);
        assert_eq!(talk.messages.len(), 5);
    }

    #[test]
    fn what_came_live_is_not_undone_by_a_page_asked_for_earlier() {
        let mut talk = opened();
        talk.begin_load();
        let mut edited = message(9, 9);
        edited.is_forwarded = true;
        talk.apply(edited);
        talk.take_newest(newest(5..=9, Some("older")));
        assert!(talk.get(message_id(9)).unwrap().is_forwarded);
    }

    #[test]
    fn after_a_gap_the_newest_page_replaces_what_is_here() {
        let mut talk = opened();
        talk.begin_load();
        talk.take_newest(newest(30..=35, Some("gap")));
        assert_eq!(talk.messages.len(), 6);
        assert_eq!(talk.older(), &Older::More("gap".to_owned()));
    }

    #[test]
    fn the_unread_line_stands_above_the_first_unread_message() {
        let mut talk = opened();
        talk.mark_unread(2);
        let items = talk.items(|_| "day".to_owned());
        let line = items.iter().position(|item| *item == Item::Unread).unwrap();
        assert_eq!(items[line + 1], Item::Message(message_id(8), false));
        talk.mark_unread(0);
        assert_eq!(talk.first_unread, None);
    }

    #[test]
    fn a_new_day_is_named_once() {
        let mut talk = Conversation::of(conversation(1));
        talk.apply(message(1, 1));
        talk.apply(message(2, 2));
        talk.apply(message(3, 90_000));
        let days =
            talk.items(|moment| if moment < at(1_000) { "a".to_owned() } else { "b".to_owned() });
        assert_eq!(days.iter().filter(|item| matches!(item, Item::Day(..))).count(), 2);
        assert_eq!(days[2], Item::Message(message_id(2), true));
    }
}
