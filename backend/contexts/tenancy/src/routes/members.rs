//! Members of a company and their roles.

use axum::extract::State;
use events::tenancy::{MembershipEvent, Person};
use kernel::{
    commit::{Append, Expected, NewEvent, Stream},
    decider::Decider as _,
    error::Error,
    execute::Request,
    http::{Answer, Body, Caller, Can, Ended, IfMatch, Path, Problem, Query, right},
    ids::PLATFORM,
};
use shared::{
    ids::UserId,
    page::{Page, Part},
    permission::Role,
    problem::Kind,
    team::{AddMember, ChangeRole, Member},
};
use uuid::Uuid;

use crate::{
    Tenancy,
    membership::{Asking, Membership, MembershipCommand, MembershipStream},
    password, people, queries, sessions as store,
    user::UserStream,
};

pub(super) async fn list(
    State(tenancy): State<Tenancy>,
    can: Can<right::ReadTeam>,
    Query(part): Query<Part>,
) -> Result<Answer<Page<Member>>, Problem> {
    let after = key(part.after.as_deref())?;
    let page = queries::members::page(&tenancy, can.company(), after, part.limit(200)).await?;
    Ok(Answer::ok(page))
}

/// The key of a part of a list.
pub(super) fn key<T: std::str::FromStr>(after: Option<&str>) -> Result<Option<T>, Problem> {
    let wrong = |_no_id| Problem::new(Kind::Malformed, "request.query_invalid");
    after.map(str::parse).transpose().map_err(wrong)
}

pub(super) async fn add(
    State(tenancy): State<Tenancy>,
    can: Can<right::AddMembers>,
    Body(body): Body<AddMember>,
) -> Result<Answer<Member>, Problem> {
    let email =
        people::canonical(&body.email).ok_or_else(|| Problem::invalid("/email", "invalid"))?;
    let name =
        crate::company::fit(&body.name).ok_or_else(|| Problem::invalid("/name", "invalid"))?;
    let asking = Asking { role: can.role(), has_other_owner: true };
    let known = tenancy.user_of(&email).await?;
    let user = UserId::from_uuid(known.unwrap_or_else(|| can.command_id()));
    let command = MembershipCommand::Grant { user, role: body.role };
    let (also, more_claims) = if known.is_some() {
        (vec![], vec![])
    } else {
        let chosen = body.password.as_deref();
        let chosen = chosen.ok_or_else(|| Problem::invalid("/password", "missing"))?;
        password::check("/password", chosen)?;
        // Refused before a hash is made.
        MembershipStream::decide(&Membership::default(), &command, &asking)
            .map_err(|rejection| super::refused(&rejection))?;
        let hash = tenancy.passwords.hash(chosen).await?;
        store::keep_password(&tenancy.pools.app, user, &hash).await?;
        let person = Person { name: name.0, email: email.clone() };
        let context = can.context();
        let registering = tenancy.registering(user, person, false, &context).await?;
        (vec![registering.append], vec![registering.claim])
    };
    let executed = tenancy
        .ledger
        .execute::<MembershipStream>(&Request {
            company: can.company(),
            id: user.into_uuid(),
            command,
            facts: asking,
            context: can.context(),
            seen: None,
            fingerprint: can.fingerprint(),
            also,
            more_claims,
        })
        .await?;
    super::settle(can.api(), can.company(), &executed, Ended::User(user)).await?;
    let member = tenancy.member(can.company(), user).await?.ok_or_else(Problem::not_found)?;
    Ok(Answer::created(member).after(&executed))
}

pub(super) async fn change_role(
    State(tenancy): State<Tenancy>,
    can: Can<right::ManageTeam>,
    Path(user): Path<UserId>,
    seen: IfMatch,
    Body(body): Body<ChangeRole>,
) -> Result<Answer<()>, Problem> {
    change(&tenancy, &can, user, seen, MembershipCommand::ChangeRole { user, to: body.role }).await
}

pub(super) async fn remove(
    State(tenancy): State<Tenancy>,
    can: Can<right::ManageTeam>,
    Path(user): Path<UserId>,
    seen: IfMatch,
) -> Result<Answer<()>, Problem> {
    change(&tenancy, &can, user, seen, MembershipCommand::Revoke { user }).await
}

async fn change(
    tenancy: &Tenancy,
    can: &Caller,
    user: UserId,
    seen: IfMatch,
    command: MembershipCommand,
) -> Result<Answer<()>, Problem> {
    let company = can.company();
    let other = tenancy.other_owner(company, user, can).await?;
    let asking = Asking { role: can.role(), has_other_owner: other.is_some() };
    let executed = tenancy
        .ledger
        .execute::<MembershipStream>(&Request {
            company,
            id: user.into_uuid(),
            command,
            facts: asking,
            context: can.context(),
            seen: seen.version(),
            fingerprint: can.fingerprint(),
            also: other.into_iter().collect(),
            more_claims: vec![],
        })
        .await?;
    super::settle(can.api(), company, &executed, Ended::User(user)).await?;
    Ok(Answer::empty().after(&executed))
}

impl Tenancy {
    /// Another owner of the company, asserted as she stands: an append without events, which two
    /// owners who remove each other cannot both commit.
    async fn other_owner(
        &self,
        company: Uuid,
        user: UserId,
        can: &Caller,
    ) -> Result<Option<Append>, Error> {
        let owners = queries::members::other_owners(self, company, user).await?;
        let wanted: Vec<_> = owners.iter().map(|owner| (company, *owner)).collect();
        let streams = self.streams(&wanted).await?;
        for owner in owners {
            if streams.state::<MembershipStream>(company, owner)?.role == Some(Role::Owner) {
                return Ok(Some(Append {
                    company,
                    stream: Stream { kind: MembershipStream::STREAM, id: owner },
                    expected: Expected::Exact(streams.version(company, owner)),
                    context: can.context(),
                    events: vec![],
                }));
            }
        }
        Ok(None)
    }

    /// A member as the ledger has her, whatever lists show.
    async fn member(&self, company: Uuid, user: UserId) -> Result<Option<Member>, Error> {
        let id = user.into_uuid();
        let streams = self.streams(&[(PLATFORM, id), (company, id)]).await?;
        let role = streams.state::<MembershipStream>(company, id)?.role;
        let state = streams.state::<UserStream>(PLATFORM, id)?;
        let (Some(role), Some(person)) = (role, &state.person) else { return Ok(None) };
        let person = self.person(person).await?;
        Ok(Some(Member {
            user,
            name: person.name,
            email: person.email,
            role,
            is_active: !state.is_disabled,
            since: self.ground.clock.now(),
            version: streams.version(company, id),
        }))
    }

    /// A membership on the way into another commit.
    pub(crate) fn joining(
        &self,
        company: Uuid,
        user: UserId,
        role: Role,
        context: &std::sync::Arc<kernel::commit::Context>,
    ) -> Result<Append, Error> {
        let event = MembershipEvent::Granted { user, role };
        Ok(Append {
            company,
            stream: Stream { kind: MembershipStream::STREAM, id: user.into_uuid() },
            expected: Expected::Empty,
            context: std::sync::Arc::clone(context),
            events: vec![NewEvent::of(&*self.ground.ids, &event)?],
        })
    }
}
