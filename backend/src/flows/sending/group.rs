//! The lanes of a dispatch group, owned by one process for an epoch (D19).
//!
//! **Invariants.** A lane is opened by a commit that closes the stream of whoever had it before and makes
//! what that one left open unknown. Events are taken in each company's order, each once. When ownership,
//! the ledger's refusal or silence says that somebody else may act, the lanes stop; when the group is
//! only asked for, they come to an end first.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use events::{
    channels::ChannelEvent,
    messaging::{LaneEvent, MessageEvent},
};
use kernel::{error::Error, nodes::Lent, record::Recorded};
use messaging::{
    lane::{
        Action, Candidate, Ended, Halt, Hold, Input, Lane, Now,
        common::{People, Portfolio},
    },
    projections::lanes::{WINDOW, opens_window},
    queries::lanes::Number,
};
use shared::ids::{ChannelId, MessageId};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Sending,
    desk::Desk,
    prepare::{Ready, priority},
    told::{Did, Told},
};

/// What a group's lanes know may be so old (D22).
const OLDEST: Duration = Duration::from_secs(1);
/// How long a group rests that could not begin.
const REST: Duration = Duration::from_millis(300);
/// How long an end waits for what was picked to be given back, and for calls to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a lane rests whose commit was not taken.
const NOT_NOW: Duration = Duration::from_millis(300);
/// How long a group that others became waits for their owners elsewhere.
const OTHERS: Duration = Duration::from_secs(8);

/// Which group, and what must have ended before it begins.
pub(super) struct Seat {
    /// The least of its companies, by which the unit is called.
    pub(super) root: Uuid,
    pub(super) members: BTreeSet<Uuid>,
    /// The groups of this process that it is made of.
    pub(super) before: Vec<CancellationToken>,
    /// Cancelled when it has ended.
    pub(super) ended: CancellationToken,
}

/// See the module.
pub(super) struct Group {
    pub(super) sending: Arc<Sending>,
    seat: Seat,
    pub(super) members: BTreeMap<Uuid, Member>,
    pub(super) told: mpsc::UnboundedSender<Told>,
    level_at: watch::Receiver<Duration>,
    pub(super) lanes: HashMap<ChannelId, Open>,
    pub(super) numbers: HashMap<ChannelId, Line>,
    pub(super) portfolios: HashMap<String, Portfolio>,
    /// What campaigns and consent will ask; nothing that is queued today does.
    people: People,
    pub(super) epoch: i64,
    pub(super) n_openings: u64,
    pub(super) has_lost: bool,
}

/// One company of the group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Member {
    pub(super) is_suspended: bool,
    /// The last event that was taken.
    pub(super) seq: i64,
}

/// An open lane.
pub(super) struct Open {
    pub(super) lane: Lane,
    pub(super) desk: Desk,
    pub(super) ready: HashMap<MessageId, Ready>,
    pub(super) wakes_at: Option<Duration>,
}

/// A number as the group knows it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) company: Uuid,
    pub(super) waba_id: String,
    portfolio: Option<String>,
    tier: Option<String>,
    pub(super) mps: u32,
    pub(super) is_halted: bool,
    /// When people wrote to it in the last moments: they share its second.
    pub(super) came_in: VecDeque<Duration>,
}

/// The most that is remembered of what came in: the largest limit of a number.
const REMEMBERED: usize = 1_000;

/// How a time of work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The process stops.
    Stopped,
    /// It is not ours any more.
    Lost,
    /// It is ours and must begin anew.
    Again,
    /// Another process asked for it.
    Asked,
    /// Another group has its companies.
    Disbanded { keeps_unit: bool },
}

impl Group {
    pub(super) fn new(
        sending: Sending,
        seat: Seat,
        told: mpsc::UnboundedSender<Told>,
        level_at: watch::Receiver<Duration>,
    ) -> Self {
        Self {
            sending: Arc::new(sending),
            members: seat.members.iter().map(|company| (*company, Member::default())).collect(),
            seat,
            told,
            level_at,
            lanes: HashMap::new(),
            numbers: HashMap::new(),
            portfolios: HashMap::new(),
            people: People::default(),
            epoch: 0,
            n_openings: 0,
            has_lost: false,
        }
    }

