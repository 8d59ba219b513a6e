//! A channel: a connected number, whether it works, and the proof that its webhook arrives.
//!
//! **Invariants.** A number belongs to one company of the whole platform (D10): its claim is
//! taken with the connection and given back with its end. Secrets are never in an event, only their
//! version. Green means that a delivery signed with the channel's secret came (CH03).

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use events::channels::ChannelEvent;
use kernel::{
    commit::{Claim, Timer, TimerChange},
    decider::{Decider, Rejection},
    ids::PLATFORM,
};
use shared::{
    channels::{Medium, PauseReason, ProofStep},
    problem::Kind,
    stored::ConfigText,
};
use uuid::Uuid;

/// The claim of a number by a channel, platform-wide.
pub const NUMBER: &str = "channels.phone_number_id";

/// How long a released number may be taken over.
pub const RELEASE_LASTS: TimeDelta = TimeDelta::days(7);

/// How soon a refused signature is told again.
const TOLD_AGAIN: TimeDelta = TimeDelta::days(1);

/// How long a proof waits for a delivery.
pub const PROOF_LASTS: TimeDelta = TimeDelta::minutes(2);

/// The decider of the stream `channel`.
#[derive(Clone, Copy, Debug)]
pub struct Channel;

/// What decisions need to remember.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Meta's id of the number; absent: it does not exist.
    pub phone_number_id: Option<ConfigText>,
    /// What it is called.
    pub name: ConfigText,
    /// Meta's id of the account.
    pub waba_id: ConfigText,
    /// Messages a second.
    pub mps: u32,
    /// The version of its secrets.
    pub secrets: i32,
    /// Why it is paused, if it is.
    pub paused: Option<PauseReason>,
    /// It was taken off.
    pub is_disconnected: bool,
    /// Until when a proof waits, if one does, and what it has passed.
    pub proof: Option<(DateTime<Utc>, Vec<ProofStep>)>,
    /// A signed delivery came at least once since the secrets are what they are.
    pub is_proven: bool,
    /// Until when another company may take the number over.
    pub released_until: Option<DateTime<Utc>>,
    /// When a refused signature was last told, by the time of the one who asked.
    refused_at: Option<DateTime<Utc>>,
    quality: Option<ConfigText>,
    tier: Option<ConfigText>,
    portfolio: Option<ConfigText>,
}

/// What may be asked of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Connect a number that the provider has confirmed.
    Connect(Connect),
    /// Call it something else.
    Rename(ConfigText),
    /// Its secrets were replaced.
    ReplaceCredentials {
        /// Their version now.
        secrets: i32,
        /// Whether the token is new: a channel that stood still for it goes on.
        token: bool,
        /// Whether the app secret is new.
        app_secret: bool,
    },
    /// The address that the provider delivers to has a new key.
    RotateHookKey {
        /// Until when the old one is accepted.
        old_until: DateTime<Utc>,
    },
    /// Prove that its webhook arrives.
    StartProof,
    /// A step was passed.
    PassProof(ProofStep),
    /// A signed delivery came.
    Prove,
    /// A step failed.
    FailProof(ProofStep, Option<ConfigText>),
    /// Send nothing from now on.
    Pause(PauseReason, Option<i32>),
    /// Send again.
    Resume,
    /// Take it off.
    Disconnect,
    /// Let another company take the number over; the platform says why.
    Release(Option<ConfigText>),
    /// A delivery with a wrong signature was refused.
    RefuseSignature,
    /// The provider said how it is.
    Health {
        /// `GREEN`, `YELLOW`, `RED`.
        quality: Option<ConfigText>,
        /// The tier of the portfolio.
        tier: Option<ConfigText>,
        /// Messages a second.
        mps: Option<u32>,
    },
    /// The provider said which business the account belongs to.
    TellPortfolio(ConfigText),
    /// The provider said something of the account.
    Alert {
        /// The webhook's field.
        field: ConfigText,
        /// The provider's word.
        event: ConfigText,
        /// The change as it came.
        raw: ConfigText,
    },
}

/// A number to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// What it is called.
    pub name: ConfigText,
    /// Meta's id of the number.
    pub phone_number_id: ConfigText,
    /// Meta's id of the account.
    pub waba_id: ConfigText,
    /// As people write it.
    pub display_number: ConfigText,
    /// The name that Meta verified.
    pub verified_name: Option<ConfigText>,
    /// Messages a second.
    pub mps: u32,
    /// The version of its secrets.
    pub secrets: i32,
    /// `GREEN`, `YELLOW`, `RED`.
    pub quality: Option<ConfigText>,
    /// The tier of the portfolio.
    pub tier: Option<ConfigText>,
    /// Meta's id of the business that owns the account.
    pub portfolio: Option<ConfigText>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// Not there.
    #[error("the channel does not exist")]
    Missing,
    /// Taken off for good.
    #[error("the channel was disconnected")]
    Disconnected,
    /// Its token must be replaced before it can go on.
    #[error("the access token is not valid any more")]
    TokenExpired,
    /// It is held by something that a person of the company cannot release.
    #[error("the channel is held: {0:?}")]
    Held(PauseReason),
}

