//! Commands: cached states are never believed where nothing proves them.

use kernel::{
    commit::{Append, Expected, Refused},
    decider::Decider as _,
    error::Error,
    execute::{Executed, Failure, Request},
    ledger::{Ledger, Options},
};
use proptest::prelude::*;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    contact::{Contact, ContactCommand, ContactRejection, ContactState},
    support::*,
};

pub(crate) fn request(id: Uuid, command: ContactCommand) -> Request<Contact> {
    Request::new(company(1), id, command, (), context())
}

pub(crate) fn register(phone: &str) -> ContactCommand {
    ContactCommand::Register { phone: phone.into() }
}

pub(crate) fn rename() -> ContactCommand {
    ContactCommand::Rename { name: "n".into() }
}

#[derive(Debug, Clone)]
enum Step {
    Command(usize, u128, ContactCommand),
    Many(usize, Vec<(u128, ContactCommand)>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let command = prop_oneof![
        (0..6u8).prop_map(|phone| register(&phone.to_string())),
        (0..6u8).prop_map(|phone| ContactCommand::Renumber { phone: phone.to_string() }),
        Just(rename()),
    ];
    let many = prop::collection::vec((0..4u128, command.clone()), 1..6);
    let step = prop_oneof![
        3 => (0..2usize, 0..4u128, command)
            .prop_map(|(ledger, id, command)| Step::Command(ledger, id, command)),
        1 => (0..2usize, many).prop_map(|(ledger, commands)| Step::Many(ledger, commands)),
    ];
    prop::collection::vec(step, 1..40)
}

async fn take(ledgers: &[Ledger; 2], case: u128, step: Step) {
    let request = |id, command| Request { company: company(case), ..request(id, command) };
    match step {
        Step::Command(ledger, id, command) => {
            let id = Uuid::from_u128(case + id);
            let (_, before) = ledgers[0].load::<Contact>(company(case), id).await.unwrap();
            let request = request(id, command);
            let decided = Contact::decide(&before, &request.command, &());
            match (ledgers[ledger].execute(&request).await, decided) {
                (Ok(Executed::Stored(..)), Ok(events)) => assert!(!events.is_empty()),
                (Ok(Executed::Unchanged(_)), Ok(events)) => assert!(events.is_empty()),
                (Err(Failure::Rejected(a)), Err(b)) => assert_eq!(a, b),
                (Err(Failure::Kernel(Error::Refused(Refused::ClaimTaken { .. }))), Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        Step::Many(ledger, commands) => {
            let requests: Vec<_> = commands
                .into_iter()
                .map(|(id, command)| request(Uuid::from_u128(case + id), command))
                .collect();
            match ledgers[ledger].execute_many(&requests).await {
                Ok(_) | Err(Error::Refused(Refused::ClaimTaken { .. })) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}

/// Two processes with caches of their own, any commands: what they believe is what the log says.
#[test]
fn k12_a_cached_state_equals_a_fresh_fold() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let db = runtime.block_on(Db::new("cached"));
    let config =
        ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let cases = std::sync::atomic::AtomicU64::new(0);
    let small = Options { states: 2, ..Options::default() };
    let ledgers = runtime
        .block_on(async { [db.ledger(), Ledger::open(&db.pools, &small, db.ground.clone())] });
    runner
        .run(&steps(), |steps| {
            let case = cases.fetch_add(1_000, std::sync::atomic::Ordering::Relaxed) + 1_000;
            runtime.block_on(async {
                for step in steps {
                    take(&ledgers, u128::from(case), step).await;
                }
            });
            Ok(())
        })
        .unwrap();
    runtime.block_on(async {
        db.sound().await;
        // Claims equal what a fold of all contacts says.
        let streams: Vec<(Uuid, Uuid)> =
            sqlx::query_as("select distinct company_id, stream_id from ledger.events")
                .fetch_all(&db.pools.direct)
                .await
                .unwrap();
        let mut phones = 0;
        for (company, id) in streams {
            let (_, state): (_, ContactState) =
                ledgers[0].load::<Contact>(company, id).await.unwrap();
            phones += i64::from(state.phone.is_some());
        }
        assert_eq!(db.number("select count(*) from ledger.claims").await, phones);
    });
}

/// Whether a process with an old state in its cache still says what is so.
pub(crate) async fn stale_states_are_looked_at(db: &Db) -> bool {
    let (a, b) = (db.ledger(), db.ledger());
    let id = new_id();
    b.execute(&request(id, register("1"))).await.unwrap();
    a.execute(&request(id, rename())).await.unwrap();
    // `b` moves on; `a`, with an old state in its cache, must not take "the phone is 1" for granted.
    b.execute(&request(id, ContactCommand::Renumber { phone: "2".into() })).await.unwrap();
    let back = a.execute(&request(id, ContactCommand::Renumber { phone: "1".into() })).await;
    matches!(back.unwrap(), Executed::Stored(_, 4))
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_a_stale_cache_neither_rejects_nor_forgets() {
    let db = Db::new("stale").await;
    assert!(stale_states_are_looked_at(&db).await);
    let (a, b) = (db.ledger(), db.ledger());
    let id = new_id();
    // `a` has never seen the contact, `b` registers it, `a` must not say "missing" later.
    let missing = a.execute(&request(id, rename())).await;
    assert!(matches!(missing, Err(Failure::Rejected(ContactRejection::Missing))));
    b.execute(&request(id, register("9"))).await.unwrap();
    a.execute(&request(id, rename())).await.unwrap();
    let seen = Request { seen: Some(2), ..request(id, rename()) };
    b.execute(&seen).await.unwrap();
    let late = b.execute(&seen).await;
    let moved = Error::Refused(Refused::WrongVersion {
        stream: id,
        expected: Expected::Exact(2),
        actual: 3,
    });
    assert_eq!(late.unwrap_err().to_string(), moved.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn k5_commands_on_one_stream_from_everywhere_all_count() {
    let db = Db::new("everywhere").await;
    let ledgers = db.ledgers(2).await;
    let id = new_id();
    ledgers[0].execute(&request(id, register("1"))).await.unwrap();
    let mut tasks = JoinSet::new();
    for ledger in in_turn(&ledgers, 16) {
        tasks.spawn(async move {
            let mut stored = 0;
            while stored < 10 {
                match ledger.execute(&request(id, rename())).await {
                    Ok(_) => stored += 1,
                    Err(Failure::Kernel(Error::Refused(Refused::WrongVersion { .. }))) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    assert_eq!(ledgers[0].load::<Contact>(company(1), id).await.unwrap().1.names, 160);
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_an_idempotent_command_is_answered_again_even_when_it_would_be_rejected_now() {
    let db = Db::new("again").await;
    let ledger = db.ledger();
    let command = Request { fingerprint: Some([1; 32]), ..request(new_id(), register("1")) };
    let Executed::Stored(_, 1) = ledger.execute(&command).await.unwrap() else { panic!() };
    for ledger in [ledger, db.ledger()] {
        let again = ledger.execute(&command).await.unwrap();
        assert_eq!(again, Executed::Replayed("{\"version\":1}".into()));
    }
    let other = Request { fingerprint: Some([2; 32]), ..command };
    let reused = db.ledger().execute(&other).await;
    assert!(matches!(reused, Err(Failure::Kernel(Error::Refused(Refused::KeyReused { .. })))));
    assert_eq!(db.sound().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn d20_what_a_command_asserts_of_others_is_stored_with_it_or_refuses_it() {
    let db = Db::new("also").await;
    let ledger = db.ledger();
    let (id, other) = (new_id(), new_id());
    let also = |version: i64, n: usize| -> Vec<Append> {
        vec![append(company(1), other, Expected::at(version), n)]
    };
    let first = Request { also: also(0, 1), ..request(id, register("1")) };
    ledger.execute(&first).await.unwrap();
    let wrong = Request { also: also(7, 0), ..request(id, rename()) };
    let refused = ledger.execute(&wrong).await;
    let named = matches!(refused, Err(Failure::Kernel(Error::Refused(
        Refused::WrongVersion { stream, actual: 1, .. }))) if stream == other);
    assert!(named);
    let right = Request { also: also(1, 0), ..request(id, rename()) };
    ledger.execute(&right).await.unwrap();
    assert_eq!(db.sound().await, 3);
}
