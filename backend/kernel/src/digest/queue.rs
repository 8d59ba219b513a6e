//! Which deliveries wait, by route, and whose turn it is.
//!
//! The order between routes is a ring. `low` is the mark below which everything is digested; each
//! route's own checkpoint says which of the deliveries above it are done.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use uuid::Uuid;

use super::A_TURN;
use crate::{
    commit::Move,
    error::Result,
    intake::{Intake, Place},
    ledger::Ledger,
    plant::{Plant, planted},
};

/// The consumer of the mark; a route's is `digest:<route>`.
const CONSUMER: &str = "digest";
/// The most places looked up at once.
const PAGE: usize = 5000;
/// The most deliveries known to wait; behind them more may.
const KNOWN: usize = 1_000_000;
/// The deliveries of a step, shared by the routes that were busy lately.
const A_STEP: usize = 200;
/// The least that a route is given.
const LEAST: usize = 25;
/// How long a route counts as busy.
const LATELY: Duration = Duration::from_secs(1);

/// The deliveries that wait.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: HashMap<Uuid, VecDeque<i64>>,
    ring: VecDeque<Uuid>,
    n_waiting: usize,
    done: HashMap<Uuid, i64>,
    busy: HashMap<Uuid, Duration>,
    scanned: i64,
    low: i64,
}

fn consumer(route: Uuid) -> String {
    format!("{CONSUMER}:{}", route.simple())
}

impl Queue {
    pub(super) async fn open(intake: &Intake, ledger: &Ledger) -> Result<Self> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "select consumer, position from ledger.checkpoints
             where shard = $1 and consumer >= 'digest' and consumer < 'digest;'",
        )
        .bind(ledger.shard())
        .fetch_all(&intake.pools().direct)
        .await?;
        let mut low = 0;
        let mut done = HashMap::new();
        for (name, position) in rows {
            match name.strip_prefix("digest:") {
                Some(route) => {
                    if let Ok(route) = Uuid::try_parse(route) {
                        done.insert(route, position);
                    }
                }
                None => low = position,
            }
        }
        Ok(Self {
            waiting: HashMap::new(),
            ring: VecDeque::new(),
            n_waiting: 0,
            done,
            busy: HashMap::new(),
            scanned: low,
            low,
        })
    }

    /// Learns of what was stored since.
    pub(super) async fn refill(&mut self, intake: &Intake) -> Result<()> {
        while self.n_waiting < KNOWN {
            let mut places = intake.fresh().places(self.scanned, PAGE);
            if places.is_empty() {
                if self.n_waiting > 0 && *intake.head().borrow() <= self.scanned {
                    return Ok(());
                }
                let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
                places = intake.places(self.scanned, page).await?;
            }
            let full = places.len() >= PAGE;
            for Place { position, route } in places {
                self.scanned = position;
                if self.done.get(&route).is_none_or(|done| *done < position) {
                    self.add(route, position);
                }
            }
            if !full {
                return Ok(());
            }
        }
        Ok(())
    }

    fn add(&mut self, route: Uuid, position: i64) {
        let waiting = self.waiting.entry(route).or_default();
        if waiting.is_empty() {
            self.ring.push_back(route);
        }
        waiting.push_back(position);
        self.n_waiting += 1;
    }

    /// The next deliveries in turn, by route; they stay until [`Queue::settled`].
    pub(super) fn turn(&mut self, now: Duration) -> Vec<Place> {
        if planted(Plant::UnfairDigest) {
            return self.in_order_of_arrival();
        }
        self.busy.retain(|_, at| now.saturating_sub(*at) < LATELY);
        for route in &self.ring {
            self.busy.insert(*route, now);
        }
        let share = (A_STEP / self.busy.len().max(1)).clamp(LEAST, A_TURN);
        let mut turn = Vec::new();
        for route in &self.ring {
            let Some(waiting) = self.waiting.get(route) else { continue };
            let positions = waiting.iter().take(share).copied();
            turn.extend(positions.map(|position| Place { position, route: *route }));
            if turn.len() >= 2 * A_STEP {
                break;
            }
        }
        turn
    }

    fn in_order_of_arrival(&self) -> Vec<Place> {
        let mut all: Vec<Place> = Vec::new();
        for (route, waiting) in &self.waiting {
            all.extend(waiting.iter().map(|position| Place { position: *position, route: *route }));
        }
        all.sort_by_key(|place| place.position);
        all.truncate(A_TURN);
        all
    }

    /// The steps forward that go with these deliveries, which come by route and in order.
    pub(super) fn moves(&self, places: &[Place]) -> Vec<Move> {
        let mut last: Vec<Place> = Vec::new();
        for place in places {
            match last.iter_mut().find(|known| known.route == place.route) {
                Some(known) => known.position = known.position.max(place.position),
                None => last.push(*place),
            }
        }
        let mut moves: Vec<Move> = last
            .iter()
            .map(|place| Move {
                consumer: consumer(place.route),
                from: self.done.get(&place.route).copied().unwrap_or(0),
                to: place.position,
            })
            .collect();
        let low = self.low_without(&last);
        if low > self.low {
            moves.push(Move { consumer: CONSUMER.to_owned(), from: self.low, to: low });
        }
        moves
    }

    /// The mark when everything up to `last` of each route is done.
    fn low_without(&self, last: &[Place]) -> i64 {
        let first = |(route, waiting): (&Uuid, &VecDeque<i64>)| {
            let done = last.iter().find(|place| place.route == *route);
            waiting.iter().find(|at| done.is_none_or(|done| **at > done.position)).copied()
        };
        let lowest = self.waiting.iter().filter_map(first).min();
        lowest.map_or(self.scanned, |lowest| lowest - 1)
    }

    /// Forgets what is stored now.
    pub(super) fn settled(&mut self, places: &[Place], moves: &[Move]) {
        for step in moves {
            match step.consumer.strip_prefix("digest:").map(Uuid::try_parse) {
                Some(Ok(route)) => {
                    self.done.insert(route, step.to);
                }
                _ => self.low = step.to,
            }
        }
        for place in places {
            let Some(waiting) = self.waiting.get_mut(&place.route) else { continue };
            let Some(index) = waiting.iter().position(|at| *at == place.position) else { continue };
            waiting.remove(index);
            self.n_waiting -= 1;
            if waiting.is_empty() {
                self.waiting.remove(&place.route);
                self.ring.retain(|route| *route != place.route);
            } else if self.ring.front() == Some(&place.route) {
                self.ring.rotate_left(1);
            }
        }
    }
}
