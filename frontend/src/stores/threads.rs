//! The list of threads.
//!
//! Invariants: the list never reorders under the reader: while she is in it, rows change in place
//! and what belongs above waits, counted; a row that changed live while a page was being loaded is
//! not overwritten by that older page.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use shared::{
    conversations::Thread,
    ids::{ChannelId, ConversationId},
    page::Page,
};

use crate::browser::letters::lower;

/// Whether rows may move now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Movement {
    /// The reader is at the top and neither her pointer nor her keyboard is in the list.
    Free,
    /// She is reading the list.
    Held,
}

/// What is shown of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Words of a name, an address or the last message.
    pub words: String,
    /// Only what nobody has read.
    pub unread_only: bool,
    /// Only one channel.
    pub channel: Option<ChannelId>,
    /// What the server found for the words, also where no page has come to yet.
    pub found: Vec<ConversationId>,
}

impl Filter {
    /// Whether it hides anything.
    pub(crate) fn is_on(&self) -> bool {
        self.unread_only || self.channel.is_some() || !self.words.trim().is_empty()
    }

    fn shows(&self, thread: &Thread, words: &str) -> bool {
        let has_words = || {
            let preview = thread.last.as_ref().and_then(|last| last.preview.as_deref());
            [Some(thread.name.as_str()), Some(thread.address.as_str()), preview]
                .into_iter()
                .flatten()
                .any(|text| fold(text).contains(words))
        };
        self.lets_in(thread) && (words.is_empty() || has_words())
    }

    /// Whether a thread may be shown, whatever its words.
    fn lets_in(&self, thread: &Thread) -> bool {
        (!self.unread_only || thread.n_unread > 0)
            && self.channel.is_none_or(|channel| thread.channel == channel)
    }
}

/// Small letters without the accents of Portuguese, so that "marcia" finds "Márcia".
pub(crate) fn fold(text: &str) -> String {
    let plain = |letter| match letter {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'ê' | 'è' | 'ë' => 'e',
        'í' | 'î' | 'ï' => 'i',
        'ó' | 'ô' | 'õ' | 'ö' | 'ò' => 'o',
        'ú' | 'ü' | 'û' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    };
    lower(text).chars().map(plain).collect()
}

/// The threads that were loaded, in their order on the screen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Threads {
    rows: HashMap<ConversationId, Arc<Thread>>,
    order: Vec<ConversationId>,
    above: HashSet<ConversationId>,
    touched: HashSet<ConversationId>,
    next: Option<String>,
    oldest_of_pages: Option<(DateTime<Utc>, ConversationId)>,
    is_loaded: bool,
}

impl Threads {
    /// A page is being asked for: what changes from now on is newer than it.
    pub(crate) fn begin_load(&mut self) {
        self.touched.clear();
    }

    /// Takes a page; the first one of a fresh load replaces what was known.
    pub(crate) fn take(&mut self, page: Page<Thread>, is_first: bool) {
        if is_first {
            let keep: HashMap<_, _> =
                self.rows.drain().filter(|(id, _)| self.touched.contains(id)).collect();
            self.rows = keep;
            self.above.clear();
        }
        self.oldest_of_pages =
            page.items.last().map(|thread| (thread.active_at, thread.id)).or(self.oldest_of_pages);
        for thread in page.items {
            if !self.touched.contains(&thread.id) {
                self.rows.insert(thread.id, Arc::new(thread));
            }
        }
        self.next = page.next;
        self.is_loaded = true;
        let above = std::mem::take(&mut self.above);
        self.sort();
        self.above = above;
    }

    /// A row is now so.
    pub(crate) fn apply(&mut self, thread: Thread, movement: Movement) {
        let id = thread.id;
        self.touched.insert(id);
        let before = self.rows.insert(id, Arc::new(thread));
        let moved = match (&before, self.rows.get(&id)) {
            (Some(before), Some(now)) => before.active_at != now.active_at,
            _ => true,
        };
        if !moved || self.is_below_the_pages(id) {
            return;
        }
        match movement {
            Movement::Free => self.place(id),
            Movement::Held if self.first() == Some(id) && self.above.is_empty() => {}
            Movement::Held => {
                self.above.insert(id);
            }
        }
    }

    /// A thread that was asked for alone: known, and not in the list before its page comes.
    pub(crate) fn know(&mut self, thread: Thread) {
        self.rows.entry(thread.id).or_insert_with(|| Arc::new(thread));
    }

    /// The reader asks for what waits above, or has left the list.
    pub(crate) fn release(&mut self) {
        if !self.above.is_empty() {
            self.above.clear();
            self.sort();
        }
    }

