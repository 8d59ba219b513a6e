//! Given what happened, when asked, then.

use events::tenancy::UserEvent as Event;
use kernel::decider::Decider as _;
use shared::{
    ids::SessionId,
    stored::{KeyClass, Sealed},
};
use uuid::Uuid;

use super::{User, UserCommand as Command, UserError, UserStream};

const SESSION: SessionId = SessionId::from_uuid(Uuid::from_u128(2));

fn when(events: &[Event], command: &Command) -> Result<Vec<Event>, UserError> {
    let user = events.iter().fold(User::default(), UserStream::evolve);
    UserStream::decide(&user, command, &())
}

fn register() -> Command {
    Command::Register {
        person: Sealed::new(Uuid::nil(), KeyClass::Identity, 0, 1, "x".to_owned()),
        locale: "pt-BR",
        is_super_admin: false,
    }
}

fn registered() -> Vec<Event> {
    when(&[], &register()).unwrap()
}

#[test]
fn a_user_is_registered_once() {
    assert_eq!(registered().len(), 1);
    assert_eq!(when(&registered(), &register()), Err(UserError::Exists));
}

#[test]
fn nothing_is_asked_of_a_user_who_does_not_exist() {
    let commands = [
        Command::ChangePassword,
        Command::Disable,
        Command::Enable,
        Command::SignIn(SESSION),
        Command::SignOut(SESSION),
        Command::RevokeSession(SESSION),
    ];
    for command in commands {
        assert_eq!(when(&[], &command), Err(UserError::Missing), "{command:?}");
    }
}

#[test]
fn a_disabled_user_signs_in_nowhere_until_she_is_enabled() {
    let mut known = registered();
    assert_eq!(when(&known, &Command::Enable), Ok(vec![]));
    known.extend(when(&known, &Command::Disable).unwrap());
    assert_eq!(when(&known, &Command::Disable), Ok(vec![]));
    assert_eq!(when(&known, &Command::SignIn(SESSION)), Err(UserError::Disabled));
    known.extend(when(&known, &Command::Enable).unwrap());
    let signed_in = vec![Event::SignedIn { session: SESSION }];
    assert_eq!(when(&known, &Command::SignIn(SESSION)), Ok(signed_in));
}

#[test]
fn what_ends_a_session_is_told_apart() {
    let ended = |command| when(&registered(), &command).unwrap();
    assert_eq!(ended(Command::SignOut(SESSION)), [Event::SignedOut { session: SESSION }]);
    let revoked = [Event::SessionRevoked { session: SESSION }];
    assert_eq!(ended(Command::RevokeSession(SESSION)), revoked);
    assert_eq!(ended(Command::ChangePassword), [Event::PasswordChanged {}]);
}
