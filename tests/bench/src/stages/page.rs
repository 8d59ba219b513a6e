//! What a browser loads first: everything the page names, compressed.

use std::{fs, path::Path};

use anyhow::Context as _;

use crate::{
    figures::{real, written},
    report::Section,
    surroundings::Surroundings,
};

pub(super) fn measure(around: &Surroundings) -> anyhow::Result<Section> {
    let note = "The files of the built page as they travel: with brotli where there is a `.br`.";
    let mut section = Section::new("First load", note, &["kind", "kB", "files"]);
    let mut kinds: std::collections::BTreeMap<String, (u64, u64)> =
        std::collections::BTreeMap::new();
    gather(&around.dist, &mut kinds)?;
    let mut all = (0, 0);
    for (kind, (bytes, files)) in &kinds {
        all = (all.0 + bytes, all.1 + files);
        section.row(&[kind.clone(), written(real(*bytes) / 1_000.0), files.to_string()]);
    }
    section.row(&["all".to_owned(), written(real(all.0) / 1_000.0), all.1.to_string()]);
    Ok(section)
}

fn gather(
    folder: &Path,
    kinds: &mut std::collections::BTreeMap<String, (u64, u64)>,
) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("there is no built page in {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, kinds)?;
            continue;
        }
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_owned();
        if matches!(kind.as_str(), "br" | "gz" | "map") {
            continue;
        }
        let compressed = path.with_extension(format!("{kind}.br"));
        let sent = if compressed.exists() { compressed } else { path };
        let sum = kinds.entry(kind).or_default();
        sum.0 += fs::metadata(sent)?.len();
        sum.1 += 1;
    }
    Ok(())
}