    /// She has read a thread: its count goes at once, before the server says so.
    pub(crate) fn read(&mut self, id: ConversationId) {
        if let Some(thread) = self.rows.get_mut(&id).filter(|thread| thread.n_unread > 0) {
            Arc::make_mut(thread).n_unread = 0;
        }
    }

    /// The threads that a filter shows, in order.
    pub(crate) fn shown(&self, filter: &Filter) -> Vec<ConversationId> {
        if !filter.is_on() {
            return self.order.clone();
        }
        let words = fold(filter.words.trim());
        let shows = |id: &&ConversationId| {
            self.rows.get(*id).is_some_and(|thread| filter.shows(thread, &words))
        };
        let mut here: Vec<_> = self.order.iter().filter(shows).copied().collect();
        let known: HashSet<_> = here.iter().copied().collect();
        let found = filter.found.iter().filter(|id| {
            !known.contains(id) && self.rows.get(*id).is_some_and(|thread| filter.lets_in(thread))
        });
        here.extend(found);
        here
    }

    /// One row.
    pub(crate) fn get(&self, id: ConversationId) -> Option<Arc<Thread>> {
        self.rows.get(&id).cloned()
    }

    /// How many threads wait above.
    pub(crate) fn n_above(&self) -> usize {
        self.above.len()
    }

    /// How many threads have something unread, of those loaded.
    pub(crate) fn n_unread(&self) -> usize {
        self.rows.values().filter(|thread| thread.n_unread > 0).count()
    }

    /// How many are loaded.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Where the next page begins.
    pub(crate) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Whether the first page has come.
    pub(crate) const fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// A row older than what is loaded comes with its page, to leave no gap above it.
    fn is_below_the_pages(&self, id: ConversationId) -> bool {
        let key = self.rows.get(&id).map(|thread| (thread.active_at, thread.id));
        self.next.is_some() && key < self.oldest_of_pages
    }

    fn first(&self) -> Option<ConversationId> {
        self.order.first().copied()
    }

    fn place(&mut self, id: ConversationId) {
        let Some(thread) = self.rows.get(&id) else { return };
        let key = (thread.active_at, thread.id);
        self.order.retain(|other| *other != id);
        let rows = &self.rows;
        let is_newer = |other: &ConversationId| {
            rows.get(other).is_some_and(|other| (other.active_at, other.id) > key)
        };
        let at = self.order.iter().take_while(|other| is_newer(other)).count();
        self.order.insert(at, id);
    }

    fn sort(&mut self) {
        // A thread that was only asked for alone waits for its page, to leave no gap above it.
        let oldest = self.next.as_ref().and(self.oldest_of_pages);
        let mut order: Vec<_> = self
            .rows
            .values()
            .map(|thread| (thread.active_at, thread.id))
            .filter(|key| oldest.is_none_or(|oldest| *key >= oldest))
            .collect();
        order.sort_unstable_by(|left, right| right.cmp(left));
        self.order = order.into_iter().map(|(_, id)| id).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, Movement, Threads, fold};
    use crate::stores::samples::{conversation, thread};
    use shared::page::Page;

    fn loaded(count: u8) -> Threads {
        let mut threads = Threads::default();
        threads.begin_load();
        let items = (1..=count).map(|n| thread(n, 1_000 - i64::from(n))).collect();
        threads.take(Page { items, next: None }, true);
        threads
    }

    fn order(threads: &Threads) -> Vec<shared::ids::ConversationId> {
        threads.shown(&Filter::default())
    }

    #[test]
    fn a_new_message_moves_its_thread_to_the_top_when_nobody_reads_the_list() {
        let mut threads = loaded(3);
        threads.apply(thread(3, 2_000), Movement::Free);
        assert_eq!(order(&threads), [conversation(3), conversation(1), conversation(2)]);
        assert_eq!(threads.n_above(), 0);
    }

    #[test]
    fn ten_new_threads_wait_above_a_reader_and_nothing_moves() {
        let mut threads = loaded(20);
        let before = order(&threads);
        for n in 101..=110 {
            threads.apply(thread(n, 3_000 + i64::from(n)), Movement::Held);
        }
        assert_eq!(order(&threads), before);
        assert_eq!(threads.n_above(), 10);
        threads.release();
        assert_eq!(order(&threads).first(), Some(&conversation(110)));
        assert_eq!(order(&threads).len(), 30);
        assert_eq!(threads.n_above(), 0);
    }

