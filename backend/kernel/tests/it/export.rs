//! The signed export: verified by others, replayed into a database for audit.

use std::{io::Write as _, path::Path, process::Command, sync::Arc};

use kernel::{
    commit::{Append, Commit, Context, Expected, NewEvent, Stream},
    error::Error,
    export::{export, replay},
    incarnation::{Purpose, standing},
    record::canonical,
};
use sha2::{Digest as _, Sha256};
use shared::stored::Actor;
use uuid::Uuid;

use crate::support::*;

async fn exported(db: &Db) -> Vec<u8> {
    let (ledger, vault) = (db.ledger(), db.vault().await);
    for n in 0..30 {
        let mut commit = one(company(n % 2), new_id(), Expected::Empty);
        commit.appends[0].events[0].payload =
            "{\"quote\": \"\\\" é \\u0001\", \"n\":1.0}".to_owned();
        let mut context = Context::new(Actor::User(new_id().into()), new_id(), [7; 16]);
        context.correlation_id = (n % 3 == 0).then(new_id);
        context.acting_for = (n % 5 == 0).then(new_id);
        context.policy = (n % 7 == 0).then_some(3);
        commit.appends[0].context = Arc::new(context);
        ledger.commit(commit).await.unwrap();
    }
    let mut file = Vec::new();
    let done = export(&ledger, &vault, company(1), &mut file).await.unwrap();
    assert_eq!(done.events, 15);
    file
}

