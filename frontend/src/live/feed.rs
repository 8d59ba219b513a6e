//! The feed of a tab: keeps a socket, tells what happened, and says how fresh the screen is.

use std::{cell::RefCell, rc::Rc, time::Duration};

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use shared::{
    feed::{Change, ServerFrame, Topic},
    ids::CompanyId,
};

use super::{
    protocol::{Act, Protocol},
    socket::{Report, Socket},
};
use crate::browser::{clock, dom};

/// Nothing for so long on an open line: the line is given up.
const SILENCE_MS: f64 = 7_000.0;
/// A frame comes every second; later than this, the screen lags.
const LAG_MS: f64 = 2_500.0;

/// How fresh the screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// The first welcome has not come yet.
    Starting,
    /// Everything that happened is on the screen.
    Live,
    /// Frames come late, by so many seconds.
    Late(u32),
    /// The line is gone for so many seconds.
    Down(u32),
    /// The line is there, but the read models stand still since then.
    Still(DateTime<Utc>),
}

/// What the feed tells the screens.
#[derive(Clone, Copy)]
pub(crate) struct Feed {
    inner: StoredValue<Rc<RefCell<Inner>>, LocalStorage>,
    /// How fresh the screen is.
    pub freshness: RwSignal<Freshness>,
    /// The number of the last event on the screen.
    pub position: RwSignal<Option<i64>>,
    /// Counts the times everything must be loaded again.
    pub reloads: RwSignal<u32>,
    /// Counts the times that the session or a right may have ended: a socket that was closed by
    /// the server or never opened, a topic that was taken away.
    pub doubts: RwSignal<u32>,
}

struct Inner {
    company: CompanyId,
    protocol: Protocol,
    socket: Option<Socket>,
    heard_ms: f64,
    down_ms: Option<f64>,
    still: Option<DateTime<Utc>>,
    n_tries: u32,
    retry_ms: f64,
    is_over: bool,
    is_open: bool,
    number: u32,
    apply: Callback<Vec<Change>>,
}

impl Feed {
    /// A feed of a company, which tells what happened by `apply`. It ends with its owner.
    pub(crate) fn start(
        company: CompanyId,
        topics: Vec<Topic>,
        apply: Callback<Vec<Change>>,
    ) -> Self {
        let inner = Inner {
            company,
            protocol: Protocol::new(company, topics),
            socket: None,
            heard_ms: clock::device_ms(),
            down_ms: None,
            still: None,
            n_tries: 0,
            retry_ms: 0.0,
            is_over: false,
            is_open: false,
            number: 0,
            apply,
        };
        let feed = Self {
            inner: StoredValue::new_local(Rc::new(RefCell::new(inner))),
            freshness: RwSignal::new(Freshness::Starting),
            position: RwSignal::new(None),
            reloads: RwSignal::new(0),
            doubts: RwSignal::new(0),
        };
        feed.connect();
        let beat = set_interval_with_handle(move || feed.beat(), Duration::from_secs(1));
        // A tab that wakes, or a line that comes back, is looked at at once.
        let wake = window_event_listener_untyped("visibilitychange", move |_| feed.wake());
        let shown = window_event_listener_untyped("pageshow", move |_| feed.wake());
        let online = window_event_listener_untyped("online", move |_| feed.wake());
        on_cleanup(move || {
            if let Ok(beat) = beat {
                beat.clear();
            }
            wake.remove();
            shown.remove();
            online.remove();
            feed.end();
        });
        feed
    }

    /// Listens to other topics.
    pub(crate) fn listen(self, topics: Vec<Topic>) {
        let act = self.with(|inner| inner.protocol.listen(topics)).flatten();
        if let Some(act) = act {
            self.carry_out(act);
        }
    }

    /// The cursor up to which everything is on the screen.
    pub(crate) fn cursor(self) -> Option<String> {
        self.with(|inner| inner.protocol.cursor().map(str::to_owned)).flatten()
    }

    fn with<T>(self, act: impl FnOnce(&mut Inner) -> T) -> Option<T> {
        let inner = self.inner.try_get_value()?;
        let mut inner = inner.try_borrow_mut().ok()?;
        Some(act(&mut inner))
    }

    fn end(self) {
        self.with(|inner| {
            inner.is_over = true;
            inner.socket = None;
        });
    }

    fn connect(self) {
        self.with(|inner| {
            if inner.is_over {
                return;
            }
            inner.number += 1;
            inner.is_open = false;
            let number = inner.number;
            inner.heard_ms = clock::device_ms();
            inner.socket = Socket::open(inner.company, move |report| self.report(number, report));
        });
    }

