//! Signing in, and who one is.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{CompanyId, SessionId, UserId},
    permission::{Feature, Permission, Quota, Role},
    platform::QuotaState,
};

/// `POST /api/v1/sessions`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// `POST /api/v1/me/password`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangePassword {
    /// The password of now.
    pub password: String,
    /// The one to come.
    pub new_password: String,
}

/// `GET /api/v1/me`, and the answer to a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Me {
    /// Who.
    pub user: UserId,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The language of the account: `pt-BR` or `en`.
    pub locale: String,
    /// Whether the platform's console is open to her.
    pub is_super_admin: bool,
    /// The session that asks.
    pub session: SessionId,
    /// Where she works.
    pub companies: Vec<MyCompany>,
    /// Set while somebody of the platform acts in her place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impersonation: Option<Impersonation>,
    /// The server's clock.
    pub now: DateTime<Utc>,
}

/// A company as its member sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MyCompany {
    /// Which.
    pub id: CompanyId,
    /// Its name.
    pub name: String,
    /// Her role in it.
    pub role: Role,
    /// What the role may.
    pub permissions: Vec<Permission>,
    /// What the company may use.
    pub features: Vec<Feature>,
    /// The time zone, such as `America/Sao_Paulo`.
    pub zone: String,
    /// Suspended by the platform: reading only; inbound is kept.
    pub is_suspended: bool,
    /// How much of what it may use, and how much is used.
    #[serde(default)]
    pub quotas: BTreeMap<Quota, QuotaState>,
}

impl MyCompany {
    /// Whether she may do something, by her role and by what the company may use: what is not so is
    /// not shown to her either.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
            && permission.feature().is_none_or(|feature| self.has(feature))
    }

    /// Whether the company may use something.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }
}

/// Somebody of the platform acts in a company (D31).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Impersonation {
    /// Who acts.
    pub by: UserId,
    /// In which company.
    pub company: CompanyId,
    /// Why, in her words.
    pub reason: String,
    /// When it ends by itself.
    pub until: DateTime<Utc>,
}

/// A session in the list `GET /api/v1/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub is_current: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
    /// The browser and system, in words.
    pub client: String,
    /// The network address.
    pub address: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::{CompanyId, Feature, MyCompany, Permission, Role};

    #[test]
    fn ad03_what_the_company_may_not_use_is_not_shown() {
        let mut company = MyCompany {
            id: CompanyId::from_uuid(Uuid::nil()),
            name: "C".to_owned(),
            role: Role::Owner,
            permissions: Permission::ALL.to_vec(),
            features: Feature::ALL.to_vec(),
            zone: "UTC".to_owned(),
            is_suspended: false,
            quotas: BTreeMap::new(),
        };
        assert!(Permission::ALL.into_iter().all(|permission| company.may(permission)));
        company.features = vec![Feature::WhatsappCloud];
        assert!(!company.may(Permission::SendMessages) && !company.may(Permission::ReadApiKeys));
        assert!(company.may(Permission::ReadContacts) && company.may(Permission::ManageChannels));
        company.features = Feature::ALL.to_vec();
        company.permissions.clear();
        assert!(!company.may(Permission::SendMessages));
    }
}
