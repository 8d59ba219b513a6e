//! Which companies' lanes form a group (D19), and the groups that run in this process.
//!
//! **Invariants.** All lanes of a company are in one group, and so are those of companies that were ever
//! of one portfolio. Whoever reads the same ledger draws the same groups. A group that grows begins when
//! those it is made of have ended here; elsewhere the ledger refuses whoever comes late (D20).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::record::Recorded;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Sending,
    group::{Group, Seat},
    told::{self, Told},
};

/// Every company that sends, and what it shares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Roll {
    companies: BTreeSet<Uuid>,
    portfolios: BTreeMap<String, BTreeSet<Uuid>>,
}

impl Roll {
    pub(super) fn new(companies: Vec<Uuid>, portfolios: Vec<(Uuid, String)>) -> Self {
        let mut roll = Self { companies: companies.into_iter().collect(), ..Self::default() };
        for (company, portfolio) in portfolios {
            roll.told(company, portfolio);
        }
        roll
    }

    fn told(&mut self, company: Uuid, portfolio: String) {
        self.companies.insert(company);
        self.portfolios.entry(portfolio).or_default().insert(company);
    }

    /// The groups, each by the least of its companies.
    fn groups(&self) -> BTreeMap<Uuid, BTreeSet<Uuid>> {
        let mut root: BTreeMap<Uuid, Uuid> =
            self.companies.iter().map(|company| (*company, *company)).collect();
        // As often as the longest chain of portfolios is; mostly once.
        loop {
            let before = root.clone();
            for together in self.portfolios.values() {
                let least = together.iter().filter_map(|company| root.get(company)).min().copied();
                let Some(least) = least else { continue };
                for company in together {
                    root.insert(*company, least);
                }
            }
            if root == before {
                break;
            }
        }
        let mut groups: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
        for (company, least) in root {
            groups.entry(least).or_default().insert(company);
        }
        groups
    }
}

struct Running {
    members: BTreeSet<Uuid>,
    told: mpsc::UnboundedSender<Told>,
    ended: CancellationToken,
}

/// See the module.
pub(super) struct Fleet {
    sending: Sending,
    level_at: watch::Receiver<std::time::Duration>,
    roll: Roll,
    running: HashMap<Uuid, Running>,
    group_of: HashMap<Uuid, Uuid>,
}

impl Fleet {
    pub(super) fn new(
        sending: Sending,
        level_at: watch::Receiver<std::time::Duration>,
        roll: Roll,
    ) -> Self {
        let (running, group_of) = (HashMap::new(), HashMap::new());
        let mut fleet = Self { sending, level_at, roll, running, group_of };
        fleet.regroup();
        fleet
    }

    /// Passes an event on to the group that it concerns.
    pub(super) fn hear(&mut self, event: &std::sync::Arc<Recorded>) {
        match &*event.event_type {
            "channels.channel.connected" if self.roll.companies.insert(event.company) => {
                self.regroup();
            }
            "channels.channel.portfolio_told" => {
                if let Some(portfolio) = told::portfolio(event) {
                    self.roll.told(event.company, portfolio);
                    self.regroup();
                }
            }
            _ => {}
        }
        if told::matters(&event.event_type)
            && let Some(root) = self.group_of.get(&event.company)
            && let Some(group) = self.running.get(root)
        {
            // A group that has ended belongs to a process that ends.
            let _ = group.told.send(Told::Event(std::sync::Arc::clone(event)));
        }
    }

    /// Ends the groups whose companies changed and begins those that are made of them.
    fn regroup(&mut self) {
        for (root, members) in self.roll.groups() {
            if self.running.get(&root).is_some_and(|running| running.members == members) {
                continue;
            }
            let old: BTreeSet<Uuid> =
                members.iter().filter_map(|member| self.group_of.get(member)).copied().collect();
            let mut before = vec![];
            for old in old {
                if let Some(running) = self.running.remove(&old) {
                    let _ = running.told.send(Told::Disband { keeps_unit: old == root });
                    before.push(running.ended);
                }
            }
            for member in &members {
                self.group_of.insert(*member, root);
            }
            let (told, inbox) = mpsc::unbounded_channel();
            let ended = CancellationToken::new();
            let seat = Seat { root, members: members.clone(), before, ended: ended.clone() };
            let group = Group::new(self.sending.clone(), seat, told.clone(), self.level_at.clone());
            self.sending.tasks.spawn(group.run(inbox));
            self.running.insert(root, Running { members, told, ended });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::Roll;

    fn company(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn groups(roll: &Roll) -> Vec<Vec<u128>> {
        let numbers = |members: BTreeSet<Uuid>| members.iter().map(Uuid::as_u128).collect();
        roll.groups().into_values().map(numbers).collect()
    }

    #[test]
    fn d19_companies_of_one_portfolio_are_one_group_also_through_a_third() {
        let told = |pairs: &[(u128, &str)]| {
            let pairs = pairs.iter().map(|(n, portfolio)| (company(*n), (*portfolio).to_owned()));
            Roll::new((1..=5).map(company).collect(), pairs.collect())
        };
        assert_eq!(groups(&told(&[])), [[1], [2], [3], [4], [5]].map(Vec::from));
        assert_eq!(groups(&told(&[(2, "p"), (4, "p")])), [vec![1], vec![2, 4], vec![3], vec![5]]);
        // 5 and 1 meet through 3, whatever was told first.
        let chain = told(&[(5, "p"), (3, "p"), (3, "q"), (1, "q")]);
        assert_eq!(groups(&chain), [vec![1, 3, 5], vec![2], vec![4]]);
    }
}