impl Rejection for ChannelError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::Disconnected | Self::TokenExpired | Self::Held(_) => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "not_found",
            Self::Disconnected => "channel_disconnected",
            Self::TokenExpired => "channel_token_expired",
            Self::Held(_) => "channel_held",
        }
    }

    fn values(&self) -> BTreeMap<String, serde_json::Value> {
        match self {
            Self::Held(reason) => BTreeMap::from([("reason".into(), serde_json::json!(reason))]),
            _ => BTreeMap::new(),
        }
    }
}

impl Decider for Channel {
    const STREAM: &'static str = "channel";
    type State = State;
    type Command = Command;
    type Event = ChannelEvent;
    /// The time.
    type Facts = DateTime<Utc>;
    type Rejection = ChannelError;

    fn decide(
        state: &State,
        command: &Command,
        now: &DateTime<Utc>,
    ) -> Result<Vec<ChannelEvent>, ChannelError> {
        if let Command::Connect(connect) = command {
            return Ok(if state.phone_number_id.is_some() { vec![] } else { connected(connect) });
        }
        if state.phone_number_id.is_none() {
            return Err(ChannelError::Missing);
        }
        if state.is_disconnected {
            let changes_nothing = matches!(
                command,
                Command::Disconnect
                    | Command::RefuseSignature
                    | Command::Health { .. }
                    | Command::TellPortfolio(_)
                    | Command::Alert { .. }
            );
            return if changes_nothing { Ok(vec![]) } else { Err(ChannelError::Disconnected) };
        }
        Ok(match command {
            Command::Rename(name) if *name != state.name => {
                vec![ChannelEvent::Renamed { name: name.clone() }]
            }
            Command::ReplaceCredentials { secrets, token, app_secret } => {
                let (secrets, token, app_secret) = (*secrets, *token, *app_secret);
                let mut events =
                    vec![ChannelEvent::CredentialsReplaced { secrets, token, app_secret }];
                if token && state.paused == Some(PauseReason::TokenExpired) {
                    events.push(ChannelEvent::Resumed {});
                }
                events
            }
            Command::RotateHookKey { old_until } => {
                vec![ChannelEvent::HookKeyRotated { old_until: *old_until }]
            }
            Command::StartProof if state.proof.is_none() => {
                vec![ChannelEvent::ProofStarted { until: *now + PROOF_LASTS }]
            }
            Command::PassProof(step) => match &state.proof {
                Some((_, passed)) if !passed.contains(step) => {
                    vec![ChannelEvent::ProofPassed { step: *step }]
                }
                _ => vec![],
            },
            Command::Prove if state.proof.is_some() || !state.is_proven => {
                vec![ChannelEvent::Proven {}]
            }
            Command::FailProof(step, detail) if state.proof.is_some() => {
                vec![ChannelEvent::ProofFailed { step: *step, detail: detail.clone() }]
            }
            // The first reason stays; a person's pause gives way to what a person cannot release.
            Command::Pause(reason, provider_code)
                if state.paused.is_none()
                    || state.paused == Some(PauseReason::Person)
                        && *reason != PauseReason::Person =>
            {
                vec![ChannelEvent::Paused { reason: *reason, provider_code: *provider_code }]
            }
            Command::Resume => match state.paused {
                None => vec![],
                Some(PauseReason::TokenExpired) => return Err(ChannelError::TokenExpired),
                Some(reason @ PauseReason::CompanySuspended) => {
                    return Err(ChannelError::Held(reason));
                }
                Some(_) => vec![ChannelEvent::Resumed {}],
            },
            Command::TellPortfolio(portfolio) if state.portfolio.as_ref() != Some(portfolio) => {
                vec![ChannelEvent::PortfolioTold { portfolio: portfolio.clone() }]
            }
            Command::Disconnect => vec![ChannelEvent::Disconnected {}],
            Command::Release(reason) if state.released_until.is_none_or(|until| until <= *now) => {
                vec![ChannelEvent::Released { until: *now + RELEASE_LASTS, reason: reason.clone() }]
            }
            Command::RefuseSignature
                if state.refused_at.is_none_or(|told| told + TOLD_AGAIN <= *now) =>
            {
                vec![ChannelEvent::SignatureRefused { at: *now }]
            }
            Command::Connect(_)
            | Command::Rename(_)
            | Command::StartProof
            | Command::Prove
            | Command::FailProof(..)
            | Command::Release(_)
            | Command::RefuseSignature
            | Command::TellPortfolio(_)
            | Command::Pause(..) => vec![],
            Command::Health { quality, tier, mps } => {
                health(state, quality.as_ref(), tier.as_ref(), *mps)
            }
            Command::Alert { field, event, raw } => vec![ChannelEvent::AccountAlerted {
                field: field.clone(),
                event: event.clone(),
                raw: raw.clone(),
            }],
        })
    }

