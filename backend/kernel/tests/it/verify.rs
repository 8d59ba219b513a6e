//! K3: any altered, missing or exchanged event is found.

use kernel::{
    commit::Expected,
    heads::{broken_heads, sign_heads},
    verify::{Audit, Fault, Fold, Raw, Scope, verify},
};

use crate::support::*;

async fn audit(db: &Db) -> Audit<()> {
    verify::<()>(&db.pools.direct, Scope::Shard(0)).await.unwrap()
}

/// What an alteration of each column is found as.
pub(crate) async fn alterations_are_found(db: &Db) -> bool {
    let ledger = db.ledger();
    for i in 0..20 {
        ledger.commit(one(company(i % 3), new_id(), Expected::Empty)).await.unwrap();
    }
    db.run(
        "alter table ledger.events no force row level security;
         create table ledger.kept as select * from ledger.events;
         insert into ledger.words (word) values ('demo.thing.happenee'), ('think'), ('system:tesu')",
    )
    .await;
    let changes = [
        "payload = replace(payload::text, 'é', 'è')::json",
        "payload = replace(payload::text, ', ', ',')::json",
        "event_type = (select id from ledger.words where word = 'demo.thing.happenee')",
        "stream_kind = (select id from ledger.words where word = 'think')",
        "actor_kind = (select id from ledger.words where word = 'system:tesu')",
        "actor_id = gen_random_uuid()",
        "acting_for = gen_random_uuid()",
        "origin = '{}'",
        "event_version = 2",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "event_id = gen_random_uuid()",
        "command_id = gen_random_uuid()",
        "correlation_id = gen_random_uuid()",
        "causation_id = gen_random_uuid()",
        "trace = gen_random_uuid()",
        "depth = 1",
        "undoes = gen_random_uuid()",
        "policy = 1",
        "stream_id = gen_random_uuid()",
        "hash = set_byte(hash, 31, get_byte(hash, 31) # 1)",
    ];
    let mut all_found = true;
    for change in changes {
        db.run(&format!("update ledger.events set {change} where position = 7")).await;
        all_found &= audit(db).await.faults.contains(&Fault::Hash(7));
        db.run("delete from ledger.events; insert into ledger.events select * from ledger.kept")
            .await;
        assert_eq!(audit(db).await.faults, []);
    }
    db.run("update ledger.words set word = 'demo.thing.gone' where word = 'demo.thing.happened'")
        .await;
    all_found &= !audit(db).await.faults.is_empty();
    db.run("update ledger.words set word = 'demo.thing.happened' where word = 'demo.thing.gone'")
        .await;
    all_found
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_one_altered_byte_is_found_in_every_column() {
    let db = Db::new("altered").await;
    assert!(alterations_are_found(&db).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_a_missing_and_an_exchanged_event_are_found() {
    let db = Db::new("missing").await;
    let ledger = db.ledger();
    for i in 0..20 {
        ledger.commit(one(company(i % 3), new_id(), Expected::Empty)).await.unwrap();
    }
    db.run(
        "alter table ledger.events no force row level security;
         create table ledger.kept as select * from ledger.events;
         delete from ledger.events where position = 7",
    )
    .await;
    let faults = audit(&db).await.faults;
    assert!(faults.contains(&Fault::Position(8)) && faults.contains(&Fault::Company(10)));
    db.run(
        "insert into ledger.events select * from ledger.kept where position = 7;
         update ledger.events set position = 107 where position = 7;
         update ledger.events set position = 7 where position = 10;
         update ledger.events set position = 10 where position = 107",
    )
    .await;
    assert!(audit(&db).await.faults.contains(&Fault::Company(7)), "two events changed places");
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_a_cut_end_and_a_rewritten_history_are_found_by_the_signed_heads() {
    let db = Db::new("heads").await;
    let (ledger, vault) = (db.ledger(), db.vault().await);
    for i in 0..30 {
        ledger.commit(one(company(i % 3), new_id(), Expected::Empty)).await.unwrap();
    }
    let day = db.ground.clock.now().date_naive();
    assert_eq!(sign_heads(&ledger, &vault, day).await.unwrap(), 3);
    assert_eq!(sign_heads(&ledger, &vault, day).await.unwrap(), 0);
    ledger.commit(one(company(0), new_id(), Expected::Empty)).await.unwrap();
    let next = day.succ_opt().unwrap();
    assert_eq!(sign_heads(&ledger, &vault, next).await.unwrap(), 3);
    assert_eq!(broken_heads(&ledger, &vault).await.unwrap(), []);
    db.run(
        "alter table ledger.events no force row level security;
         delete from ledger.events where position = 31",
    )
    .await;
    assert_eq!(audit(&db).await.faults, [], "the cut end alone does not show");
    let broken = broken_heads(&ledger, &vault).await.unwrap();
    assert_eq!(broken.len(), 1);
    assert_eq!((broken[0].company, broken[0].day), (company(0), next));
    // A head that somebody else signed is none.
    db.run(
        "alter table ledger.heads no force row level security;
            update ledger.heads set signature = set_byte(signature, 0, get_byte(signature, 0) # 1)",
    )
    .await;
    assert_eq!(broken_heads(&ledger, &vault).await.unwrap().len(), 6);
}

#[derive(Default)]
struct Bytes(usize, Vec<i64>);

impl Fold for Bytes {
    fn take(&mut self, event: &Raw<'_>) {
        self.0 += event.payload.len();
        self.1.push(event.company_seq);
    }

    fn join(&mut self, next: Self) {
        self.0 += next.0;
        self.1.extend(next.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_a_companys_history_is_verified_and_folded_over_several_ranges() {
    let db = Db::new("ranges").await;
    let ledger = db.ledger();
    for n in 0..20 {
        let mut commit = one(company(1), company(1), Expected::Any);
        commit.appends = vec![
            append(company(1), company(1), Expected::Any, 1_500),
            append(company(2), company(n), Expected::Any, 500),
        ];
        ledger.commit(commit).await.unwrap();
    }
    let pool = &db.pools.direct;
    let audit = verify::<Bytes>(pool, Scope::Company(0, company(1))).await.unwrap();
    assert_eq!(audit.faults, []);
    assert_eq!(audit.events, 30_000);
    assert_eq!(audit.fold.1, (1..=30_000).collect::<Vec<_>>());
    let head = ledger.read_company(company(1), 30_000, 1).await.unwrap().remove(0);
    assert_eq!(audit.heads[&company(1)], (30_000, head.hash));
    let whole = verify::<Bytes>(pool, Scope::Shard(0)).await.unwrap();
    assert_eq!((whole.faults.len(), whole.events, whole.position), (0, 40_000, 40_000));
    // A fault exactly where one range ends and the next begins.
    db.run(
        "alter table ledger.events no force row level security;
         update ledger.events set depth = 1 where company_id = (select company_id from ledger.events
           where position = 1) and company_seq = 16385",
    )
    .await;
    let audit = verify::<()>(pool, Scope::Company(0, company(1))).await.unwrap();
    assert_eq!(audit.faults.len(), 1);
    assert!(matches!(audit.faults[0], Fault::Hash(_)));
}