    #[test]
    fn a_row_changes_in_place_while_the_reader_is_in_the_list() {
        let mut threads = loaded(3);
        let mut row = thread(2, 998);
        row.n_unread = 4;
        threads.apply(row, Movement::Held);
        assert_eq!(threads.get(conversation(2)).unwrap().n_unread, 4);
        assert_eq!(threads.n_above(), 0);
    }

    #[test]
    fn the_first_thread_needs_no_pill_for_what_happens_in_it() {
        let mut threads = loaded(3);
        threads.apply(thread(1, 5_000), Movement::Held);
        assert_eq!(threads.n_above(), 0);
    }

    #[test]
    fn a_page_that_was_asked_for_earlier_does_not_undo_what_came_live() {
        let mut threads = loaded(2);
        threads.begin_load();
        let mut live = thread(2, 4_000);
        live.n_unread = 9;
        threads.apply(live, Movement::Free);
        threads.take(Page { items: vec![thread(1, 999), thread(2, 998)], next: None }, true);
        assert_eq!(threads.get(conversation(2)).unwrap().n_unread, 9);
        assert_eq!(order(&threads), [conversation(2), conversation(1)]);
    }

    #[test]
    fn a_fresh_load_forgets_threads_that_are_no_longer_there() {
        let mut threads = loaded(3);
        threads.begin_load();
        threads.take(Page { items: vec![thread(1, 999)], next: Some("k".to_owned()) }, true);
        assert_eq!(order(&threads), [conversation(1)]);
        assert_eq!(threads.next(), Some("k"));
    }

    #[test]
    fn a_thread_known_alone_stands_in_the_list_only_with_its_page() {
        let mut threads = Threads::default();
        threads.take(Page { items: vec![thread(1, 900)], next: Some("k".to_owned()) }, true);
        threads.know(thread(9, 100));
        threads.apply(thread(1, 950), Movement::Free);
        threads.release();
        assert!(threads.get(conversation(9)).is_some());
        threads.take(Page { items: vec![thread(5, 500)], next: Some("l".to_owned()) }, false);
        assert_eq!(order(&threads), [conversation(1), conversation(5)]);
        threads.take(Page { items: vec![thread(9, 100)], next: None }, false);
        assert_eq!(order(&threads), [conversation(1), conversation(5), conversation(9)]);
    }

    #[test]
    fn words_find_names_without_their_accents() {
        let mut threads = Threads::default();
        let mut marcia = thread(1, 1);
        marcia.name = "Márcia Tavares".to_owned();
        threads.take(Page { items: vec![marcia, thread(2, 2)], next: None }, true);
        let filter = Filter { words: " marcia ".to_owned(), ..Filter::default() };
        assert_eq!(threads.shown(&filter), [conversation(1)]);
        assert_eq!(fold("AÇÃO Über"), "acao uber");
    }

    #[test]
    fn what_the_server_found_is_shown_behind_what_is_here() {
        let mut threads = loaded(2);
        threads.know(thread(7, 1));
        let found = vec![conversation(2), conversation(7), conversation(8)];
        let filter = Filter { words: "nobody".to_owned(), found, ..Filter::default() };
        assert_eq!(threads.shown(&filter), [conversation(2), conversation(7)]);
        let unread = Filter { unread_only: true, ..filter };
        assert!(threads.shown(&unread).is_empty());
    }

    #[test]
    fn unread_only_hides_what_was_read_at_once() {
        let mut threads = loaded(2);
        let mut row = thread(1, 999);
        row.n_unread = 1;
        threads.apply(row, Movement::Free);
        let filter = Filter { unread_only: true, ..Filter::default() };
        assert_eq!(threads.shown(&filter), [conversation(1)]);
        threads.read(conversation(1));
        assert!(threads.shown(&filter).is_empty());
        assert_eq!(threads.n_unread(), 0);
    }

    #[test]
    fn ten_thousand_threads_take_a_change_quickly() {
        let mut threads = Threads::default();
        let items = (0..10_000_u32)
            .map(|n| {
                let mut row = thread(1, i64::from(n));
                row.id = uuid::Uuid::from_u128(u128::from(n) + 1).into();
                row
            })
            .collect();
        threads.take(Page { items, next: None }, true);
        assert_eq!(threads.len(), 10_000);
        let mut row = thread(1, 99_999);
        row.id = uuid::Uuid::from_u128(5).into();
        threads.apply(row, Movement::Free);
        assert_eq!(order(&threads).first(), Some(&uuid::Uuid::from_u128(5).into()));
    }
}
