//! Who should do a unit of work, and what follows for one process that looks at it. Pure.
//!
//! **Invariants.** Processes that see the same rows name the same one. When a process comes or goes,
//! only its share changes hands. A share is asked for, never taken, while its owner lives.

use std::{collections::HashMap, time::Duration};

use uuid::Uuid;

/// How long a unit that nobody has waits for the process whose share it is.
pub(super) const VACANT: Duration = Duration::from_millis(1_500);

/// A process that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) session: Uuid,
    /// The kinds of work it stands for.
    pub(super) serves: Vec<String>,
}

/// A row of `assignments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) node: Option<String>,
    pub(super) session: Option<Uuid>,
    pub(super) epoch: i64,
    pub(super) wanted_by: Option<String>,
}

/// What to do about a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is ours.
    Keep(i64),
    /// It is ours and somebody else's share, who asked for it.
    Yield(i64),
    /// It is another's and our share: ask for it.
    Ask(i64),
    /// Nobody has it and it is for us.
    Take,
    /// It is another's, or about to be.
    Leave,
}

/// The kind of a unit: what is before the colon.
pub(super) fn kind(unit: &str) -> &str {
    unit.split_once(':').map_or(unit, |(kind, _)| kind)
}

/// Whose share a unit is: of all that stand for its kind, the one that weighs most with it.
fn share<'a>(unit: &str, live: &'a HashMap<String, Peer>) -> Option<&'a str> {
    let kind = kind(unit);
    live.iter()
        .filter(|(_, peer)| peer.serves.iter().any(|served| served == kind))
        .map(|(node, _)| node.as_str())
        .max_by_key(|node| (weight(node, unit), *node))
}

/// What `node` does about a unit; `vacant` says for how long it has seen that nobody has it.
pub(super) fn step(
    unit: &str,
    held: Option<&Assignment>,
    (node, session): (&str, Uuid),
    live: &HashMap<String, Peer>,
    vacant: Duration,
) -> Step {
    let is_ours = share(unit, live).is_none_or(|share| share == node);
    let Some(held) = held else {
        return if is_ours || vacant >= VACANT { Step::Take } else { Step::Leave };
    };
    let wants = |other: &str| held.wanted_by.as_deref() == Some(other);
    if held.session == Some(session) {
        let asked = held.wanted_by.as_deref().is_some_and(|by| by != node && live.contains_key(by));
        return if asked { Step::Yield(held.epoch) } else { Step::Keep(held.epoch) };
    }
    let owner = held.node.as_deref().unwrap_or_default();
    let lives = held.session.is_some()
        && live.get(owner).is_some_and(|peer| Some(peer.session) == held.session);
    if lives {
        return if is_ours && !wants(node) { Step::Ask(held.epoch) } else { Step::Leave };
    }
    // An earlier run of this process had it.
    let was_ours = owner == node && held.session.is_some();
    if was_ours || is_ours || wants(node) || vacant >= VACANT { Step::Take } else { Step::Leave }
}

/// A number that node and unit give together, the same in every process (FNV-1a, then mixed).
fn weight(node: &str, unit: &str) -> u64 {
    let bytes = node.bytes().chain([0]).chain(unit.bytes());
    let mut sum = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    sum = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    sum = (sum ^ (sum >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    sum ^ (sum >> 31)
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, time::Duration};

    use uuid::Uuid;

    use super::{Assignment, Peer, Step, VACANT, share, step};

    const NOW: Duration = Duration::ZERO;

    fn live(nodes: &[&str]) -> HashMap<String, Peer> {
        let peer = |node: &&str| {
            let session = Uuid::from_u128(u128::from(node.as_bytes()[0]));
            ((*node).to_owned(), Peer { session, serves: vec!["lanes".into()] })
        };
        nodes.iter().map(peer).collect()
    }

    fn me(node: &'static str) -> (&'static str, Uuid) {
        (node, Uuid::from_u128(u128::from(node.as_bytes()[0])))
    }

    fn held(node: &str, session: Option<Uuid>) -> Assignment {
        Assignment { node: Some(node.to_owned()), session, epoch: 7, wanted_by: None }
    }

    /// A unit that is a's share beside b, and one that is b's.
    fn units() -> (String, String) {
        let of = |node: &str| {
            let mut all = (0..100).map(|n| format!("lanes:{n}"));
            all.find(|unit| share(unit, &live(&["a", "b"])) == Some(node)).unwrap()
        };
        (of("a"), of("b"))
    }

    #[test]
    fn shares_are_even_and_only_the_newcomers_change_hands() {
        let units: Vec<String> = (0..3_000).map(|n| format!("lanes:{n}")).collect();
        let (two, three) = (live(&["a", "b"]), live(&["a", "b", "c"]));
        let moved: Vec<_> =
            units.iter().filter(|unit| share(unit, &two) != share(unit, &three)).collect();
        assert!(moved.iter().all(|unit| share(unit, &three) == Some("c")));
        assert!((850..1_150).contains(&moved.len()), "{}", moved.len());
    }

    #[test]
    fn only_who_stands_for_a_kind_has_a_share_in_it() {
        let mut live = live(&["a", "b"]);
        live.get_mut("b").unwrap().serves = vec!["relay".into()];
        assert!((0..50).all(|n| share(&format!("lanes:{n}"), &live) == Some("a")));
    }

    #[test]
    fn a_share_is_asked_for_given_and_taken() {
        let (live, (_, unit)) = (live(&["a", "b"]), units());
        let mut row = held("a", Some(me("a").1));
        assert_eq!(step(&unit, Some(&row), me("a"), &live, NOW), Step::Keep(7));
        assert_eq!(step(&unit, Some(&row), me("b"), &live, NOW), Step::Ask(7));
        row.wanted_by = Some("b".into());
        assert_eq!(step(&unit, Some(&row), me("b"), &live, NOW), Step::Leave);
        assert_eq!(step(&unit, Some(&row), me("a"), &live, NOW), Step::Yield(7));
        row.session = None;
        assert_eq!(step(&unit, Some(&row), me("a"), &live, NOW), Step::Leave);
        assert_eq!(step(&unit, Some(&row), me("b"), &live, NOW), Step::Take);
    }

    #[test]
    fn nobody_yields_to_one_who_is_gone() {
        let (alone, (_, unit)) = (live(&["a"]), units());
        let row = Assignment { wanted_by: Some("b".into()), ..held("a", Some(me("a").1)) };
        assert_eq!(step(&unit, Some(&row), me("a"), &alone, NOW), Step::Keep(7));
    }

    #[test]
    fn what_an_earlier_run_had_is_taken_back_at_once_whosever_share_it_is() {
        let (live, (_, unit)) = (live(&["a", "b"]), units());
        let row = held("a", Some(Uuid::from_u128(1)));
        assert_eq!(step(&unit, Some(&row), me("a"), &live, NOW), Step::Take);
    }

    #[test]
    fn what_nobody_has_waits_a_moment_for_its_own() {
        let (live, (unit, _)) = (live(&["a", "b"]), units());
        let row = held("c", Some(Uuid::from_u128(1)));
        assert_eq!(step(&unit, Some(&row), me("a"), &live, NOW), Step::Take);
        assert_eq!(step(&unit, Some(&row), me("b"), &live, NOW), Step::Leave);
        assert_eq!(step(&unit, Some(&row), me("b"), &live, VACANT), Step::Take);
        assert_eq!(step(&unit, None, me("b"), &live, NOW), Step::Leave);
        assert_eq!(step(&unit, None, me("b"), &live, VACANT), Step::Take);
    }
}
