//! Given what happened, when asked, then.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use events::tenancy::CompanyEvent as Event;
use kernel::decider::Decider as _;
use shared::{
    ids::{SessionId, UserId},
    permission::{Feature, Quota},
};
use uuid::Uuid;

use super::{Company, CompanyCommand as Command, CompanyError, CompanyStream};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn given(events: &[Event]) -> Company {
    events.iter().fold(Company::default(), CompanyStream::evolve)
}

fn when(events: &[Event], command: &Command) -> Result<Vec<Event>, CompanyError> {
    CompanyStream::decide(&given(events), command, &now())
}

fn create(name: &str, zone: &str) -> Command {
    Command::Create {
        name: name.to_owned(),
        zone: zone.to_owned(),
        locale: "pt-BR",
        features: BTreeSet::from([Feature::Inbox]),
    }
}

fn created() -> Vec<Event> {
    vec![
        Event::Created { name: "Aurora".into(), zone: "UTC".into(), locale: "pt-BR".into() },
        Event::FeatureSet { feature: Feature::Inbox, is_on: true },
    ]
}

fn start(reason: &str, minutes: i64) -> Command {
    Command::StartImpersonation {
        by: UserId::from_uuid(Uuid::from_u128(1)),
        reason: reason.to_owned(),
        until: now() + TimeDelta::minutes(minutes),
        session: SessionId::from_uuid(Uuid::from_u128(2)),
    }
}

#[test]
fn a_company_is_created_once_with_a_name_and_a_zone() {
    assert_eq!(when(&[], &create(" Aurora ", "UTC")), Ok(created()));
    assert_eq!(when(&created(), &create("Aurora", "UTC")), Err(CompanyError::Exists));
    for name in ["", "  ", "a\nb", &"x".repeat(201)] {
        assert_eq!(when(&[], &create(name, "UTC")), Err(CompanyError::Name), "{name}");
    }
    assert_eq!(when(&[], &create("Aurora", "Mars/Olympus")), Err(CompanyError::Zone));
}

#[test]
fn nothing_is_asked_of_a_company_that_does_not_exist() {
    let commands = [
        Command::Rename { name: "x".to_owned() },
        Command::Suspend { reason: "x".to_owned() },
        Command::Resume,
        Command::SetFeature { feature: Feature::Api, is_on: true },
        Command::SetQuota { quota: Quota::Members, limit: 1, is_hard: true },
        Command::MarkQuota { quota: Quota::Members, percent: 80, period: 0 },
        start("x", 1),
        Command::EndImpersonation { session: SessionId::from_uuid(Uuid::from_u128(2)) },
    ];
    for command in commands {
        assert_eq!(when(&[], &command), Err(CompanyError::Missing), "{command:?}");
    }
}

#[test]
fn what_is_so_already_yields_nothing() {
    let mut known = created();
    known.push(Event::Suspended { reason: "unpaid".into() });
    known.push(Event::QuotaSet { quota: Quota::Members, limit: 5, is_hard: true });
    let commands = [
        Command::Rename { name: "Aurora".to_owned() },
        Command::Suspend { reason: "again".to_owned() },
        Command::SetFeature { feature: Feature::Inbox, is_on: true },
        Command::SetFeature { feature: Feature::Api, is_on: false },
        Command::SetQuota { quota: Quota::Members, limit: 5, is_hard: true },
        Command::EndImpersonation { session: SessionId::from_uuid(Uuid::from_u128(2)) },
    ];
    for command in commands {
        assert_eq!(when(&known, &command), Ok(vec![]), "{command:?}");
    }
    assert_eq!(when(&created(), &Command::Resume), Ok(vec![]));
}

#[test]
fn a_suspension_has_a_reason_and_ends() {
    let suspend = |reason: &str| Command::Suspend { reason: reason.to_owned() };
    assert_eq!(when(&created(), &suspend(" ")), Err(CompanyError::Reason));
    let suspended = when(&created(), &suspend("unpaid")).unwrap();
    assert_eq!(suspended, [Event::Suspended { reason: "unpaid".into() }]);
    let mut known = created();
    known.extend(suspended);
    assert_eq!(when(&known, &Command::Resume), Ok(vec![Event::Resumed {}]));
    known.push(Event::Resumed {});
    assert!(!given(&known).is_suspended);
}

#[test]
fn d31_an_impersonation_has_a_reason_and_lasts_at_most_thirty_minutes() {
    assert!(when(&created(), &start("a ticket", 30)).is_ok_and(|events| events.len() == 1));
    assert_eq!(when(&created(), &start("a ticket", 31)), Err(CompanyError::Duration));
    assert_eq!(when(&created(), &start("a ticket", 0)), Err(CompanyError::Duration));
    assert_eq!(when(&created(), &start("", 5)), Err(CompanyError::Reason));
}

#[test]
fn an_impersonation_starts_and_ends_once() {
    let mut known = created();
    known.extend(when(&known, &start("a ticket", 30)).unwrap());
    assert_eq!(when(&known, &start("a ticket", 30)), Ok(vec![]));
    let end = Command::EndImpersonation { session: SessionId::from_uuid(Uuid::from_u128(2)) };
    let ended = when(&known, &end).unwrap();
    assert!(matches!(ended.as_slice(), [Event::ImpersonationEnded { .. }]));
    known.extend(ended);
    assert_eq!(when(&known, &end), Ok(vec![]));
}

#[test]
fn a_mark_is_set_once_in_a_period_and_again_for_a_new_limit() {
    let mark = |period| Command::MarkQuota { quota: Quota::Members, percent: 80, period };
    let limit = |limit| Event::QuotaSet { quota: Quota::Members, limit, is_hard: false };
    let mut known = created();
    assert_eq!(when(&known, &mark(202_611)), Ok(vec![]), "without a quota there is no mark");
    known.push(limit(10));
    let marked = when(&known, &mark(202_611)).unwrap();
    assert_eq!(marked.len(), 1);
    known.extend(marked);
    assert_eq!(when(&known, &mark(202_611)), Ok(vec![]));
    assert_eq!(when(&known, &mark(202_612)).map(|events| events.len()), Ok(1));
    known.push(limit(20));
    assert_eq!(when(&known, &mark(202_611)).map(|events| events.len()), Ok(1));
}

#[test]
fn a_limit_is_zero_or_more() {
    let set = |limit| Command::SetQuota { quota: Quota::Members, limit, is_hard: true };
    assert_eq!(when(&created(), &set(-1)), Err(CompanyError::Limit));
    assert_eq!(when(&created(), &set(0)).map(|events| events.len()), Ok(1));
}
