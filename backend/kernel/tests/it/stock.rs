//! K13: the stock crates over our ledger: cqrs-es' framework and test framework, postgres-es' own
//! repository.

use cqrs_es::{
    AggregateError, CqrsFramework, EventStore, persist::PersistedEventStore, test::TestFramework,
};
use kernel::{
    commit::Context,
    cqrs::{AggregateOf, EventOf, LedgerStore, aggregate_id},
    execute::Request,
};
use postgres_es::PostgresEventRepository;
use shared::stored::Actor;
use uuid::Uuid;

use crate::{
    contact::{Contact, ContactCommand, ContactEvent, ContactRejection, ContactState},
    support::*,
};

type Contacts = AggregateOf<ContactState>;

fn store(db: &Db) -> LedgerStore {
    let context = Context::new(Actor::System("stock".into()), Uuid::nil(), [1; 16]);
    LedgerStore { ledger: db.ledger(), context }
}

async fn stock(db: &Db) -> PersistedEventStore<PostgresEventRepository, Contacts> {
    let pool = sqlx08::PgPool::connect(&db.url).await.unwrap();
    let repository = PostgresEventRepository::new(pool)
        .with_tables("ledger.stock_events", "ledger.no_snapshots");
    PersistedEventStore::new_event_store(repository)
}

#[test]
fn k13_a_decider_runs_in_the_stock_test_framework() {
    let registered = EventOf(ContactEvent::Registered { phone: "1".into() });
    let renumbered = EventOf(ContactEvent::Renumbered { from: "1".into(), to: "2".into() });
    TestFramework::<Contacts>::with(())
        .given(vec![registered.clone()])
        .when(ContactCommand::Renumber { phone: "2".into() })
        .then_expect_events(vec![renumbered]);
    TestFramework::<Contacts>::with(())
        .given(vec![registered])
        .when(ContactCommand::Register { phone: "1".into() })
        .then_expect_error(ContactRejection::Exists);
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_the_stock_framework_writes_our_ledger_and_the_stock_repository_reads_it() {
    let db = Db::new("stock").await;
    let framework = CqrsFramework::<Contacts, _>::new(store(&db), vec![], ());
    let id = aggregate_id(company(1), new_id());
    framework.execute(&id, ContactCommand::Register { phone: "+55 11".into() }).await.unwrap();
    for name in ["Ana", "Zoé \"Z\""] {
        framework.execute(&id, ContactCommand::Rename { name: name.into() }).await.unwrap();
    }
    let again = framework.execute(&id, ContactCommand::Register { phone: "1".into() }).await;
    assert!(matches!(again, Err(AggregateError::UserError(ContactRejection::Exists))));

    let stock = stock(&db).await;
    let context = stock.load_aggregate(&id).await.unwrap();
    assert_eq!(context.current_sequence, 3);
    let state = ContactState { phone: Some("+55 11".into()), names: 2 };
    assert_eq!(context.aggregate, AggregateOf(state));
    let ours = EventStore::<Contacts>::load_events(&store(&db), &id).await.unwrap();
    let theirs = stock.load_events(&id).await.unwrap();
    let events = |envelopes: &[cqrs_es::EventEnvelope<Contacts>]| {
        let pair = |envelope: &cqrs_es::EventEnvelope<Contacts>| {
            (envelope.sequence, envelope.payload.clone())
        };
        envelopes.iter().map(pair).collect::<Vec<_>>()
    };
    assert_eq!(events(&ours), events(&theirs));
    assert_eq!(db.sound().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_a_rival_shows_as_a_conflict_of_the_stock_framework() {
    let db = Db::new("stock_rival").await;
    let store = store(&db);
    let id = aggregate_id(company(1), new_id());
    let load = async || EventStore::<Contacts>::load_aggregate(&store, &id).await.unwrap();
    let (first, second) = (load().await, load().await);
    let events = || vec![EventOf(ContactEvent::Registered { phone: "1".into() })];
    EventStore::<Contacts>::commit(&store, events(), first, [].into()).await.unwrap();
    let late = EventStore::<Contacts>::commit(&store, events(), second, [].into()).await;
    assert!(matches!(late, Err(AggregateError::AggregateConflict)));
}

/// A thousand random streams of random commands: the stock repository folds each to our state.
#[tokio::test(flavor = "multi_thread")]
async fn k13_the_stock_repository_folds_1000_random_streams_to_the_same_state() {
    let db = Db::new("stock_many").await;
    let ledger = db.ledger();
    // A small generator of our own, so that a failure can be repeated.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let ids: Vec<(Uuid, Uuid)> =
        (0..1_000).map(|_| (company(u128::from(random(7))), new_id())).collect();
    for round in 0..4 {
        let mut requests = Vec::new();
        for (company, id) in &ids {
            let phone = format!("{id} \\ \"{}\" é", random(1_000));
            for _ in 0..=random(2) {
                let command = match (round, random(3)) {
                    (0, _) => ContactCommand::Register { phone: phone.clone() },
                    (_, 0) => ContactCommand::Renumber { phone: phone.clone() },
                    _ => ContactCommand::Rename { name: phone.clone() },
                };
                requests.push(Request::<Contact>::new(*company, *id, command, (), context()));
            }
        }
        ledger.execute_many(&requests).await.unwrap();
    }
    let stock = stock(&db).await;
    let mut events = 0;
    for (company, id) in ids {
        let theirs = stock.load_aggregate(&aggregate_id(company, id)).await.unwrap();
        let (version, ours) = ledger.load::<Contact>(company, id).await.unwrap();
        assert!(ours.phone.is_some());
        assert_eq!(
            (theirs.current_sequence, theirs.aggregate),
            (usize::try_from(version).unwrap(), AggregateOf(ours))
        );
        events += version;
    }
    assert!(events > 3_000);
    assert_eq!(db.sound().await, events);
}