    fn report(self, number: u32, report: Report) {
        let is_current = self.with(|inner| inner.number == number).unwrap_or(false);
        if !is_current {
            return;
        }
        match report {
            Report::Opened => {
                self.with(|inner| {
                    inner.heard_ms = clock::device_ms();
                    inner.is_open = true;
                    let frame = inner.protocol.opened();
                    if let Some(socket) = &inner.socket {
                        socket.say(&frame);
                    }
                });
            }
            Report::Frame(frame) => self.hear(*frame),
            Report::Unreadable | Report::Closed => self.lose(),
        }
    }

    fn hear(self, frame: ServerFrame) {
        if let ServerFrame::Welcome { now, .. } | ServerFrame::Changes { now, .. } = &frame {
            clock::learn(*now);
        }
        let acts = self
            .with(|inner| {
                inner.heard_ms = clock::device_ms();
                inner.down_ms = None;
                inner.n_tries = 0;
                inner.protocol.hear(frame)
            })
            .unwrap_or_default();
        for act in acts {
            self.carry_out(act);
        }
        let position = self.with(|inner| inner.protocol.position()).flatten();
        if position != self.position.get_untracked() {
            self.position.set(position);
        }
        self.judge();
    }

    fn carry_out(self, act: Act) {
        match act {
            Act::Say(frame) => {
                self.with(|inner| {
                    if let Some(socket) = &inner.socket {
                        socket.say(&frame);
                    }
                });
            }
            Act::Anew => {
                // A line that is not open yet will say all of it when it opens.
                if self.with(|inner| inner.is_open).unwrap_or(false) {
                    self.connect();
                }
            }
            Act::Apply(changes) => {
                // The borrow has ended: screens may call back.
                if let Some(apply) = self.with(|inner| inner.apply) {
                    apply.run(changes);
                }
            }
            Act::Reload => self.reloads.update(|times| *times += 1),
            Act::Stale(since) => {
                self.with(|inner| inner.still = since);
            }
            // A right or the session may be gone: the server is asked which, and the line tried
            // again, for it may also be restarting.
            Act::Gone(_) => self.doubts.update(|times| *times += 1),
            Act::End(_code) => {
                self.with(|inner| inner.is_open = false);
                self.lose();
            }
        }
    }

    /// The line is gone: again, later each time.
    fn lose(self) {
        self.with(|inner| {
            inner.socket = None;
            let now = clock::device_ms();
            inner.down_ms.get_or_insert(now);
            let wait =
                f64::from(250_u32 << inner.n_tries.min(5)) * (0.75 + js_sys::Math::random() / 2.0);
            inner.n_tries += 1;
            inner.retry_ms = now + wait;
            let soon = Duration::from_millis(u64::from(250_u32 << inner.n_tries.min(5)));
            set_timeout(move || self.beat(), soon);
        });
        let was_turned_away = self.with(|inner| !inner.is_open).unwrap_or(false);
        if was_turned_away {
            let _gone = self.doubts.try_update(|times| *times += 1);
        }
        self.judge();
    }

    fn beat(self) {
        let now = clock::device_ms();
        let state = self.with(|inner| {
            let is_silent = inner.socket.is_some() && now - inner.heard_ms > SILENCE_MS;
            let is_due = inner.socket.is_none() && !inner.is_over && now >= inner.retry_ms;
            (is_silent, is_due)
        });
        match state {
            Some((true, _)) => self.lose(),
            Some((false, true)) => self.connect(),
            _ => {}
        }
        self.judge();
    }

    fn wake(self) {
        if dom::is_hidden() {
            return;
        }
        self.with(|inner| inner.retry_ms = 0.0);
        let is_late = self
            .with(|inner| inner.socket.is_some() && clock::device_ms() - inner.heard_ms > LAG_MS)
            .unwrap_or(false);
        if is_late {
            self.with(|inner| {
                inner.socket = None;
                inner.down_ms.get_or_insert(inner.heard_ms);
            });
        }
        self.beat();
    }

    fn judge(self) {
        let now = clock::device_ms();
        let freshness = self.with(|inner| {
            let silence = now - inner.heard_ms;
            match (inner.down_ms, inner.still) {
                (Some(since), _) => Freshness::Down(seconds(now - since)),
                (None, Some(since)) => Freshness::Still(since),
                _ if inner.protocol.cursor().is_none() => Freshness::Starting,
                _ if silence > LAG_MS => Freshness::Late(seconds(silence)),
                _ => Freshness::Live,
            }
        });
        if let Some(freshness) = freshness
            && self.freshness.try_get_untracked().is_some_and(|before| before != freshness)
        {
            self.freshness.set(freshness);
        }
    }
}

fn seconds(ms: f64) -> u32 {
    u32::try_from(crate::browser::number::nearest(ms / 1000.0)).unwrap_or_default()
}
