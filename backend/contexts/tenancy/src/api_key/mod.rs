//! A key of a company's own programs. What it opens with is hashed in a plain table; what it may and
//! whether it stands is here.
//!
//! Invariants: a key never may what its maker may not, nor anything about people's access; once
//! revoked it stays so.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use events::tenancy::ApiKeyEvent;
use kernel::decider::{Decider, Rejection};
use serde_json::Value;
use shared::{ids::CompanyId, permission::Permission, problem::Kind};

use crate::company::fit;

/// The stream of a key.
#[derive(Debug)]
pub struct ApiKeyStream;

/// What decisions about a key need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiKey {
    /// It was made.
    pub exists: bool,
    /// It is of no use any more.
    pub is_revoked: bool,
    /// What it may.
    pub scopes: BTreeSet<Permission>,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// Whether it opens anything.
    #[must_use]
    pub fn stands(&self, now: DateTime<Utc>) -> bool {
        self.exists && !self.is_revoked && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What may be asked of a key.
#[derive(Clone, Debug)]
pub enum ApiKeyCommand {
    /// Come to be.
    Create {
        /// Whose.
        company: CompanyId,
        /// What it is called.
        name: String,
        /// Its first characters.
        hint: String,
        /// What it may.
        scopes: BTreeSet<Permission>,
        /// Until when.
        expires_at: Option<DateTime<Utc>>,
    },
    /// Be of no use any more.
    Revoke,
}

/// What was looked up beforehand.
#[derive(Clone, Debug)]
pub struct Maker {
    /// The time.
    pub now: DateTime<Utc>,
    /// What its maker may.
    pub may: BTreeSet<Permission>,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// There is none.
    #[error("the key does not exist")]
    Missing,
    /// There is one.
    #[error("the key exists already")]
    Exists,
    /// It has no name, or a longer one than fits.
    #[error("the name is empty or too long")]
    Name,
    /// It may nothing.
    #[error("the key may nothing")]
    NoScopes,
    /// It would may more than its maker, or what no key may.
    #[error("the key may not {0}")]
    Scope(&'static str),
    /// It would be over before it begins.
    #[error("the key ends in the past")]
    Expired,
}

impl Rejection for ApiKeyError {
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
            Self::Exists => "tenancy.key_exists",
            Self::Name => "tenancy.name_unfit",
            Self::NoScopes => "tenancy.scopes_missing",
            Self::Scope(_) => "tenancy.scope_refused",
            Self::Expired => "tenancy.key_expired",
        }
    }

    fn values(&self) -> BTreeMap<String, Value> {
        match self {
            Self::Name => BTreeMap::from([("most".to_owned(), 200.into())]),
            Self::Scope(scope) => BTreeMap::from([("scope".to_owned(), (*scope).into())]),
            _ => BTreeMap::new(),
        }
    }
}

/// Whether programs may do it at all: who may come in is for people to decide.
#[must_use]
pub const fn is_for_programs(permission: Permission) -> bool {
    !matches!(
        permission,
        Permission::ManageTeam | Permission::ManageApiKeys | Permission::ManageCompany
    )
}

impl Decider for ApiKeyStream {
    const STREAM: &'static str = "api_key";
    type State = ApiKey;
    type Command = ApiKeyCommand;
    type Event = ApiKeyEvent;
    type Facts = Maker;
    type Rejection = ApiKeyError;

    fn decide(
        key: &ApiKey,
        command: &ApiKeyCommand,
        maker: &Maker,
    ) -> Result<Vec<ApiKeyEvent>, ApiKeyError> {
        match command {
            ApiKeyCommand::Create { .. } if key.exists => Err(ApiKeyError::Exists),
            ApiKeyCommand::Create { company, name, hint, scopes, expires_at } => {
                let name = fit(name).ok_or(ApiKeyError::Name)?;
                if scopes.is_empty() {
                    return Err(ApiKeyError::NoScopes);
                }
                let refused =
                    |scope: &&Permission| !is_for_programs(**scope) || !maker.may.contains(*scope);
                if let Some(scope) = scopes.iter().find(refused) {
                    return Err(ApiKeyError::Scope(scope.as_str()));
                }
                if expires_at.is_some_and(|end| end <= maker.now) {
                    return Err(ApiKeyError::Expired);
                }
                Ok(vec![ApiKeyEvent::Created {
                    company: *company,
                    name,
                    hint: hint.as_str().into(),
                    scopes: scopes.iter().map(|scope| scope.as_str().into()).collect(),
                    expires_at: *expires_at,
                }])
            }
            ApiKeyCommand::Revoke if !key.exists => Err(ApiKeyError::Missing),
            ApiKeyCommand::Revoke if key.is_revoked => Ok(vec![]),
            ApiKeyCommand::Revoke => Ok(vec![ApiKeyEvent::Revoked {}]),
        }
    }

    fn evolve(mut key: ApiKey, event: &ApiKeyEvent) -> ApiKey {
        match event {
            ApiKeyEvent::Created { scopes, expires_at, .. } => {
                key.exists = true;
                // A word that this version does not know gives nothing.
                let known = scopes.iter().filter_map(|scope| Permission::from_word(&scope.0));
                key.scopes = known.collect();
                key.expires_at = *expires_at;
            }
            ApiKeyEvent::Revoked {} => key.is_revoked = true,
        }
        key
    }
}
