//! What a browser loads first: the page and the files it names, compressed.

use std::{fs, path::Path};

use anyhow::Context as _;

use crate::{
    figures::{real, written},
    report::{Goal, Section},
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
    section.goal("first load, kB with brotli", real(all.0) / 1_000.0, Goal::AtMost(300.0, 250.0));
    Ok(section)
}

fn gather(
    folder: &Path,
    kinds: &mut std::collections::BTreeMap<String, (u64, u64)>,
) -> anyhow::Result<()> {
    let page = fs::read_to_string(folder.join("index.html"))
        .with_context(|| format!("there is no built page in {}", folder.display()))?;
    let mut files = vec!["index.html"];
    for word in ["href=\"/", "src=\"/"] {
        files.extend(page.split(word).skip(1).filter_map(|rest| rest.split('"').next()));
    }
    files.sort_unstable();
    files.dedup();
    for file in files {
        let path = folder.join(file);
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_owned();
        let compressed = path.with_extension(format!("{kind}.br"));
        let sent = if compressed.exists() { compressed } else { path };
        let sum = kinds.entry(kind).or_default();
        sum.0 += fs::metadata(sent)?.len();
        sum.1 += 1;
    }
    Ok(())
}