    fn evolve(mut state: State, event: &ChannelEvent) -> State {
        match event {
            ChannelEvent::Connected { name, phone_number_id, waba_id, mps, secrets, .. } => {
                state.phone_number_id = Some(phone_number_id.clone());
                state.name = name.clone();
                state.waba_id = waba_id.clone();
                state.mps = *mps;
                state.secrets = *secrets;
            }
            ChannelEvent::Renamed { name } => state.name = name.clone(),
            ChannelEvent::CredentialsReplaced { secrets, app_secret, .. } => {
                state.secrets = *secrets;
                state.is_proven = state.is_proven && !app_secret;
                state.refused_at = state.refused_at.filter(|_| !app_secret);
            }
            ChannelEvent::HookKeyRotated { .. } => {
                state.is_proven = false;
                state.refused_at = None;
            }
            ChannelEvent::Released { until, .. } => state.released_until = Some(*until),
            ChannelEvent::SignatureRefused { at } => state.refused_at = Some(*at),
            ChannelEvent::ProofStarted { until } => state.proof = Some((*until, vec![])),
            ChannelEvent::ProofPassed { step } => {
                if let Some((_, passed)) = &mut state.proof {
                    passed.push(*step);
                }
            }
            ChannelEvent::Proven {} => {
                state.proof = None;
                state.is_proven = true;
                state.refused_at = None;
            }
            ChannelEvent::ProofFailed { .. } => state.proof = None,
            ChannelEvent::Paused { reason, .. } => state.paused = Some(*reason),
            ChannelEvent::Resumed {} => state.paused = None,
            ChannelEvent::Disconnected {} => state.is_disconnected = true,
            ChannelEvent::HealthChanged { quality, tier, mps } => {
                state.quality = quality.clone().or(state.quality);
                state.tier = tier.clone().or(state.tier);
                state.mps = mps.unwrap_or(state.mps);
            }
            ChannelEvent::PortfolioTold { portfolio } => state.portfolio = Some(portfolio.clone()),
            ChannelEvent::AccountAlerted { .. } => {}
        }
        state
    }

    fn claims(_company: Uuid, id: Uuid, state: &State, event: &ChannelEvent) -> Vec<Claim> {
        let (company, kind, owner) = (PLATFORM, NUMBER, id);
        match event {
            ChannelEvent::Connected { phone_number_id, .. } => {
                vec![Claim::Take { company, kind, key: number_key(&phone_number_id.0), owner }]
            }
            ChannelEvent::Disconnected {} => state
                .phone_number_id
                .as_ref()
                .map(|number| Claim::Release { company, kind, key: number_key(&number.0), owner })
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    fn timers(company: Uuid, id: Uuid, _state: &State, event: &ChannelEvent) -> Vec<TimerChange> {
        timer_of(company, id, event).into_iter().collect()
    }
}

/// Ends a proof that nobody watches any more.
pub const PROOF_TIMER: &str = "channels.proof";

fn timer_of(company: Uuid, id: Uuid, event: &ChannelEvent) -> Option<TimerChange> {
    let kind = PROOF_TIMER;
    match event {
        ChannelEvent::ProofStarted { until } => Some(TimerChange::Set(Timer {
            company,
            kind,
            id,
            due: *until + TimeDelta::seconds(3),
            latest: *until + TimeDelta::days(1),
            local: None,
            payload: "{}".to_owned(),
        })),
        ChannelEvent::Proven {} | ChannelEvent::ProofFailed { .. } => {
            Some(TimerChange::Cancel { company, kind, id })
        }
        _ => None,
    }
}

fn connected(connect: &Connect) -> Vec<ChannelEvent> {
    let mut events = vec![ChannelEvent::Connected {
        name: connect.name.clone(),
        medium: Medium::Whatsapp,
        phone_number_id: connect.phone_number_id.clone(),
        waba_id: connect.waba_id.clone(),
        display_number: connect.display_number.clone(),
        verified_name: connect.verified_name.clone(),
        mps: connect.mps,
        secrets: connect.secrets,
    }];
    if connect.quality.is_some() || connect.tier.is_some() {
        events.push(ChannelEvent::HealthChanged {
            quality: connect.quality.clone(),
            tier: connect.tier.clone(),
            mps: None,
        });
    }
    if let Some(portfolio) = &connect.portfolio {
        events.push(ChannelEvent::PortfolioTold { portfolio: portfolio.clone() });
    }
    events
}

fn health(
    state: &State,
    quality: Option<&ConfigText>,
    tier: Option<&ConfigText>,
    mps: Option<u32>,
) -> Vec<ChannelEvent> {
    let news = |told: Option<&ConfigText>, known: Option<&ConfigText>| {
        told.filter(|told| Some(*told) != known).cloned()
    };
    let quality = news(quality, state.quality.as_ref());
    let tier = news(tier, state.tier.as_ref());
    let mps = mps.filter(|mps| *mps != state.mps && *mps > 0);
    if quality.is_none() && tier.is_none() && mps.is_none() {
        return vec![];
    }
    vec![ChannelEvent::HealthChanged { quality, tier, mps }]
}

/// The key of a number's claim. The id is Meta's name of a company's number, not of a person.
#[must_use]
pub fn number_key(phone_number_id: &str) -> [u8; 16] {
    Claim::plain_key(phone_number_id)
}
