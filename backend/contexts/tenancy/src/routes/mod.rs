//! What the context answers over HTTP.

mod api_keys;
mod members;
mod platform;
mod sessions;

use kernel::{
    decider::Rejection,
    execute::Executed,
    http::{Api, Ended, Problem, Routes, delete, get, post},
};
use shared::{
    page::Page,
    platform::Company,
    session::{Me, Session},
    team::{ApiKey, CreatedApiKey, Member},
};
use uuid::Uuid;

use crate::{Tenancy, projections::directory};

const DIRECTORY: &[&str] = &[directory::NAME];

pub(crate) fn all(tenancy: Tenancy) -> Routes {
    Routes::new("tenancy")
        .add(
            post("/api/v1/sessions", sessions::sign_in)
                .says("Signs in: answers who she is and sets the session's cookie.")
                .answers::<Me>(201),
        )
        .add(
            get("/api/v1/sessions", sessions::list)
                .says("The sessions of whoever asks.")
                .answers::<Page<Session>>(200),
        )
        .add(
            delete("/api/v1/sessions/{session}", sessions::end)
                .says("Ends a session of whoever asks; her own is signing out."),
        )
        .add(get("/api/v1/me", sessions::me).says("Who is signed in.").answers::<Me>(200))
        .add(
            post("/api/v1/me/password", sessions::change_password)
                .says("Changes the password of whoever asks, and ends her other sessions."),
        )
        .add(
            get("/api/v1/members", members::list)
                .says("The members of the company.")
                .answers::<Page<Member>>(200)
                .reads(DIRECTORY),
        )
        .add(
            post("/api/v1/members", members::add)
                .says("A person joins the company.")
                .answers::<Member>(201),
        )
        .add(
            post("/api/v1/members/{user}/role", members::change_role)
                .says("A member gets another role."),
        )
        .add(delete("/api/v1/members/{user}", members::remove).says("A member leaves."))
        .add(
            get("/api/v1/api-keys", api_keys::list)
                .says("The keys of the company's programs.")
                .answers::<Page<ApiKey>>(200)
                .reads(DIRECTORY),
        )
        .add(
            post("/api/v1/api-keys", api_keys::create)
                .says("Makes a key; its secret is answered this once.")
                .answers::<CreatedApiKey>(201),
        )
        .add(delete("/api/v1/api-keys/{key}", api_keys::revoke).says("Revokes a key."))
        .add(
            get("/api/v1/platform/companies", platform::companies)
                .says("All companies: counters and metadata.")
                .answers::<Page<Company>>(200),
        )
        .add(
            post("/api/v1/platform/companies", platform::create)
                .says("A company comes to be, with its first owner.")
                .answers::<Company>(201),
        )
        .add(
            post("/api/v1/platform/companies/{company}/suspend", platform::suspend)
                .says("A company may be read only; what comes in is kept."),
        )
        .add(
            post("/api/v1/platform/companies/{company}/resume", platform::resume)
                .says("The suspension ends."),
        )
        .add(
            post("/api/v1/platform/companies/{company}/features/{feature}", platform::set_feature)
                .says("A company may or may not use something."),
        )
        .add(
            post("/api/v1/platform/companies/{company}/quotas/{quota}", platform::set_quota)
                .says("A company may use so much of something."),
        )
        .add(
            post("/api/v1/platform/users/{user}/disable", platform::disable)
                .says("A user may sign in nowhere; her sessions end."),
        )
        .add(
            post("/api/v1/platform/users/{user}/enable", platform::enable)
                .says("A user may sign in again."),
        )
        .add(
            post("/api/v1/platform/impersonations", platform::impersonate)
                .says("Acts in a company's place, for at most 30 minutes and with a reason."),
        )
        .add(
            delete("/api/v1/platform/impersonations/current", platform::end_impersonation)
                .says("Stops acting in a company's place."),
        )
        .with_state(tenancy)
}

/// Waits until lists show a change of rights, and lets it act at once in this process.
async fn settle(
    api: &Api,
    company: Uuid,
    executed: &Executed,
    ended: Ended,
) -> Result<(), Problem> {
    if let Executed::Stored(committed, _) = executed
        && let Some(company_seq) = committed.company_seq
    {
        api.settled(DIRECTORY, company, company_seq).await?;
    }
    api.end(ended);
    Ok(())
}

/// A rejection as it is answered.
fn refused(rejection: &impl Rejection) -> Problem {
    Problem::new(rejection.kind(), rejection.code())
}
