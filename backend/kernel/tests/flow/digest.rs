//! Deliveries become events once, whatever comes how often, and fairly.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use kernel::{
    commit::{Context, Expected},
    digest::{Digest, Digested, Flow, GONE, ParseError, QuarantineList, Stepped},
    error::Result,
    gate::{Gate, Reason},
    intake::{Delivery, Intake, Route},
};
use shared::stored::Actor;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    demo::{Demo, Parsed, RECEIVED, REPORTED, message_id, received, reported},
    support::*,
};

const QUARANTINED: &str = "intake.delivery.quarantined";

pub(crate) async fn put(intake: &Intake, route: Route, body: &str) -> Uuid {
    intake.put("demo", route, Bytes::from(body.to_owned())).await.unwrap().id
}

pub(crate) async fn all<F: Flow>(digest: &mut Digest<F>) -> Stepped {
    let mut sum = Stepped::default();
    loop {
        let step = digest.step().await.unwrap();
        if step.deliveries == 0 {
            return sum;
        }
        sum.deliveries += step.deliveries;
        sum.events += step.events;
        sum.quarantined += step.quarantined;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k15_repeated_and_shuffled_deliveries_give_the_same_messages() {
    for seed in 0..3u64 {
        let db = Db::new(&format!("shuffled_{seed}")).await;
        let (intake, ledger) = (db.intake().await, db.ledger().await);
        let mut bodies = Vec::new();
        for n in 0..120u128 {
            let (company, id) = (company(n % 5), n.to_string());
            bodies.push((n % 5, received(company, &id, &format!("sender {}", n % 7))));
            for rank in 1..=3 {
                bodies.push((n % 5, reported(company, &id, rank)));
            }
        }
        bodies.extend_from_within(..200);
        let mut random = seed + 42;
        for index in (1..bodies.len()).rev() {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bodies.swap(index, usize::try_from(random >> 33).unwrap() % (index + 1));
        }
        let mut putting = JoinSet::new();
        for (n, body) in bodies {
            let intake = intake.clone();
            putting.spawn(async move { put(&intake, route(n), &body).await });
        }
        putting.join_all().await;
        all(&mut Digest::new(intake, ledger.clone(), Demo::of(&ledger))).await;
        assert_eq!(db.events_of(RECEIVED).await, 120);
        let highest = "select count(distinct stream_id) from ledger.events e
            join ledger.words w on w.id = e.event_type
            where w.word = 'demo.message.reported' and payload->>'rank' = '3'";
        assert_eq!(db.number(highest).await, 120);
        assert_eq!(
            db.number("select count(*) from ledger.claims where kind = 'demo.sender'").await,
            35
        );
        assert!(db.events_of(REPORTED).await <= 360);
        db.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k2_rival_intakes_and_rival_digests_store_everything_once() {
    let db = Db::new("rival_digests").await;
    let mut intakes = Vec::new();
    for _ in 0..3 {
        intakes.push(db.intake_on(&db.another_pools().await).await);
    }
    let done = Arc::new(AtomicBool::new(false));
    let mut digests = JoinSet::new();
    for intake in &intakes {
        let ledger = db.ledger_on(&db.another_pools().await).await;
        let mut digest = Digest::new(intake.clone(), ledger.clone(), Demo::of(&ledger));
        let done = done.clone();
        digests.spawn(async move {
            loop {
                let last = done.load(Ordering::Acquire);
                let step = digest.step().await.unwrap();
                if last && step.deliveries == 0 {
                    return;
                }
            }
        });
    }
    let mut putting = JoinSet::new();
    for n in 0..30u128 {
        let intake = intakes[usize::try_from(n % 3).unwrap()].clone();
        putting.spawn(async move {
            for i in 0..20 {
                let body = received(company(n % 5), &format!("{n}-{i}"), &format!("{}", i % 3));
                put(&intake, route(n % 4), &body).await;
            }
        });
    }
    putting.join_all().await;
    done.store(true, Ordering::Release);
    digests.join_all().await;
    assert_eq!(db.number("select count(*) from intake.deliveries").await, 600);
    assert_eq!(db.number("select max(position) from intake.deliveries").await, 600);
    assert_eq!(db.events_of(RECEIVED).await, 600);
    assert_eq!(db.sound().await, 600);
}

/// Somebody who asks for another try.
fn asked() -> Arc<Context> {
    Arc::new(Context::new(Actor::System("test".into()), Uuid::now_v7(), [1; 16]))
}

/// Does not understand some deliveries before it is mended.
struct Mendable {
    demo: Demo,
    mended: Arc<AtomicBool>,
}

impl Flow for Mendable {
    type Parsed = Parsed;

    fn parse(&self, delivery: &Delivery) -> std::result::Result<Parsed, ParseError> {
        let strange = delivery.body.windows(7).any(|part| part == b"strange");
        assert!(!delivery.body.windows(5).any(|part| part == b"panic"), "a bug of the parser");
        if strange && !self.mended.load(Ordering::Relaxed) {
            return Err(ParseError("strange"));
        }
        self.demo.parse(delivery)
    }

    fn digest<'a>(
        &'a self,
        parsed: &'a [(&'a Delivery, Parsed)],
    ) -> impl Future<Output = Result<Vec<Digested>>> + Send {
        self.demo.digest(parsed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_what_cannot_be_parsed_waits_in_quarantine_and_is_replayed_once() {
    let db = Db::new("quarantine").await;
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    let mended = Arc::new(AtomicBool::new(false));
    let flow = Mendable { demo: Demo::of(&ledger), mended: mended.clone() };
    let models = db.models(&ledger, vec![Arc::new(QuarantineList)]).await;
    let mut digest = Digest::new(intake.clone(), ledger.clone(), flow);
    put(&intake, route(1), &received(company(1), "a", "fine")).await;
    let strange = put(&intake, route(1), &received(company(1), "b", "strange")).await;
    let broken = put(&intake, route(1), "\u{0}not json").await;
    put(&intake, route(1), "panic").await;
    put(&intake, route(1), &received(company(1), "c", "fine")).await;
    let step = digest.step().await.unwrap();
    assert_eq!(step, Stepped { deliveries: 5, events: 2, quarantined: 3 });
    models.catch_up().await.unwrap();
    let listed =
        "select string_agg(reason, ',' order by position) from intake_quarantine.deliveries
        where digested_at is null";
    assert_eq!(db.text(listed).await, "strange,not_json,panicked");
    assert_eq!(digest.replay(strange, &asked()).await.unwrap(), Err(ParseError("strange")));
    mended.store(true, Ordering::Relaxed);
    assert_eq!(digest.replay(strange, &asked()).await.unwrap().unwrap().events, 1);
    assert_eq!(digest.replay(strange, &asked()).await.unwrap().unwrap().events, 0);
    assert_eq!(digest.replay(broken, &asked()).await.unwrap(), Err(ParseError("not_json")));
    assert_eq!(digest.replay(Uuid::nil(), &asked()).await.unwrap(), Err(GONE));
    assert_eq!(all(&mut digest).await, Stepped::default());
    models.catch_up().await.unwrap();
    assert_eq!(db.text(listed).await, "not_json,panicked");
    assert_eq!(db.events_of(RECEIVED).await, 3);
    assert_eq!(db.sound().await, 3 + 4);
}

/// What is not understood has no stream that would notice a repetition: only the step in the same
/// commit keeps it single.
#[tokio::test(flavor = "multi_thread")]
async fn k9_a_digest_that_lags_behind_another_stores_nothing() {
    let db = Db::new("lagging").await;
    lagging(&db).await;
    assert_eq!(db.events_of(QUARANTINED).await, 10);
    assert_eq!(db.sound().await, 10);
}

pub(crate) async fn lagging(db: &Db) {
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    let mut slow = Digest::new(intake.clone(), ledger.clone(), Demo::of(&ledger));
    let mut fast = Digest::new(intake.clone(), ledger.clone(), Demo::of(&ledger));
    slow.step().await.unwrap(); // from now on it believes to stand at the beginning
    for n in 0..10 {
        put(&intake, route(1), &format!("garbage {n}")).await;
    }
    assert_eq!(fast.step().await.unwrap().quarantined, 10);
    let step = slow.step().await.unwrap();
    assert_eq!((step.deliveries, step.quarantined), (10, 0));
    assert_eq!(slow.step().await.unwrap(), Stepped::default());
}

/// A flow whose first answer the ledger refuses, as when somebody else wrote meanwhile.
struct Overtaken(Demo, AtomicBool);

impl Flow for Overtaken {
    type Parsed = Parsed;

    fn parse(&self, delivery: &Delivery) -> std::result::Result<Parsed, ParseError> {
        self.0.parse(delivery)
    }

    async fn digest<'a>(&'a self, parsed: &'a [(&'a Delivery, Parsed)]) -> Result<Vec<Digested>> {
        let mut digested = self.0.digest(parsed).await?;
        if !self.1.swap(true, Ordering::Relaxed) {
            for append in digested.iter_mut().flatten().flat_map(|parts| &mut parts.appends) {
                append.expected = Expected::at(7);
            }
        }
        Ok(digested)
    }
}

/// How many messages are missing after the ledger has refused their events once.
pub(crate) async fn lost_by_a_refusal(db: &Db) -> i64 {
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    for n in 0..10 {
        put(&intake, route(1), &received(company(1), &format!("{n}"), "x")).await;
    }
    let flow = Overtaken(Demo::of(&ledger), AtomicBool::new(false));
    all(&mut Digest::new(intake, ledger, flow)).await;
    10 - db.events_of(RECEIVED).await
}

#[tokio::test(flavor = "multi_thread")]
async fn k9_the_step_is_stored_in_the_commit_of_its_events() {
    let db = Db::new("step_inside").await;
    assert_eq!(lost_by_a_refusal(&db).await, 0);
    assert_eq!(db.sound().await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_a_dropped_key_empties_its_deliveries_only() {
    let db = Db::new("dropped").await;
    let ledger = db.ledger().await;
    let intake = db.intake().await;
    put(&intake, route(1), &received(company(1), "a", "old")).await;
    db.run("delete from intake.keys where purpose = 'body'").await;
    intake.rotate().await.unwrap();
    put(&intake, route(1), &received(company(1), "b", "new")).await;
    let restarted = db.intake().await;
    let mut digest = Digest::new(restarted, ledger.clone(), Demo::of(&ledger));
    let step = digest.step().await.unwrap();
    assert_eq!((step.events, step.quarantined), (1, 1));
    let plain = "select count(*) from intake.deliveries where sealed::text like '%6f6c64%'";
    assert_eq!(db.number(plain).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_old_deliveries_and_their_keys_go_and_the_new_stay() {
    let db = Db::new("expired").await;
    let ledger = db.ledger().await;
    let intake = db.intake().await;
    for n in 0..10 {
        put(&intake, route(1), &received(company(1), &n.to_string(), "old")).await;
    }
    let a_day = Duration::from_hours(24);
    db.clock.both(a_day);
    intake.rotate().await.unwrap();
    put(&intake, route(1), &received(company(1), "new", "new")).await;
    db.clock.both(29 * a_day + a_day / 2);
    assert_eq!(intake.expire(30 * a_day).await.unwrap(), 0, "the second key is not old enough");
    db.clock.both(a_day);
    assert_eq!(intake.expire(30 * a_day).await.unwrap(), 10);
    assert_eq!(db.number("select count(*) from intake.keys where purpose = 'body'").await, 1);
    // A digest that comes late passes what is gone.
    let restarted = db.intake().await;
    let step = Digest::new(restarted, ledger.clone(), Demo::of(&ledger)).step().await.unwrap();
    assert_eq!((step.events, step.quarantined), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn d17_a_route_that_floods_does_not_keep_the_others_waiting() {
    let db = Db::new("fair").await;
    assert!(rounds_until_served(&db).await <= 2);
}

/// How many steps it takes until the deliveries of a calm route are digested that came behind a flood.
pub(crate) async fn rounds_until_served(db: &Db) -> usize {
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    let mut putting = JoinSet::new();
    for n in 0..2000 {
        let intake = intake.clone();
        let body = received(company(1), &n.to_string(), "flood");
        putting.spawn(async move { put(&intake, route(1), &body).await });
    }
    putting.join_all().await;
    for n in 0..3 {
        put(&intake, route(2), &received(company(2), &n.to_string(), "calm")).await;
    }
    let mut digest = Digest::new(intake, ledger.clone(), Demo::of(&ledger));
    let calm = format!("select count(*) from ledger.events where company_id = '{}'", company(2));
    let mut rounds = 0;
    while db.number(&calm).await < 3 {
        assert!(digest.step().await.unwrap().deliveries <= 400);
        rounds += 1;
    }
    all(&mut digest).await;
    assert_eq!(db.number("select count(*) from ledger.events").await, 2003);
    rounds
}

#[tokio::test(flavor = "multi_thread")]
async fn d17_a_delivery_for_several_companies_is_split_and_steps_once() {
    let db = Db::new("split").await;
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    let parts: Vec<String> = (0..5)
        .map(|n| {
            let company = company(n);
            format!("{{\"company\":\"{company}\",\"messages\":[{{\"id\":\"a\",\"from\":\"b\"}}]}}")
        })
        .collect();
    let body = format!("{{\"parts\":[{}]}}", parts.join(","));
    let app = Route { id: Uuid::from_u128(7), company: None };
    put(&intake, app, &body).await;
    let mut digest = Digest::new(intake, ledger.clone(), Demo::of(&ledger));
    assert_eq!(digest.step().await.unwrap().events, 5);
    for n in 0..5 {
        let events = ledger.read_stream(company(n), message_id(company(n), "a"), 0).await.unwrap();
        assert_eq!(events.len(), 1);
    }
}

/// Another path takes the sender's claim, or writes to the message's stream, between look and commit.
struct Disturbed {
    demo: Demo,
    times: AtomicUsize,
    always: Option<&'static str>,
}

impl Flow for Disturbed {
    type Parsed = Parsed;

    fn parse(&self, delivery: &Delivery) -> std::result::Result<Parsed, ParseError> {
        self.demo.parse(delivery)
    }

    async fn digest<'a>(&'a self, parsed: &'a [(&'a Delivery, Parsed)]) -> Result<Vec<Digested>> {
        let digested = self.demo.digest(parsed).await?;
        let hits = |body: &[u8]| {
            self.always.is_some_and(|word| body.windows(word.len()).any(|p| p == word.as_bytes()))
        };
        let always = parsed.iter().any(|(delivery, _)| hits(&delivery.body));
        if always || self.times.load(Ordering::Relaxed) > 0 {
            if !always {
                self.times.fetch_sub(1, Ordering::Relaxed);
            }
            for append in digested.iter().flatten().flat_map(|parts| &parts.appends).take(1) {
                let mut rival = one(append.company, append.stream.id, Expected::Any);
                rival.appends[0].stream = append.stream;
                let event = &mut rival.appends[0].events[0];
                event.event_type = REPORTED;
                event.payload = "{\"rank\":0}".to_owned();
                self.demo.ledger.commit(rival).await?;
            }
        }
        Ok(digested)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d17_what_moved_meanwhile_is_resolved_again() {
    let db = Db::new("again").await;
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    let flow = Disturbed { demo: Demo::of(&ledger), times: AtomicUsize::new(4), always: None };
    for n in 0..10 {
        put(&intake, route(1), &received(company(1), &n.to_string(), "a")).await;
    }
    let step = Digest::new(intake, ledger, flow).step().await.unwrap();
    assert_eq!(step, Stepped { deliveries: 10, events: 10, quarantined: 0 });
    assert_eq!(db.events_of(RECEIVED).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn d17_a_delivery_that_always_fails_is_found_by_halving_and_goes_to_quarantine_alone() {
    let db = Db::new("halving").await;
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    let flow =
        Disturbed { demo: Demo::of(&ledger), times: AtomicUsize::new(0), always: Some("cursed") };
    for n in 0..30 {
        let id = if n == 17 { "cursed".to_owned() } else { n.to_string() };
        put(&intake, route(n % 3), &received(company(1), &id, "a")).await;
    }
    let mut digest = Digest::new(intake, ledger.clone(), flow);
    let step = all(&mut digest).await;
    assert_eq!(step, Stepped { deliveries: 30, events: 29, quarantined: 1 });
    assert_eq!(db.events_of(RECEIVED).await, 29);
    let low = "select position from ledger.checkpoints where consumer = 'digest'";
    assert_eq!(db.number(low).await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_a_held_digest_does_nothing_until_it_is_released() {
    let db = Db::new("held").await;
    let (intake, ledger) = (db.intake().await, db.ledger().await);
    let gate = Gate::new();
    gate.hold(Reason::Incarnation);
    let digest = Digest::new(intake.clone(), ledger.clone(), Demo::of(&ledger));
    let running = tokio::spawn(digest.run(owned(), alone(true), gate.clone()));
    put(&intake, route(1), &received(company(1), "a", "b")).await;
    // A second digest that is not held shows that there was time enough.
    tokio::task::yield_now().await;
    assert_eq!(*ledger.head().borrow(), 0);
    gate.release(Reason::Incarnation);
    until("it is digested", async || *ledger.head().borrow() == 1).await;
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn d17_the_mac_of_the_raw_bytes_is_the_same_from_memory_and_from_the_table() {
    struct Noted(Demo, std::sync::Mutex<Vec<[u8; 32]>>);
    impl Flow for Noted {
        type Parsed = Parsed;
        fn parse(&self, delivery: &Delivery) -> std::result::Result<Parsed, ParseError> {
            self.1.lock().unwrap().push(delivery.mac);
            Err(ParseError("noted"))
        }
        fn digest<'a>(
            &'a self,
            parsed: &'a [(&'a Delivery, Parsed)],
        ) -> impl Future<Output = Result<Vec<Digested>>> + Send {
            self.0.digest(parsed)
        }
    }
    let db = Db::new("mac").await;
    let ledger = db.ledger().await;
    let noted =
        |ledger: &kernel::ledger::Ledger| Noted(Demo::of(ledger), std::sync::Mutex::default());
    let intake = db.intake().await;
    let id = put(&intake, route(1), "{}").await;
    let mut digest = Digest::new(intake, ledger.clone(), noted(&ledger));
    assert_eq!(digest.step().await.unwrap().quarantined, 1);
    let restarted = db.intake().await;
    let again = Digest::new(restarted, ledger.clone(), noted(&ledger));
    assert_eq!(again.replay(id, &asked()).await.unwrap(), Err(ParseError("noted")));
    let macs =
        (digest.into_flow().1.into_inner().unwrap(), again.into_flow().1.into_inner().unwrap());
    assert_eq!(macs.0, macs.1);
    assert_eq!(macs.0.len(), 1);
}

/// However young a table's statistics are, the planner must neither scan it nor take an index that fits
/// half.
#[tokio::test(flavor = "multi_thread")]
async fn k25_work_touches_no_more_rows_than_it_needs() {
    let db = Db::new("plans").await;
    for table in ["ledger.events", "ledger.claims", "intake.deliveries"] {
        db.run(&format!("alter table {table} set (autovacuum_enabled = false)")).await;
    }
    let pools = db.another_pools().await;
    // Two writers in turn: each finds that the other was there and reads its facts anew.
    let ledger = db.ledger_on(&pools).await;
    let rival = db.ledger_on(&db.another_pools().await).await;
    let intake = db.intake_on(&pools).await;
    let models = db.models(&ledger, vec![Arc::new(crate::activity::Activity::default())]).await;
    for round in 0..12 {
        let mut putting = JoinSet::new();
        for n in 0..500u128 {
            let (intake, body) =
                (intake.clone(), received(company(n % 5), &format!("{round}-{n}"), "x"));
            putting.spawn(async move { put(&intake, route(n % 5), &body).await });
        }
        putting.join_all().await;
    }
    // From the table, not from memory.
    let intake = db.intake_on(&db.another_pools().await).await;
    let mut digest = Digest::new(intake, ledger.clone(), Demo::of(&ledger));
    while digest.step().await.unwrap().deliveries > 0 {
        let commits = (0..20).map(|n| one(company(n % 5), Uuid::from_u128(n), Expected::Any));
        futures::future::join_all(commits.map(|commit| rival.commit(commit))).await;
    }
    models.catch_up().await.unwrap();
    let events = db.number("select count(*) from ledger.events").await;
    drop((digest, ledger, rival));
    pools.close().await;
    db.pools.close().await;
    until("the statistics are there", async || {
        db.number(
            "select coalesce(sum(n_tup_ins), 0)::bigint from pg_stat_user_tables
                   where relname = 'events'",
        )
        .await
            >= events
    })
    .await;
    for (table, rows, most) in
        [("events", events, 12), ("deliveries", 6000, 4), ("claims", 6000, 4)]
    {
        let touched = db
            .number(&format!(
                "select (seq_tup_read + idx_tup_fetch)::bigint from pg_stat_user_tables
                 where relname = '{table}'"
            ))
            .await;
        assert!(touched < most * rows, "{table}: {touched} rows touched for {rows}");
    }
}
