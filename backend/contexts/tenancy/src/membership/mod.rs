//! A user's place in a company. The stream has the user's id, in the company's chain.
//!
//! Invariants: a company keeps an owner: whoever takes one away asserts in the same commit that
//! another one stands; nobody gives or takes a role above her own.

#[cfg(test)]
mod tests;

use events::tenancy::MembershipEvent;
use kernel::decider::{Decider, Rejection};
use shared::{ids::UserId, permission::Role, problem::Kind};

/// The stream of a membership.
#[derive(Debug)]
pub struct MembershipStream;

/// What decisions about a membership need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Her role, as long as she belongs to the company.
    pub role: Option<Role>,
}

/// What may be asked of a membership.
#[derive(Clone, Debug)]
pub enum MembershipCommand {
    /// Belong to the company.
    Grant {
        /// Who.
        user: UserId,
        /// As what.
        role: Role,
    },
    /// Have another role.
    ChangeRole {
        /// Who.
        user: UserId,
        /// Which.
        to: Role,
    },
    /// Not belong to it any more.
    Revoke {
        /// Who.
        user: UserId,
    },
}

/// What was looked up beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    /// The role of whoever asks; the platform has none and may everything.
    pub role: Option<Role>,
    /// Whether another owner stands, which the commit asserts.
    pub has_other_owner: bool,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// She does not belong to it.
    #[error("the user is not a member")]
    Missing,
    /// She belongs to it.
    #[error("the user is a member already")]
    Exists,
    /// A role above that of whoever asks.
    #[error("the role is above the role of the one who asks")]
    AboveOwnRole,
    /// A company keeps an owner.
    #[error("the last owner stays")]
    LastOwner,
}

impl Rejection for MembershipError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::NotFound,
            Self::Exists | Self::LastOwner => Kind::Conflict,
            Self::AboveOwnRole => Kind::Forbidden,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "not_found",
            Self::Exists => "tenancy.member_exists",
            Self::AboveOwnRole => "tenancy.role_above_own",
            Self::LastOwner => "tenancy.last_owner",
        }
    }
}

impl Asking {
    fn may_touch(self, role: Role) -> Result<(), MembershipError> {
        // Roles are ordered the strongest first.
        match self.role {
            Some(own) if role < own => Err(MembershipError::AboveOwnRole),
            _ => Ok(()),
        }
    }
}

impl Decider for MembershipStream {
    const STREAM: &'static str = "membership";
    type State = Membership;
    type Command = MembershipCommand;
    type Event = MembershipEvent;
    type Facts = Asking;
    type Rejection = MembershipError;

    fn decide(
        membership: &Membership,
        command: &MembershipCommand,
        asking: &Asking,
    ) -> Result<Vec<MembershipEvent>, MembershipError> {
        use MembershipCommand as Command;
        match (command, membership.role) {
            (Command::Grant { .. }, Some(_)) => Err(MembershipError::Exists),
            (Command::Grant { user, role }, None) => {
                asking.may_touch(*role)?;
                Ok(vec![MembershipEvent::Granted { user: *user, role: *role }])
            }
            (_, None) => Err(MembershipError::Missing),
            (Command::ChangeRole { to, .. }, Some(from)) if *to == from => Ok(vec![]),
            (Command::ChangeRole { user, to }, Some(from)) => {
                asking.may_touch(from)?;
                asking.may_touch(*to)?;
                keep_an_owner(from, *asking)?;
                Ok(vec![MembershipEvent::RoleChanged { user: *user, from, to: *to }])
            }
            (Command::Revoke { user }, Some(role)) => {
                asking.may_touch(role)?;
                keep_an_owner(role, *asking)?;
                Ok(vec![MembershipEvent::Revoked { user: *user }])
            }
        }
    }

    fn evolve(_: Membership, event: &MembershipEvent) -> Membership {
        let role = match event {
            MembershipEvent::Granted { role, .. } => Some(*role),
            MembershipEvent::RoleChanged { to, .. } => Some(*to),
            MembershipEvent::Revoked { .. } => None,
        };
        Membership { role }
    }
}

fn keep_an_owner(leaving: Role, asking: Asking) -> Result<(), MembershipError> {
    if leaving == Role::Owner && !asking.has_other_owner {
        return Err(MembershipError::LastOwner);
    }
    Ok(())
}
