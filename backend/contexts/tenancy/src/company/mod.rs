//! A company: its name, what it may use, whether it is suspended, who of the platform acts in it.
//!
//! Invariants: an impersonation has a reason and lasts at most 30 minutes (D31); a quota's mark is
//! set once for each limit and percentage; what is so already yields no event.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use events::tenancy::CompanyEvent;
use kernel::decider::{Decider, Rejection};
use serde_json::Value;
use shared::{
    ids::{SessionId, UserId},
    permission::{Feature, Quota},
    problem::Kind,
    stored::ConfigText,
};

/// The longest impersonation.
pub const LONGEST_IMPERSONATION: TimeDelta = TimeDelta::minutes(30);
/// The longest name and reason, in characters.
const LONGEST_TEXT: usize = 200;

/// The stream of a company, in its own chain.
#[derive(Debug)]
pub struct CompanyStream;

/// What decisions about a company need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// It was created.
    pub exists: bool,
    /// Its name.
    pub name: String,
    /// Its time zone.
    pub zone: String,
    /// Reading only.
    pub is_suspended: bool,
    /// What it may use.
    pub features: BTreeSet<Feature>,
    /// How much of it: limit, and whether it stops there.
    pub quotas: BTreeMap<Quota, (i64, bool)>,
    /// Which marks each quota has passed, and in which period last.
    marks: BTreeMap<(Quota, u8), i32>,
    /// Who of the platform acts in it.
    impersonations: BTreeMap<SessionId, UserId>,
}

/// What may be asked of a company.
#[derive(Clone, Debug)]
pub enum CompanyCommand {
    /// Come to be, with everything in `features`.
    Create {
        /// Its name.
        name: String,
        /// Its time zone.
        zone: String,
        /// The language it begins with.
        locale: &'static str,
        /// What it may use.
        features: BTreeSet<Feature>,
    },
    /// Have another name.
    Rename {
        /// Which.
        name: String,
    },
    /// Be read only.
    Suspend {
        /// Why.
        reason: String,
    },
    /// Not be any more.
    Resume,
    /// May or may not use something.
    SetFeature {
        /// What.
        feature: Feature,
        /// Whether.
        is_on: bool,
    },
    /// May use so much.
    SetQuota {
        /// Of what.
        quota: Quota,
        /// How much.
        limit: i64,
        /// Whether it stops there.
        is_hard: bool,
    },
    /// Notice that 80 or 100 per cent of a quota are used.
    MarkQuota {
        /// Of what.
        quota: Quota,
        /// How much.
        percent: u8,
        /// In which period: year × 100 + month, or 0 for what is not counted by month.
        period: i32,
    },
    /// Somebody of the platform acts in it.
    StartImpersonation {
        /// Who.
        by: UserId,
        /// Why.
        reason: String,
        /// Until when at most.
        until: DateTime<Utc>,
        /// The session she acts in.
        session: SessionId,
    },
    /// She has stopped.
    EndImpersonation {
        /// The session she acted in.
        session: SessionId,
    },
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompanyError {
    /// There is none.
    #[error("the company does not exist")]
    Missing,
    /// There is one.
    #[error("the company exists already")]
    Exists,
    /// It has no name, or a longer one than fits.
    #[error("the name is empty or too long")]
    Name,
    /// No such zone.
    #[error("the time zone is not known")]
    Zone,
    /// It needs a reason.
    #[error("a reason is missing")]
    Reason,
    /// An amount below zero.
    #[error("the limit is below zero")]
    Limit,
    /// It would last too long, or not at all.
    #[error("the time of the impersonation is not possible")]
    Duration,
}

impl Rejection for CompanyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::Exists => Kind::Conflict,
            _ => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "not_found",
            Self::Exists => "tenancy.company_exists",
            Self::Name => "tenancy.name_unfit",
            Self::Zone => "tenancy.zone_unknown",
            Self::Reason => "tenancy.reason_missing",
            Self::Limit => "tenancy.limit_negative",
            Self::Duration => "tenancy.impersonation_duration",
        }
    }

    fn values(&self) -> BTreeMap<String, Value> {
        match self {
            Self::Name => BTreeMap::from([("most".to_owned(), LONGEST_TEXT.into())]),
            Self::Duration => BTreeMap::from([(
                "most_minutes".to_owned(),
                LONGEST_IMPERSONATION.num_minutes().into(),
            )]),
            _ => BTreeMap::new(),
        }
    }
}

/// A text that fits, without blanks around it.
pub(crate) fn fit(text: &str) -> Option<ConfigText> {
    let text = text.trim();
    let is_fit = !text.is_empty() && text.chars().count() <= LONGEST_TEXT;
    let is_plain = text.chars().all(|character| !character.is_control());
    (is_fit && is_plain).then(|| text.into())
}

impl Decider for CompanyStream {
    const STREAM: &'static str = "company";
    type State = Company;
    type Command = CompanyCommand;
    type Event = CompanyEvent;
    /// The time.
    type Facts = DateTime<Utc>;
    type Rejection = CompanyError;

