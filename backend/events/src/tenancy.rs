//! Companies, people, roles and keys. Streams `company`, `membership`, `api_key` of each company;
//! `user` of the platform.

use chrono::{DateTime, Utc};
use shared::{
    ids::{CompanyId, SessionId, UserId},
    permission::{Feature, Quota, Role},
    stored::{ConfigText, Sealed},
};

/// Who a user is; sealed under her own key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address she signs in with.
    pub email: String,
}

events! {
    /// The life of a company.
    CompanyEvent {
        /// It came to be.
        Created = "tenancy.company.created" {
            /// Its name.
            name: ConfigText,
            /// Its time zone.
            zone: ConfigText,
            /// The language it began with.
            locale: ConfigText,
        }
        /// It has another name.
        Renamed = "tenancy.company.renamed" {
            /// The new name.
            name: ConfigText,
        }
        /// The platform suspended it: reading only, inbound is kept.
        Suspended = "tenancy.company.suspended" {
            /// Why.
            reason: ConfigText,
        }
        /// The suspension ended.
        Resumed = "tenancy.company.resumed" {}
        /// What it may use changed.
        FeatureSet = "tenancy.company.feature_set" {
            /// What.
            feature: Feature,
            /// Whether it may be used.
            is_on: bool,
        }
        /// How much it may use changed.
        QuotaSet = "tenancy.company.quota_set" {
            /// Of what.
            quota: Quota,
            /// How much.
            limit: i64,
            /// Whether it stops at the limit.
            is_hard: bool,
        }
        /// A quota's use passed 80 or 100 per cent.
        QuotaReached = "tenancy.company.quota_reached" {
            /// Of what.
            quota: Quota,
            /// 80 or 100.
            percent: u8,
            /// In which period: year × 100 + month, or 0 for what is not counted by month.
            #[serde(default)]
            period: i32,
        }
        /// Somebody of the platform acts in it from now on.
        ImpersonationStarted = "tenancy.company.impersonation_started" {
            /// Who.
            by: UserId,
            /// Why.
            reason: ConfigText,
            /// Until when at most.
            until: DateTime<Utc>,
            /// The session she acts in.
            session: SessionId,
        }
        /// She has stopped.
        ImpersonationEnded = "tenancy.company.impersonation_ended" {
            /// Who.
            by: UserId,
            /// The session she acted in.
            session: SessionId,
        }
    }
}

events! {
    /// The life of a user.
    UserEvent {
        /// A person may sign in.
        Registered = "tenancy.user.registered" {
            /// Who.
            person: Sealed<Person>,
            /// The language of her account.
            locale: ConfigText,
            /// Whether the platform's console is open to her.
            is_super_admin: bool,
        }
        /// Her name or address changed.
        Changed = "tenancy.user.changed" {
            /// Who she is now.
            person: Sealed<Person>,
        }
        /// Her password changed.
        PasswordChanged = "tenancy.user.password_changed" {}
        /// She may not sign in any more.
        Disabled = "tenancy.user.disabled" {}
        /// She may again.
        Enabled = "tenancy.user.enabled" {}
        /// She signed in.
        SignedIn = "tenancy.user.signed_in" {
            /// The session.
            session: SessionId,
        }
        /// She signed out.
        SignedOut = "tenancy.user.signed_out" {
            /// The session.
            session: SessionId,
        }
        /// A session was ended from elsewhere.
        SessionRevoked = "tenancy.user.session_revoked" {
            /// The session.
            session: SessionId,
        }
    }
}

events! {
    /// A user's place in a company. The stream's id is derived from the user's.
    MembershipEvent {
        /// She belongs to it.
        Granted = "tenancy.membership.granted" {
            /// Who.
            user: UserId,
            /// As what.
            role: Role,
        }
        /// She has another role.
        RoleChanged = "tenancy.membership.role_changed" {
            /// Who.
            user: UserId,
            /// Before.
            from: Role,
            /// Now.
            to: Role,
        }
        /// She does not belong to it any more.
        Revoked = "tenancy.membership.revoked" {
            /// Who.
            user: UserId,
        }
    }
}

events! {
    /// A key of a company's own programs.
    ApiKeyEvent {
        /// It was made.
        Created = "tenancy.api_key.created" {
            /// The company.
            company: CompanyId,
            /// What it is called.
            name: ConfigText,
            /// Its first characters.
            hint: ConfigText,
            /// What it may, as words.
            scopes: Vec<ConfigText>,
            /// Until when.
            expires_at: Option<DateTime<Utc>>,
        }
        /// It is of no use any more.
        Revoked = "tenancy.api_key.revoked" {}
    }
}