    /// Owns the group's lanes whenever it may, until the process stops or the group is no more.
    pub(super) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Told>) {
        let _ended = self.seat.ended.clone().drop_guard();
        for before in &self.seat.before {
            before.cancelled().await;
        }
        let unit = unit(self.seat.root);
        let mut lent = self.sending.nodes.lends(&unit);
        let mut is_first = true;
        loop {
            let Some(epoch) = self.owned(&mut lent, &mut inbox).await else { return };
            if std::mem::take(&mut is_first) {
                self.others_are_free().await;
            }
            if let Err(error) = self.begin(epoch).await {
                tracing::warn!(company.id = %self.seat.root, "lanes cannot begin yet: {error}");
                if self.rests(REST).await {
                    return;
                }
                continue;
            }
            let end = self.work(&mut inbox, &mut lent, epoch).await;
            if end != End::Lost {
                self.come_to_an_end(&mut inbox).await;
            }
            self.lanes.clear();
            let given = match end {
                End::Stopped | End::Disbanded { keeps_unit: true } => return,
                End::Lost | End::Again => Ok(()),
                End::Asked => self.sending.nodes.pass_on(&unit).await,
                End::Disbanded { keeps_unit: false } => {
                    return drop(self.sending.nodes.resign(&unit).await);
                }
            };
            if let Err(error) = given {
                tracing::warn!(company.id = %self.seat.root, "lanes are lost by time: {error}");
            }
        }
    }

    /// Waits until the group is ours; nothing: it is over.
    async fn owned(
        &self,
        lent: &mut Lent,
        inbox: &mut mpsc::UnboundedReceiver<Told>,
    ) -> Option<i64> {
        let stopping = self.sending.tasks.stopping();
        loop {
            let waiting = async {
                let epoch = lent.owned.wait_for(Option::is_some).await;
                epoch.ok().and_then(|epoch| *epoch)
            };
            tokio::select! {
                epoch = waiting => return epoch,
                told = inbox.recv() => match told? {
                    Told::Disband { keeps_unit } => {
                        if !keeps_unit {
                            drop(self.sending.nodes.resign(&unit(self.seat.root)).await);
                        }
                        return None;
                    }
                    // Whoever begins reads it in the ledger.
                    Told::Event(_) | Told::Lane { .. } => {}
                },
                () = stopping.cancelled() => return None,
            }
        }
    }

    /// Other processes may still work for the groups that this one is made of; they end when they hear
    /// of it, and what they had under way comes to its end.
    async fn others_are_free(&self) {
        let others = self.members.keys().filter(|company| **company != self.seat.root);
        let clock = &self.sending.ground.clock;
        let until = clock.monotonic() + OTHERS;
        for other in others {
            while clock.monotonic() < until
                && !self.sending.nodes.is_free(&unit(*other)).await.unwrap_or_default()
            {
                if self.rests(REST).await {
                    return;
                }
            }
        }
    }

    /// Rests; true: the process stops.
    async fn rests(&self, rest: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(rest) => false,
            () = self.sending.tasks.stopping().cancelled_owned() => true,
        }
    }

    /// Works until something ends it.
    async fn work(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Told>,
        lent: &mut Lent,
        epoch: i64,
    ) -> End {
        let stopping = self.sending.tasks.stopping();
        let mut gate = self.sending.gate.watch();
        loop {
            self.drive_all();
            let wake = self.wakes_in();
            tokio::select! {
                told = inbox.recv() => {
                    let Some(told) = told else { return End::Stopped };
                    match self.take(told, inbox).await {
                        Ok(None) => {}
                        Ok(Some(end)) => return end,
                        Err(error) => {
                            tracing::warn!(company.id = %self.seat.root, "lanes begin anew: {error}");
                            return End::Again;
                        }
                    }
                }
                () = tokio::time::sleep(wake) => {}
                _ = gate.changed() => {}
                _ = lent.owned.changed() => {}
                _ = lent.asked.changed() => {}
                () = stopping.cancelled() => return End::Stopped,
            }
            if self.has_lost || *lent.owned.borrow() != Some(epoch) {
                return End::Lost;
            }
            if *lent.asked.borrow() {
                return End::Asked;
            }
        }
    }

    /// Takes what was told, and whatever else waits.
    async fn take(
        &mut self,
        told: Told,
        inbox: &mut mpsc::UnboundedReceiver<Told>,
    ) -> Result<Option<End>, Error> {
        let mut next = Some(told);
        let mut n = 0;
        while let Some(told) = next {
            match told {
                Told::Event(event) => self.hear(&event).await?,
                Told::Lane { channel, generation, what } => self.did(channel, generation, what),
                Told::Disband { keeps_unit } => return Ok(Some(End::Disbanded { keeps_unit })),
            }
            n += 1;
            next = if n < 256 { inbox.try_recv().ok() } else { None };
        }
        Ok(None)
    }

    /// Gives back what was picked and not called, and waits for the calls.
    async fn come_to_an_end(&mut self, inbox: &mut mpsc::UnboundedReceiver<Told>) {
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
                told = inbox.recv() => match told {
                    Some(Told::Lane { channel, generation, what }) => {
                        self.did(channel, generation, what);
                    }
                    // Whoever begins next reads events in the ledger; an end follows anyway.
                    Some(Told::Event(_) | Told::Disband { .. }) => {}
                    None => return,
                },
                () = &mut patience => return,
            }
        }
    }

    /// An event, if it was not taken yet.
    pub(super) async fn hear(&mut self, recorded: &Recorded) -> Result<(), Error> {
        let company = recorded.company;
        let Some(member) = self.members.get_mut(&company) else { return Ok(()) };
        if recorded.company_seq <= member.seq {
            return Ok(());
        }
        member.seq = recorded.company_seq;
        match &*recorded.event_type {
            "tenancy.company.suspended" => self.suspend(company, true),
            "tenancy.company.resumed" => self.suspend(company, false),
            "messaging.lane.picked" => {
                if let LaneEvent::Picked { messages, .. } = recorded.decode()? {
                    let people = messages.iter().filter_map(|pick| pick.reached);
                    self.were_reached(company, people.map(|person| (person, recorded.recorded_at)));
                }
            }
            kind if kind.starts_with("channels.channel.") => {
                self.channel((company, recorded.stream.into()), recorded.decode()?);
            }
            kind if kind.starts_with("messaging.message.") => self.message(recorded).await?,
            _ => {}
        }
        Ok(())
    }

    async fn message(&mut self, recorded: &Recorded) -> Result<(), Error> {
        let (company, message) = (recorded.company, MessageId::from_uuid(recorded.stream));
        let now = self.now();
        match recorded.decode()? {
            MessageEvent::Queued { channel, conversation, contact, origin, window, .. } => {
                let is_operators = matches!(origin, events::messaging::Origin::Operator(_));
                let candidate = Candidate {
                    message,
                    conversation,
                    person: contact,
                    wave: None,
                    needs_consent: false,
                    priority: priority(is_operators),
                    position: recorded.position,
                    version: recorded.stream_seq,
                    attempt: 1,
                    not_before: Duration::ZERO,
                    window,
                };
                self.queued((company, channel), candidate).await?;
            }
            MessageEvent::Received { channel, conversation, provider_at, kind, .. } => {
                let line = self.numbers.entry(channel).or_insert_with(|| Line::new(company));
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
                let mut desks = self.lanes.values().map(|open| &open.desk);
                if !is_known && let Some(desk) = desks.find(|desk| desk.company == company) {
                    desk.look(message);
                }
            }
            MessageEvent::Suppressed { .. } | MessageEvent::Withdrawn { .. } => {
                self.people.unsaid(message);
                for open in self.lanes.values_mut() {
                    open.lane.on(Input::Gone(message), now);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn channel(&mut self, (company, channel): (Uuid, ChannelId), event: ChannelEvent) {
        let now = self.now();
        self.sending.directory.forget(channel.into());
        let line = self.numbers.entry(channel).or_insert_with(|| Line::new(company));
        let input = match event {
            ChannelEvent::Connected { waba_id, mps, .. } => {
                line.waba_id = waba_id.0;
                line.mps = mps;
                Some(Input::PerSecond(mps))
            }
            ChannelEvent::HealthChanged { mps, tier, .. } => {
                line.mps = mps.unwrap_or(line.mps);
                line.tier = tier.map(|tier| tier.0).or(line.tier.take());
                mps.map(Input::PerSecond)
            }
            ChannelEvent::PortfolioTold { portfolio } => {
                let before = line.portfolio();
                line.portfolio = Some(portfolio.0);
                let after = line.portfolio();
                // Whom its numbers have reached, the portfolio has.
                let reached = self.portfolios.get(&before).cloned().unwrap_or_default();
                self.portfolios.entry(after).or_default().absorb(&reached);
                None
            }
            ChannelEvent::Paused { .. } | ChannelEvent::Disconnected {} => {
                line.is_halted = true;
                Some(Input::Halt(Halt::Channel))
            }
            ChannelEvent::Resumed {} => {
                line.is_halted = false;
                Some(Input::Resume(Halt::Channel))
            }
            _ => return,
        };
        self.set_limits();
        if let Some((open, input)) = self.lanes.get_mut(&channel).zip(input) {
            open.lane.on(input, now);
            open.wakes_at = Some(Duration::ZERO);
        }
    }

    fn suspend(&mut self, company: Uuid, is_suspended: bool) {
        if let Some(member) = self.members.get_mut(&company) {
            member.is_suspended = is_suspended;
        }
        let now = self.now();
        for open in self.lanes.values_mut().filter(|open| open.desk.company == company) {
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
            Did::Called { message, ended, effect, code, is_silent, took } => {
                let called = open.lane.called(message).cloned();
                if matches!(ended, Ended::Again { .. }) {
                    self.people.unsaid(message);
                }
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
                    open.lane.on(if is_silent { Input::Silent } else { Input::Heard }, now);
                    open.lane.on(Input::Ended { message, ended, took }, now);
                }
            }
            Did::Looked(_) => {}
            Did::SameToken(channels, effect, code) => self.same_token(channels, effect, code, now),
        }
    }

    /// Lets every lane whose time has come do what it wants to.
    fn drive_all(&mut self) {
        let now = self.now();
        let is_old = now.steady.saturating_sub(*self.level_at.borrow()) > OLDEST;
        let is_held = self.sending.gate.is_shut();
        for (channel, open) in &mut self.lanes {
            open.lane.on(halt(Halt::Installation, is_held), now);
            open.lane.on(halt(Halt::Facts, is_old), now);
            let Some(line) = self.numbers.get(channel) else { continue };
            let portfolio = self.portfolios.entry(line.portfolio()).or_default();
            open.drive(now, portfolio, &mut self.people);
        }
    }

    fn wakes_in(&self) -> Duration {
        let now = self.now().steady;
        let wakes = self.lanes.values().filter_map(|open| open.wakes_at).min();
        let wakes = wakes.map_or(Duration::from_secs(1), |at| at.saturating_sub(now));
        wakes.min(Duration::from_secs(1))
    }

    pub(super) fn now(&self) -> Now {
        let clock = &self.sending.ground.clock;
        Now { wall: clock.now(), steady: clock.monotonic() }
    }
}

impl Open {
    fn drive(&mut self, now: Now, portfolio: &mut Portfolio, people: &mut People) {
        loop {
            match self.lane.next(now, portfolio, people) {
                Action::Pick(batch) => self.desk.pick(batch),
                Action::Call(pick) => {
                    if let Some(ready) = self.ready.remove(&pick.message) {
                        self.desk.call(ready);
                    } else {
                        // A pick that was never made ready was not called: the lane may not say so.
                        tracing::error!(message.id = %pick.message, "a pick is not ready");
                        let ended = Ended::Unknown;
                        let (message, took) = (pick.message, None);
                        self.lane.on(Input::Ended { message, ended, took }, now);
                    }
                }
                Action::Release(messages, version) => {
                    for message in &messages {
                        people.unsaid(*message);
                    }
                    self.desk.release(messages, version);
                }
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

/// The unit of the group that begins with a company.
fn unit(root: Uuid) -> String {
    format!("lanes:{}", root.simple())
}

impl Line {
    pub(super) const fn new(company: Uuid) -> Self {
        Self {
            company,
            waba_id: String::new(),
            portfolio: None,
            tier: None,
            mps: 0,
            is_halted: false,
            came_in: VecDeque::new(),
        }
    }

    pub(super) fn of(company: Uuid, number: &Number) -> Self {
        Self {
            waba_id: number.waba_id.clone().unwrap_or_default(),
            portfolio: number.portfolio.clone(),
            tier: number.tier.clone(),
            mps: number.mps.and_then(|mps| u32::try_from(mps).ok()).unwrap_or_default(),
            is_halted: number.is_paused || number.is_off,
            ..Self::new(company)
        }
    }

    /// Which limit of people it shares: the portfolio's, or its account's while nobody has said.
    pub(super) fn portfolio(&self) -> String {
        self.portfolio.clone().unwrap_or_else(|| format!("account {}", self.waba_id))
    }

    /// How many people a day its tier allows; nothing: as many as there are, or nobody knows.
    pub(super) fn people_a_day(&self) -> Option<u32> {
        let tier = self.tier.as_deref()?.strip_prefix("TIER_")?;
        match tier.strip_suffix('K') {
            Some(thousands) => thousands.parse::<u32>().ok()?.checked_mul(1_000),
            None => tier.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Line;

    #[test]
    fn ca10_a_tier_says_how_many_people_a_day() {
        let of = |tier: &str| {
            Line { tier: Some(tier.to_owned()), ..Line::new(Uuid::nil()) }.people_a_day()
        };
        assert_eq!(of("TIER_250"), Some(250));
        assert_eq!(of("TIER_2K"), Some(2_000));
        assert_eq!(of("TIER_100K"), Some(100_000));
        assert_eq!(of("TIER_UNLIMITED"), None);
        assert_eq!(of("TIER_NOT_SET"), None);
    }
}
