//! Policies (D14).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use kernel::{
    commit::{Append, Commit, Context, Expected},
    ids::{Ids as _, SystemIds},
    ledger::Ledger,
    policy::{Policies, Policy, PolicyError, Reaction, Runner},
    record::Recorded,
};
use shared::stored::Actor;

use crate::support::*;

/// Answers each event of a type with another, on the same stream.
pub(crate) struct Answer {
    pub(crate) id: i16,
    pub(crate) on: &'static str,
    pub(crate) with: &'static str,
    pub(crate) late: Option<Duration>,
    pub(crate) chokes: Arc<AtomicBool>,
}

impl Answer {
    pub(crate) fn new(id: i16, on: &'static str, with: &'static str) -> Self {
        Self { id, on, with, late: None, chokes: Arc::default() }
    }
}

impl Policy for Answer {
    fn id(&self) -> i16 {
        self.id
    }

    fn name(&self) -> &'static str {
        ["zero", "one", "two"][usize::try_from(self.id).unwrap()]
    }

    fn late(&self) -> Option<Duration> {
        self.late
    }

    fn wants(&self, event_type: &str) -> bool {
        event_type == self.on
    }

    fn react<'a>(&'a self, event: &'a Recorded) -> BoxFuture<'a, Result<Reaction, PolicyError>> {
        Box::pin(async move {
            if self.chokes.load(Ordering::Relaxed) && event.company == company(2) {
                return Err(PolicyError::Event("it makes no sense".to_owned()));
            }
            let mut append: Append = append(event.company, event.event_id, Expected::Any, 1);
            append.events[0].event_type = self.with;
            let system = Actor::System("answer".into());
            let context = Context::new(system, SystemIds.v7(), event.trace);
            append.context = Arc::new(context.caused_by(event, self.id));
            let commit = Commit { appends: vec![append], ..Commit::default() };
            Ok(Reaction::Do(Box::new(commit)))
        })
    }
}

const ASKED: &str = "demo.thing.asked";
pub(crate) const ANSWERED: &str = "demo.thing.answered";

pub(crate) async fn runner(ledger: &Ledger, policy: Answer) -> (Policies, Runner) {
    let policies = Policies::open(ledger.clone(), vec![Arc::new(policy)]).await.unwrap();
    let runner = policies.runner(0, alone(true)).unwrap();
    (policies, runner)
}

pub(crate) async fn ask(ledger: &Ledger, companies: u128, n: u128) {
    for n in 0..n {
        ledger.commit(one_of(ASKED, company(n % companies))).await.unwrap();
    }
}

pub(crate) async fn react_all(runner: &mut Runner) {
    while runner.pass().await.unwrap() > 0 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_a_policy_begins_at_the_head_and_reacts_to_each_event_once() {
    let db = Db::new("policy").await;
    let ledger = db.ledger().await;
    ask(&ledger, 3, 30).await;
    let (policies, mut first) = runner(&ledger, Answer::new(1, ASKED, ANSWERED)).await;
    ask(&ledger, 3, 100).await;
    react_all(&mut first).await;
    assert_eq!(db.events_of(ANSWERED).await, 100, "what was before causes nothing");
    // Two at once, as when an owner does not know yet that it is none any more; and a restart.
    let mut second = policies.runner(0, alone(true)).unwrap();
    for _ in 0..5 {
        ask(&ledger, 3, 40).await;
        let _ = tokio::join!(first.pass(), second.pass());
    }
    react_all(&mut policies.runner(0, alone(true)).unwrap()).await;
    assert_eq!(db.events_of(ANSWERED).await, 300);
    let causes = "select count(distinct causation_id) from ledger.events e
        join ledger.words w on w.id = e.event_type where w.word = 'demo.thing.answered'";
    assert_eq!(db.number(causes).await, 300);
    db.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_a_number_is_never_another_policys() {
    let db = Db::new("policy_number").await;
    let ledger = db.ledger().await;
    runner(&ledger, Answer::new(1, ASKED, ANSWERED)).await;
    db.run("update policy.policies set name = 'another'").await;
    let again = Policies::open(ledger, vec![Arc::new(Answer::new(1, ASKED, ANSWERED))]).await;
    assert!(again.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_what_comes_too_late_is_recorded_as_skipped() {
    let db = Db::new("policy_late").await;
    assert_eq!(late_answers(&db).await, 0);
    assert_eq!(db.events_of("policies.reaction.skipped").await, 3);
}

pub(crate) async fn late_answers(db: &Db) -> i64 {
    let ledger = db.ledger().await;
    let policy = Answer { late: Some(Duration::from_mins(5)), ..Answer::new(1, ASKED, ANSWERED) };
    let (_, mut runner) = runner(&ledger, policy).await;
    ask(&ledger, 1, 3).await;
    db.clock.both(Duration::from_mins(6));
    react_all(&mut runner).await;
    db.events_of(ANSWERED).await
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_what_undoes_causes_nothing() {
    let db = Db::new("policy_undo").await;
    assert_eq!(answers_to_an_undo(&db).await, 0);
}

pub(crate) async fn answers_to_an_undo(db: &Db) -> i64 {
    let ledger = db.ledger().await;
    let (_, mut runner) = runner(&ledger, Answer::new(1, ASKED, ANSWERED)).await;
    let mut commit = one_of(ASKED, company(1));
    commit.appends[0].events[0].undoes = Some(SystemIds.v7());
    ledger.commit(commit).await.unwrap();
    react_all(&mut runner).await;
    db.events_of(ANSWERED).await
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_a_chain_of_reactions_ends() {
    let db = Db::new("policy_loop").await;
    let ledger = db.ledger().await;
    // It answers its own answers.
    let (_, mut runner) = runner(&ledger, Answer::new(1, ASKED, ASKED)).await;
    ask(&ledger, 1, 1).await;
    react_all(&mut runner).await;
    assert_eq!(db.events_of(ASKED).await, 17, "the first, and one at each depth to 16");
    assert_eq!(db.events_of("policies.reaction.skipped").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_a_poisonous_event_pauses_a_policy_for_its_company_only() {
    let db = Db::new("policy_poison").await;
    let ledger = db.ledger().await;
    let policy = Answer::new(1, ASKED, ANSWERED);
    let chokes = policy.chokes.clone();
    let (policies, mut runner) = runner(&ledger, policy).await;
    ask(&ledger, 4, 40).await;
    react_all(&mut runner).await;
    chokes.store(true, Ordering::Relaxed);
    ask(&ledger, 4, 40).await;
    react_all(&mut runner).await;
    assert_eq!(db.events_of(ANSWERED).await, 70);
    let paused = policies.paused().await.unwrap();
    assert_eq!(paused.len(), 1);
    assert_eq!(paused[0].company, company(2));
    // Mended and resumed, it takes what it missed, once.
    chokes.store(false, Ordering::Relaxed);
    policies.resume(1, company(2)).await.unwrap();
    db.clock.both(Duration::from_secs(2));
    react_all(&mut runner).await;
    assert_eq!(db.events_of(ANSWERED).await, 80);
    assert!(policies.paused().await.unwrap().is_empty());
    ask(&ledger, 4, 4).await;
    react_all(&mut runner).await;
    assert_eq!(db.events_of(ANSWERED).await, 84);
}
