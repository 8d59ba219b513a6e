//! The lanes of one company, owned by one process for an epoch (D19).
//!
//! **Invariants.** A lane is opened by a commit that closes the stream of whoever had it before and makes
//! what that one left open unknown. Events are taken in the company's order, each once. When ownership,
//! the ledger's refusal or silence says that somebody else may act, the lanes stop.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use events::{
    channels::ChannelEvent,
    messaging::{LaneEvent, MessageEvent},
};
use kernel::{db, error::Error, record::Recorded};
use messaging::{
    lane::{
        Action, Candidate, Ended, Halt, Handover, Hold, Input, Lane, Now,
        commits::{LANE, Place, lane_key},
        log::{Log, Takeover},
        outcome::Effect,
    },
    message::progress::Progress,
    projections::lanes::{WINDOW, opens_window},
    queries::lanes::{Number, Waiting, snapshot},
};
use shared::{
    channels::PauseReason,
    ids::{ChannelId, ConversationId, MessageId},
};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::{
    Sending,
    desk::{Desk, context},
    prepare::{Ready, priority},
    told::{Did, Told},
};

/// What a company's lanes know may be so old (D22).
const OLDEST: Duration = Duration::from_millis(1_500);
/// How long a group rests that could not begin.
const REST: Duration = Duration::from_millis(300);
/// How long a stop waits for what was picked to be given back, and for calls to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a lane rests whose commit was not taken.
const NOT_NOW: Duration = Duration::from_millis(300);
/// What a number may send a second when nobody has said.
const USUAL: u32 = 80;

/// See the module.
pub(super) struct Group {
    sending: Arc<Sending>,
    company: Uuid,
    told: mpsc::UnboundedSender<Told>,
    level_at: watch::Receiver<Duration>,
    lanes: HashMap<ChannelId, Open>,
    numbers: HashMap<ChannelId, Line>,
    is_suspended: bool,
    /// The last event that was taken.
    seq: i64,
    epoch: i64,
    n_openings: u64,
    has_lost: bool,
}

/// An open lane.
struct Open {
    lane: Lane,
    desk: Desk,
    ready: HashMap<MessageId, Ready>,
    wakes_at: Option<Duration>,
}

/// A number as the group knows it.
#[derive(Clone, Debug, Default)]
struct Line {
    waba_id: String,
    mps: u32,
    is_halted: bool,
    /// When people wrote to it in the last moments: they share its second.
    came_in: VecDeque<Duration>,
}

/// The most that is remembered of what came in: the largest limit of a number.
const REMEMBERED: usize = 1_000;

impl Group {
    pub(super) fn new(
        sending: Sending,
        company: Uuid,
        told: mpsc::UnboundedSender<Told>,
        level_at: watch::Receiver<Duration>,
    ) -> Self {
        Self {
            sending: Arc::new(sending),
            company,
            told,
            level_at,
            lanes: HashMap::new(),
            numbers: HashMap::new(),
            is_suspended: false,
            seq: 0,
            epoch: 0,
            n_openings: 0,
            has_lost: false,
        }
    }

