//! Given what happened, when asked, then.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use events::tenancy::ApiKeyEvent as Event;
use kernel::decider::Decider as _;
use shared::{ids::CompanyId, permission::Permission};
use uuid::Uuid;

use super::{ApiKey, ApiKeyCommand as Command, ApiKeyError, ApiKeyStream, Maker};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn maker() -> Maker {
    let may = Permission::ALL.into_iter().filter(|may| *may != Permission::EraseContacts);
    Maker { now: now(), may: may.collect() }
}

fn create(name: &str, scopes: &[Permission], expires_at: Option<DateTime<Utc>>) -> Command {
    Command::Create {
        company: CompanyId::from_uuid(Uuid::from_u128(1)),
        name: name.to_owned(),
        hint: "mia_abcd".to_owned(),
        scopes: scopes.iter().copied().collect(),
        expires_at,
    }
}

fn when(events: &[Event], command: &Command) -> Result<Vec<Event>, ApiKeyError> {
    let key = events.iter().fold(ApiKey::default(), ApiKeyStream::evolve);
    ApiKeyStream::decide(&key, command, &maker())
}

#[test]
fn a_key_is_made_with_what_its_maker_may() {
    let made = when(&[], &create("CRM", &[Permission::SendMessages], None)).unwrap();
    let key = made.iter().fold(ApiKey::default(), ApiKeyStream::evolve);
    assert!(key.stands(now()));
    assert_eq!(key.scopes, BTreeSet::from([Permission::SendMessages]));
    let again = create("CRM", &[Permission::SendMessages], None);
    assert_eq!(when(&made, &again), Err(ApiKeyError::Exists));
}

#[test]
fn a_key_never_may_more_than_its_maker_or_than_any_key() {
    let refused = |scope: Permission| when(&[], &create("CRM", &[scope], None));
    assert_eq!(refused(Permission::EraseContacts), Err(ApiKeyError::Scope("erase_contacts")));
    for scope in [Permission::ManageTeam, Permission::ManageApiKeys, Permission::ManageCompany] {
        assert_eq!(refused(scope), Err(ApiKeyError::Scope(scope.as_str())));
    }
}

#[test]
fn a_key_needs_a_name_a_scope_and_time_ahead() {
    let scopes = [Permission::ReadContacts];
    assert_eq!(when(&[], &create(" ", &scopes, None)), Err(ApiKeyError::Name));
    assert_eq!(when(&[], &create("CRM", &[], None)), Err(ApiKeyError::NoScopes));
    assert_eq!(when(&[], &create("CRM", &scopes, Some(now()))), Err(ApiKeyError::Expired));
}

#[test]
fn a_key_ends_when_it_runs_out_or_is_revoked() {
    let end = now() + TimeDelta::days(1);
    let mut known = when(&[], &create("CRM", &[Permission::ReadContacts], Some(end))).unwrap();
    let key = known.iter().fold(ApiKey::default(), ApiKeyStream::evolve);
    assert!(key.stands(end - TimeDelta::seconds(1)) && !key.stands(end));
    known.extend(when(&known, &Command::Revoke).unwrap());
    let key = known.iter().fold(ApiKey::default(), ApiKeyStream::evolve);
    assert!(!key.stands(now()));
    assert_eq!(when(&known, &Command::Revoke), Ok(vec![]));
    assert_eq!(when(&[], &Command::Revoke), Err(ApiKeyError::Missing));
}
