//! Results: a section a stage, kept in files and put together into docs/BENCHMARKS.md.
//!
//! Invariant: what falls short of its goal says so, in its section and in the summary.

use std::{fs, path::Path};

use crate::{figures::written, processes::load};

/// What a figure has to reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// As much as this, better as much as that.
    AtLeast(f64, f64),
    /// No more than this, better no more than that.
    AtMost(f64, f64),
}

impl Goal {
    fn verdict(self, is: f64) -> &'static str {
        let (must, stretch) = match self {
            Self::AtLeast(must, stretch) => (is >= must, is >= stretch),
            Self::AtMost(must, stretch) => (is <= must, is <= stretch),
        };
        match (must, stretch) {
            (_, true) => "reached, stretch too",
            (true, false) => "reached",
            _ => "**falls short**",
        }
    }

    fn written(self) -> (String, String) {
        match self {
            Self::AtLeast(must, stretch) => {
                (format!("≥ {}", plain(must)), format!("≥ {}", plain(stretch)))
            }
            Self::AtMost(must, stretch) => {
                (format!("≤ {}", plain(must)), format!("≤ {}", plain(stretch)))
            }
        }
    }
}

/// A goal as people wrote it: without decimals where there are none.
fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 100.0 { format!("{value:.0}") } else { written(value) }
}

/// One stage's table.
#[derive(Debug)]
pub(crate) struct Section {
    title: String,
    note: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    goals: Vec<String>,
}

impl Section {
    pub(crate) fn new(title: &str, note: &str, columns: &[&'static str]) -> Self {
        Self {
            title: title.to_owned(),
            note: note.to_owned(),
            columns: columns.to_vec(),
            rows: Vec::new(),
            goals: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.to_vec());
    }

    /// Compares a figure with what it has to be. One that was not measured has no verdict.
    pub(crate) fn goal(&mut self, what: &str, is: f64, goal: Goal) {
        let (must, stretch) = goal.written();
        let verdict = if is.is_finite() { goal.verdict(is) } else { "not measured" };
        self.goals.push(format!("| {what} | {} | {must} | {stretch} | {verdict} |\n", written(is)));
    }

    fn written(&self, command: &str) -> String {
        let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
        let mut text = format!("## {}\n\n", self.title);
        if !self.note.is_empty() {
            text.push_str(&self.note);
            text.push_str("\n\n");
        }
        text.push_str(&line(self.columns.clone()));
        text.push_str(&line(vec!["---"; self.columns.len()]));
        for row in &self.rows {
            text.push_str(&line(row.iter().map(String::as_str).collect()));
        }
        if !self.goals.is_empty() {
            text.push_str(GOALS);
            text.push_str(&self.goals.concat());
        }
        text.push_str(&format_command(command));
        text
    }

    /// Shows it and keeps it.
    pub(crate) fn keep(&self, out: &Path, stage: &str, command: &str) -> anyhow::Result<()> {
        fs::create_dir_all(out)?;
        let text = self.written(command);
        eprintln!("\n{text}");
        fs::write(out.join(format!("{stage}.md")), text)?;
        fs::write(out.join(format!("{stage}.goals")), self.goals.concat())?;
        Ok(())
    }
}

const GOALS: &str = "\n| goal | is | must | stretch | |\n| --- | --- | --- | --- | --- |\n";

fn format_command(command: &str) -> String {
    format!("\n`{command}`, load average {} at its end.\n", load())
}

/// Puts the sections that are there into one page, in the order of the stages, behind what stands at
/// the page's head, which people write.
pub(crate) fn publish(
    out: &Path,
    stages: &[&str],
    machine: &str,
    page: &Path,
) -> anyhow::Result<()> {
    let mut text = fs::read_to_string(page).unwrap_or_default();
    let head = text.find("\n## ").map_or(text.len(), |at| at + 1);
    text.truncate(head);
    if text.is_empty() {
        text.push_str(HEAD);
    }
    let read = |stage: &str, kind| fs::read_to_string(out.join(format!("{stage}.{kind}"))).ok();
    let goals: String = stages.iter().filter_map(|stage| read(stage, "goals")).collect();
    let summary = format!("## Summary\n\n{machine}\n{GOALS}{goals}");
    for section in std::iter::once(summary).chain(stages.iter().filter_map(|it| read(it, "md"))) {
        if !text.ends_with("\n\n") {
            text.push('\n');
        }
        text.push_str(&section);
    }
    fs::write(page, text)?;
    Ok(())
}

const HEAD: &str = "\
# Figures

How fast it is, beside what a user would have instead, on the machine named below. Each figure is \
the median of its rounds; a round counts only if everything that was acknowledged is in the read \
model once, within five seconds of the end. Deliveries are signed, 1 % come twice and 0.5 % are \
forged. PostgreSQL runs with fsync, synchronous_commit and full_page_writes on for all, and all share \
one machine with the load generator.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_falls_short_says_so() {
        assert_eq!(Goal::AtLeast(4.0, 7.0).verdict(3.9), "**falls short**");
        assert_eq!(Goal::AtLeast(4.0, 7.0).verdict(4.0), "reached");
        assert_eq!(Goal::AtMost(100.0, 40.0).verdict(40.0), "reached, stretch too");
        assert_eq!(Goal::AtMost(100.0, 40.0).verdict(101.0), "**falls short**");
    }

    #[test]
    fn a_page_keeps_its_head_and_gets_its_sections_anew() {
        let out =
            std::env::temp_dir().join(format!("masteria-bench-report-{}", std::process::id()));
        let page = out.join("BENCHMARKS.md");
        let mut section = Section::new("Disk", "", &["a"]);
        section.row(&["1".to_owned()]);
        section.goal("bytes", 650.0, Goal::AtMost(700.0, 400.0));
        section.keep(&out, "disk", "bench disk").unwrap();
        fs::write(&page, "# Figures\n\nBy hand.\n\n## Old\n\nold\n").unwrap();
        publish(&out, &["disk", "page"], "Two cores.", &page).unwrap();
        let text = fs::read_to_string(&page).unwrap();
        fs::remove_dir_all(&out).unwrap();
        assert!(text.starts_with("# Figures\n\nBy hand.\n\n## Summary\n\nTwo cores.\n"), "{text}");
        assert!(text.contains("\n## Disk\n") && !text.contains("Old"), "{text}");
        assert_eq!(text.matches("| bytes | 650 | ≤ 700 | ≤ 400 | reached |").count(), 2, "{text}");
    }
}
