//! What the processes of a run used: CPU time and memory, from `/proc`.

use std::{collections::BTreeMap, fs};

/// Linux counts in hundredths of a second.
const TICKS: f64 = 100.0;

#[derive(Debug, Clone)]
struct Process {
    parent: u32,
    name: String,
    /// Its own time and that of children that ended.
    ticks: f64,
}

/// CPU seconds of each stage so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cpu(pub(crate) BTreeMap<String, f64>);

impl Cpu {
    /// Of processes and all that descends from them, by the names given to them. Programs with the
    /// same name add up.
    pub(crate) fn of(roots: &[(&str, u32)]) -> Self {
        let all = processes();
        let mut sums = BTreeMap::new();
        for (name, root) in roots {
            let sum: f64 = all
                .iter()
                .filter(|(pid, _)| descends(&all, **pid, *root))
                .map(|(_, process)| process.ticks / TICKS)
                .sum();
            *sums.entry((*name).to_owned()).or_insert(0.0) += sum;
        }
        Self(sums)
    }

    /// What was used since.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let used = |(name, now): (&String, &f64)| {
            let before = earlier.0.get(name).copied().unwrap_or(0.0);
            (name.clone(), (now - before).max(0.0))
        };
        Self(self.0.iter().map(used).collect())
    }

    pub(crate) fn total(&self) -> f64 {
        self.0.values().sum()
    }

    /// `masteria 60 · postgres 40 µs`, for so many items.
    pub(crate) fn per(&self, items: f64) -> String {
        let each = |(name, seconds): (&String, &f64)| {
            format!("{name} {:.0}", seconds / items.max(1.0) * 1e6)
        };
        let parts: Vec<String> = self.0.iter().map(each).collect();
        format!("{} µs", parts.join(" · "))
    }
}

/// Children of our own parent by name: the services that were started beside us.
pub(crate) fn beside(name: &str) -> Option<u32> {
    let all = processes();
    let parent = all.get(&std::process::id())?.parent;
    all.iter()
        .find(|(_, process)| process.parent == parent && process.name.starts_with(name))
        .map(|(pid, _)| *pid)
}

/// Anonymous memory of a process, in megabytes: what it holds beyond its program and its files.
pub(crate) fn anonymous_mb(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1_024.0
}

/// The load average, as the kernel writes it.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn processes() -> BTreeMap<u32, Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, read(pid)?))
        })
        .collect()
}

fn read(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
    let ticks = (11..15).filter_map(number).sum();
    Some(Process { parent: fields.get(1)?.parse().ok()?, name: name.to_owned(), ticks })
}

fn descends(all: &BTreeMap<u32, Process>, pid: u32, root: u32) -> bool {
    let mut at = pid;
    for _ in 0..32 {
        if at == root {
            return true;
        }
        match all.get(&at) {
            Some(process) if process.parent > 1 => at = process.parent,
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_time_grows_with_work() {
        let us = [("us", std::process::id())];
        let before = Cpu::of(&us);
        let mut sum = 0_u64;
        while Cpu::of(&us).since(&before).total() < 0.02 {
            sum = (0..2_000_000).fold(sum, u64::wrapping_add);
        }
        assert!(anonymous_mb(std::process::id()) > 0.1, "{sum}");
    }
}
