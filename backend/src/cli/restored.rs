//! `restored`: a database that came out of a backup lives on.

use std::{collections::BTreeSet, io::Write as _};

use anyhow::bail;
use chrono::{DateTime, Utc};
use kernel::incarnation::{Standing, command_line, release as let_act, restored as begin_again};

use super::Done;
use crate::{app::App, config::Config, flows::under_way};

pub(super) async fn restored(config: Config, lost_from: DateTime<Utc>) -> anyhow::Result<Done> {
    // Opening has destroyed again what was erased.
    let app = App::open(config, BTreeSet::new()).await?;
    let mut out = std::io::stdout().lock();
    if let Standing::Same(installation) = &app.base.standing {
        let is_held = installation.held_since.is_some();
        let rest = if is_held { ", and what acts waits for --release" } else { "" };
        writeln!(out, "this is the installation it was: nothing was changed{rest}")?;
        return Ok(Done::Well);
    }
    // What was published knows things that were lost: the streams are made anew from the ledger.
    app.under.bus.wipe(0).await?;
    // Before the new life begins, so that whatever breaks off here is done again.
    app.engine.models.catch_up().await?;
    let n_unknown = under_way::is_unknown(&app.base).await?;
    let life = begin_again(&app.base.ledger, &app.base.vault, command_line(), lost_from).await?;
    writeln!(
        out,
        "a new life began ({}). {n_unknown} messages that were not final at {lost_from} are unknown \
         and are not sent again. Start the platform and look; what acts waits for \
         masteria restored --lost-from {} --release",
        life.incarnation.simple(),
        lost_from.to_rfc3339()
    )?;
    Ok(Done::Well)
}

pub(super) async fn release(config: Config) -> anyhow::Result<Done> {
    let app = App::open(config, BTreeSet::new()).await?;
    let mut out = std::io::stdout().lock();
    match &app.base.standing {
        Standing::Moved(..) => bail!(
            "this database was restored and does not know from when on history was lost: first \
             masteria restored --lost-from <moment of the backup>"
        ),
        Standing::Same(installation) if installation.held_since.is_none() => {
            writeln!(out, "nothing waits for a release")?;
        }
        Standing::Same(_) => {
            let_act(&app.base.ledger, command_line()).await?;
            writeln!(out, "what acts, acts again")?;
        }
    }
    Ok(Done::Well)
}

#[cfg(test)]
mod tests {
    use events::catalogue::FAMILIES;
    use kernel::incarnation::{EXPORTED, OPENED, RELEASED, RESTORED};

    #[test]
    fn what_the_kernel_says_of_an_installation_stands_in_the_catalogue() {
        let family = FAMILIES.iter().find(|family| family.stream == "installation").unwrap();
        let mut known: Vec<&str> = family.entries.iter().map(|entry| entry.event_type).collect();
        let mut said = vec![RESTORED, RELEASED, OPENED, EXPORTED];
        known.sort_unstable();
        said.sort_unstable();
        assert_eq!(known, said);
    }
}
