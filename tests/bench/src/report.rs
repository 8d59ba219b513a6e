//! Results: a section a stage, kept in files and put together into docs/BENCHMARKS.md.

use std::{fs, path::Path};

use crate::processes::load;

/// One stage's table.
#[derive(Debug)]
pub(crate) struct Section {
    title: String,
    note: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Section {
    pub(crate) fn new(title: &str, note: &str, columns: &[&'static str]) -> Self {
        Self {
            title: title.to_owned(),
            note: note.to_owned(),
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.to_vec());
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
        text.push_str(&format_command(command));
        text
    }

    /// Shows it and keeps it.
    pub(crate) fn keep(&self, out: &Path, stage: &str, command: &str) -> anyhow::Result<()> {
        fs::create_dir_all(out)?;
        let text = self.written(command);
        eprintln!("\n{text}");
        fs::write(out.join(format!("{stage}.md")), text)?;
        Ok(())
    }
}

fn format_command(command: &str) -> String {
    format!("\n`{command}`, load average {}.\n", load())
}

/// Puts the sections that are there into one page, in the order of the stages.
pub(crate) fn publish(out: &Path, stages: &[&str], page: &Path) -> anyhow::Result<()> {
    let mut text = fs::read_to_string(page).unwrap_or_default();
    let head = text.find("\n## ").map_or(text.len(), |at| at + 1);
    text.truncate(head);
    if text.is_empty() {
        text.push_str(HEAD);
    }
    for stage in stages {
        if let Ok(section) = fs::read_to_string(out.join(format!("{stage}.md"))) {
            if !text.ends_with("\n\n") {
                text.push('\n');
            }
            text.push_str(&section);
        }
    }
    fs::write(page, text)?;
    Ok(())
}

const HEAD: &str = "\
# Figures

How fast it is, beside what a user would have instead, on the machine named below. Each figure is \
the median of its rounds; a round counts only if everything that was acknowledged is in the read \
model once. Deliveries are signed, 1 % come twice and 0.5 % are forged. PostgreSQL runs with fsync, \
synchronous_commit and full_page_writes on for all.
";
