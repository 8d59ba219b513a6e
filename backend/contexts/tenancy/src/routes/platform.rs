//! The platform's console. Every act on a company is an event in that company's chain (D10).

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use chrono::TimeDelta;
use events::tenancy::Person;
use kernel::{
    execute::{Executed, Request},
    http::{
        Answer, Api, Body, Caller, Ended, IfMatch, Path, Principal, Problem, Query, SignedIn,
        SuperAdmin,
    },
    ids::PLATFORM,
};
use shared::{
    ids::{CompanyId, UserId},
    page::{Page, Part},
    permission::{Feature, Quota, Role},
    platform::{Company, CreateCompany, Impersonate, SetFeature, SetQuota, Suspend},
    problem::Kind,
};
use uuid::Uuid;

use crate::{
    Tenancy,
    company::{CompanyCommand, CompanyStream},
    password, people, queries, sessions as store,
    user::{UserCommand, UserStream},
};

pub(super) async fn companies(
    State(tenancy): State<Tenancy>,
    _admin: SuperAdmin,
    Query(part): Query<Part>,
) -> Result<Answer<Page<Company>>, Problem> {
    let after = super::members::key(part.after.as_deref())?;
    Ok(Answer::ok(queries::companies::page(&tenancy, after, part.limit(200)).await?))
}

pub(super) async fn create(
    State(tenancy): State<Tenancy>,
    admin: SuperAdmin,
    Body(body): Body<CreateCompany>,
) -> Result<Answer<Company>, Problem> {
    let company = admin.command_id();
    let email = people::canonical(&body.owner.email)
        .ok_or_else(|| Problem::invalid("/owner/email", "invalid"))?;
    let context = admin.context_in(company).await?;
    let known = tenancy.user_of(&email).await?;
    let (owner, mut also, mut more_claims) = if let Some(owner) = known {
        (UserId::from_uuid(owner), vec![], vec![])
    } else {
        let name = crate::company::fit(&body.owner.name)
            .ok_or_else(|| Problem::invalid("/owner/name", "invalid"))?;
        let chosen = body.owner.password.as_deref();
        let chosen = chosen.ok_or_else(|| Problem::invalid("/owner/password", "missing"))?;
        password::check("/owner/password", chosen)?;
        let hash = tenancy.passwords.hash(chosen).await?;
        let index = tenancy.vault.index(PLATFORM).await?;
        let owner = index.id(0, "tenancy.owner", &[company.as_bytes()]);
        let owner = UserId::from_uuid(owner);
        store::keep_password(&tenancy.pools.app, owner, &hash).await?;
        let person = Person { name: name.0, email };
        let registering = tenancy.registering(owner, person, false, &admin.context()).await?;
        (owner, vec![registering.append], vec![registering.claim])
    };
    also.push(tenancy.joining(company, owner, Role::Owner, &context)?);
    let executed = tenancy
        .ledger
        .execute::<CompanyStream>(&Request {
            company,
            id: company,
            command: CompanyCommand::Create {
                name: body.name,
                zone: body.zone,
                locale: "pt-BR",
                features: Feature::ALL.into_iter().collect::<BTreeSet<_>>(),
            },
            facts: tenancy.ground.clock.now(),
            context,
            seen: None,
            fingerprint: admin.fingerprint(),
            also,
            more_claims: std::mem::take(&mut more_claims),
        })
        .await?;
    super::settle(admin.api(), company, &executed, Ended::User(owner)).await?;
    let streams = tenancy.streams(&[(company, company)]).await?;
    let state = streams.state::<CompanyStream>(company, company)?;
    Ok(Answer::created(Company {
        id: CompanyId::from_uuid(company),
        name: state.name,
        created_at: tenancy.ground.clock.now(),
        is_suspended: state.is_suspended,
        features: state.features.into_iter().collect(),
        quotas: BTreeMap::new(),
        n_members: 1,
        n_channels: 0,
        version: streams.version(company, company),
    }))
}

pub(super) async fn suspend(
    State(tenancy): State<Tenancy>,
    admin: SuperAdmin,
    Path(company): Path<CompanyId>,
    seen: IfMatch,
    Body(body): Body<Suspend>,
) -> Result<Answer<()>, Problem> {
    let command = CompanyCommand::Suspend { reason: body.reason };
    tenancy.act(&admin, company, seen, command).await
}

pub(super) async fn resume(
    State(tenancy): State<Tenancy>,
    admin: SuperAdmin,
    Path(company): Path<CompanyId>,
    seen: IfMatch,
) -> Result<Answer<()>, Problem> {
    tenancy.act(&admin, company, seen, CompanyCommand::Resume).await
}

