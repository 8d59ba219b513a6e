//! A person who signs in, on the platform's chain: members of companies and people of the platform.
//!
//! Invariants: what is personal is sealed under her own key; that an address belongs to one user is a
//! claim taken in the same commit; a disabled user signs in nowhere.

#[cfg(test)]
mod tests;

use events::tenancy::{Person, UserEvent};
use kernel::decider::{Decider, Rejection};
use shared::{
    ids::SessionId,
    problem::Kind,
    stored::{ConfigText, Sealed},
};

/// The claim kind of an address that somebody signs in with, in the platform's key space.
pub const EMAIL: &str = "tenancy.email";

/// The stream of a user.
#[derive(Debug)]
pub struct UserStream;

/// What decisions about a user need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// She was registered.
    pub exists: bool,
    /// She may not sign in.
    pub is_disabled: bool,
    /// The platform's console is open to her.
    pub is_super_admin: bool,
    /// Who she is.
    pub person: Option<Sealed<Person>>,
    /// The language of her account.
    pub locale: String,
}

/// What may be asked of a user.
#[derive(Clone, Debug)]
pub enum UserCommand {
    /// Be known.
    Register {
        /// Who she is.
        person: Sealed<Person>,
        /// The language of her account.
        locale: &'static str,
        /// Whether the platform's console is open to her.
        is_super_admin: bool,
    },
    /// Have another password.
    ChangePassword,
    /// Sign in nowhere.
    Disable,
    /// Sign in again.
    Enable,
    /// A session began.
    SignIn(SessionId),
    /// She ended a session.
    SignOut(SessionId),
    /// A session was ended from elsewhere.
    RevokeSession(SessionId),
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// There is none.
    #[error("the user does not exist")]
    Missing,
    /// There is one.
    #[error("the user exists already")]
    Exists,
    /// She may not sign in.
    #[error("the user is disabled")]
    Disabled,
}

impl Rejection for UserError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::Exists => Kind::Conflict,
            Self::Disabled => Kind::Unauthenticated,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "not_found",
            Self::Exists => "tenancy.user_exists",
            Self::Disabled => "tenancy.sign_in_refused",
        }
    }
}

impl Decider for UserStream {
    const STREAM: &'static str = "user";
    type State = User;
    type Command = UserCommand;
    type Event = UserEvent;
    type Facts = ();
    type Rejection = UserError;

    fn decide(user: &User, command: &UserCommand, (): &()) -> Result<Vec<UserEvent>, UserError> {
        use UserCommand as Command;
        if let Command::Register { person, locale, is_super_admin } = command {
            if user.exists {
                return Err(UserError::Exists);
            }
            return Ok(vec![UserEvent::Registered {
                person: person.clone(),
                locale: ConfigText::from(*locale),
                is_super_admin: *is_super_admin,
            }]);
        }
        if !user.exists {
            return Err(UserError::Missing);
        }
        Ok(match command {
            Command::ChangePassword => vec![UserEvent::PasswordChanged {}],
            Command::Disable if user.is_disabled => vec![],
            Command::Disable => vec![UserEvent::Disabled {}],
            Command::Enable if user.is_disabled => vec![UserEvent::Enabled {}],
            Command::Register { .. } | Command::Enable => vec![],
            Command::SignIn(_) if user.is_disabled => return Err(UserError::Disabled),
            Command::SignIn(session) => vec![UserEvent::SignedIn { session: *session }],
            Command::SignOut(session) => vec![UserEvent::SignedOut { session: *session }],
            Command::RevokeSession(session) => {
                vec![UserEvent::SessionRevoked { session: *session }]
            }
        })
    }

    fn evolve(mut user: User, event: &UserEvent) -> User {
        match event {
            UserEvent::Registered { person, locale, is_super_admin } => {
                user.exists = true;
                user.person = Some(person.clone());
                user.locale.clone_from(&locale.0);
                user.is_super_admin = *is_super_admin;
            }
            UserEvent::Changed { person } => user.person = Some(person.clone()),
            UserEvent::Disabled {} => user.is_disabled = true,
            UserEvent::Enabled {} => user.is_disabled = false,
            UserEvent::PasswordChanged {}
            | UserEvent::SignedIn { .. }
            | UserEvent::SignedOut { .. }
            | UserEvent::SessionRevoked { .. } => {}
        }
        user
    }
}
