//! What exists, kept in a file: a simulator that is started again still knows the numbers, their
//! subscriptions, the templates and the customers. What was said is not kept.

use std::{fs, path::Path, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::world::{Core, World, numbers::Numbers, people::Person, templates::Templates};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Saved {
    numbers: Numbers,
    templates: Templates,
    callback_url: Option<String>,
    people: Vec<Person>,
}

/// Takes what an earlier life left.
pub(crate) fn load(world: &mut World, path: &Path) -> anyhow::Result<()> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("failed to read {}", path.display()));
        }
    };
    let saved: Saved = serde_json::from_str(&text)
        .with_context(|| format!("failed to understand {}; remove it", path.display()))?;
    world.numbers = saved.numbers;
    world.templates = saved.templates;
    world.config.callback_url = world.config.callback_url.take().or(saved.callback_url);
    for person in saved.people {
        if world.people.find_user(&person.user_id).is_none() {
            world.people.add(person);
        }
    }
    Ok(())
}

/// Writes the file whenever what it holds has changed.
pub(crate) async fn keep(core: Arc<Core>, path: PathBuf) {
    let mut last = String::new();
    loop {
        let is_over = tokio::select! {
            () = core.stop.cancelled() => true,
            () = tokio::time::sleep(Duration::from_secs(1)) => false,
        };
        let text = written(&core.world());
        if text != last && write(&path, &text).is_ok() {
            last = text;
        }
        if is_over {
            return;
        }
    }
}

fn written(world: &World) -> String {
    let people = world.people.iter().map(|(_, person)| person);
    let saved = Saved {
        numbers: Numbers {
            wabas: world.numbers.wabas.clone(),
            by_id: world.numbers.by_id.clone(),
            ..Numbers::default()
        },
        templates: Templates(world.templates.0.clone()),
        callback_url: world.config.callback_url.clone(),
        people: people.filter(|person| person.on_phone).cloned().collect(),
    };
    serde_json::to_string_pretty(&saved).unwrap_or_default()
}

/// Whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}