    fn decide(
        company: &Company,
        command: &CompanyCommand,
        now: &DateTime<Utc>,
    ) -> Result<Vec<CompanyEvent>, CompanyError> {
        use CompanyCommand as Command;
        if let Command::Create { name, zone, locale, features } = command {
            return create(company, name, zone, locale, features);
        }
        if !company.exists {
            return Err(CompanyError::Missing);
        }
        Ok(match command {
            Command::Rename { name } => {
                let name = fit(name).ok_or(CompanyError::Name)?;
                if name.0 == company.name {
                    return Ok(vec![]);
                }
                vec![CompanyEvent::Renamed { name }]
            }
            Command::Suspend { .. } if company.is_suspended => vec![],
            Command::Suspend { reason } => {
                let reason = fit(reason).ok_or(CompanyError::Reason)?;
                vec![CompanyEvent::Suspended { reason }]
            }
            Command::Resume if company.is_suspended => vec![CompanyEvent::Resumed {}],
            Command::Create { .. } | Command::Resume => vec![],
            Command::SetFeature { feature, is_on } => {
                if company.features.contains(feature) == *is_on {
                    return Ok(vec![]);
                }
                vec![CompanyEvent::FeatureSet { feature: *feature, is_on: *is_on }]
            }
            Command::SetQuota { limit, .. } if *limit < 0 => return Err(CompanyError::Limit),
            Command::SetQuota { quota, limit, is_hard } => {
                if company.quotas.get(quota) == Some(&(*limit, *is_hard)) {
                    return Ok(vec![]);
                }
                vec![CompanyEvent::QuotaSet { quota: *quota, limit: *limit, is_hard: *is_hard }]
            }
            Command::MarkQuota { quota, percent, period } => {
                let marked = company.marks.get(&(*quota, *percent));
                if marked == Some(period) || !company.quotas.contains_key(quota) {
                    return Ok(vec![]);
                }
                let (quota, percent, period) = (*quota, *percent, *period);
                vec![CompanyEvent::QuotaReached { quota, percent, period }]
            }
            Command::StartImpersonation { by, reason, until, session } => {
                let reason = fit(reason).ok_or(CompanyError::Reason)?;
                if *until <= *now || *until - *now > LONGEST_IMPERSONATION {
                    return Err(CompanyError::Duration);
                }
                if company.impersonations.contains_key(session) {
                    return Ok(vec![]);
                }
                vec![CompanyEvent::ImpersonationStarted {
                    by: *by,
                    reason,
                    until: *until,
                    session: *session,
                }]
            }
            Command::EndImpersonation { session } => match company.impersonations.get(session) {
                Some(by) => {
                    vec![CompanyEvent::ImpersonationEnded { by: *by, session: *session }]
                }
                None => vec![],
            },
        })
    }

    fn evolve(mut company: Company, event: &CompanyEvent) -> Company {
        match event {
            CompanyEvent::Created { name, zone, .. } => {
                company.exists = true;
                company.zone.clone_from(&zone.0);
                company.name.clone_from(&name.0);
            }
            CompanyEvent::Renamed { name } => company.name.clone_from(&name.0),
            CompanyEvent::Suspended { .. } => company.is_suspended = true,
            CompanyEvent::Resumed {} => company.is_suspended = false,
            CompanyEvent::FeatureSet { feature, is_on } => {
                if *is_on {
                    company.features.insert(*feature);
                } else {
                    company.features.remove(feature);
                }
            }
            CompanyEvent::QuotaSet { quota, limit, is_hard } => {
                company.quotas.insert(*quota, (*limit, *is_hard));
                // A new limit is a new scale.
                company.marks.retain(|(marked, _), _| marked != quota);
            }
            CompanyEvent::QuotaReached { quota, percent, period } => {
                company.marks.insert((*quota, *percent), *period);
            }
            CompanyEvent::ImpersonationStarted { by, session, .. } => {
                company.impersonations.insert(*session, *by);
            }
            CompanyEvent::ImpersonationEnded { session, .. } => {
                company.impersonations.remove(session);
            }
        }
        company
    }
}

fn create(
    company: &Company,
    name: &str,
    zone: &str,
    locale: &'static str,
    features: &BTreeSet<Feature>,
) -> Result<Vec<CompanyEvent>, CompanyError> {
    if company.exists {
        return Err(CompanyError::Exists);
    }
    let name = fit(name).ok_or(CompanyError::Name)?;
    if zone.parse::<chrono_tz::Tz>().is_err() {
        return Err(CompanyError::Zone);
    }
    let created = CompanyEvent::Created { name, zone: zone.into(), locale: locale.into() };
    let features = features.iter();
    let features =
        features.map(|feature| CompanyEvent::FeatureSet { feature: *feature, is_on: true });
    Ok(std::iter::once(created).chain(features).collect())
}
