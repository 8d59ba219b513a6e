//! `seed`: companies to try with, printed as JSON.

use std::{collections::BTreeSet, io::Write as _};

use anyhow::bail;

use super::{Done, Seed};
use crate::{app::App, config::Config, seeds};

pub(super) async fn seed(config: Config, seed: Seed) -> anyhow::Result<Done> {
    let app = App::open(config, BTreeSet::new()).await?;
    let seeded = if seed.demo {
        if !app.tenancy.is_empty().await? {
            bail!("the database has companies already; the demo is for an empty one");
        }
        seeds::demo(&app).await?
    } else {
        seeds::bare(
            &app,
            &seeds::Load {
                companies: seed.companies.unwrap_or_default(),
                numbers: seed.numbers,
                contacts: seed.contacts,
                secret: seed.secret,
                token: seed.token,
            },
        )
        .await?
    };
    writeln!(std::io::stdout(), "{seeded}")?;
    Ok(Done::Well)
}
