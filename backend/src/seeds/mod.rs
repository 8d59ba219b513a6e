//! Companies to try with: the demo, and bare ones for load.

mod people;

use serde_json::{Value, json};
use tenancy::seed::Seeded;

use crate::{app::App, flows::whatsapp::Seed};

/// How much of what.
#[derive(Clone, Debug)]
pub struct Load {
    /// Companies.
    pub companies: u32,
    /// Numbers over all of them.
    pub numbers: u32,
    /// People over all of them.
    pub contacts: u64,
    /// The app secret of every number.
    pub secret: String,
    /// The access token of every number.
    pub token: String,
}

/// The demo company, with a number of the simulated provider.
pub(crate) async fn demo(app: &App) -> anyhow::Result<Value> {
    let seeded = app.tenancy.seed_demo().await?;
    let seed = Seed {
        name: "Loja".to_owned(),
        phone_number_id: "100000001".to_owned(),
        waba_id: "900000001".to_owned(),
        display_number: "+55 11 4000-0001".to_owned(),
        token: "demo-access-token".to_owned(),
        app_secret: "demo-app-secret".to_owned(),
        mps: 80,
    };
    let channel = channel(app, &seeded, &seed).await?;
    Ok(company(&seeded, &[channel]))
}

/// Bare companies; the numbers are dealt out to them in turn, the people in equal parts.
pub(crate) async fn bare(app: &App, load: &Load) -> anyhow::Result<Value> {
    let mut companies = Vec::new();
    for number in 1..=load.companies {
        let seeded = app.tenancy.seed_bare(u64::from(number)).await?;
        let mut channels = Vec::new();
        for n in (1..=load.numbers).filter(|n| (n - 1) % load.companies == number - 1) {
            let seed = Seed {
                name: format!("Number {n}"),
                phone_number_id: (100_000_000 + u64::from(n)).to_string(),
                waba_id: (900_000_000 + u64::from(number)).to_string(),
                display_number: format!("+55 11 {:04}-{:04}", 4000 + n / 10_000, n % 10_000),
                token: load.token.clone(),
                app_secret: load.secret.clone(),
                mps: 1_000,
            };
            channels.push(channel(app, &seeded, &seed).await?);
        }
        let part = |n: u32| load.contacts * u64::from(n) / u64::from(load.companies);
        let some = (part(number - 1), part(number));
        people::make(app, seeded.company.into_uuid(), some).await?;
        companies.push(company(&seeded, &channels));
    }
    Ok(json!({ "companies": companies }))
}

async fn channel(app: &App, seeded: &Seeded, seed: &Seed) -> anyhow::Result<Value> {
    let (channel, key) = app.whatsapp.seed(seeded.company.into_uuid(), seed).await?;
    Ok(json!({
        "channel": shared::ids::ChannelId::from_uuid(channel),
        "name": seed.name,
        "phone_number_id": seed.phone_number_id,
        "display_number": seed.display_number,
        "waba_id": seed.waba_id,
        "hook_key": key.as_str(),
        "verify_token": key.verify_token(),
        "callback_url": format!("{}/hooks/meta/{}", app.config.public_url, key.as_str()),
        "app_secret": seed.app_secret,
        "access_token": seed.token,
    }))
}

fn company(seeded: &Seeded, channels: &[Value]) -> Value {
    json!({
        "company": seeded.company,
        "name": seeded.name,
        "users": seeded.users,
        "api_key": seeded.api_key,
        "channels": channels,
    })
}
