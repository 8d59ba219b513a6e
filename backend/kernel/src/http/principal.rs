//! Who asks, and what may be known of her: the principal of a request (D35).
//!
//! Invariants: rights come from the [`Authority`] only; what it cannot tell is refused; what it told
//! is used for [`FRESH`] and, while it does not answer, for [`FAILS_CLOSED`] at most.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use shared::{
    ids::{ApiKeyId, SessionId, UserId},
    permission::{Feature, Permission, Quota, Role},
    platform::QuotaState,
    stored::Actor,
};
use uuid::Uuid;

use super::language::Language;

/// How long an answer of the authority is used without asking again.
pub const FRESH: Duration = Duration::from_secs(1);
/// How long it is used while the authority does not answer (D13).
pub const FAILS_CLOSED: Duration = Duration::from_mins(1);

/// What a request shows to prove who asks: SHA-256 of a token. The token itself is kept nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// The cookie of a browser.
    Session([u8; 32]),
    /// `Authorization: Bearer mia_…`.
    ApiKey([u8; 32]),
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A person in her own name.
    User {
        /// Who.
        user: UserId,
        /// Where she is signed in.
        session: SessionId,
    },
    /// A person of the platform who acts in a company's place (D31).
    Impersonator {
        /// Who.
        user: UserId,
        /// Where she is signed in.
        session: SessionId,
        /// In which company.
        company: Uuid,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// A company's own program.
    ApiKey {
        /// Which.
        key: ApiKeyId,
        /// What it may.
        scopes: BTreeSet<Permission>,
    },
    /// A part of the system.
    System(&'static str),
}

impl Principal {
    /// As events name her.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::User { user, .. } | Self::Impersonator { user, .. } => Actor::User(*user),
            Self::ApiKey { key, .. } => Actor::ApiKey(*key),
            Self::System(name) => Actor::System((*name).into()),
        }
    }

    /// The id behind it, for keys of its own requests.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::User { user, .. } | Self::Impersonator { user, .. } => user.into_uuid(),
            Self::ApiKey { key, .. } => key.into_uuid(),
            Self::System(_) => Uuid::nil(),
        }
    }

    /// The session, if it is a person.
    #[must_use]
    pub const fn session(&self) -> Option<SessionId> {
        match self {
            Self::User { session, .. } | Self::Impersonator { session, .. } => Some(*session),
            Self::ApiKey { .. } | Self::System(_) => None,
        }
    }

    /// The user, if it is a person.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::User { user, .. } | Self::Impersonator { user, .. } => Some(*user),
            Self::ApiKey { .. } | Self::System(_) => None,
        }
    }
}

/// A company as its rights need it, and the principal's place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub company: Uuid,
    /// The principal's role; a program has none.
    pub role: Option<Role>,
    /// Reading only.
    pub is_suspended: bool,
    /// What it may use.
    pub features: BTreeSet<Feature>,
    /// How much of it.
    pub quotas: BTreeMap<Quota, QuotaState>,
}

/// What the authority says of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Who it is.
    pub principal: Principal,
    /// The language of the account.
    pub language: Option<Language>,
    /// Whether the platform's console is open to her.
    pub is_super_admin: bool,
    /// Every company she may act in; one, if she is a program or impersonates.
    pub companies: Vec<Standing>,
}

/// The authority does not answer: nothing may be assumed.
#[derive(Debug, thiserror::Error)]
#[error("the rights cannot be read")]
pub struct Unknown(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Who knows people, programs and their rights.
pub trait Authority: Send + Sync + 'static {
    /// Whose the credential is; nobody's: `None`. Expired, revoked and disabled are nobody's.
    fn admit(&self, credential: Credential) -> BoxFuture<'_, Result<Option<Admitted>, Unknown>>;
}

/// Something ended or changed that open sockets must look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A session was ended.
    Session(SessionId),
    /// A user's rights changed anywhere.
    User(UserId),
    /// A program's key was revoked.
    ApiKey(ApiKeyId),
    /// A company's rights changed for all.
    Company(Uuid),
}

impl Ended {
    /// Whether it concerns a principal in a company.
    #[must_use]
    pub fn concerns(self, principal: &Principal, company: Option<Uuid>) -> bool {
        match self {
            Self::Session(session) => principal.session() == Some(session),
            Self::User(user) => principal.user() == Some(user),
            Self::ApiKey(ended) => {
                matches!(principal, Principal::ApiKey { key, .. } if *key == ended)
            }
            Self::Company(ended) => company == Some(ended),
        }
    }
}