pub(super) async fn set_feature(
    State(tenancy): State<Tenancy>,
    admin: SuperAdmin,
    Path((company, feature)): Path<(CompanyId, Feature)>,
    Body(body): Body<SetFeature>,
) -> Result<Answer<()>, Problem> {
    let command = CompanyCommand::SetFeature { feature, is_on: body.is_on };
    tenancy.act(&admin, company, IfMatch::default(), command).await
}

pub(super) async fn set_quota(
    State(tenancy): State<Tenancy>,
    admin: SuperAdmin,
    Path((company, quota)): Path<(CompanyId, Quota)>,
    Body(body): Body<SetQuota>,
) -> Result<Answer<()>, Problem> {
    let command = CompanyCommand::SetQuota { quota, limit: body.limit, is_hard: body.is_hard };
    tenancy.act(&admin, company, IfMatch::default(), command).await
}

pub(super) async fn disable(
    State(tenancy): State<Tenancy>,
    admin: SuperAdmin,
    Path(user): Path<UserId>,
) -> Result<Answer<()>, Problem> {
    if admin.user() == Some(user) {
        return Err(Problem::new(Kind::Conflict, "tenancy.not_oneself"));
    }
    let executed = tenancy.change_user(&admin, user, UserCommand::Disable).await?;
    store::end_all(&tenancy.pools.app, user, None).await?;
    super::settle(admin.api(), PLATFORM, &executed, Ended::User(user)).await?;
    Ok(Answer::empty().after(&executed))
}

pub(super) async fn enable(
    State(tenancy): State<Tenancy>,
    admin: SuperAdmin,
    Path(user): Path<UserId>,
) -> Result<Answer<()>, Problem> {
    let executed = tenancy.change_user(&admin, user, UserCommand::Enable).await?;
    super::settle(admin.api(), PLATFORM, &executed, Ended::User(user)).await?;
    Ok(Answer::empty().after(&executed))
}

pub(super) async fn impersonate(
    State(tenancy): State<Tenancy>,
    admin: SuperAdmin,
    Body(body): Body<Impersonate>,
) -> Result<Answer<()>, Problem> {
    let (Some(by), Some(session)) = (admin.user(), admin.session()) else {
        return Err(Problem::new(Kind::Forbidden, "session_required"));
    };
    let until = tenancy.ground.clock.now() + TimeDelta::minutes(i64::from(body.minutes));
    let reason = body.reason.clone();
    let command = CompanyCommand::StartImpersonation { by, reason, until, session };
    let company = body.company;
    // The event comes first: nobody acts in a company whose chain does not say so.
    let answer = tenancy.act(&admin, company, IfMatch::default(), command).await?;
    let acting = (company.into_uuid(), until, body.reason.trim());
    store::act(&tenancy.pools.app, session, Some(acting)).await?;
    admin.api().end(Ended::Session(session));
    Ok(answer)
}

pub(super) async fn end_impersonation(
    State(tenancy): State<Tenancy>,
    api: Api,
    caller: SignedIn,
) -> Result<Answer<()>, Problem> {
    if let Principal::Impersonator { company, session, .. } = caller.principal() {
        tenancy.stop_acting(&caller, *company, *session).await?;
        api.end(Ended::Session(*session));
    }
    Ok(Answer::empty())
}

impl Tenancy {
    /// An act of the platform on a company.
    async fn act(
        &self,
        admin: &Caller,
        company: CompanyId,
        seen: IfMatch,
        command: CompanyCommand,
    ) -> Result<Answer<()>, Problem> {
        let company: Uuid = company.into_uuid();
        let executed = self
            .ledger
            .execute::<CompanyStream>(&Request {
                company,
                id: company,
                command,
                facts: self.ground.clock.now(),
                context: admin.context_in(company).await?,
                seen: seen.version(),
                fingerprint: admin.fingerprint(),
                also: vec![],
                more_claims: vec![],
            })
            .await?;
        super::settle(admin.api(), company, &executed, Ended::Company(company)).await?;
        Ok(Answer::empty())
    }

    async fn change_user(
        &self,
        admin: &Caller,
        user: UserId,
        command: UserCommand,
    ) -> Result<Executed, Problem> {
        let executed = self
            .ledger
            .execute::<UserStream>(&Request {
                company: PLATFORM,
                id: user.into_uuid(),
                command,
                facts: (),
                context: admin.context(),
                seen: None,
                fingerprint: admin.fingerprint(),
                also: vec![],
                more_claims: vec![],
            })
            .await?;
        Ok(executed)
    }
}
