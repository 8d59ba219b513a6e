//! How a group begins: what the read model has, what others left open, and what the ledger has behind it.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use events::messaging::{LaneEvent, MessageEvent};
use kernel::{db, error::Error};
use messaging::{
    lane::{
        Candidate, Halt, Handover, Input, Lane, Now,
        commits::{LANE, Place, lane_key},
        log::{Log, Takeover},
    },
    message::progress::Progress,
    queries::lanes::{Waiting, snapshot},
};
use shared::ids::{ChannelId, ContactId, MessageId};
use uuid::Uuid;

use super::{
    desk::{Desk, context},
    group::{Group, Line, Member, Open},
    prepare::priority,
};

/// What a number may send a second when nobody has said.
const USUAL: u32 = 80;

impl Group {
    /// Loads what there is, takes over what others left, and catches up with the ledger.
    pub(super) async fn begin(&mut self, epoch: i64) -> Result<(), Error> {
        self.epoch = epoch;
        self.has_lost = false;
        self.lanes.clear();
        self.numbers.clear();
        self.portfolios.clear();
        let companies: Vec<Uuid> = self.members.keys().copied().collect();
        let mut waiting = vec![];
        for company in &companies {
            waiting.extend(self.load(*company).await?);
        }
        self.set_limits();
        for company in &companies {
            self.take_over(*company).await?;
        }
        for (company, waiting) in waiting {
            self.enqueue(company, waiting).await?;
        }
        for company in companies {
            self.catch_up(company).await?;
        }
        Ok(())
    }

    /// The rows of one company.
    async fn load(&mut self, company: Uuid) -> Result<Vec<(Uuid, Waiting)>, Error> {
        let mut tx = db::working(&self.sending.ledger.pools().app).await?;
        let found = snapshot(&mut tx, company).await?;
        drop(tx);
        let member = Member { is_suspended: found.is_suspended, seq: found.company_seq };
        self.members.insert(company, member);
        for number in &found.numbers {
            self.numbers.insert(number.id.into(), Line::of(company, number));
        }
        let people = found.people.into_iter().map(|(person, at)| (person.into(), at));
        self.were_reached(company, people);
        Ok(found.waiting.into_iter().map(|waiting| (company, waiting)).collect())
    }

    /// Who was reached outside a service window counts in every portfolio of the company.
    pub(super) fn were_reached(
        &mut self,
        company: Uuid,
        people: impl Iterator<Item = (ContactId, DateTime<Utc>)>,
    ) {
        let now = self.now();
        let mut keys: Vec<String> = self
            .numbers
            .values()
            .filter(|line| line.company == company)
            .map(Line::portfolio)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        for (person, at) in people {
            for key in &keys {
                let portfolio = self.portfolios.entry(key.clone()).or_default();
                portfolio.reach(person, now.steady_at(at));
            }
        }
    }

    /// How many people each portfolio may reach, by what its numbers were told; the least counts.
    pub(super) fn set_limits(&mut self) {
        let mut most: HashMap<String, Option<u32>> = HashMap::new();
        for line in self.numbers.values() {
            let told = line.people_a_day();
            let known = most.entry(line.portfolio()).or_insert(told);
            *known = match (*known, told) {
                (Some(known), Some(told)) => Some(known.min(told)),
                (known, told) => known.or(told),
            };
        }
        for (key, most) in most {
            self.portfolios.entry(key).or_default().set_most(most);
        }
    }

    /// Opens the lanes that have a stream, closing what is there.
    async fn take_over(&mut self, company: Uuid) -> Result<(), Error> {
        let of_company =
            |(channel, line): (&ChannelId, &Line)| (line.company == company).then_some(*channel);
        let channels: Vec<ChannelId> = self.numbers.iter().filter_map(of_company).collect();
        let wanted: Vec<_> =
            channels.iter().map(|channel| (company, LANE, lane_key(*channel))).collect();
        let owners = self.sending.ledger.claims(&wanted).await?;
        for (channel, owner) in channels.iter().zip(owners) {
            if let Some(old) = owner {
                self.open(company, *channel, Some(old)).await?;
            }
        }
        Ok(())
    }

