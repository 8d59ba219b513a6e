//! From what goes wrong below to what the caller is told.

use shared::problem::Kind;

use super::problem::Problem;
use crate::{commit::Refused, decider::Rejection, error::Error, execute::Failure};

impl<R: Rejection> From<Failure<R>> for Problem {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Rejected(rejection) => {
                Self::new(rejection.kind(), rejection.code()).values(rejection.values())
            }
            Failure::Kernel(error) => error.into(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let conflict = |code| Self::new(Kind::Conflict, code);
        match &error {
            Error::Refused(Refused::WrongVersion { .. }) => conflict("stale_version"),
            Error::Refused(Refused::ClaimTaken { .. } | Refused::ClaimNotHeld { .. }) => {
                conflict("conflict")
            }
            Error::Refused(Refused::KeyReused { .. }) => conflict("idempotency_key_reused"),
            Error::Refused(Refused::Loop) => conflict("loop"),
            Error::Refused(Refused::Invalid { .. }) => Self::new(Kind::Invalid, "not_storable"),
            Error::Erased => conflict("erased"),
            Error::InDoubt => Self::new(Kind::Unavailable, "in_doubt").retry_after(1),
            Error::Stopped | Error::Refused(_) => Self::unavailable(&error),
            _ if error.is_transient() => Self::unavailable(&error),
            _ => Self::internal(&error),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}
