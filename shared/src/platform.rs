//! The platform's console.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::CompanyId,
    permission::{Feature, Quota},
};

/// A company in `GET /api/v1/platform/companies`: counters and metadata, never a body (D31).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Company {
    /// Which.
    pub id: CompanyId,
    /// Its name.
    pub name: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Suspended: reading only; inbound is kept.
    pub is_suspended: bool,
    /// What it may use.
    pub features: Vec<Feature>,
    /// How much of it.
    pub quotas: BTreeMap<Quota, QuotaState>,
    /// Its members.
    pub n_members: i64,
    /// Its channels.
    pub n_channels: i64,
    /// The version, for `If-Match`.
    pub version: i64,
}

/// A quota and its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct QuotaState {
    /// How much.
    pub limit: i64,
    /// Whether it stops at the limit.
    pub is_hard: bool,
    /// How much is used.
    pub used: i64,
}

/// `POST /api/v1/platform/companies`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CreateCompany {
    /// Its name.
    pub name: String,
    /// The time zone.
    pub zone: String,
    /// Its first owner.
    pub owner: crate::team::AddMember,
}

/// `POST /api/v1/platform/companies/{id}/suspend`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Suspend {
    /// Why, in the platform's words.
    pub reason: String,
}

/// `POST /api/v1/platform/companies/{id}/features/{feature}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SetFeature {
    /// Whether it may be used.
    pub is_on: bool,
}

/// `POST /api/v1/platform/companies/{id}/quotas/{quota}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SetQuota {
    /// How much.
    pub limit: i64,
    /// Whether it stops at the limit.
    pub is_hard: bool,
}

/// `POST /api/v1/platform/impersonations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Impersonate {
    /// Where.
    pub company: CompanyId,
    /// Why.
    pub reason: String,
    /// For how long, at most 30.
    pub minutes: u8,
}