    /// Everything that the ledger has of a company behind what was taken.
    async fn catch_up(&mut self, company: Uuid) -> Result<(), Error> {
        const PAGE: i64 = 1_000;
        loop {
            let before = self.members.get(&company).map_or(0, |member| member.seq);
            let events = self.sending.ledger.read_company(company, before, PAGE).await?;
            for event in &events {
                self.hear(event).await?;
            }
            if self.members.get(&company).is_none_or(|member| member.seq == before) {
                return Ok(());
            }
        }
    }

    /// Opens a channel's lane, closing the stream that is there.
    pub(super) async fn open(
        &mut self,
        company: Uuid,
        channel: ChannelId,
        old: Option<Uuid>,
    ) -> Result<(), Error> {
        let ledger = &self.sending.ledger;
        let now = self.now();
        let place = Place {
            company,
            channel,
            epoch: self.epoch,
            stream: self.sending.ground.ids.v7(),
            context: context(&self.sending),
        };
        let taken = match old {
            Some(old) => {
                let mut log = Log::default();
                for recorded in ledger.read_stream(company, old, 0).await? {
                    log.on(&recorded.decode::<LaneEvent>()?, recorded.recorded_at);
                }
                let progress = self.progress(company, log.open.keys().copied()).await?;
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
        let number = self.numbers.entry(channel).or_insert_with(|| Line::new(company));
        let per_second = if number.mps == 0 { USUAL } else { number.mps };
        let left = Handover { open: vec![], ..taken.handover };
        let mut lane = Lane::open(per_second, 1, &left, now);
        for came in &number.came_in {
            lane.on(Input::CameIn(1), Now { steady: *came, ..now });
        }
        if number.is_halted {
            lane.on(Input::Halt(Halt::Channel), now);
        }
        if self.members.get(&company).is_some_and(|member| member.is_suspended) {
            lane.on(Input::Halt(Halt::Company), now);
        }
        self.n_openings += 1;
        let desk = Desk {
            sending: self.sending.clone(),
            company,
            channel,
            generation: self.n_openings,
            place,
            told: self.told.clone(),
        };
        self.lanes.insert(channel, Open { lane, desk, ready: HashMap::new(), wakes_at: None });
        Ok(())
    }

    /// How far messages came.
    async fn progress(
        &self,
        company: Uuid,
        messages: impl Iterator<Item = MessageId>,
    ) -> Result<HashMap<MessageId, Progress>, Error> {
        let wanted: Vec<(Uuid, Uuid)> = messages.map(|message| (company, message.into())).collect();
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

    async fn enqueue(&mut self, company: Uuid, waiting: Waiting) -> Result<(), Error> {
        let now = self.now();
        let progress: Progress = serde_json::from_str(&waiting.progress).unwrap_or_default();
        let candidate = Candidate {
            message: waiting.id.into(),
            conversation: waiting.conversation_id.into(),
            person: waiting.contact_id.into(),
            wave: None,
            needs_consent: false,
            priority: priority(waiting.is_operators),
            position: waiting.position,
            version: waiting.version,
            attempt: progress.next_attempt(),
            not_before: waiting.not_before.map_or(Duration::ZERO, |at| now.steady_at(at)),
            window: waiting.window_until,
        };
        self.queued((company, waiting.channel_id.into()), candidate).await
    }

    /// A message that may be sent.
    pub(super) async fn queued(
        &mut self,
        (company, channel): (Uuid, ChannelId),
        candidate: Candidate,
    ) -> Result<(), Error> {
        if !self.lanes.contains_key(&channel) {
            let wanted = [(company, LANE, lane_key(channel))];
            let old = self.sending.ledger.claims(&wanted).await?.into_iter().next().flatten();
            self.open(company, channel, old).await?;
        }
        let now = self.now();
        if let Some(open) = self.lanes.get_mut(&channel) {
            open.lane.on(Input::Queued(candidate), now);
            open.wakes_at = Some(Duration::ZERO);
        }
        Ok(())
    }
}
