//! Companies to try with: the demo, and bare ones for load.

use serde_json::{Value, json};

use crate::app::App;

/// How much of what.
pub(crate) struct Load {
    pub(crate) companies: u32,
    pub(crate) numbers: u32,
    pub(crate) contacts: u32,
    pub(crate) secret: String,
    pub(crate) token: String,
}

/// The demo company.
pub(crate) async fn demo(app: &App) -> anyhow::Result<Value> {
    let seeded = app.tenancy.seed_demo().await?;
    Ok(json!({
        "company": seeded.company,
        "name": seeded.name,
        "users": seeded.users,
        "api_key": seeded.api_key,
        "channels": [],
    }))
}

/// Bare companies.
pub(crate) async fn bare(app: &App, load: &Load) -> anyhow::Result<Value> {
    let mut companies = Vec::new();
    for number in 0..load.companies {
        let seeded = app.tenancy.seed_bare(u64::from(number)).await?;
        companies.push(json!({
            "company": seeded.company,
            "name": seeded.name,
            "users": seeded.users,
            "api_key": seeded.api_key,
            "channels": [],
        }));
    }
    Ok(json!({ "companies": companies }))
}
