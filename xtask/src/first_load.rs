//! What a browser loads before somebody can sign in and work: the page, and every file it names.
//!
//! Invariant: a build for users that is above the limit fails. What comes later is loaded by the
//! program and named nowhere in the page.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};

/// In bytes, as they travel.
const LIMIT: u64 = 300_000;

/// Measures a built page and refuses one that is too heavy.
pub(crate) fn check(dist: &Path) -> anyhow::Result<()> {
    let page = fs::read_to_string(dist.join("index.html"))?;
    let mut all = 0;
    for file in named(&page) {
        let size =
            travelling(&dist.join(file)).with_context(|| format!("the page names {file}"))?;
        eprintln!("{size:>9} B {file}");
        all += size;
    }
    eprintln!("{all:>9} B first load, of at most {LIMIT}");
    ensure!(all <= LIMIT, "the first load has {all} bytes, more than the {LIMIT} it may have");
    Ok(())
}

/// The page itself and what it names, each once.
fn named(page: &str) -> Vec<&str> {
    let mut files = vec!["index.html"];
    for word in ["href=\"/", "src=\"/"] {
        let rests = page.split(word).skip(1);
        files.extend(rests.filter_map(|rest| rest.split('"').next()));
    }
    files.sort_unstable();
    files.dedup();
    files
}

fn travelling(file: &Path) -> anyhow::Result<u64> {
    let compressed = format!("{}.br", file.display());
    let sent = fs::metadata(compressed).or_else(|_none| fs::metadata(file))?;
    Ok(sent.len())
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn each_file_of_the_page_counts_once() {
        let page = "<link href=\"/a.css\"><link href=\"data:,\"><script src=\"/b.js\">\
                    <link href=\"/a.css\"><use href=\"#i-x\">";
        assert_eq!(named(page), ["a.css", "b.js", "index.html"]);
    }
}
