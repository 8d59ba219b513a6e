//! Appending: gapless numbers, rivals, uniqueness, idempotency, lost answers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use kernel::{
    commit::{Claim, Commit, Context, Expected, Move, Outcome, Refused, Reply},
    error::Error,
    ledger::Ledger,
};
use shared::stored::Actor;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{contact::key, support::*};

async fn load(db: &Db, writers: usize) {
    let mut tasks = JoinSet::new();
    for (w, ledger) in (0u128..).zip(db.ledgers(writers).await) {
        for c in 0..40 {
            let ledger = ledger.clone();
            tasks.spawn(async move {
                for i in 0..15u128 {
                    let own = Uuid::from_u128((w << 64) + (c << 32) + i);
                    ledger.commit(one(company(c), own, Expected::Empty)).await.unwrap();
                    let appends = vec![append(company(c), company(c), Expected::Any, 2)];
                    ledger.commit(Commit { appends, ..Commit::default() }).await.unwrap();
                }
            });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(db.sound().await, i64::try_from(writers * 40 * 15 * 3).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_numbers_are_gapless_with_one_writer() {
    load(&Db::new("gapless_one").await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_k2_numbers_are_gapless_with_three_writers() {
    load(&Db::new("gapless_three").await, 3).await;
}

/// Follows the log while three processes write: `position > x` never skips an event.
#[tokio::test(flavor = "multi_thread")]
async fn k2_a_reader_that_follows_positions_misses_nothing_beside_three_writers() {
    let db = Db::new("follow").await;
    let ledgers = db.ledgers(3).await;
    let reader = db.ledger();
    let mut tasks = JoinSet::new();
    for (n, ledger) in (0u128..).zip(ledgers.into_iter().cycle().take(24)) {
        tasks.spawn(async move {
            for _ in 0..40 {
                ledger.commit(one(company(n), new_id(), Expected::Empty)).await.unwrap();
            }
        });
    }
    let mut seen = 0;
    while seen < 24 * 40 {
        for event in reader.read(seen, 500).await.unwrap() {
            assert_eq!(event.position, seen + 1);
            seen = event.position;
        }
    }
    tasks.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k5_of_rival_versions_exactly_one_wins() {
    let db = Db::new("rivals").await;
    let ledgers = db.ledgers(3).await;
    let stream = new_id();
    for version in 0..25 {
        let mut tasks = JoinSet::new();
        for ledger in in_turn(&ledgers, 12) {
            let commit = one(company(1), stream, Expected::Exact(version));
            tasks.spawn(async move { ledger.commit(commit).await });
        }
        let answers = tasks.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        for answer in answers.into_iter().filter_map(Result::err) {
            let named = matches!(&answer, Error::Refused(Refused::WrongVersion { actual, .. })
                if *actual == version + 1);
            assert!(named, "{answer:?}");
        }
    }
    assert_eq!(db.sound().await, 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn k5_a_version_beyond_the_head_is_refused() {
    let db = Db::new("beyond").await;
    let ledger = db.ledger();
    for expected in [Expected::Exact(1), Expected::Exact(9)] {
        let answer = ledger.commit(one(company(1), company(2), expected)).await;
        let refused = Err::<(), _>(answer.unwrap_err());
        assert!(matches!(refused, Err(Error::Refused(Refused::WrongVersion { actual: 0, .. }))));
    }
    ledger.commit(one(company(1), company(2), Expected::Exact(0))).await.unwrap();
}

/// An append without events: stored nothing, refused like any other.
pub(crate) async fn asserts_are_kept(db: &Db) -> bool {
    let ledgers = db.ledgers(2).await;
    let (lane, message) = (new_id(), new_id());
    ledgers[0].commit(one(company(1), message, Expected::Empty)).await.unwrap();
    let pick = |version, seen| Commit {
        appends: vec![
            append(company(1), lane, Expected::at(version), 1),
            append(company(1), message, Expected::Exact(seen), 0),
        ],
        ..Commit::default()
    };
    let first = ledgers[1].commit(pick(0, 1)).await.is_ok();
    // Another process moves the message; the pick that believes the old version is refused.
    ledgers[0].commit(one(company(1), message, Expected::Exact(1))).await.unwrap();
    let too_late = ledgers[1].commit(pick(1, 1)).await;
    let late_alone = Commit {
        appends: vec![append(company(1), message, Expected::Exact(1), 0)],
        ..Commit::default()
    };
    let late_alone = ledgers[1].commit(late_alone).await;
    let is_refused = |answer: &Result<_, Error>| {
        matches!(answer, Err(Error::Refused(Refused::WrongVersion { actual: 2, .. })))
    };
    let fresh = ledgers[1].commit(pick(1, 2)).await.is_ok();
    first && is_refused(&too_late) && is_refused(&late_alone) && fresh
}

#[tokio::test(flavor = "multi_thread")]
async fn d20_an_append_without_events_asserts_the_version() {
    let db = Db::new("asserts").await;
    assert!(asserts_are_kept(&db).await);
    assert_eq!(db.sound().await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn d20_of_rival_picks_of_one_message_exactly_one_wins() {
    let db = Db::new("picks").await;
    let ledgers = db.ledgers(3).await;
    for _ in 0..15 {
        let message = new_id();
        ledgers[0].commit(one(company(1), message, Expected::Empty)).await.unwrap();
        let mut tasks = JoinSet::new();
        for ledger in in_turn(&ledgers, 6) {
            // Each its own lane; what they share is the message's version, which a pick moves.
            let commit = Commit {
                appends: vec![
                    append(company(1), new_id(), Expected::Empty, 1),
                    append(company(1), message, Expected::Exact(1), 1),
                ],
                ..Commit::default()
            };
            tasks.spawn(async move { ledger.commit(commit).await.is_ok() });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
    }
    assert_eq!(db.sound().await, 15 * 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn k11_the_same_stream_id_in_two_companies_is_two_streams() {
    let db = Db::new("two_companies").await;
    let ledger = db.ledger();
    let stream = new_id();
    ledger.commit(one(company(1), stream, Expected::Empty)).await.unwrap();
    ledger.commit(one(company(2), stream, Expected::Empty)).await.unwrap();
    let answer = ledger.commit(one(company(2), stream, Expected::Exact(2))).await;
    assert!(matches!(answer, Err(Error::Refused(Refused::WrongVersion { actual: 1, .. }))));
    assert_eq!(ledger.read_stream(company(2), stream, 0).await.unwrap().len(), 1);
    assert_eq!(db.sound().await, 2);
}

fn with_claim(stream: Uuid, claim: Claim) -> Commit {
    Commit { claims: vec![claim], ..one(company(1), stream, Expected::Any) }
}

fn take(owner: Uuid, value: &str) -> Claim {
    Claim::Take { company: company(1), kind: "thing.name", key: key(value), owner }
}

fn release(owner: Uuid, value: &str) -> Claim {
    Claim::Release { company: company(1), kind: "thing.name", key: key(value), owner }
}

#[tokio::test(flavor = "multi_thread")]
async fn k6_of_rival_claims_exactly_one_wins_and_the_losers_leave_no_event() {
    let db = Db::new("claims").await;
    let ledgers = db.ledgers(3).await;
    for round in 0..20 {
        let mut tasks = JoinSet::new();
        for ledger in in_turn(&ledgers, 9) {
            let stream = new_id();
            let commit = with_claim(stream, take(stream, &format!("name {round}")));
            tasks.spawn(async move { (stream, ledger.commit(commit).await) });
        }
        let answers = tasks.join_all().await;
        assert_eq!(answers.iter().filter(|(_, answer)| answer.is_ok()).count(), 1);
        let winner = answers.iter().find(|(_, answer)| answer.is_ok()).unwrap().0;
        for (stream, answer) in &answers {
            let events = ledgers[0].read_stream(company(1), *stream, 0).await.unwrap().len();
            assert_eq!(events, usize::from(answer.is_ok()));
            if let Err(error) = answer {
                let named = matches!(error, Error::Refused(Refused::ClaimTaken { owner, .. })
                    if *owner == winner);
                assert!(named, "{error:?}");
            }
        }
        let owners = ledgers[1]
            .claims(&[
                (company(1), "thing.name", key("nobody's")),
                (company(1), "thing.name", key(&format!("name {round}"))),
            ])
            .await
            .unwrap();
        assert_eq!(owners, [None, Some(winner)]);
    }
    assert_eq!(db.sound().await, 20);
}

/// Of nine that want one key, how many got it.
pub(crate) async fn winners_of_one_claim(db: &Db) -> usize {
    let ledgers = db.ledgers(3).await;
    let mut tasks = JoinSet::new();
    for ledger in in_turn(&ledgers, 9) {
        let stream = new_id();
        let commit = with_claim(stream, take(stream, "x"));
        tasks.spawn(async move { ledger.commit(commit).await.is_ok() });
    }
    tasks.join_all().await.into_iter().filter(|won| *won).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn k6_a_claim_is_given_back_handed_over_and_kept_by_its_owner_only() {
    let db = Db::new("release").await;
    let ledger = db.ledger();
    let (a, b) = (new_id(), new_id());
    ledger.commit(with_claim(a, take(a, "x"))).await.unwrap();
    ledger.commit(with_claim(a, take(a, "x"))).await.unwrap();
    let answer = ledger.commit(with_claim(b, release(b, "x"))).await;
    assert!(matches!(answer, Err(Error::Refused(Refused::ClaimNotHeld { .. }))));
    let claims = vec![release(a, "x"), take(b, "x"), take(b, "y")];
    ledger.commit(Commit { claims, ..one(company(1), b, Expected::Any) }).await.unwrap();
    let answer = ledger.commit(with_claim(a, take(a, "x"))).await;
    assert!(matches!(answer, Err(Error::Refused(Refused::ClaimTaken { owner, .. })) if owner == b));
    ledger.commit(with_claim(b, release(b, "x"))).await.unwrap();
    ledger.commit(with_claim(a, take(a, "x"))).await.unwrap();
    assert_eq!(db.number("select count(*) from ledger.claims").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn k7_a_bad_commit_does_not_hinder_the_others_of_its_batch() {
    let db = Db::new("bad").await;
    let ledger = db.ledger();
    let mut tasks = JoinSet::new();
    for n in 0..200 {
        let ledger = ledger.clone();
        tasks.spawn(async move {
            let mut commit = one(company(n % 7), new_id(), Expected::Empty);
            match n {
                50 => commit.appends[0].events[0].payload = "{not json".into(),
                51 => commit.appends[0].expected = Expected::Exact(5),
                52 => commit.appends[0].events[0].payload = "\"nul \0\"".into(),
                53 => {
                    commit.checkpoints = vec![Move { consumer: "c".into(), from: 7, to: 8 }];
                }
                _ => {}
            }
            (n, ledger.commit(commit).await)
        });
    }
    for (n, answer) in tasks.join_all().await {
        let expected = match n {
            50 | 52 => matches!(answer, Err(Error::Refused(Refused::Invalid { .. }))),
            51 => matches!(answer, Err(Error::Refused(Refused::WrongVersion { .. }))),
            53 => {
                matches!(answer, Err(Error::Refused(Refused::CheckpointMoved { actual: 0, .. })))
            }
            _ => answer.is_ok(),
        };
        assert!(expected, "{n}: {answer:?}");
    }
    assert_eq!(db.sound().await, 196);
}

/// How many events thirty deliveries of one command have stored.
pub(crate) async fn times_done(db: &Db) -> i64 {
    let ledgers = db.ledgers(2).await;
    let command_id = new_id();
    let mut tasks = JoinSet::new();
    for ledger in in_turn(&ledgers, 30) {
        let response = format!("\"{}\"", new_id());
        let reply = Reply { company: company(1), command_id, fingerprint: [1; 32], response };
        let commit =
            Commit { reply: Some(reply.clone()), ..one(company(1), new_id(), Expected::Empty) };
        tasks.spawn(async move { (reply.response, ledger.commit(commit).await) });
    }
    let answers = tasks.join_all().await;
    let committed = |answer: &Result<Outcome, Error>| matches!(answer, Ok(Outcome::Committed(_)));
    let first = answers.iter().find(|(_, answer)| committed(answer)).unwrap().0.clone();
    for (_, answer) in &answers {
        if let Ok(Outcome::Replayed(response)) = answer {
            assert_eq!(*response, first);
        }
    }
    db.sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_an_idempotent_command_happens_once_and_is_answered_the_same() {
    let db = Db::new("idempotent").await;
    assert_eq!(times_done(&db).await, 1);
    let command_id = sqlx::query_scalar("select command_id from ledger.replies")
        .fetch_one(&db.admin)
        .await
        .unwrap();
    let response = "1".to_owned();
    let reply = Reply { company: company(1), command_id, fingerprint: [2; 32], response };
    let other = Commit { reply: Some(reply), ..one(company(1), new_id(), Expected::Empty) };
    let answer = db.ledger().commit(other).await;
    assert!(matches!(answer, Err(Error::Refused(Refused::KeyReused { .. }))));
    assert_eq!(db.sound().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_answers_are_kept_for_48_hours() {
    let db = Db::new("retention").await;
    let ledger = db.ledger();
    for _ in 0..5 {
        let reply = Reply {
            company: company(1),
            command_id: new_id(),
            fingerprint: [1; 32],
            response: "1".into(),
        };
        let commit = Commit { reply: Some(reply), ..one(company(1), new_id(), Expected::Empty) };
        ledger.commit(commit).await.unwrap();
    }
    db.run(
        "update ledger.replies set recorded_at = recorded_at - interval '47 hours';
         update ledger.replies set recorded_at = recorded_at - interval '2 hours'
         where command_id in (select command_id from ledger.replies limit 3)",
    )
    .await;
    assert_eq!(ledger.drop_old_replies(2).await.unwrap(), 2);
    assert_eq!(ledger.drop_old_replies(2).await.unwrap(), 1);
    assert_eq!(ledger.drop_old_replies(2).await.unwrap(), 0);
    assert_eq!(db.number("select count(*) from ledger.replies").await, 2);
}

/// Of six that want the same step, how many had it, and of twenty steps.
pub(crate) async fn steps_taken(db: &Db) -> usize {
    let ledgers = db.ledgers(2).await;
    let mut taken = 0;
    for step in 0..20 {
        let mut tasks = JoinSet::new();
        for ledger in in_turn(&ledgers, 6) {
            let step = |consumer: &str| Move {
                consumer: consumer.into(),
                from: step * 10,
                to: step * 10 + 10,
            };
            // Several consumers in one commit: all of them move or none.
            let commit = Commit {
                checkpoints: vec![step("digest:a"), step("digest:b")],
                ..one(company(1), new_id(), Expected::Empty)
            };
            tasks.spawn(async move { ledger.commit(commit).await.is_ok() });
        }
        taken += tasks.join_all().await.into_iter().filter(|won| *won).count();
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn k9_a_consumer_steps_forward_once() {
    let db = Db::new("steps").await;
    assert_eq!(steps_taken(&db).await, 20);
    let ledger = db.ledger();
    let both = vec![
        Move { consumer: "digest:c".into(), from: 0, to: 5 },
        Move { consumer: "digest:a".into(), from: 0, to: 5 },
    ];
    let answer = ledger.commit(Commit { checkpoints: both, ..Commit::default() }).await;
    let moved = matches!(answer, Err(Error::Refused(Refused::CheckpointMoved { actual: 200, .. })));
    assert!(moved, "{answer:?}");
    assert_eq!(ledger.checkpoint("digest:c").await.unwrap(), 0);
    assert_eq!(ledger.checkpoint("digest:b").await.unwrap(), 200);
    assert_eq!(db.sound().await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_a_chain_of_reactions_ends_at_depth_16() {
    let db = Db::new("depth").await;
    assert_eq!(deepest(&db.ledger()).await, 16);
}

/// How deep a chain of reactions may go.
pub(crate) async fn deepest(ledger: &Ledger) -> u8 {
    let mut context = Context::new(Actor::System("loop".into()), new_id(), [3; 16]);
    for _ in 0..30 {
        let mut commit = one(company(1), new_id(), Expected::Empty);
        commit.appends[0].context = Arc::new(context.clone());
        match ledger.commit(commit).await {
            Ok(_) => {}
            Err(Error::Refused(Refused::Loop)) => break,
            Err(error) => panic!("{error}"),
        }
        let head = ledger.company_head(company(1)).await.unwrap();
        let event = ledger.read_company(company(1), head, 1).await.unwrap().remove(0);
        assert_eq!(event.trace, [3; 16]);
        let cause = Context::new(Actor::System("loop".into()), new_id(), [4; 16]);
        context = cause.caused_by(&event, 7);
        assert_eq!((context.causation_id, context.policy), (Some(event.event_id), Some(7)));
        assert_eq!(context.correlation_id, Some(event.correlation_id));
    }
    context.depth - 1
}

/// Kills the writers' connections while 32 callers commit; how many events there should be.
pub(crate) async fn lose_connections(db: &Db) -> i64 {
    let ledgers = db.ledgers(2).await;
    let (done, committed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let killer = tokio::spawn({
        let (admin, done, committed) = (db.admin.clone(), done.clone(), committed.clone());
        async move {
            let (mut kills, mut next) = (0u64, 0u64);
            while !done.load(Ordering::Relaxed) {
                // Kills follow progress: without that a quick killer leaves the writer no moment,
                // and it rightly answers "in doubt".
                if committed.load(Ordering::Relaxed) < next {
                    tokio::task::yield_now().await;
                    continue;
                }
                next = committed.load(Ordering::Relaxed) + 8;
                let query = "select pg_terminate_backend(pid) from pg_stat_activity
                    where datname = current_database() and query like '%advisory_xact_lock%'
                      and pid <> pg_backend_pid()
                    order by random() limit 2";
                kills += sqlx::query(query).execute(&admin).await.unwrap().rows_affected();
            }
            kills
        }
    });
    let mut tasks = JoinSet::new();
    for (n, ledger) in (0u128..).zip(in_turn(&ledgers, 32)) {
        let committed = committed.clone();
        tasks.spawn(async move {
            for _ in 0..40 {
                ledger.commit(one(company(n), new_id(), Expected::Any)).await.unwrap();
                committed.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    assert!(killer.await.unwrap() > 20);
    32 * 40
}

#[tokio::test(flavor = "multi_thread")]
async fn k10_a_lost_connection_loses_and_repeats_nothing() {
    let db = Db::new("lost").await;
    let wanted = lose_connections(&db).await;
    assert_eq!(db.sound().await, wanted);
}

/// A commit whose answer gets lost between the database and us, once.
pub(crate) async fn events_after_a_lost_answer(db: &Db) -> i64 {
    let ledger = db.ledger();
    // After the first one the writer takes the quick way.
    ledger.commit(one(company(1), new_id(), Expected::Any)).await.unwrap();
    let commit = one(company(1), new_id(), Expected::Any);
    let event = commit.appends[0].events[0].id;
    let other = ledger.clone();
    let admin = db.admin.clone();
    let mut held = admin.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(x'6c656467'::int, 0)")
        .execute(&mut *held)
        .await
        .unwrap();
    let waiting = tokio::spawn(async move { other.commit(commit).await });
    // The writer waits for the lock inside its statement: its answer is lost when its connection
    // goes, and the same row is put there by hand, as if it had been stored.
    let pid: i32 = loop {
        let pid = sqlx::query_scalar(
            "select pid from pg_stat_activity where datname = current_database()
               and wait_event_type = 'Lock' and query like '%pg_advisory_xact_lock%'",
        )
        .fetch_optional(&db.admin)
        .await
        .unwrap();
        if let Some(pid) = pid {
            break pid;
        }
        tokio::task::yield_now().await;
    };
    sqlx::query(
        "insert into ledger.events (position, company_seq, recorded_at, stream_seq, shard,
           event_version, event_type, stream_kind, actor_kind, depth, company_id, stream_id,
           event_id, command_id, trace, hash, payload)
         select 2, 2, recorded_at, 1, shard, event_version, event_type, stream_kind, actor_kind,
           depth, company_id, $1, $1, command_id, trace, hash, payload
         from ledger.events where position = 1",
    )
    .bind(event)
    .execute(&mut *held)
    .await
    .unwrap();
    sqlx::query("select pg_terminate_backend($1)").bind(pid).execute(&db.admin).await.unwrap();
    held.commit().await.unwrap();
    waiting.await.unwrap().unwrap();
    db.number("select count(*) from ledger.events").await
}

#[tokio::test(flavor = "multi_thread")]
async fn k10_a_commit_whose_answer_was_lost_is_recognised_and_not_repeated() {
    let db = Db::new("witness").await;
    assert_eq!(events_after_a_lost_answer(&db).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn k4_the_writers_role_cannot_change_history() {
    let db = Db::new("role").await;
    db.ledger().commit(one(company(1), company(1), Expected::Empty)).await.unwrap();
    for statement in [
        "update ledger.events set event_version = 2",
        "delete from ledger.events",
        "truncate ledger.events",
        "update ledger.words set word = 'x'",
        "delete from ledger.words",
        "delete from ledger.heads",
        "update ledger.heads set company_seq = 1",
        "delete from vault.subject_keys",
        "delete from vault.company_keys",
        "delete from vault.shreds",
        "alter table ledger.events add column x int",
    ] {
        let error = sqlx::query(statement).execute(&db.pools.direct).await.unwrap_err();
        let code = error.as_database_error().unwrap().code().map(|code| code.to_string());
        assert_eq!(code.as_deref(), Some("42501"), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d8_the_envelope_comes_back_as_it_was_given() {
    let db = Db::new("envelope").await;
    let ledger = db.ledger();
    let vault = db.vault().await;
    let place =
        kernel::vault::Place { company: company(1), event_type: "envelope", field: "origin" };
    let origin = kernel::commit::Origin { ip: "203.0.113.7".into(), user_agent: "x".into() };
    let class = shared::stored::KeyClass::Origin;
    let at = db.ground.clock.now();
    let sealed = vault.seal(place, company(1), class, at, &origin).await.unwrap();
    let (user, other, command) = (new_id(), new_id(), new_id());
    let context = Context {
        actor: Actor::User(user.into()),
        acting_for: Some(other),
        origin: Some(sealed.clone()),
        command_id: command,
        correlation_id: Some(other),
        causation_id: None,
        trace: [9; 16],
        depth: 3,
        policy: Some(12),
    };
    let mut commit = one(company(1), new_id(), Expected::Empty);
    commit.appends[0].context = Arc::new(context);
    commit.appends[0].events[0] = event(1).undoing(other);
    ledger.commit(commit).await.unwrap();
    let read = ledger.read(0, 10).await.unwrap().remove(0);
    assert_eq!(read.actor(), Actor::User(user.into()));
    assert_eq!(read.acting_for, Some(other));
    assert_eq!(
        (read.command_id, read.correlation_id, read.causation_id),
        (command, other, command)
    );
    assert_eq!((read.trace, read.depth, read.policy), ([9; 16], 3, Some(12)));
    assert_eq!(read.undoes, Some(other));
    let stored: shared::stored::Sealed<kernel::commit::Origin> =
        serde_json::from_str(read.origin.as_deref().unwrap()).unwrap();
    assert_eq!(vault.open(place, &stored).await.unwrap().value(), Some(origin));
    for actor in
        [Actor::ApiKey(user.into()), Actor::System("x".into()), Actor::Provider("meta".into())]
    {
        let mut commit = one(company(1), new_id(), Expected::Empty);
        commit.appends[0].context = Arc::new(Context::new(actor.clone(), command, [1; 16]));
        ledger.commit(commit).await.unwrap();
        let head = ledger.company_head(company(1)).await.unwrap();
        let read = ledger.read_company(company(1), head, 1).await.unwrap().remove(0);
        assert_eq!(read.actor(), actor);
    }
    assert_eq!(
        db.number("select count(*) from ledger.events where correlation_id is not null").await,
        1,
        "what equals the command is not stored"
    );
    assert_eq!(db.sound().await, 4);
}