    /// Owns the company's lanes whenever it may, until the process stops.
    pub(super) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Told>) {
        let mut owned = self.sending.nodes.owns(&format!("lanes:{}", self.company.simple()));
        let stopping = self.sending.tasks.stopping();
        loop {
            let waiting = owned.wait_for(Option::is_some);
            let epoch = tokio::select! {
                epoch = waiting => epoch.ok().and_then(|epoch| *epoch),
                () = stopping.cancelled() => return,
            };
            let Some(epoch) = epoch else { return };
            if let Err(error) = self.begin(epoch).await {
                tracing::warn!(company.id = %self.company, "lanes cannot begin yet: {error}");
                tokio::select! {
                    () = tokio::time::sleep(REST) => {}
                    () = stopping.cancelled() => return,
                }
                continue;
            }
            let has_stopped = self.work(&mut inbox, &mut owned, epoch).await;
            self.lanes.clear();
            if has_stopped {
                return;
            }
        }
    }

    /// Loads what there is, takes over what others left, and catches up with the ledger.
    async fn begin(&mut self, epoch: i64) -> Result<(), Error> {
        self.epoch = epoch;
        self.has_lost = false;
        self.lanes.clear();
        self.numbers.clear();
        let mut tx = db::working(&self.sending.ledger.pools().app).await?;
        let found = snapshot(&mut tx, self.company).await?;
        drop(tx);
        self.is_suspended = found.is_suspended;
        self.seq = found.company_seq;
        for number in &found.numbers {
            self.numbers.insert(number.id.into(), line(number));
        }
        let channels: Vec<ChannelId> = self.numbers.keys().copied().collect();
        let wanted: Vec<_> =
            channels.iter().map(|channel| (self.company, LANE, lane_key(*channel))).collect();
        let owners = self.sending.ledger.claims(&wanted).await?;
        for (channel, owner) in channels.iter().zip(owners) {
            if let Some(old) = owner {
                self.open(*channel, Some(old)).await?;
            }
        }
        for waiting in found.waiting {
            self.enqueue(waiting).await?;
        }
        self.catch_up().await
    }

    /// Everything that the ledger has behind what was taken.
    async fn catch_up(&mut self) -> Result<(), Error> {
        const PAGE: i64 = 1_000;
        loop {
            let events = self.sending.ledger.read_company(self.company, self.seq, PAGE).await?;
            let before = self.seq;
            for event in &events {
                self.hear(event).await?;
            }
            if self.seq == before {
                return Ok(());
            }
        }
    }

    /// Opens a channel's lane, closing the stream that is there.
    async fn open(&mut self, channel: ChannelId, old: Option<Uuid>) -> Result<(), Error> {
        let ledger = &self.sending.ledger;
        let now = self.now();
        let place = Place {
            company: self.company,
            channel,
            epoch: self.epoch,
            stream: self.sending.ground.ids.v7(),
            context: context(&self.sending),
        };
        let taken = match old {
            Some(old) => {
                let mut log = Log::default();
                for recorded in ledger.read_stream(self.company, old, 0).await? {
                    log.on(&recorded.decode::<LaneEvent>()?, recorded.recorded_at);
                }
                let progress = self.progress(log.open.keys().copied().collect()).await?;
                log.take_over(now, |message| progress.get(&message).cloned())
            }
            None => Takeover::default(),
        };
        let commit = place.take_over(&*self.sending.ground.ids, old, &taken, now)?;
        ledger.commit(commit).await?;
        if !taken.unknown.is_empty() {
            tracing::warn!(
                channel.id = %channel,
                "{} messages that an earlier owner had picked are unknown",
                taken.unknown.len()
            );
        }
        let line = self.numbers.entry(channel).or_default();
        let per_second = if line.mps == 0 { USUAL } else { line.mps };
        let left = Handover { open: vec![], ..taken.handover };
        let mut lane = Lane::open(per_second, 1, &left, now);
        for came in &line.came_in {
            lane.on(Input::CameIn(1), Now { steady: *came, ..now });
        }
        if line.is_halted {
            lane.on(Input::Halt(Halt::Channel), now);
        }
        if self.is_suspended {
            lane.on(Input::Halt(Halt::Company), now);
        }
        self.n_openings += 1;
        let desk = Desk {
            sending: Arc::clone(&self.sending),
            company: self.company,
            channel,
            generation: self.n_openings,
            place,
            told: self.told.clone(),
        };
        let opened = Open { lane, desk, ready: HashMap::new(), wakes_at: None };
        self.lanes.insert(channel, opened);
        Ok(())
    }

    /// How far messages came.
    async fn progress(
        &self,
        messages: Vec<MessageId>,
    ) -> Result<HashMap<MessageId, Progress>, Error> {
        let wanted: Vec<(Uuid, Uuid)> =
            messages.into_iter().map(|message| (self.company, message.into())).collect();
        let mut progress: HashMap<MessageId, Progress> = HashMap::new();
        if wanted.is_empty() {
            return Ok(progress);
        }
        for recorded in self.sending.ledger.read_streams(&wanted).await? {
            let event = recorded.decode::<MessageEvent>()?;
            progress.entry(recorded.stream.into()).or_default().on(&event, recorded.recorded_at);
        }
        Ok(progress)
    }

    async fn enqueue(&mut self, waiting: Waiting) -> Result<(), Error> {
        let now = self.now();
        let progress: Progress = serde_json::from_str(&waiting.progress).unwrap_or_default();
        let candidate = Candidate {
            message: waiting.id.into(),
            conversation: waiting.conversation_id.into(),
            priority: priority(waiting.is_operators),
            position: waiting.position,
            version: waiting.version,
            attempt: progress.next_attempt(),
            not_before: waiting.not_before.map_or(Duration::ZERO, |at| now.steady_at(at)),
            window: waiting.window_until,
        };
        self.queued(waiting.channel_id.into(), candidate).await
    }

    async fn queued(&mut self, channel: ChannelId, candidate: Candidate) -> Result<(), Error> {
        if !self.lanes.contains_key(&channel) {
            let wanted = [(self.company, LANE, lane_key(channel))];
            let old = self.sending.ledger.claims(&wanted).await?.into_iter().next().flatten();
            self.open(channel, old).await?;
        }
        let now = self.now();
        if let Some(open) = self.lanes.get_mut(&channel) {
            open.lane.on(Input::Queued(candidate), now);
            open.wakes_at = Some(Duration::ZERO);
        }
        Ok(())
    }

    /// Works until ownership ends (false) or the process stops (true).
    async fn work(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Told>,
        owned: &mut watch::Receiver<Option<i64>>,
        epoch: i64,
    ) -> bool {
        let stopping = self.sending.tasks.stopping();
        let mut gate = self.sending.gate.watch();
        loop {
            self.drive_all();
            let wake = self.wakes_in();
            tokio::select! {
                told = inbox.recv() => {
                    let Some(told) = told else { return true };
                    if let Err(error) = self.take(told, inbox).await {
                        tracing::warn!(company.id = %self.company, "lanes begin anew: {error}");
                        return false;
                    }
                }
                () = tokio::time::sleep(wake) => {}
                _ = gate.changed() => {}
                changed = owned.changed() => {
                    if changed.is_err() || *owned.borrow() != Some(epoch) {
                        return false;
                    }
                }
                () = stopping.cancelled() => {
                    self.stop(inbox).await;
                    return true;
                }
            }
            if self.has_lost || *owned.borrow() != Some(epoch) {
                return false;
            }
        }
    }

    /// Takes what was told, and whatever else waits.
    async fn take(
        &mut self,
        told: Told,
        inbox: &mut mpsc::UnboundedReceiver<Told>,
    ) -> Result<(), Error> {
        let mut next = Some(told);
        let mut n = 0;
        while let Some(told) = next {
            match told {
                Told::Event(event) => self.hear(&event).await?,
                Told::Lane { channel, generation, what } => self.did(channel, generation, what),
            }
            n += 1;
            next = if n < 256 { inbox.try_recv().ok() } else { None };
        }
        Ok(())
    }

    /// Gives back what was picked and not called, before the process ends.
    async fn stop(&mut self, inbox: &mut mpsc::UnboundedReceiver<Told>) {
        let now = self.now();
        for open in self.lanes.values_mut() {
            open.lane.on(Input::Halt(Halt::Stopping), now);
        }
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        loop {
            self.drive_all();
            if self.lanes.values().all(|open| open.lane.is_quiet()) {
                return;
            }
            tokio::select! {
                told = inbox.recv() => {
                    if let Some(Told::Lane { channel, generation, what }) = told {
                        self.did(channel, generation, what);
                    }
                }
                () = &mut patience => return,
            }
        }
    }

    /// An event, if it was not taken yet.
    async fn hear(&mut self, recorded: &Recorded) -> Result<(), Error> {
        if recorded.company_seq <= self.seq {
            return Ok(());
        }
        self.seq = recorded.company_seq;
        match &*recorded.event_type {
            "tenancy.company.suspended" => self.suspend(true),
            "tenancy.company.resumed" => self.suspend(false),
            kind if kind.starts_with("channels.channel.") => {
                self.channel(recorded.stream.into(), recorded.decode()?);
            }
            kind if kind.starts_with("messaging.message.") => self.message(recorded).await?,
            _ => {}
        }
        Ok(())
    }

    async fn message(&mut self, recorded: &Recorded) -> Result<(), Error> {
        let message = MessageId::from_uuid(recorded.stream);
        let now = self.now();
        match recorded.decode()? {
            MessageEvent::Queued { channel, conversation, origin, window, .. } => {
                let is_operators = matches!(origin, events::messaging::Origin::Operator(_));
                let candidate = Candidate {
                    message,
                    conversation,
                    priority: priority(is_operators),
                    position: recorded.position,
                    version: recorded.stream_seq,
                    attempt: 1,
                    not_before: Duration::ZERO,
                    window,
                };
                self.queued(channel, candidate).await?;
            }
            MessageEvent::Received { channel, conversation, provider_at, kind, .. } => {
                let line = self.numbers.entry(channel).or_default();
                line.came_in.push_back(now.steady);
                if line.came_in.len() > REMEMBERED {
                    line.came_in.pop_front();
                }
                if let Some(open) = self.lanes.get_mut(&channel) {
                    open.lane.on(Input::CameIn(1), now);
                    if opens_window(kind) {
                        let until = provider_at.min(recorded.recorded_at) + WINDOW;
                        open.lane.on(Input::Window(conversation, until), now);
                        open.wakes_at = Some(Duration::ZERO);
                    }
                }
            }
            MessageEvent::Deferred { .. } => {
                // Our own lanes know; an older owner's late word is looked at.
                let is_known = self.lanes.values().any(|open| open.lane.knows(message));
                if !is_known && let Some(open) = self.lanes.values().next() {
                    open.desk.look(message);
                }
            }
            MessageEvent::Suppressed { .. } | MessageEvent::Withdrawn { .. } => {
                for open in self.lanes.values_mut() {
                    open.lane.on(Input::Gone(message), now);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn channel(&mut self, channel: ChannelId, event: ChannelEvent) {
        let now = self.now();
        self.sending.directory.forget(channel.into());
        let line = self.numbers.entry(channel).or_default();
        let input = match event {
            ChannelEvent::Connected { waba_id, mps, .. } => {
                line.waba_id = waba_id.0;
                line.mps = mps;
                Input::PerSecond(mps)
            }
            ChannelEvent::HealthChanged { mps: Some(mps), .. } => {
                line.mps = mps;
                Input::PerSecond(mps)
            }
            ChannelEvent::Paused { .. } | ChannelEvent::Disconnected {} => {
                line.is_halted = true;
                Input::Halt(Halt::Channel)
            }
            ChannelEvent::Resumed {} => {
                line.is_halted = false;
                Input::Resume(Halt::Channel)
            }
            _ => return,
        };
        if let Some(open) = self.lanes.get_mut(&channel) {
            open.lane.on(input, now);
            open.wakes_at = Some(Duration::ZERO);
        }
    }

    fn suspend(&mut self, is_suspended: bool) {
        self.is_suspended = is_suspended;
        let now = self.now();
        for open in self.lanes.values_mut() {
            open.lane.on(halt(Halt::Company, is_suspended), now);
            open.wakes_at = Some(Duration::ZERO);
        }
    }

    /// Something that a lane asked for is done.
    fn did(&mut self, channel: ChannelId, generation: u64, what: Did) {
        let now = self.now();
        let Some(open) = self.lanes.get_mut(&channel) else { return };
        if let Did::Looked(Some(candidate)) = &what {
            open.lane.on(Input::Queued(candidate.clone()), now);
        }
        if open.desk.generation != generation {
            return;
        }
        open.wakes_at = Some(Duration::ZERO);
        match what {
            Did::Picked(ready) => {
                open.ready.extend(ready.into_iter().map(|ready| (ready.message, ready)));
                open.lane.on(Input::Picked, now);
            }
            Did::Moved { message, now: fresh, settled } => {
                open.lane.on(Input::PickRefused { message: Some(message), now: fresh }, now);
                open.lane.resettle(settled, now);
            }
            Did::NotNow(settled) => {
                open.lane.not_now(settled, now);
                open.lane.on(Input::Hold(Hold::Number, now.steady + NOT_NOW), now);
            }
            Did::Lost => {
                open.lane.on(Input::Closed, now);
                self.has_lost = true;
            }
            Did::Released => {
                open.lane.given_back(now);
                open.ready.clear();
            }
            Did::Suppressed(message, None) => open.lane.on(Input::Suppressed(message), now),
            Did::Suppressed(_, Some(candidate)) => open.lane.on(Input::Queued(candidate), now),
            Did::Settled => open.lane.settled(),
            Did::Rotated(stream) => {
                open.desk.place.stream = stream;
                open.lane.on(Input::Rotated, now);
            }
            Did::Called { message, ended, effect, code, took } => {
                let called = open.lane.called(message).cloned();
                let ended = match (ended, &called) {
                    (Ended::Again { not_before, .. }, Some(called)) => {
                        Ended::Again { version: called.version + 1, not_before }
                    }
                    (ended, _) => ended,
                };
                // First what holds others: the message itself may be the first to go again.
                let conversation = called.map(|called| called.conversation);
                self.effect(channel, conversation, effect, code, now);
                if let Some(open) = self.lanes.get_mut(&channel) {
                    open.lane.on(Input::Ended { message, ended, took }, now);
                }
            }
            Did::Looked(_) => {}
        }
    }

    /// What an outcome means for others.
    fn effect(
        &mut self,
        channel: ChannelId,
        conversation: Option<ConversationId>,
        effect: Effect,
        code: i32,
        now: Now,
    ) {
        let own = |group: &mut Self, input: Input| {
            if let Some(open) = group.lanes.get_mut(&channel) {
                open.lane.on(input, now);
            }
        };
        match effect {
            Effect::None | Effect::CloseWindow => {}
            Effect::HoldPair(wait) => {
                if let Some(conversation) = conversation {
                    own(self, Input::Hold(Hold::Pair(conversation), now.steady + wait));
                }
            }
            Effect::SlowDown(wait) => own(self, Input::Hold(Hold::Slower, now.steady + wait)),
            Effect::HoldNumber(wait) => own(self, Input::Hold(Hold::Number, now.steady + wait)),
            Effect::HoldAccount(wait) => {
                for other in self.of_account(channel) {
                    self.hold(other, wait, now);
                }
            }
            Effect::HoldToken(wait) => {
                // Tokens are compared where they are at hand; a company's numbers mostly share one.
                for other in self.numbers.keys().copied().collect::<Vec<_>>() {
                    self.hold(other, wait, now);
                }
            }
            Effect::PauseNumber(reason) => self.pause(channel, reason, code, now),
            Effect::PauseAccount(reason) => {
                for other in self.of_account(channel) {
                    self.pause(other, reason, code, now);
                }
            }
            Effect::PauseToken(reason) => self.pause_token(channel, reason, code, now),
        }
    }

    fn of_account(&self, channel: ChannelId) -> Vec<ChannelId> {
        let Some(line) = self.numbers.get(&channel) else { return vec![channel] };
        let same = |(other, known): (&ChannelId, &Line)| {
            (*other == channel || known.waba_id == line.waba_id).then_some(*other)
        };
        self.numbers.iter().filter_map(same).collect()
    }

    fn hold(&mut self, channel: ChannelId, wait: Duration, now: Now) {
        if let Some(open) = self.lanes.get_mut(&channel) {
            open.lane.on(Input::Hold(Hold::Number, now.steady + wait), now);
        }
    }

    /// At once here, and as an event that everybody sees.
    fn pause(&mut self, channel: ChannelId, reason: PauseReason, code: i32, now: Now) {
        if let Some(line) = self.numbers.get_mut(&channel) {
            line.is_halted = true;
        }
        if let Some(open) = self.lanes.get_mut(&channel) {
            open.lane.on(Input::Halt(Halt::Channel), now);
            open.desk.pause(channel, reason, code);
        }
    }

    /// The channel itself at once; the others with its token as soon as that is known.
    fn pause_token(&mut self, channel: ChannelId, reason: PauseReason, code: i32, now: Now) {
        self.pause(channel, reason, code, now);
        let others: Vec<ChannelId> =
            self.numbers.keys().copied().filter(|other| *other != channel).collect();
        let Some(open) = self.lanes.get(&channel) else { return };
        open.desk.pause_same_token(others, reason, code);
    }

    /// Lets every lane whose time has come do what it wants to.
    fn drive_all(&mut self) {
        let now = self.now();
        let is_old = now.steady.saturating_sub(*self.level_at.borrow()) > OLDEST;
        let is_held = self.sending.gate.is_shut();
        for open in self.lanes.values_mut() {
            open.lane.on(halt(Halt::Installation, is_held), now);
            open.lane.on(halt(Halt::Facts, is_old), now);
            open.drive(now);
        }
    }

    fn wakes_in(&self) -> Duration {
        let now = self.now().steady;
        let wakes = self.lanes.values().filter_map(|open| open.wakes_at).min();
        let wakes = wakes.map_or(Duration::from_secs(1), |at| at.saturating_sub(now));
        wakes.min(Duration::from_secs(1))
    }

    fn now(&self) -> Now {
        let clock = &self.sending.ground.clock;
        Now { wall: clock.now(), steady: clock.monotonic() }
    }
}

impl Open {
    fn drive(&mut self, now: Now) {
        loop {
            match self.lane.next(now) {
                Action::Pick(batch) => self.desk.pick(batch),
                Action::Call(pick) => {
                    if let Some(ready) = self.ready.remove(&pick.message) {
                        self.desk.call(ready)
                    } else {
                        // A pick that was never made ready was not called: the lane may not say so.
                        tracing::error!(message.id = %pick.message, "a pick is not ready");
                        let ended = Ended::Unknown;
                        let (message, took) = (pick.message, None);
                        self.lane.on(Input::Ended { message, ended, took }, now);
                    }
                }
                Action::Release(messages, version) => self.desk.release(messages, version),
                Action::Suppress(candidate, reason) => self.desk.suppress(candidate, reason),
                Action::Settle(messages, version) => self.desk.settle(messages, version),
                Action::Rotate(left) => self.desk.rotate(&left),
                Action::Wait(until) => {
                    self.wakes_at = Some(until);
                    return;
                }
                Action::Idle => {
                    self.wakes_at = None;
                    return;
                }
            }
        }
    }
}

const fn halt(halt: Halt, is_so: bool) -> Input {
    if is_so { Input::Halt(halt) } else { Input::Resume(halt) }
}

fn line(number: &Number) -> Line {
    Line {
        waba_id: number.waba_id.clone().unwrap_or_default(),
        mps: number.mps.and_then(|mps| u32::try_from(mps).ok()).unwrap_or_default(),
        is_halted: number.is_paused || number.is_off,
        came_in: VecDeque::new(),
    }
}
