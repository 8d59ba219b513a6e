//! Whether the installation can do its work.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `GET /healthz`: the process is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Alive {
    /// The release that answers.
    pub version: String,
}

/// `GET /readyz`: ready per role. Lag is a metric, not readiness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Ready {
    /// Role to whether it can do its work.
    pub roles: BTreeMap<String, bool>,
    /// Set when this installation is held after a restore (D12).
    pub is_held: bool,
}