/// What `tests/verify_export.py` says of a file: whether it is content, and its words.
fn python(file: &[u8]) -> (bool, String) {
    let mut named = tempfile::NamedTempFile::new().unwrap();
    named.write_all(file).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/verify_export.py");
    let output = Command::new("python3").arg(script).arg(named.path()).output().unwrap();
    let said =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn d8_fifty_lines_of_python_verify_an_export_and_find_every_change() {
    let db = Db::new("export").await;
    let file = exported(&db).await;
    let (content, said) = python(&file);
    assert!(content, "{said}");
    assert!(said.contains("15 events"), "{said}");
    let text = String::from_utf8(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for (what, changed) in [
        ("a changed payload", text.replacen("\\\"n\\\":1.0", "\\\"n\\\":2.0", 1)),
        ("a changed actor", text.replacen("\"actor_kind\":\"user\"", "\"actor_kind\":\"usar\"", 1)),
        ("a changed depth", text.replacen("\"depth\":0", "\"depth\":1", 1)),
        ("a missing event", [&lines[..3], &lines[4..]].concat().join("\n")),
        ("a cut end", [&lines[..14], &lines[16..]].concat().join("\n")),
        ("another company", text.replacen(&company(1).to_string(), &company(2).to_string(), 1)),
        ("a changed count", text.replacen("\"events\":15", "\"events\":14", 1)),
        ("no head", lines[..16].join("\n")),
    ] {
        assert_ne!(changed, text, "{what}");
        assert!(!python(changed.as_bytes()).0, "{what} was not found");
    }
    // The head is signed: another signature is refused.
    let at = text.find("\"signature\":\"").unwrap() + 13;
    let mut bent = text.clone().into_bytes();
    bent[at] = if bent[at] == b'0' { b'1' } else { b'0' };
    assert!(!python(&bent).0, "a wrong signature was not found");
}

#[test]
fn d8_the_python_has_at_most_fifty_lines() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/verify_export.py");
    assert!(std::fs::read_to_string(script).unwrap().lines().count() <= 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_an_export_is_replayed_into_a_database_for_audit_only() {
    let db = Db::new("replay_from").await;
    let file = exported(&db).await;
    let audit = Db::new("replay_to").await;
    let standing = standing(&audit.pools, &audit.ground, Purpose::Audit).await.unwrap();
    assert!(!standing.may_act());
    let done = replay(&audit.pools, 0, &mut file.as_slice()).await.unwrap();
    assert_eq!((done.events, done.company), (15, company(1)));
    assert_eq!(audit.sound().await, 15);
    let (ours, theirs) = (
        db.ledger().read_company(company(1), 1, 100).await.unwrap(),
        audit.ledger().read_company(company(1), 1, 100).await.unwrap(),
    );
    for (ours, theirs) in ours.into_iter().zip(theirs) {
        assert_eq!(kernel::record::Recorded { position: theirs.position, ..ours }, theirs);
    }
    // Twice is refused, and so is a changed one; nothing of it is kept.
    assert!(replay(&audit.pools, 0, &mut file.as_slice()).await.is_err());
    let fresh = Db::new("replay_bent").await;
    kernel::incarnation::standing(&fresh.pools, &fresh.ground, Purpose::Audit).await.unwrap();
    let bent = String::from_utf8(file.clone()).unwrap().replacen("1.0", "2.0", 1);
    assert!(replay(&fresh.pools, 0, &mut bent.as_bytes()).await.is_err());
    let without_head = bent.lines().take(10).collect::<Vec<_>>().join("\n");
    assert!(replay(&fresh.pools, 0, &mut without_head.as_bytes()).await.is_err());
    assert_eq!(fresh.sound().await, 0);
    let live = Db::new("replay_live").await;
    kernel::incarnation::standing(&live.pools, &live.ground, Purpose::Live).await.unwrap();
    let refused = replay(&live.pools, 0, &mut file.as_slice()).await;
    assert!(matches!(refused, Err(Error::Store(_))));
}

/// The worked vector of `docs/LEDGER.md`.
#[tokio::test(flavor = "multi_thread")]
async fn d8_the_worked_vector_of_the_documentation_is_right() {
    let recorded = vector();
    let bytes = canonical(&[0; 32], &recorded);
    let hash: [u8; 32] = Sha256::digest(&bytes).into();
    let doc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/LEDGER.md");
    let doc = std::fs::read_to_string(doc).unwrap();
    let digits: String = doc.split_whitespace().collect();
    assert!(digits.contains(&hex::encode(&bytes)), "canonical bytes: {}", hex::encode(&bytes));
    assert!(digits.contains(&hex::encode(hash)), "hash: {}", hex::encode(hash));
    assert_eq!(kernel::record::chain(&[0; 32], &recorded), hash);
}

fn vector() -> kernel::record::Recorded {
    let id = |n: u128| Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + n);
    kernel::record::Recorded {
        shard: 0,
        position: 77,
        company: id(1),
        company_seq: 1,
        stream_kind: "contact".into(),
        stream: id(2),
        stream_seq: 1,
        event_id: id(3),
        event_type: "contacts.contact.created".into(),
        event_version: 1,
        recorded_at: "2026-12-01T12:00:00.000001Z".parse().unwrap(),
        actor_kind: "user".into(),
        actor_id: Some(id(4)),
        acting_for: None,
        origin: None,
        command_id: id(5),
        correlation_id: id(5),
        causation_id: id(5),
        trace: id(6).into_bytes(),
        depth: 0,
        undoes: None,
        policy: Some(7),
        payload: "{\"n\":1}".into(),
        hash: [0; 32],
    }
}

/// An export of a history that does not fit one page, and of none.
#[tokio::test(flavor = "multi_thread")]
async fn d8_long_and_empty_histories_are_exported_whole() {
    let db = Db::new("export_long").await;
    let (ledger, vault) = (db.ledger(), db.vault().await);
    let events = (0..4_500).map(event).collect::<Vec<NewEvent>>();
    let stream = Stream { kind: "thing", id: new_id() };
    let company = company(1);
    let expected = Expected::Empty;
    let append = Append { company, stream, expected, context: context(), events };
    ledger.commit(Commit { appends: vec![append], ..Commit::default() }).await.unwrap();
    let mut file = Vec::new();
    assert_eq!(export(&ledger, &vault, company, &mut file).await.unwrap().events, 4_500);
    assert!(python(&file).0);
    let mut none = Vec::new();
    export(&ledger, &vault, crate::support::company(9), &mut none).await.unwrap();
    assert!(python(&none).0);
}
