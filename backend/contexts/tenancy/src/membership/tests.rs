//! Given what happened, when asked, then.

use events::tenancy::MembershipEvent as Event;
use kernel::decider::Decider as _;
use shared::{ids::UserId, permission::Role};
use uuid::Uuid;

use super::{Asking, Membership, MembershipCommand as Command, MembershipError, MembershipStream};

const USER: UserId = UserId::from_uuid(Uuid::from_u128(1));

fn when(
    role: Option<Role>,
    command: &Command,
    asking: Asking,
) -> Result<Vec<Event>, MembershipError> {
    MembershipStream::decide(&Membership { role }, command, &asking)
}

const fn asking(role: Role) -> Asking {
    Asking { role: Some(role), has_other_owner: true }
}

#[test]
fn a_member_is_granted_changed_and_revoked() {
    let events = [
        Event::Granted { user: USER, role: Role::Operator },
        Event::RoleChanged { user: USER, from: Role::Operator, to: Role::Admin },
    ];
    let state = events.iter().fold(Membership::default(), MembershipStream::evolve);
    assert_eq!(state.role, Some(Role::Admin));
    let state = MembershipStream::evolve(state, &Event::Revoked { user: USER });
    assert_eq!(state, Membership::default());
}

#[test]
fn nobody_gives_takes_or_changes_a_role_above_her_own() {
    for own in Role::ALL {
        for role in Role::ALL {
            let is_above = role < own;
            let grant = Command::Grant { user: USER, role };
            let granted = when(None, &grant, asking(own));
            assert_eq!(granted == Err(MembershipError::AboveOwnRole), is_above, "{own:?} {role:?}");
            let revoked = when(Some(role), &Command::Revoke { user: USER }, asking(own));
            assert_eq!(revoked == Err(MembershipError::AboveOwnRole), is_above, "{own:?} {role:?}");
            for to in Role::ALL {
                let change = Command::ChangeRole { user: USER, to };
                let changed = when(Some(role), &change, asking(own));
                let refused = role != to && (is_above || to < own);
                assert_eq!(changed == Err(MembershipError::AboveOwnRole), refused);
            }
        }
    }
}

#[test]
fn a_company_keeps_an_owner() {
    let alone = Asking { role: Some(Role::Owner), has_other_owner: false };
    let last = Err(MembershipError::LastOwner);
    assert_eq!(when(Some(Role::Owner), &Command::Revoke { user: USER }, alone), last);
    let step_down = Command::ChangeRole { user: USER, to: Role::Admin };
    assert_eq!(when(Some(Role::Owner), &step_down, alone), last);
    assert!(when(Some(Role::Owner), &step_down, asking(Role::Owner)).is_ok());
    assert!(when(Some(Role::Admin), &Command::Revoke { user: USER }, alone).is_ok());
}

#[test]
fn what_is_so_already_is_told() {
    let grant = Command::Grant { user: USER, role: Role::Operator };
    let exists = Err(MembershipError::Exists);
    assert_eq!(when(Some(Role::Admin), &grant, asking(Role::Owner)), exists);
    let same = Command::ChangeRole { user: USER, to: Role::Admin };
    assert_eq!(when(Some(Role::Admin), &same, asking(Role::Owner)), Ok(vec![]));
    let missing = Err(MembershipError::Missing);
    assert_eq!(when(None, &same, asking(Role::Owner)), missing);
    assert_eq!(when(None, &Command::Revoke { user: USER }, asking(Role::Owner)), missing);
}
