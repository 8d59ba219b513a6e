//! Who is signed in, and what she may: folded from the ledger, as rights are.

use kernel::{
    error::Error,
    http::{Admitted, Caller, Principal, Standing},
    ids::PLATFORM,
};
use shared::{
    ids::CompanyId,
    permission::{Permission, Role},
    session::{Impersonation, Me, MyCompany},
};
use uuid::Uuid;

use crate::{Tenancy, company::CompanyStream, sessions, user::UserStream};

/// What somebody who is signed in may.
fn permissions(role: Option<Role>, is_acting: bool) -> Vec<Permission> {
    let may = |permission: &Permission| {
        role.is_some_and(|role| role.may(*permission))
            && (!is_acting || permission.while_impersonating())
    };
    Permission::ALL.into_iter().filter(may).collect()
}

/// The answer to "who am I?".
pub(crate) async fn me(tenancy: &Tenancy, caller: &Caller) -> Result<Option<Me>, Error> {
    of(tenancy, caller.admitted(), caller.credential()).await
}

pub(crate) async fn of(
    tenancy: &Tenancy,
    admitted: &Admitted,
    credential: kernel::http::Credential,
) -> Result<Option<Me>, Error> {
    let (Some(user), Some(session)) = (admitted.principal.user(), admitted.principal.session())
    else {
        return Ok(None);
    };
    let mut wanted: Vec<(Uuid, Uuid)> = vec![(PLATFORM, user.into_uuid())];
    wanted.extend(admitted.companies.iter().map(|standing| (standing.company, standing.company)));
    let streams = tenancy.streams(&wanted).await?;
    let state = streams.state::<UserStream>(PLATFORM, user.into_uuid())?;
    let Some(person) = &state.person else { return Ok(None) };
    let person = tenancy.person(person).await?;
    let now = tenancy.ground.clock.now();
    let impersonation = match (&admitted.principal, credential) {
        (
            Principal::Impersonator { user, company, until, .. },
            kernel::http::Credential::Session(hash),
        ) => {
            let row = sessions::find(&tenancy.pools.app, hash, now).await?;
            Some(Impersonation {
                by: *user,
                company: CompanyId::from_uuid(*company),
                reason: row.and_then(|row| row.acting_reason).unwrap_or_default(),
                until: *until,
            })
        }
        _ => None,
    };
    let is_acting = impersonation.is_some();
    let mut companies = Vec::new();
    for standing in &admitted.companies {
        let Standing { company, role, is_suspended, features, .. } = standing;
        let state = streams.state::<CompanyStream>(*company, *company)?;
        // As of now: what a screen is told of may be younger than what rights are remembered by.
        let quotas = tenancy.quotas(*company, &state, now).await?;
        companies.push(MyCompany {
            id: CompanyId::from_uuid(*company),
            name: state.name,
            role: role.unwrap_or(Role::Auditor),
            permissions: permissions(*role, is_acting),
            features: features.iter().copied().collect(),
            zone: state.zone,
            is_suspended: *is_suspended,
            quotas,
        });
    }
    companies.sort_by(|one, other| one.name.cmp(&other.name).then(one.id.cmp(&other.id)));
    Ok(Some(Me {
        user,
        name: person.name,
        email: person.email,
        locale: state.locale,
        is_super_admin: admitted.is_super_admin && !is_acting,
        session,
        companies,
        impersonation,
        now,
    }))
}
